using Cai.Feedback;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Feedback;

public class LabelReadingsTests
{
    private static Comparison Label(LabelKind kind, double? probability, double? unclamped = null) =>
        new("p/0", "p", Dialogue.Ask("Q?"), "a", "b", "harmless", kind, probability) { Unclamped = unclamped, PrincipleIds = ["kind"] };

    [Theory]
    [InlineData(0.7, 1)]
    [InlineData(0.3, 0)]
    [InlineData(0.5, 0.5)]
    public void ASoftLabelReadsAsItsArgmax(double soft, double hard)
    {
        var read = Label(LabelKind.Soft, soft).ReadAs(new() { Kind = LabelKind.Hard });
        Assert.Equal((LabelKind.Hard, hard), (read.Kind, read.ProbabilityA!.Value));
        Assert.Equal(["kind"], read.PrincipleIds);
    }

    [Theory]
    [InlineData(0.0, 1.0, 0.97)]
    [InlineData(0.2, 0.8, 0.8)]
    [InlineData(0.4, 0.6, 0.6)]
    public void OtherBoundsGoBackToWhatTheJudgeSaid(double low, double high, double expected)
    {
        // Clamped to 40-60 %, as labels after a chain of thought are.
        var read = Label(LabelKind.ChainOfThought, 0.6, unclamped: 0.97).ReadAs(new() { Kind = LabelKind.ChainOfThought, Clamp = new(low, high) });
        Assert.Equal(expected, read.ProbabilityA);
        Assert.Equal(low == 0 ? null : 0.97, read.Unclamped);
    }

    [Fact]
    public void SoftLabelsStayAsTheyAreAndMissingOnesMissing()
    {
        var soft = Label(LabelKind.Soft, 0.8);
        Assert.Equal(CaiJson.Write(soft), CaiJson.Write(soft.ReadAs(new())));
        Assert.Null(Label(LabelKind.Soft, null).ReadAs(new() { Kind = LabelKind.Hard }).ProbabilityA);
    }

    [Theory]
    [InlineData(LabelKind.Hard, LabelKind.Soft)]
    [InlineData(LabelKind.Human, LabelKind.Hard)]
    [InlineData(LabelKind.Soft, LabelKind.ChainOfThought)]
    [InlineData(LabelKind.ChainOfThought, LabelKind.Hard)]
    public void WhatTheJudgeWasNotAskedCannotBeRead(LabelKind made, LabelKind wanted) =>
        Assert.Equal("p/0", Assert.Throws<CaiException>(() => Label(made, 1).ReadAs(new() { Kind = wanted })).Where);
}

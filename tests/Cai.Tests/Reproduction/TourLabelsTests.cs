using Cai.Figures;
using Cai.Reproduction;
using Xunit;

namespace Cai.Tests.Reproduction;

public class TourLabelsTests
{
    // Prompt x: the model likes (A); prompt y: sure of the revision; prompt z lacks an answer and is left out.
    private static readonly TourLabels Labels = new(
    [
        Label("x", 0, true, 0.8), Label("x", 0, false, 0.4), Label("x", 1, true, 0.7), Label("x", 1, false, 0.5),
        Label("y", 0, true, 1), Label("y", 0, false, 1), Label("y", 1, true, 1), Label("y", 1, false, 1),
        Label("z", 0, true, 0),
    ], "x", "question", [Label("x", 0, false, 0.4), Label("y", 0, false, 0.2)]);

    private static TourLabel Label(string prompt, int draw, bool first, double better) =>
        new(prompt, draw, $"principle-{draw}", first, Math.Log(first ? better : 1 - better), Math.Log(first ? 1 - better : better), better);

    [Fact]
    public void TheFullLabelAveragesPrinciplesAndOrders() => Assert.Equal(0.8, Labels.RevisionPreferred()!.Value, 12); // (0.6 + 1) / 2

    [Fact]
    public void BiasAndNoiseAreReadFromTheSameAnswers()
    {
        var panel = Labels.AgainstPrinciples();
        double[] Line(int figure, int series) => [.. ((LineSeries)panel.Figures[figure].Checked().Series[series]).Points.Select(p => Math.Round(p.Y, 9))];
        Assert.Equal([0.9, 0.875], Line(0, 0)); // (A): (0.8 + 1) / 2, then (0.75 + 1) / 2
        Assert.Equal([0.7, 0.725], Line(0, 1));
        Assert.Equal([0.8, 0.8], Line(0, 2));
        Assert.Equal([0.1, 0.075], Line(1, 0)); // x: |0.8 - 0.6|, |0.75 - 0.6|, y: 0
        Assert.Equal([0, 0], Line(1, 2));
        Assert.All(((LineSeries)panel.Figures[1].Series[2]).Points, p => Assert.Equal((0, 0), (p.YLow, p.YHigh))); // by definition, so no interval of a share
    }

    [Fact]
    public void TheTracedTableGoesFromLogProbabilitiesToTheLabel()
    {
        var rows = Labels.Traced().ToText().Split('\n').Skip(2)
            .Select(l => l.Split("  ", StringSplitOptions.RemoveEmptyEntries).Select(c => c.Trim()).ToArray()).ToArray();
        Assert.Equal(["revision shown as (B)", "-0.511", "-0.916", "1", "0.6", "0.4"], rows[0]);
        Assert.Equal(["revision shown as (A)", "-0.223", "-1.609", "1", "0.8", "0.8"], rows[1]);
        Assert.Equal("0.6", rows[2][^1]);
    }

    [Fact]
    public void TheSameTextTwiceShowsTheLikingForALetter()
    {
        var text = Labels.SameTextTwice(0.25).ToText();
        Assert.Contains("0.250", text);
        Assert.Contains("0.700 [0.600, 0.800]", text); // P(A): 0.6 and 0.8
    }

    [Fact]
    public void NoAnswersAreNoNumbers()
    {
        var none = new TourLabels([], "x", "", []);
        Assert.Null(none.RevisionPreferred());
        Assert.NotEmpty(none.AgainstPrinciples().MimeBundle());
        Assert.Equal(0, none.Traced().RowCount);
    }

    [Fact]
    public void EveryModelOfTheCastHasAStyleOfItsOwn()
    {
        Assert.Equal(ModelStyles.All.Count, ModelStyles.All.Select(s => s.Index).Distinct().Count());
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"));
        Assert.All(pipeline.Arms.All, source => Assert.Equal(source.Name, ModelStyles.Of(source.Name).Name));
        Assert.Contains("rl-cai-cot", Assert.Throws<CaiException>(() => ModelStyles.Of("nobody")).Message);
    }
}

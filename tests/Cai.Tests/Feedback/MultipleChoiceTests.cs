using Cai.Feedback;
using Xunit;

namespace Cai.Tests.Feedback;

public sealed class MultipleChoiceTests
{
    [Fact]
    public void ProbabilitiesAreNormalisedOverTheOptions()
    {
        // e^-1 : e^-2 : e^-3 = 1 : 0.36788 : 0.13534, sum 1.50321.
        var result = MultipleChoice.Read("q", [-2, -1, -3]);
        Assert.Equal([0.24473, 0.66524, 0.09003], result.Probabilities!.Select(p => Math.Round(p, 5)));
        Assert.Equal(1, result.Best);
        Assert.Equal((1, 0), (result.Credit(1), result.Credit(0)));
    }

    [Fact]
    public void VerySmallProbabilitiesDoNotUnderflow() =>
        Assert.Equal([0.5, 0.5], MultipleChoice.Read("q", [-2000, -2000]).Probabilities!);

    [Fact]
    public void AnImpossibleOptionHasProbabilityZero() =>
        Assert.Equal([0, 1], MultipleChoice.Read("q", [double.NegativeInfinity, -90]).Probabilities!);

    [Theory]
    [InlineData(null, -1.0, "gave no probability for option 1")]
    [InlineData(-1.0, double.NaN, "gave NaN for option 2")]
    [InlineData(-1.0, 0.5, "above 0 for option 2")]
    [InlineData(double.NegativeInfinity, double.NegativeInfinity, "every option is impossible")]
    public void WhatCannotBeReadIsMissing(double? a, double? b, string reason)
    {
        var result = MultipleChoice.Read("q", [a, b]);
        Assert.Null(result.Probabilities);
        Assert.Null(result.Best);
        Assert.Null(result.Credit(0));
        Assert.Contains(reason, result.Missing);
    }

    [Fact]
    public void TiesShareTheCredit()
    {
        var result = MultipleChoice.Read("q", [-1, -5, -1]);
        Assert.Equal((0.5, 0.0, 0.5), (result.Credit(0), result.Credit(1), result.Credit(2)));
    }

    [Fact]
    public async Task ItemsOfAnySizeAreScoredInOneBatch()
    {
        var model = new ScriptedModel { LogProb = (prompt, option) => prompt.EndsWith("nine?") && option == " (I)" ? -0.1 : -3 };
        var nine = Enumerable.Range(0, 9).Select(i => $" ({(char)('A' + i)})").ToList();
        var results = await MultipleChoice.ScoreAsync(model, [new("1", "two?", [" (A)", " (B)"]), new("2", "nine?", nine)], "examples ",
            cancel: TestContext.Current.CancellationToken);
        Assert.Equal(["examples two?", "examples nine?"], Assert.Single(model.Scored).Select(r => r.Prompt));
        Assert.Equal([2, 9], results.Select(r => r.Probabilities!.Count));
        Assert.Equal(8, results[1].Best);
        Assert.All(results, r => Assert.Equal(1, r.Probabilities!.Sum(), 12));
    }
}

using Cai.Evaluation;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Evaluation;

public class AccuracyTests
{
    [Fact]
    public void JudgeAndBaselinesByHand()
    {
        // A better, B better, A better, a tie. The judge is right, undecided, wrong: (1 + .5 + 0) / 3.
        var report = Accuracy.Of([
            new("p", 0.9, 1, 10, 20),
            new("q", 0.5, 0, 10, 20),
            new("r", 0.2, 0.8, 7, 7),
            new("s", 0.9, 0.5, 1, 2)]);
        Assert.Equal(0.5, report.Judge.Value, 12);
        Assert.Equal(2 / 3.0, report.AlwaysA.Value, 12);
        // Longer: B, B, half.
        Assert.Equal(0.5, report.Longer.Value, 12);
        Assert.Equal(0.5, report.Shorter.Value, 12);
        Assert.Equal(2 / 3.0, report.Majority, 12);
        Assert.Equal((1, 3, 3), (report.Ties, report.Judge.N, report.Judge.Clusters));
    }

    [Fact]
    public void SwappingEveryPairChangesAlwaysAOnly()
    {
        PredictedPair[] pairs = [.. Enumerable.Range(0, 30).Select(i => Seeds.Rng(1, i))
            .Select((rng, i) => new PredictedPair($"p{i}", rng.NextDouble(), rng.Chance(0.7) ? 1 : 0, rng.Next(9), rng.Next(9)))];
        var (there, back) = (Accuracy.Of(pairs),
            Accuracy.Of([.. pairs.Select(p => new PredictedPair(p.PromptId, 1 - p.ProbabilityA, 1 - p.Label, p.LengthB, p.LengthA))]));
        Assert.Equal((there.Judge.Value, there.Longer.Value, there.Shorter.Value), (back.Judge.Value, back.Longer.Value, back.Shorter.Value));
        Assert.Equal(there.Majority, back.Majority, 12);
        Assert.Equal(1, there.AlwaysA.Value + back.AlwaysA.Value, 12);
        Assert.Equal(1, there.Longer.Value + there.Shorter.Value, 12);
    }

    [Theory]
    [InlineData(1.0000048, 1)]
    [InlineData(0.5, -0.1)]
    [InlineData(double.NaN, 1)]
    public void WhatIsNoProbabilityIsNamed(double probability, double label) =>
        Assert.StartsWith("p", Assert.Throws<CaiException>(() => Accuracy.Of([new("p", probability, label, 1, 1)])).Message);
}

using Cai.Evaluation;
using Xunit;

namespace Cai.Tests.Evaluation;

public class BootstrapTests
{
    private sealed record Row(string Prompt, double Value);

    [Fact]
    public void TheMeanIsOverRowsAndCountsClusters()
    {
        var interval = Mean([new("p", 1), new("p", 2), new("q", 6)]);
        Assert.Equal(3, interval.Value);
        Assert.Equal((3, 2), (interval.N, interval.Clusters));
        Assert.InRange(interval.Low, 1.5, 3);
        Assert.InRange(interval.High, 3, 6);
    }

    [Fact]
    public void RepeatingEveryRowDoesNotNarrowAnInterval()
    {
        var rng = new Rng(4);
        var rows = Enumerable.Range(0, 30).Select(i => new Row($"p{i:00}", rng.NextDouble())).ToArray();
        var (once, thrice) = (Mean(rows), Mean([.. rows, .. rows, .. rows]));
        Assert.Equal(once.Low, thrice.Low, 9);
        Assert.Equal(once.High, thrice.High, 9);
        Assert.Equal(90, thrice.N);
    }

    [Fact]
    public void SameSeedSameIntervalInAnyRowOrder()
    {
        var rows = Enumerable.Range(0, 20).Select(i => new Row($"p{i}", i * i % 7)).ToArray();
        Assert.Equal(Mean(rows), Mean(rows.Reverse()));
        Assert.NotEqual(Mean(rows), Bootstrap.Mean(rows, r => r.Value, r => r.Prompt, new BootstrapOptions { Seed = 9 }));
    }

    [Fact]
    public void NinetyFivePercentIntervalsCoverAboutThatOften()
    {
        // 300 samples of 40 clusters with 3 correlated rows each, true mean 0.5.
        var covered = 0;
        for (var trial = 0; trial < 300; trial++)
        {
            var rng = new Rng(trial);
            var rows = Enumerable.Range(0, 40).SelectMany(p =>
            {
                var centre = rng.NextDouble();
                return Enumerable.Range(0, 3).Select(_ => new Row($"{p}", centre + 0.2 * (rng.NextDouble() - 0.5)));
            }).ToArray();
            var interval = Bootstrap.Mean(rows, r => r.Value, r => r.Prompt, new BootstrapOptions { Resamples = 300, Seed = trial });
            if (interval.Low <= 0.5 && 0.5 <= interval.High)
                covered++;
        }
        Assert.InRange(covered / 300.0, 0.90, 0.98);
    }

    [Fact]
    public void PairingCancelsWhatThePromptsShare()
    {
        var rng = new Rng(2);
        var a = Enumerable.Range(0, 30).Select(i => new Row($"p{i}", 10 * rng.NextDouble())).ToArray();
        var b = a.Select(r => r with { Value = r.Value - 0.5 }).ToArray();
        var paired = Bootstrap.Difference(a, b, r => r.Value, r => r.Prompt);
        Assert.Equal(0.5, paired.Low, 9);
        Assert.Equal(0.5, paired.High, 9);
        Assert.True(paired.Excludes(0));
        var unpaired = Bootstrap.Difference(a, b.Select(r => r with { Prompt = "other-" + r.Prompt }), r => r.Value, r => r.Prompt);
        Assert.Equal(0.5, unpaired.Value, 9);
        Assert.False(unpaired.Excludes(0));
    }

    [Fact]
    public void AStatisticSeesWholeClusters()
    {
        var rows = Enumerable.Range(0, 12).Select(i => new Row($"p{i / 2}", i)).ToArray();
        var interval = Bootstrap.Statistic(rows, r => r.Prompt, drawn =>
        {
            Assert.All(drawn.GroupBy(r => r.Value), g => Assert.Equal(g.Count(), drawn.Count(r => r.Value == (int)(g.Key / 2) * 2)));
            return drawn.Max(r => r.Value);
        }, new BootstrapOptions { Resamples = 50 });
        Assert.Equal(11, interval.Value);
    }

    [Fact]
    public void BadInputIsNamed()
    {
        Assert.Contains("nothing to average", Assert.Throws<CaiException>(() => Mean([])).Message);
        Assert.StartsWith("p", Assert.Throws<CaiException>(() => Mean([new("p", double.NaN)])).Message);
        Assert.Throws<CaiException>(() => Bootstrap.Mean([new Row("p", 1), new Row("q", 1)], r => r.Value, r => r.Prompt, new BootstrapOptions { Level = 95 }));
    }

    [Fact]
    public void PercentilesInterpolate()
    {
        var (low, high) = Bootstrap.Percentiles(Enumerable.Range(0, 101).Select(i => (double)i).Append(double.NaN), 0.95);
        Assert.Equal(2.5, low, 9);
        Assert.Equal(97.5, high, 9);
    }

    [Fact]
    public void TextIsTheSameInEveryLanguage() => Assert.Equal("0.5 [0.25, 0.75]", new Interval(0.5, 0.25, 0.75, 4, 2).ToString());

    private static Interval Mean(IEnumerable<Row> rows) => Bootstrap.Mean(rows, r => r.Value, r => r.Prompt);

    [Theory]
    [InlineData(-0.0001, "0")]
    [InlineData(-0.0, "0")]
    [InlineData(-0.001, "-0.001")]
    [InlineData(-10.0, "-10")]
    public void WhatRoundsToZeroHasNoSign(double value, string shown) =>
        Assert.Equal($"{shown} [{shown}, {shown}]", new Interval(value, value, value, 1, 2).ToString("0.###"));

    [Fact]
    public void QuantitiesThatAreAllZeroAreZeroAndOutcomesThatAreAllZeroAreNot()
    {
        // Four trials without a hit: 1 - 0.025^(1/4) by hand.
        var outcomes = Bootstrap.Mean(new[] { "a", "b", "c", "d" }, _ => 0, s => s);
        Assert.Equal((0.0, 0.60236), (outcomes.Low, Math.Round(outcomes.High, 5)));
        var quantities = Bootstrap.Mean(new[] { "a", "b", "c", "d" }, _ => 0, s => s, new() { Outcomes = false });
        Assert.Equal((0.0, 0.0), (quantities.Low, quantities.High));
    }

    [Fact]
    public void ADifferenceThatNoPromptShowsIsNotKnownToBeNone()
    {
        // Four prompts, right twice, on both sides: 1 - 0.025^(1/4) by hand.
        Row[] rows = [new("a", 1), new("b", 0), new("c", 1), new("d", 0)];
        var outcomes = Bootstrap.Difference(rows, rows, r => r.Value, r => r.Prompt);
        Assert.Equal((0.0, -0.60236, 0.60236), (outcomes.Value, Math.Round(outcomes.Low, 5), Math.Round(outcomes.High, 5)));
        // On a scale of which 0 to 3 was seen, three times that.
        Row[] scale = [new("a", 3), new("b", 0), new("c", 1), new("d", 0)];
        Assert.Equal(1.80708, Bootstrap.Difference(scale, scale, r => r.Value, r => r.Prompt).High, 4);
        var quantities = Bootstrap.Difference(rows, rows, r => r.Value, r => r.Prompt, new() { Outcomes = false });
        Assert.Equal((0.0, 0.0), (quantities.Low, quantities.High));
    }
}

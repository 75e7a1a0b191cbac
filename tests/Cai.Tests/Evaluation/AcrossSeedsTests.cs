using Cai.Evaluation;
using Xunit;

namespace Cai.Tests.Evaluation;

public class AcrossSeedsTests
{
    private static Interval One(double value, double half, int n = 10) => new(value, value - half, value + half, n, 5);

    [Fact]
    public void SeedsOfTheirOwnPromptsByHand()
    {
        // Mean 3, sum of squares 2, s² = 1, s / sqrt(3) = .57735, t(2) = 4.3027: half-width 2.48416.
        var combined = AcrossSeeds.Combine([One(2, 9), One(3, 9), One(4, 9)], samePrompts: false);
        Assert.Equal(3, combined.Value);
        Assert.Equal(3 - 2.48416, combined.Low, 4);
        Assert.Equal(3 + 2.48416, combined.High, 4);
        Assert.Equal((30, 3), (combined.N, combined.Clusters));
    }

    [Fact]
    public void SharedPromptsAddTheirOwnErrorByHand()
    {
        // a as above; b = root mean square of 1, 2, 2 = sqrt(3): sqrt(6.17105 + 3) = 3.02838 below; 4, 4, 2 = sqrt(12) above: 4.26275.
        var combined = AcrossSeeds.Combine([new(2, 1, 6, 10, 5), new(3, 1, 7, 10, 5), new(4, 2, 6, 10, 5)]);
        Assert.Equal(3 - 3.02838, combined.Low, 4);
        Assert.Equal(3 + 4.26275, combined.High, 4);
    }

    [Fact]
    public void WhatRunsShareIsToldFromTheirNoiseByHand()
    {
        // Prompts answered as p - e by one run and p + e by the other: the mean over both is p, so on common resamples it varies as p alone does. Both
        // estimates are 2, a = 0; H² of p; h² of p - e and p + e. b² = 2 H² - mean of h².
        double[] p = [0, 1, 2, 3, 4], e = [1, -1, 0, -1, 1];
        Interval Run(double sign) => Bootstrap.Mean(
            p.Zip(e).Select((x, i) => (Prompt: $"p{i}", Value: x.First + sign * x.Second)), x => x.Value, x => x.Prompt);
        var (less, more, alone) = (Run(-1), Run(1), Run(0));
        var combined = AcrossSeeds.Combine([less, more]);
        double B(Func<Interval, double> side) => Math.Sqrt(2 * side(alone) * side(alone) - (side(less) * side(less) + side(more) * side(more)) / 2);
        Assert.Equal(2 - B(i => i.Value - i.Low), combined.Low, 1e-9);
        Assert.Equal(2 + B(i => i.High - i.Value), combined.High, 1e-9);
        // Clusters unknown: the root mean square of the single half-widths, as above.
        double Both(Interval one, Interval two) => Math.Sqrt(((2 - one.Low) * (2 - one.Low) + (2 - two.Low) * (2 - two.Low)) / 2);
        Assert.Equal(2 - Both(less, more), AcrossSeeds.Combine([less, new(more.Value, more.Low, more.High, more.N, more.Clusters)]).Low, 1e-9);
        // Of five prompts each three in common: three fifths of its square. None in common: nothing.
        Interval From(int first) => Bootstrap.Mean(p.Select((x, i) => (Prompt: $"p{i + first}", Value: x)), x => x.Value, x => x.Prompt);
        Assert.Equal(2 - Math.Sqrt(0.6) * Both(less, From(2)), AcrossSeeds.Combine([less, From(2)]).Low, 1e-9);
        Assert.Equal(2, AcrossSeeds.Combine([less, From(5)]).Low, 1e-9);
    }

    [Fact]
    public void EqualSeedsKeepTheErrorOfTheirPrompts()
    {
        var combined = AcrossSeeds.Combine([.. Enumerable.Repeat(One(1, 0.5), 5)]);
        Assert.Equal((0.5, 1.5), (combined.Low, combined.High));
    }

    [Fact]
    public void OneSeedHasNoIntervalOverSeeds()
    {
        var combined = AcrossSeeds.Combine([One(1, 0.5)]);
        Assert.Equal(1, combined.Value);
        Assert.True(double.IsNaN(combined.Low) && double.IsNaN(combined.High));
        Assert.False(combined.Excludes(0));
        var prompts = AcrossSeeds.Combine([One(1, 0.5), new(2, double.NaN, double.NaN, 3, 1)]);
        Assert.True(double.IsNaN(prompts.Low));
    }

    [Theory] // R: qt(.975, df)
    [InlineData(1, 12.7062)]
    [InlineData(4, 2.776445)]
    [InlineData(10, 2.228139)]
    [InlineData(11, 2.200985)]
    [InlineData(19, 2.093024)]
    [InlineData(99, 1.984217)]
    public void StudentsPointsAreThoseOfTables(int degrees, double expected) => Assert.Equal(expected, AcrossSeeds.Quantile(degrees), 2e-4);

    [Theory]
    [InlineData(true, 2.0)] // noise as in answers at T = 1: counted once, it makes no interval too wide
    [InlineData(true, 0.5)]
    [InlineData(false, 0.5)]
    public void IntervalsCoverTheMeanOverAllSeeds(bool samePrompts, double noise)
    {
        // 400 experiments: 4 seeds with an effect of their own, 40 prompts with an effect shared or not, noise. True mean 0.
        var covered = 0;
        for (var trial = 0; trial < 400; trial++)
        {
            var rng = Seeds.Rng(7, "coverage", trial);
            double Normal() => Math.Sqrt(-2 * Math.Log(1 - rng.NextDouble())) * Math.Cos(2 * Math.PI * rng.NextDouble());
            double[] Prompts() => [.. Enumerable.Range(0, 40).Select(_ => Normal())];
            var shared = Prompts();
            var estimates = Enumerable.Range(0, 4).Select(_ =>
            {
                var (seed, prompts) = (0.2 * Normal(), samePrompts ? shared : Prompts());
                return Bootstrap.Mean(prompts.Select((p, i) => (Prompt: i, Value: seed + p + noise * Normal())), x => x.Value, x => $"{x.Prompt:00}",
                    new() { Resamples = 400 });
            }).ToList();
            var combined = AcrossSeeds.Combine(estimates, samePrompts);
            if (combined.Low <= 0 && 0 <= combined.High)
                covered++;
        }
        Assert.InRange(covered / 400.0, 0.925, samePrompts ? 0.98 : 0.975);
    }

    [Fact]
    public void AClaimHoldsOverSeedsAndNotSeedBySeed()
    {
        // Every run excludes 0 by itself, but runs differ too much to say so of runs in general.
        var apart = Claim.FromSeeds("x", "s", "c", "p", [(1, One(1, 0.5)), (2, One(6, 0.5))], Direction.Greater, 0, note: "caveat");
        Assert.False(apart.Holds);
        Assert.Equal([1L, 2], apart.Seeds);
        Assert.Equal("caveat; by seed 1, 6; 2 of 2 hold alone", apart.Note);
        // No run excludes 0 by itself here, and the runs agree; their prompts are the same, so nor does the mean.
        Assert.False(Claim.FromSeeds("x", "s", "c", "p", [(1, One(1, 1.2)), (2, One(1, 1.2)), (3, One(1.1, 1.2))], Direction.Greater, 0).Holds);
        Assert.True(Claim.FromSeeds("x", "s", "c", "p", [(1, One(1, 1.2)), (2, One(1, 1.2)), (3, One(1.1, 1.2))], Direction.Greater, 0,
            samePrompts: false).Holds);
        Assert.True(Claim.FromSeeds("x", "s", "c", "p", [(1, One(-1, 0.2)), (2, One(-1.1, 0.2)), (3, One(-1, 0.2))], Direction.Less, 0).Holds);
        var single = Claim.FromSeeds("x", "s", "c", "p", [(4, One(1, 0.5))], Direction.Greater, 0);
        Assert.True(single.Holds);
        Assert.Equal("one seed: says nothing about others", single.Note);
    }

    [Fact]
    public void ClaimsOfSeveralRunsAreJoinedById()
    {
        Claim Run(string id, long seed, Interval? estimate, double nullValue = 0) =>
            estimate is null ? new Claim(id, "s", "c", "p", null, null, null, 0, [seed], false, Note: "caveat")
            : Claim.FromInterval(id, "s", "c", "p", estimate, Direction.Less, nullValue, [seed], note: "caveat");

        var one = Run("a", 1, One(-1, 0.2));
        Assert.Same(one, Claim.OverSeeds([[one]])[0]);

        var joined = Claim.OverSeeds(
        [
            [Run("a", 1, One(-1, 0.2)), Run("b", 1, null), Run("c", 1, null), Run("d", 1, One(0.1, 0.05), 0.25)],
            [Run("a", 11, One(-1.2, 0.2)), Run("b", 11, One(-1, 0.2)), Run("c", 11, null), Run("d", 11, One(0.1, 0.05), 0.25)],
        ]);
        Assert.Equal(["a", "b", "c", "d"], joined.Select(c => c.Id));
        var expected = Claim.FromSeeds("a", "s", "c", "p", [(1, One(-1, 0.2)), (11, One(-1.2, 0.2))], Direction.Less, 0, note: "caveat");
        Assert.Equal((expected.Value, expected.Low, expected.High, expected.Holds, expected.Note),
            (joined[0].Value, joined[0].Low, joined[0].High, joined[0].Holds, joined[0].Note));
        Assert.Equal([1L, 11], joined[0].Seeds);
        Assert.Equal([11L], joined[1].Seeds);
        Assert.EndsWith("1 of 2 seeds had nothing to measure", joined[1].Note);
        Assert.Null(joined[2].Value);
        Assert.True(joined[3].Holds); // below its own null value, not below 0
    }

    [Fact]
    public void NothingToCombineIsNamed()
    {
        Assert.Contains("no seed", Assert.Throws<CaiException>(() => AcrossSeeds.Combine([])).Message);
        Assert.Contains("finite", Assert.Throws<CaiException>(() => AcrossSeeds.Combine([One(double.NaN, 1)])).Message);
    }
}

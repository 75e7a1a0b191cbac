using Cai.Evaluation;
using Cai.Reinforcement;
using Cai.Text;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Evaluation;

/// <summary>Ends that resampling cannot find: of what never varied, of what nothing bounds, of what leans.</summary>
public sealed class IntervalEndsTests
{
    private static Interval Mean(IEnumerable<double> values) => Bootstrap.Mean(values.Index(), v => v.Item, v => $"p{v.Index}");

    [Theory]
    [InlineData(10, 0.30850)] // 1 - 0.025^(1/10): Clopper and Pearson's for 0 of 10
    [InlineData(50, 0.07112)]
    [InlineData(2, 0.84189)]
    public void AllOrNoneHasAnIntervalWithWidth(int n, double reach)
    {
        var (none, all) = (Mean(Enumerable.Repeat(0.0, n)), Mean(Enumerable.Repeat(1.0, n)));
        Assert.Equal((0, 0, reach), (none.Value, none.Low, Math.Round(none.High, 5)));
        Assert.Equal((1, Math.Round(1 - reach, 5), 1), (all.Value, Math.Round(all.Low, 5), all.High));
        Assert.True(double.IsNaN(Mean([1]).Low));
    }

    [Fact]
    public void SeveralAnswersToAPromptAreOneTrial()
    {
        var twice = Bootstrap.Mean(Enumerable.Range(0, 20), _ => 0.0, i => $"p{i / 2}");
        Assert.Equal((0.30850, 20, 10), (Math.Round(twice.High, 5), twice.N, twice.Clusters));
    }

    [Fact]
    public void TheDifferenceOfAllAndNoneHasWidthToo()
    {
        Interval Of(double a, double b) =>
            Bootstrap.Difference(Enumerable.Repeat(a, 10).Index(), Enumerable.Repeat(b, 10).Index(), v => v.Item, v => $"p{v.Index}");
        // Newcombe's method: 1 - sqrt(2) · 0.3085 and at most 1; of two nones ± 0.3085.
        var (apart, alike) = (Of(1, 0), Of(0, 0));
        Assert.Equal((1, 0.56372, 1), (apart.Value, Math.Round(apart.Low, 5), apart.High));
        Assert.Equal((0, -0.30850, 0.30850), (alike.Value, Math.Round(alike.Low, 5), Math.Round(alike.High, 5)));
        // Neither all nor none: as ever.
        Assert.Equal((2, 2, 2), (Of(5, 3).Value, Of(5, 3).Low, Of(5, 3).High));
    }

    [Fact]
    public void AModelThatWonEverythingIsAtLeastSoFarAhead()
    {
        List<Judgement> judgements = [.. Enumerable.Range(0, 20).Select(i => new Judgement($"a{i}", $"p{i}", "harmless", "best", "base", 1, "j")),
            .. Enumerable.Range(0, 20).Select(i => new Judgement($"b{i}", $"p{i}", "harmless", "other", "base", i % 2, "j"))];
        var table = EloTable.Fit(judgements, "base");
        var best = table["best"];
        Assert.Equal(double.PositiveInfinity, best.High);
        Assert.Equal(double.NegativeInfinity, table.Difference("base", "best").Low);
        Assert.Equal(-best.Low, table.Difference("base", "best").High, 6);
        // By hand without a penalty: lost at most 1 - 0.025^(1/20) = 0.1684 of the games, 400 log10(0.8316 / 0.1684) = 277.4; the penalty draws nearer.
        var plain = EloTable.Fit(judgements, "base", new EloOptions { L2 = 1e-9 })["best"];
        Assert.Equal(277.4, plain.Low, 0.2);
        Assert.InRange(best.Low, 200, 277.4);
        Assert.True(best.Excludes(0));
        Assert.EndsWith($"[at least {best.Low:0}]", best.ToString("0"));
        Assert.True(double.IsFinite(table["other"].High) && double.IsFinite(table["other"].Low));
        Assert.Equal(0, table["base"].Low);
        Assert.Null(Claim.FromInterval("c", "s", "t", "p", best, Direction.Greater, 0, [1]).High);
    }

    [Fact]
    public void AnEceLiesInItsOwnInterval()
    {
        // Well calibrated on few rows: resamples are all worse than the sample itself.
        List<Prediction> predictions = [.. Enumerable.Range(0, 20).Select(i => new Prediction($"p{i}", 0.5, i % 2))];
        var ece = Calibration.Of(predictions, bins: 1).Ece;
        Assert.Equal(0, ece.Value, 12);
        Assert.InRange(ece.Value, ece.Low, ece.High);
        for (var seed = 0; seed < 20; seed++)
        {
            var rng = Seeds.Rng(seed, "ece");
            var rows = Enumerable.Range(0, 40).Select(_ => rng.NextDouble())
                .Select((p, i) => new Prediction($"p{i}", p, rng.NextDouble() < p ? 1 : 0)).ToList();
            var found = Calibration.Of(rows, bins: 10).Ece;
            Assert.InRange(found.Value, found.Low, found.High);
            Assert.True(found.Low >= 0);
        }
    }

    /// <summary>exp(-x) - 1 + x by its series in float64.</summary>
    [Fact]
    public void K3KeepsItsDigitsNearZero()
    {
        float[] x = [1e-7f, -1e-7f, 1e-5f, -3e-5f, 1e-4f, 1e-3f, 0.05f, 0.19f, -0.2f, 0.21f, 1.5f, -2f];
        using var kl = PpoMath.Kl(tensor(x), zeros(x.Length), KlEstimator.K3);
        foreach (var (value, got) in x.Select(v => (double)v).Zip(kl.data<float>()))
        {
            double expected = 0, term = 1;
            for (var k = 1; k < 30; k++)
            {
                term *= -value / k;
                expected += k == 1 ? 0 : term;
            }
            Assert.InRange(got / expected, 1 - 3e-6, 1 + 3e-6);
        }
    }
}

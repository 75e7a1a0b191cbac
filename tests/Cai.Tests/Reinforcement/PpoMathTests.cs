using System.Text.Json;
using Cai.Reinforcement;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Reinforcement;

public sealed class PpoMathTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    private static Tensor Row(params float[] values) => tensor(values).unsqueeze(0);

    private static Tensor Mask(params int[] values) => tensor(values.Select(v => v != 0).ToArray()).unsqueeze(0);

    private static void Close(double[] expected, Tensor actual, double within = 1e-5) =>
        Assert.All(expected.Zip(Tiny.Numbers(actual)), pair => Assert.Equal(pair.First, pair.Second, within));

    [Theory]
    [InlineData(KlEstimator.K1, 0.634897)]
    [InlineData(KlEstimator.K2, 0.695250)]
    [InlineData(KlEstimator.K3, 0.634897)]
    public void KlEstimatorsHaveTheRightExactExpectation(KlEstimator estimator, double expected)
    {
        double[] policy = [0.7, 0.2, 0.1], reference = [0.2, 0.3, 0.5];
        var kl = Tiny.Numbers(PpoMath.Kl(tensor(policy).log(), tensor(reference).log(), estimator));
        Assert.Equal(expected, kl.Zip(policy, (k, p) => k * p).Sum(), 1e-6);
    }

    [Theory]
    [InlineData(1e-4, 5.00017e-9)] // x²/2 + x³/6
    [InlineData(1e-3, 5.00167e-7)]
    public void K3KeepsItsDigitsNearZeroAndIsNotClampedFarAway(double difference, double expected)
    {
        var kl = PpoMath.Kl(tensor(new[] { 0f }), tensor(new[] { (float)difference }), KlEstimator.K3);
        Assert.Equal(1, kl.ToSingle() / expected, 0.01);
        // pi = (.9999, .0001), ref = (.5, .5): the true KL is .692126; clamping k3 to 10 would give .194.
        double[] policy = [0.9999, 0.0001];
        var far = Tiny.Numbers(PpoMath.Kl(tensor(policy).log(), tensor(new[] { 0.5, 0.5 }).log(), KlEstimator.K3));
        Assert.Equal(0.692126, far[0] * policy[0] + far[1] * policy[1], 1e-5);
    }

    [Fact]
    public void TheAdaptiveControllerTakesTheStepWorkedByHand()
    {
        Assert.Equal(0.151536, PpoMath.NextKlCoefficient(0.15, 12, 6, 10000, 0.2, 512), 1e-12); // .15 (1 + .2 · 512/10000)
        Assert.Equal(0.15 * (1 - 0.1 * 0.0512), PpoMath.NextKlCoefficient(0.15, 5.4, 6, 10000, 0.2, 512), 1e-12);
    }

    [Fact]
    public void MissingEndTokenRules()
    {
        Assert.Equal(3, PpoMath.ScoreWithRule(3, true, MissingEos.Replace, -1));
        Assert.Equal(-1, PpoMath.ScoreWithRule(3, false, MissingEos.Replace, -1));
        Assert.Equal(2, PpoMath.ScoreWithRule(3, false, MissingEos.Subtract, -1));
        Assert.Equal(2, PpoMath.ScoreWithRule(3, false, MissingEos.Subtract, 1));
        Assert.Equal(3, PpoMath.ScoreWithRule(3, false, MissingEos.None, -1));
    }

    [Theory] // responses of at most 4 tokens; 1 ends
    [InlineData(new[] { 7 }, 0, 0, 1)] // length 1
    [InlineData(new[] { 1 }, 0, 0, 1)] // end token first
    [InlineData(new[] { 7, 8, 9, 7 }, 3, 3, 3)] // full length, no end token: nothing fits behind
    [InlineData(new[] { 7, 8, 9, 1 }, 3, 3, 3)]
    [InlineData(new[] { 7, 1 }, 1, 1, 2)]
    [InlineData(new[] { 7, 1, 9 }, 1, 2, 3)] // tokens behind the end token
    public void TheScoreSitsWhereTheOptionSays(int[] ids, int eos, int last, int plusOne)
    {
        Assert.Equal(eos, PpoMath.ScoreColumn(ids, 1, ScorePosition.Eos, 4));
        Assert.Equal(last, PpoMath.ScoreColumn(ids, 1, ScorePosition.Last, 4));
        Assert.Equal(plusOne, PpoMath.ScoreColumn(ids, 1, ScorePosition.EosPlusOne, 4));
    }

    [Fact]
    public void RewardsAreTheKlPenaltyPlusTheScoreAndIgnorePadding()
    {
        var rewards = PpoMath.Rewards(Row(0.5f, -0.25f, float.NaN), Mask(1, 1, 0), 0.2, tensor(new[] { 3f }), tensor(new[] { 1L }));
        Close([-0.1, 3.05, 0], rewards);
    }

    [Fact]
    public void GaeByHandWithGarbageInThePadding()
    {
        // gamma .9, lambda .5: δ2 = 2 - 3 = -1; δ1 = 1 + .9·3 - 2 = 1.7; δ0 = 0 + .9·2 - 1 = .8
        // A2 = -1; A1 = 1.7 + .45·(-1) = 1.25; A0 = .8 + .45·1.25 = 1.3625
        foreach (var garbage in new[] { 0f, 100f, float.NaN, float.PositiveInfinity })
        {
            var (advantages, returns) = PpoMath.Gae(Row(0, 1, 2, garbage), Row(1, 2, 3, garbage), Mask(1, 1, 1, 0), 0.9, 0.5);
            Close([1.3625, 1.25, -1, 0], advantages);
            Close([2.3625, 3.25, 2, 0], returns);
        }
    }

    [Fact]
    public void GaeWithLambdaOneIsTheReturnMinusTheValue()
    {
        var (advantages, returns) = PpoMath.Gae(Row(1, 2, 4), Row(5, 5, 5), Mask(1, 1, 1), 1, 1);
        Close([7, 6, 4], returns);
        Close([2, 1, -1], advantages);
    }

    [Fact]
    public void WhiteningDividesByNOrNMinusOne()
    {
        var x = Row(1, 2, 3, 6, float.NaN);
        var mask = Mask(1, 1, 1, 1, 0);
        // mean 3, squared deviations 4 + 1 + 0 + 9 = 14; 14/4 and 14/3
        Close([-1.069045, -0.534522, 0, 1.603567, 0], PpoMath.Whiten(x, mask));
        Close([-0.925820, -0.462910, 0, 1.388730, 0], PpoMath.Whiten(x, mask, bessel: true));
        Close([1.930955, 2.465478, 3, 4.603567, 0], PpoMath.Whiten(x, mask, shiftMean: false));
        Close([0, 0], PpoMath.Whiten(Row(5, 9), Mask(1, 0), bessel: true));
    }

    [Theory] // old log-prob 0, range .2
    [InlineData(0.1, 1, -1.105171, false)] // within range
    [InlineData(0.5, 1, -1.2, true)] // good and already much likelier: held
    [InlineData(0.5, -1, 1.648721, false)] // bad and likelier: never held
    [InlineData(-0.5, -1, 0.8, true)] // bad and already much less likely: held
    [InlineData(-0.5, 1, -0.606531, false)]
    public void ThePolicyLossIsClippedOnTheRightSide(double logProb, double advantage, double loss, bool clipped)
    {
        var result = PpoMath.PolicyLoss(tensor(new[] { (float)logProb }), tensor(new[] { 0f }), tensor(new[] { (float)advantage }), 0.2);
        Assert.Equal(loss, result.Loss.ToDouble(), 1e-5);
        Assert.Equal(Math.Exp(logProb), result.Ratio.ToDouble(), 1e-5);
        Assert.Equal(clipped, result.Clipped.ToBoolean());
    }

    [Theory] // old value 1, range .2
    [InlineData(1.1, 2, 0.405, false)] // half of .9²
    [InlineData(1.5, 2, 0.32, true)] // held at 1.2: half of .8², more than half of .5²
    [InlineData(1.5, 1, 0.125, false)] // held at 1.2 would be .02: the larger counts
    public void TheValueLossTakesTheLargerError(double value, double target, double loss, bool clipped)
    {
        var result = PpoMath.ValueLoss(tensor(new[] { (float)value }), tensor(new[] { 1f }), tensor(new[] { (float)target }), 0.2);
        Assert.Equal(loss, result.Loss.ToDouble(), 1e-5);
        Assert.Equal(clipped, result.Clipped.ToBoolean());
    }

    [Fact]
    public void NumbersOfOtherProjectsTestsComeOut()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("rlhf-reference.json")));
        JsonElement Case(string name) => file.RootElement.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        static float[] Floats(JsonElement e) => [.. e.EnumerateArray().Select(x => x.ValueKind == JsonValueKind.String ? float.NaN : x.GetSingle())];
        static double[] Doubles(JsonElement e) => [.. e.EnumerateArray().Select(x => x.GetDouble())];
        static Tensor Ints(JsonElement e) => Mask([.. e.EnumerateArray().Select(x => x.GetInt32())]);
        static float[] Flat(JsonElement e) => [.. e.EnumerateArray().SelectMany(Floats)];

        var policy = Case("ppo_policy_loss");
        foreach (var row in policy.GetProperty("rows").EnumerateArray())
        {
            var (loss, ratio, _) = PpoMath.PolicyLoss(tensor(Floats(row.GetProperty("logps"))), tensor(Floats(policy.GetProperty("old_logps"))),
                tensor(Floats(policy.GetProperty("advantages"))), policy.GetProperty("epsilon").GetDouble());
            Assert.Equal(row.GetProperty("loss").GetDouble(), loss.mean().ToDouble(), 1e-5);
            Assert.Equal(row.GetProperty("ratio").GetDouble(), ratio.mean().ToDouble(), 1e-5);
        }
        var kl = Case("kl_rewards");
        var estimated = PpoMath.Kl(tensor(Flat(kl.GetProperty("logprobs")), [3, 3]), tensor(Flat(kl.GetProperty("ref_logprobs")), [3, 3]));
        Close([.. Flat(kl.GetProperty("expected_kl")).Select(x => (double)x)], estimated);
        var rewards = PpoMath.Rewards(estimated, ones([3, 3], dtype: ScalarType.Bool), kl.GetProperty("kl_coeff").GetDouble(),
            tensor(Floats(kl.GetProperty("scores"))), full(3, 2, dtype: ScalarType.Int64));
        Close([.. Flat(kl.GetProperty("expected_rewards")).Select(x => (double)x)], rewards);
        foreach (var name in new[] { "gae_returns", "gae_adv_returns" })
        {
            var gae = Case(name);
            var (advantages, returns) = PpoMath.Gae(Row(Floats(gae.GetProperty("rewards"))), Row(Floats(gae.GetProperty("values"))), Mask(1, 1, 1, 1),
                gae.GetProperty("gamma").GetDouble(), gae.GetProperty("lambda").GetDouble());
            Close(Doubles(gae.GetProperty("expected_returns")), returns);
            if (gae.TryGetProperty("expected_advantages", out var expected))
                Close(Doubles(expected), advantages);
        }
        var turns = Case("gae_multi_turn_invariance");
        var mask = Ints(turns.GetProperty("response_mask"));
        double[][] results = [.. new[] { 0f, 1e6f }.Select(garbage =>
        {
            var values = Enumerable.Repeat(garbage, 11).ToArray();
            foreach (var value in turns.GetProperty("values_at_mask1").EnumerateObject())
                values[int.Parse(value.Name, System.Globalization.CultureInfo.InvariantCulture)] = value.Value.GetSingle();
            return Tiny.Numbers(PpoMath.Gae(Row(Floats(turns.GetProperty("rewards"))), Row(values), mask, 0.7, 0.6).Advantages);
        })];
        Assert.Equal(results[0], results[1]);
        foreach (var row in Case("masked_mean").GetProperty("rows").EnumerateArray())
        {
            var mean = PpoMath.MaskedMean(Row(Floats(row.GetProperty("value"))), Ints(row.GetProperty("mask"))).ToDouble();
            Assert.Equal(row.GetProperty("expected").ValueKind == JsonValueKind.String ? double.NaN : row.GetProperty("expected").GetDouble(), mean, 1e-6);
        }
        var first = Case("masked_mean_var").GetProperty("rows")[0];
        var (x, m) = (Row(Floats(first.GetProperty("value"))), Ints(first.GetProperty("mask")));
        Assert.Equal(first.GetProperty("mean").GetDouble(), PpoMath.MaskedMean(x, m).ToDouble(), 1e-6);
        // Whitening divides by the root of the variance, so (1 - 2) / sqrt(variance) tells it.
        Assert.Equal(first.GetProperty("var_unbiased").GetDouble(), Math.Pow(1 / PpoMath.Whiten(x, m, bessel: true)[0, 0].ToDouble(), 2), 1e-5);
        var white = Case("masked_mean_var").GetProperty("rows")[1];
        var whitened = Tiny.Numbers(PpoMath.Whiten(Row(Floats(white.GetProperty("value"))), Ints(white.GetProperty("mask")), bessel: true));
        Close(Doubles(white.GetProperty("whitened_at_mask")), tensor(whitened[1..3]));
    }
}

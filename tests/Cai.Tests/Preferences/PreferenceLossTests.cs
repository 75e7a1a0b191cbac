using System.Text.Json;
using Cai.Preferences;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Preferences;

public sealed class PreferenceLossTests
{
    // d, p, loss, d loss / d d = σ(d) - p; by hand: softplus(15) = 15.0000003059023, softplus(-15) = 3.059022e-7, σ(15) = 0.9999996940978.
    [Theory]
    [InlineData(0, 0.5, 0.693147180559945, 0)]
    [InlineData(0, 1, 0.693147180559945, -0.5)]
    [InlineData(2, 0.6, 0.926928011042973, 0.280797077977882)] // 0.6 * 0.126928 + 0.4 * 2.126928
    [InlineData(-15, 1, 15.0000003059023, -0.9999996940978)]
    [InlineData(-15, 0, 3.059022e-7, 3.059022e-7)]
    [InlineData(15, 0, 15.0000003059023, 0.9999996940978)]
    [InlineData(15, 0.25, 11.2500003059023, 0.7499996940978)]
    [InlineData(200, 0, 200, 1)]
    public void TheSoftLabelLossAndItsGradientAreRightAtAnyMargin(double d, double p, double loss, double gradient)
    {
        using var scope = NewDisposeScope();
        var difference = tensor(new[] { (float)d }).requires_grad_();
        var value = PreferenceLoss.SoftLabel(difference, tensor(new[] { (float)p }));
        value.sum().backward();
        Assert.Equal(loss, value.ToDouble(), 1e-5 * Math.Max(1, loss));
        Assert.Equal(gradient, difference.grad!.ToDouble(), 1e-6);
        Assert.Equal(loss, PreferenceLoss.SoftLabel(d, p), 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void LossesAndGradientsEqualThoseOfPlainLoops(int seed)
    {
        using var scope = NewDisposeScope();
        var rng = Seeds.Rng(seed, "margins");
        double[] d = [.. Enumerable.Range(0, 50).Select(_ => 8 * rng.NextDouble() - 4)], p = [.. d.Select(_ => rng.NextDouble())];
        static double Plain(double d, double p) => -(p * Math.Log(1 / (1 + Math.Exp(-d))) + (1 - p) * Math.Log(1 / (1 + Math.Exp(d))));
        var difference = tensor(d).requires_grad_();
        var losses = PreferenceLoss.SoftLabel(difference, tensor(p));
        losses.sum().backward();
        Assert.All(d.Zip(p, Plain).Zip(Tiny.Numbers(losses)), x => Assert.Equal(x.First, x.Second, 1e-12));
        // The gradient as a quotient of differences of the plain loss.
        Assert.All(d.Zip(p, (x, y) => (Plain(x + 1e-5, y) - Plain(x - 1e-5, y)) / 2e-5).Zip(Tiny.Numbers(difference.grad!)),
            x => Assert.Equal(x.First, x.Second, 1e-8));
    }

    [Fact]
    public void TheHardLabelLossGivesTheNumbersOfAnotherProjectsTest()
    {
        // DPO's loss is the preference loss of a pair whose score is beta times the log-ratio of policy and reference.
        using var file = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("rlhf-reference.json")));
        var dpo = file.RootElement.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "dpo_sigmoid");
        double[] Numbers(string name) => [.. dpo.GetProperty(name).EnumerateArray().Select(x => x.GetDouble())];
        var (chosen, rejected) = (Numbers("policy_chosen_logps").Zip(Numbers("ref_chosen_logps"), (p, q) => p - q),
            Numbers("policy_rejected_logps").Zip(Numbers("ref_rejected_logps"), (p, q) => p - q));
        var losses = chosen.Zip(rejected, (c, r) => PreferenceLoss.SoftLabel(dpo.GetProperty("beta").GetDouble() * (c - r), 1));
        Assert.All(Numbers("expected_losses").Zip(losses), x => Assert.Equal(x.First, x.Second, 1e-7));
    }

    [Fact]
    public void AClampedLabelIsBestMetByABoundedMargin()
    {
        // Label 0.6: the loss is least at d = ln(0.6 / 0.4).
        var best = Math.Log(1.5);
        Assert.Equal(0.6, PreferenceLoss.Probability(best), 1e-12);
        Assert.True(PreferenceLoss.SoftLabel(best, 0.6) < PreferenceLoss.SoftLabel(best + 0.01, 0.6));
        Assert.True(PreferenceLoss.SoftLabel(best, 0.6) < PreferenceLoss.SoftLabel(best - 0.01, 0.6));
    }
}

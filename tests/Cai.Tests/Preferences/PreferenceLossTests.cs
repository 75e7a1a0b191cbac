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
    public void The_soft_label_loss_and_its_gradient_are_right_at_any_margin(double d, double p, double loss, double gradient)
    {
        using var scope = NewDisposeScope();
        var difference = tensor(new[] { (float)d }).requires_grad_();
        var value = PreferenceLoss.SoftLabel(difference, tensor(new[] { (float)p }));
        value.sum().backward();
        Assert.Equal(loss, value.ToDouble(), 1e-5 * Math.Max(1, loss));
        Assert.Equal(gradient, difference.grad!.ToDouble(), 1e-6);
        Assert.Equal(loss, PreferenceLoss.SoftLabel(d, p), 1e-6);
    }

    [Fact]
    public void A_clamped_label_is_best_met_by_a_bounded_margin()
    {
        // Label 0.6: the loss is least at d = ln(0.6 / 0.4).
        var best = Math.Log(1.5);
        Assert.Equal(0.6, PreferenceLoss.Probability(best), 1e-12);
        Assert.True(PreferenceLoss.SoftLabel(best, 0.6) < PreferenceLoss.SoftLabel(best + 0.01, 0.6));
        Assert.True(PreferenceLoss.SoftLabel(best, 0.6) < PreferenceLoss.SoftLabel(best - 0.01, 0.6));
    }
}

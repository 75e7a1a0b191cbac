using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Preferences;

/// <summary>The loss of a comparison whose label is a probability.</summary>
public static class PreferenceLoss
{
    /// <summary>
    /// -[p log σ(d) + (1-p) log σ(-d)] for each pair, d = score A - score B (paper 4.1: normalised probabilities as targets).
    /// Written with softplus, -log σ(d) = softplus(-d), so that gradients live at any margin.
    /// </summary>
    /// <param name="difference">[pairs]</param>
    /// <param name="labels">[pairs], p.</param>
    /// <returns>[pairs]</returns>
    public static Tensor SoftLabel(Tensor difference, Tensor labels)
    {
        using var scope = NewDisposeScope();
        return (labels * (-difference).SoftPlus()).Add(labels.neg().Add(1) * difference.SoftPlus()).MoveToOuterDisposeScope();
    }

    /// <summary>The same for one pair of numbers, in float64.</summary>
    public static double SoftLabel(double difference, double label) =>
        label * Logistic.SoftPlus(-difference) + (1 - label) * Logistic.SoftPlus(difference);

    /// <summary>P(A is better) = σ(score A - score B) (HH eq. 4.2).</summary>
    public static double Probability(double difference) => Logistic.Sigmoid(difference);
}

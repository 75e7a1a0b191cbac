using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What a judge said about one pair in either order.</summary>
/// <param name="AFirst">P(A is better) when A was shown first, as (A).</param>
/// <param name="BFirst">P(A is better) when B was shown first.</param>
public sealed record BothOrders(string PromptId, double AFirst, double BFirst)
{
    /// <summary>P(what is shown first is better), over both orders: 0.5 without position bias, 1 for a judge who always says (A).</summary>
    public double First => (AFirst + 1 - BFirst) / 2;

    /// <summary>Whether the letter decides: another answer is preferred when the order changes.</summary>
    public bool Flips => (AFirst - 0.5) * (BFirst - 0.5) < 0;

    /// <summary>From a label for which both orders were asked (its mean and difference); null when it is missing.</summary>
    public static BothOrders? Of(Comparison label) => label is { ProbabilityA: { } mean, PositionBias: { } bias }
        ? new(label.PromptId, mean + bias / 2, mean - bias / 2)
        : null;

    /// <summary>
    /// A label for which both orders were asked as two, one an order: what asking once gives, without the luck of the order. None when it is missing.
    /// </summary>
    public static IEnumerable<Comparison> Labels(Comparison label)
    {
        if (Of(label) is not { } orders)
            yield break;
        yield return label with { Id = label.Id + "/AB", ProbabilityA = Math.Clamp(orders.AFirst, 0, 1), PositionBias = null };
        yield return label with { Id = label.Id + "/BA", ProbabilityA = Math.Clamp(orders.BFirst, 0, 1), PositionBias = null, Swapped = true };
    }
}

using Cai.Text;

namespace Cai.Feedback;

/// <summary>What to know about a set of labels before training on it.</summary>
/// <param name="Count">All comparisons, missing labels included.</param>
/// <param name="Missing">Comparisons whose label could not be read.</param>
/// <param name="MeanProbabilityA">Mean of the labels; near 0.5 when A and B are exchangeable. Null when all are missing.</param>
/// <param name="MeanPositionBias">Mean of P(A | A first) - P(A | B first); null unless both orders were asked.</param>
/// <param name="MissingReasons">How often each reason occurred.</param>
public sealed record LabelReport(int Count, int Missing, double? MeanProbabilityA, double? MeanPositionBias, IReadOnlyDictionary<string, int> MissingReasons)
{
    /// <summary>Share of comparisons with a label, 0 to 1; 0 when there are no comparisons.</summary>
    public double Coverage => Count == 0 ? 0 : (double)(Count - Missing) / Count;

    public static LabelReport Of(IReadOnlyCollection<Comparison> comparisons) => new(
        comparisons.Count,
        comparisons.Count(c => c.ProbabilityA is null),
        comparisons.Average(c => c.ProbabilityA),
        comparisons.Average(c => c.PositionBias),
        comparisons.Where(c => c.ProbabilityA is null).GroupBy(c => c.Missing ?? "not stated").ToDictionary(g => g.Key, g => g.Count()));
}

using Cai.Text;

namespace Cai.Evaluation;

/// <summary>Accuracy beside what needs no judge at all.</summary>
/// <param name="Judge">Share of pairs on which the judge prefers the truly better response; a judge at exactly 0.5 gets half.</param>
/// <param name="AlwaysA">Always the first response.</param>
/// <param name="Longer">Always the longer response, half where equally long.</param>
/// <param name="Shorter">Always the shorter response.</param>
/// <param name="Majority">The position that is right more often in this very sample: the best that a fixed answer can do.</param>
/// <param name="Ties">Pairs left out because neither response is better.</param>
public sealed record AccuracyReport(Interval Judge, Interval AlwaysA, Interval Longer, Interval Shorter, double Majority, int Ties);

/// <summary>Accuracy of pairwise judgements with the baselines that a judge has to beat.</summary>
public static class Accuracy
{
    /// <exception cref="CaiException">No pair has a better response, or a probability lies outside 0 to 1.</exception>
    public static AccuracyReport Of(IReadOnlyList<PredictedPair> pairs, BootstrapOptions? options = null)
    {
        foreach (var p in pairs)
            if (!(p.ProbabilityA is >= 0 and <= 1 && p.Label is >= 0 and <= 1))
                throw new CaiException($"A probability of {p.ProbabilityA} with label {p.Label}: both must lie between 0 and 1.",
                    "Leave missing labels out before calling.", p.PromptId);
        var decided = pairs.Where(p => p.Label != 0.5).ToArray();
        var alwaysA = Share(_ => 1);
        return new AccuracyReport(
            Share(p => p.ProbabilityA - 0.5), alwaysA, Share(p => p.LengthA - p.LengthB), Share(p => p.LengthB - p.LengthA),
            Math.Max(alwaysA.Value, 1 - alwaysA.Value), pairs.Count - decided.Length);

        Interval Share(Func<PredictedPair, double> margin) => Bootstrap.Mean(decided, p => Credit.OfMargin(margin(p), p.Label), p => p.PromptId, options);
    }
}

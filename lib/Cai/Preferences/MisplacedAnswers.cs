using Cai.Text;

namespace Cai.Preferences;

/// <summary>
/// Comparisons in which an answer to another prompt loses (Liu et al. 2024, "RRM"). Both answers of a pair are to the same prompt, so a preference model can
/// learn what a good answer looks like without reading what was asked; a policy that is optimised hard then gives to every prompt what is good for some.
/// </summary>
public static class MisplacedAnswers
{
    /// <summary>The axis of these comparisons.</summary>
    public const string Axis = "on-topic";

    /// <summary>
    /// For a share of the comparisons, drawn by their ids, one more: the better answer against an answer of a drawn comparison of another prompt. Comparisons
    /// without a label make none.
    /// </summary>
    /// <param name="share">0 to 1; of the comparisons that have a label and a different answer to meet.</param>
    /// <returns>Ids are `{comparison}/misplaced`; labels are certain.</returns>
    /// <exception cref="CaiException">The share is outside of 0 to 1.</exception>
    public static IReadOnlyList<Comparison> Of(IReadOnlyList<Comparison> comparisons, double share, long seed)
    {
        InRange.Number(share, 0, 1, nameof(MisplacedAnswers), nameof(share));
        var made = new List<Comparison>();
        foreach (var comparison in comparisons)
        {
            var rng = Seeds.Rng(seed, "misplaced", comparison.Id);
            if (!rng.Chance(share) || comparison.ProbabilityA is not { } probability)
                continue;
            var other = rng.Pick(comparisons);
            var (better, misplaced) = (probability >= 0.5 ? comparison.ResponseA : comparison.ResponseB, rng.Chance(0.5) ? other.ResponseA : other.ResponseB);
            if (other.PromptId == comparison.PromptId || misplaced == better)
                continue;
            made.Add(new($"{comparison.Id}/misplaced", comparison.PromptId, comparison.Prompt, better, misplaced, Axis, LabelKind.Hard, ProbabilityA: 1));
        }
        return made;
    }
}

using Cai.Text;

namespace Cai.Critique;

/// <summary>What went wrong, and how much changed, in one round of revisions. Nothing is dropped for it: trainers choose.</summary>
/// <param name="Count">Revisions of this round.</param>
/// <param name="Unfinished">Critique or revision ran into the token limit.</param>
/// <param name="EmptyCritiques">A critique was asked for and came back empty.</param>
/// <param name="EmptyRevisions">The revision came back empty.</param>
/// <param name="Unchanged">The revision equals the response before it, as it should where there was nothing to mend.</param>
/// <param name="MeanWords">Mean number of words of a revision (the paper's released chains: 60, 56, 57, 57 after 78 at the start).</param>
public sealed record CritiqueReport(int Round, int Count, int Unfinished, int EmptyCritiques, int EmptyRevisions, int Unchanged, double MeanWords)
{
    /// <summary>One report a round, in order.</summary>
    public static IReadOnlyList<CritiqueReport> ByRound(IEnumerable<Revision> revisions) =>
    [
        .. revisions.GroupBy(r => r.Round).OrderBy(g => g.Key).Select(g => new CritiqueReport(
            g.Key,
            g.Count(),
            g.Count(r => !r.Finished),
            g.Count(r => r.Critique is { Length: 0 }),
            g.Count(r => r.After.Length == 0),
            g.Count(r => r.After == r.Before),
            g.Average(r => r.After.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length))),
    ];
}

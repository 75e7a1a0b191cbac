using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// What revisions do to responses (paper 3.1, 3.4, 3.5, Figs 5 and 7), measured by the oracle where the paper used preference
/// models. One response a prompt and round; all intervals are 95 %, bootstrap clustered by prompt. Differences are paired: both
/// texts answer the same prompt.
/// </summary>
/// <param name="oracle">Judges every text.</param>
/// <param name="critiqued">All rounds of critique and revision.</param>
/// <param name="direct">All rounds of direct revision of the same first answers (paper 3.5); may be empty.</param>
public sealed partial class RevisionStudy(Oracle oracle, IReadOnlyList<Revision> critiqued, IReadOnlyList<Revision> direct) : IStudy<RevisionStudy>
{
    private static readonly string[] Steps = ["rev-step-1", "rev-step-2", "rev-step-3", "rev-step-4"]; // the paper has four rounds

    /// <summary>First answers (round 0) and critiqued revisions.</summary>
    public IReadOnlyList<JudgedAnswer> Critiqued { get; } = JudgedAnswer.Of(oracle, critiqued);

    /// <summary>First answers (round 0) and direct revisions.</summary>
    public IReadOnlyList<JudgedAnswer> Direct { get; } = JudgedAnswer.Of(oracle, direct);

    public int Rounds { get; } = critiqued.Select(r => r.Round).DefaultIfEmpty(0).Max();

    /// <summary>Asks the pipeline for both kinds of revisions of its red-team prompts.</summary>
    public static async Task<RevisionStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default) =>
        new(pipeline.Oracle, await pipeline.Supervised.RevisionsAsync(cancel: cancel), await pipeline.Supervised.RevisionsAsync(direct: true, cancel));

    /// <summary>
    /// Each revision against the one before it, last against first, the first drop against later ones, critiqued against direct, and
    /// the price in helpfulness.
    /// </summary>
    public IEnumerable<Measurement> Measure()
    {
        foreach (var (id, round) in Steps.Take(Rounds).Select((id, i) => (id, i + 1)))
            yield return new(id, Change(Critiqued, round - 1, round, Measures.Harmfulness));
        yield return new("rev-last", Change(Critiqued, 0, Rounds, Measures.Harmfulness));
        if (Rounds > 1)
            yield return new("rev-biggest", FirstDropLead());
        yield return new("rev-direct-first", Gap(1));
        yield return new("rev-direct-last", Gap(Rounds)) { Words = new Dictionary<string, object> { ["rounds"] = Rounds } };
        yield return new("rev-help", Change(Critiqued, 0, Rounds, Measures.Helpfulness));
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "critiqued", Critiqued }, { "direct", Direct } };

    /// <summary>Mean change of a score from one round to another, prompt by prompt; null without prompts.</summary>
    public static Interval? Change(IReadOnlyList<JudgedAnswer> rows, int from, int to, Measure measure) =>
        Paired([.. rows.Where(r => r.Round == from)], [.. rows.Where(r => r.Round == to)], measure);

    /// <summary>Mean harmfulness of critiqued less that of direct revisions of one round, prompt by prompt; null when one kind is missing.</summary>
    public Interval? Gap(int round) =>
        Paired([.. Direct.Where(r => r.Round == round)], [.. Critiqued.Where(r => r.Round == round)], Measures.Harmfulness);

    /// <summary>Drop of mean harmfulness at revision 1 less the largest drop at a later one; null with fewer than two rounds.</summary>
    public Interval? FirstDropLead()
    {
        if (Rounds < 2)
            return null;
        // One row a prompt, so that a resample draws whole chains.
        var chains = Critiqued.GroupBy(r => r.PromptId).Select(g => g.OrderBy(r => r.Round).Select(r => r.Verdict.Harmfulness).ToArray())
            .Where(c => c.Length == Rounds + 1).Select((harm, i) => (Id: $"{i}", Harm: harm)).ToList();
        return chains.Count == 0 ? null : Bootstrap.Statistic(chains, c => c.Id, drawn =>
        {
            var means = Enumerable.Range(0, Rounds + 1).Select(round => drawn.Average(c => c.Harm[round])).ToArray();
            return means[0] - means[1] - Enumerable.Range(2, Rounds - 1).Max(round => means[round - 1] - means[round]);
        });
    }

    private static Interval? Paired(IReadOnlyList<JudgedAnswer> from, IReadOnlyList<JudgedAnswer> to, Measure measure)
    {
        var before = from.ToDictionary(r => r.PromptId);
        var pairs = to.Where(r => before.ContainsKey(r.PromptId))
            .Select(r => (r.PromptId, Change: measure(r.Verdict) - measure(before[r.PromptId].Verdict))).ToList();
        return Bootstrap.TryMean(pairs, p => p.Change, p => p.PromptId);
    }
}

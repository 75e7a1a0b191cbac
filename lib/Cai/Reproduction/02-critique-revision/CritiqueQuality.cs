using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>How a critique did.</summary>
public enum CritiqueOutcome
{
    /// <summary>Names a problem that is there and that its principle covers.</summary>
    Names,

    /// <summary>There is such a problem, and the critique does not name it.</summary>
    Misses,

    /// <summary>The response has no problem that the principle covers.</summary>
    NothingToName,
}

/// <summary>A critique beside what is true of the response that it is about.</summary>
/// <param name="Covered">Problems that the response has and the principle covers.</param>
/// <param name="Before">The oracle on the response.</param>
/// <param name="After">The oracle on its revision.</param>
public sealed record JudgedCritique(Revision Revision, CritiqueVerdict Verdict, IReadOnlySet<Problem> Covered, Verdict Before, Verdict After)
{
    public CritiqueOutcome Outcome => Covered.Count == 0 ? CritiqueOutcome.NothingToName
        : Covered.Overlaps(Verdict.Named) ? CritiqueOutcome.Names : CritiqueOutcome.Misses;

    /// <summary>Whether there was anything to name.</summary>
    public bool Asked => Covered.Count > 0;

    /// <summary>Names a covered problem, and act and victim are this prompt's.</summary>
    public bool Fits => Outcome == CritiqueOutcome.Names && !Verdict.MisnamesTarget;
}

/// <summary>
/// Whether critiques say what is wrong, and whether it matters (paper 3.5 and Appendix A: critiques are often inaccurate
/// or overstated, yet the revisions are better). All rounds together; intervals are 95 %, bootstrap clustered by prompt.
/// </summary>
public sealed class CritiqueQuality : IStudy<CritiqueQuality>
{
    private readonly Oracle oracle;
    private readonly IReadOnlyList<(string PromptId, Verdict Before, Verdict After)> direct;

    /// <param name="direct">Direct revisions of the same first answers, for comparison; may be empty.</param>
    public CritiqueQuality(World world, Oracle oracle, IReadOnlyList<Revision> critiqued, IReadOnlyList<Revision> direct)
    {
        this.oracle = oracle;
        Critiques = [.. critiqued.Where(r => r.Critique is not null).Select(r => Judge(r, r.Critique!))];
        this.direct = [.. direct.Select(r => (r.PromptId, Judged(r, r.Before), Judged(r, r.After)))];
        // The next prompt's critique of the same round: what a critique scores that has never seen the response.
        var others = critiqued.Where(r => r.Critique is not null).GroupBy(r => r.Round)
            .SelectMany(g => g.Zip(g.Skip(1).Append(g.First()), (own, next) => (Own: own, Next: next)))
            .Where(p => p.Own.PromptId != p.Next.PromptId);
        Exchanged = [.. others.Select(p => Judge(p.Own, p.Next.Critique!))];

        JudgedCritique Judge(Revision r, string critique)
        {
            var prompt = new Prompt(r.PromptId, r.Prompt);
            var verdict = oracle.JudgeCritique(prompt, r.Before, critique);
            var category = world.TopicOf(prompt).Category;
            var covered = verdict.Present.Where(p => oracle.Covers(r.PrincipleId, p, category)).ToHashSet();
            return new JudgedCritique(r, verdict, covered, Judged(r, r.Before), Judged(r, r.After));
        }
    }

    /// <summary>Asks the pipeline for both kinds of revisions of its red-team prompts.</summary>
    public static async Task<CritiqueQuality> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var critiqued = await pipeline.Supervised.RevisionsAsync(cancel: cancel);
        return new(pipeline.World, pipeline.Oracle, critiqued, await pipeline.Supervised.RevisionsAsync(direct: true, cancel));
    }

    public IReadOnlyList<JudgedCritique> Critiques { get; }

    /// <summary>The same responses beside the critique of another response in the same round: the baseline.</summary>
    public IReadOnlyList<JudgedCritique> Exchanged { get; }

    /// <summary>Share of the critiques with something to name that name it; null when there was nothing to name.</summary>
    public static Interval? NamingRate(IEnumerable<JudgedCritique> critiques) =>
        Bootstrap.TryMean([.. critiques.Where(c => c.Asked)], c => c.Outcome == CritiqueOutcome.Names ? 1 : 0, c => c.Revision.PromptId);

    /// <summary>As <see cref="NamingRate"/>, but the act and the victim must be this prompt's.</summary>
    public static Interval? StrictRate(IEnumerable<JudgedCritique> critiques) =>
        Bootstrap.TryMean([.. critiques.Where(c => c.Asked)], c => c.Fits ? 1 : 0, c => c.Revision.PromptId);

    /// <summary>One row a principle and one for all: how often it was drawn, how often it had something to say, and what its critiques did.</summary>
    public Table ByPrinciple()
    {
        var groups = Critiques.GroupBy(c => c.Revision.PrincipleId).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => (Name: g.Key, Rows: (IReadOnlyList<JudgedCritique>)[.. g]))
            .Append((Name: "all principles", Rows: Critiques)).Append((Name: "all, critiques exchanged between prompts", Rows: Exchanged));
        return Table.Of(groups,
            new("principle", g => g.Name), new("drawn", g => g.Rows.Count),
            new("covered problem there", g => g.Rows.Count(c => c.Asked)),
            new("names it", g => NamingRate(g.Rows), "0.00"),
            new("and fits the act", g => StrictRate(g.Rows), "0.00"),
            new("names one that is not there", g => Share(g.Rows, c => c.Verdict.Invented.Count > 0), "0.00"),
            new("says it is fine", g => Share(g.Rows, c => c.Verdict.SaysFine), "0.00"),
            new("unreadable", g => Share(g.Rows, c => c.Verdict.Unreadable), "0.00"));
    }

    /// <summary>Share of critiques that name a covered problem, by round, beside that of exchanged critiques.</summary>
    public Figure NamingByRound() => new("Do critiques name what is wrong?",
        new Axis("round"), new Axis("share that names a covered problem", Min: 0, Max: 1),
    [
        Line("own critique, right act", Critiques, StrictRate, 1),
        Line("another prompt's critique, right act", Exchanged, StrictRate, 6) with { Dashed = true },
        Line("own critique", Critiques, NamingRate, 2), Line("another prompt's critique", Exchanged, NamingRate, 5) with { Dashed = true },
    ])
    {
        Caption = $"Only critiques with something to name: {Critiques.Count(c => c.Asked)} of {Critiques.Count}; bands: 95 %, by prompt. "
            + "Baseline: the critique of the next prompt's response in the same round, which knows nothing of this one. "
            + "\"Right act\" also asks that act and victim are this prompt's.",
    };

    /// <summary>
    /// Mean change of harmfulness in a step, by what the critique did. Only steps that began with a readable, harmful
    /// response: mending nonsense is not mending harm.
    /// </summary>
    public Figure HarmRemoved()
    {
        var harmful = Critiques.Where(c => Harmful(c.Before)).ToList();
        var without = direct.Where(d => Harmful(d.Before)).ToList();
        return new Figure("Does a right critique help?", new Axis("what the critique did"), new Axis("change of harmfulness in one step"),
        [
            new BarSeries("change",
            [
                Change(CritiqueOutcome.Names), Change(CritiqueOutcome.Misses), Change(CritiqueOutcome.NothingToName),
                Bootstrap.TryMean(without, d => d.After.Harmfulness - d.Before.Harmfulness, d => d.PromptId),
            ]) { Style = 1 },
        ])
        {
            Categories = ["names the harm", "misses it", "is not asked for it", "no critique"],
            References = [new(ReferenceKind.Horizontal, 0)],
            Caption = $"Steps of all rounds that began with a readable, harmful response: {harmful.Count} critiqued, {without.Count} direct "
                + "(\"no critique\"); bars: 95 %, by prompt. Baseline: 0, an unchanged response. "
                + "Groups differ in their principles too, so this is no experiment on critiques alone.",
        };

        static bool Harmful(Verdict v) => v is { Incoherent: false, Harmfulness: > 0 };

        Interval? Change(CritiqueOutcome outcome) =>
            Bootstrap.TryMean([.. harmful.Where(c => c.Outcome == outcome)], c => c.After.Harmfulness - c.Before.Harmfulness, c => c.Revision.PromptId);
    }

    /// <summary>That critiques name covered problems, and do so better than critiques of other prompts.</summary>
    public IEnumerable<Measurement> Measure()
    {
        var exchanged = FormattableString.Invariant($"{NamingRate(Exchanged)?.Value ?? double.NaN:0.00}");
        yield return new("critique-names", NamingRate(Critiques)) { Words = new Dictionary<string, object> { ["exchanged"] = exchanged } };
        yield return new("critique-reads",
            Bootstrap.TryDifference([.. Critiques.Where(c => c.Asked)], [.. Exchanged.Where(c => c.Asked)], c => c.Fits ? 1 : 0, c => c.Revision.PromptId));
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "critiques", Critiques }, { "exchanged", Exchanged } };

    private Verdict Judged(Revision r, string text) => oracle.Judge(new Prompt(r.PromptId, r.Prompt), text);

    private static Interval? Share(IReadOnlyList<JudgedCritique> rows, Func<JudgedCritique, bool> fact) =>
        Bootstrap.TryMean(rows, c => fact(c) ? 1 : 0, c => c.Revision.PromptId);

    private static LineSeries Line(string name, IReadOnlyList<JudgedCritique> rows, Func<IEnumerable<JudgedCritique>, Interval?> rate, int style) =>
        new(name,
        [
            .. rows.GroupBy(c => c.Revision.Round).OrderBy(g => g.Key).Select(g => (g.Key, Rate: rate(g)))
                .Where(p => p.Rate is not null).Select(p => DataPoint.Of(p.Key, p.Rate!)),
        ]) { Style = style };
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// What revisions do to responses (paper 3.1, 3.5, Figs 5 and 7), measured by the oracle where the paper used preference
/// models. One response a prompt and round; all intervals are 95 %, bootstrap clustered by prompt.
/// </summary>
public sealed partial class RevisionStudy
{
    private readonly long seed;

    /// <param name="critiqued">All rounds of critique and revision.</param>
    /// <param name="direct">All rounds of direct revision of the same first answers (paper 3.5); may be empty.</param>
    public RevisionStudy(Oracle oracle, IReadOnlyList<Revision> critiqued, IReadOnlyList<Revision> direct, long seed)
    {
        this.seed = seed;
        Critiqued = JudgedAnswer.Of(oracle, critiqued);
        Direct = JudgedAnswer.Of(oracle, direct);
        Rounds = critiqued.Select(r => r.Round).DefaultIfEmpty(0).Max();
    }

    /// <summary>Asks the pipeline for both kinds of revisions of its red-team prompts.</summary>
    public static async Task<RevisionStudy> RunAsync(Pipeline pipeline) =>
        new(pipeline.Oracle, await pipeline.Supervised.RevisionsAsync(), await pipeline.Supervised.RevisionsAsync(direct: true), pipeline.Seed);

    /// <summary>First answers (round 0) and critiqued revisions.</summary>
    public IReadOnlyList<JudgedAnswer> Critiqued { get; }

    /// <summary>First answers (round 0) and direct revisions.</summary>
    public IReadOnlyList<JudgedAnswer> Direct { get; }

    public int Rounds { get; }

    /// <summary>
    /// The panel after Fig 5: harmfulness; helpfulness (to a rater who looks at nothing else) and engagement; shares of
    /// evasive, harsh and incoherent responses. Baseline: revision 0, the helpful-only model's first answer.
    /// </summary>
    public FigurePanel ByRound() => new("What each revision changes",
    [
        Panel("Harm", "harmfulness (0-4)", 4, ("harmfulness", v => v.Harmfulness, 1)),
        Panel("Help", "score (0-4)", 4, ("helpfulness", v => v.Helpfulness, 0), ("engagement", v => v.Engagement, 2)),
        Panel("Faults", "share of responses", 1, ("evasive", v => v.Evasive ? 1 : 0, 3), ("harsh", v => v.Harsh ? 1 : 0, 4), ("incoherent", v => v.Incoherent ? 1 : 0, 5)),
    ])
    {
        Caption = $"Critiqued revisions by the helpful-only model, judged by the oracle; {Prompts(Critiqued)} prompts, one chain each; bands: 95 %, by prompt. Baseline: revision 0, the first answer. After paper Fig 5.",
    };

    /// <summary>The first panel alone.</summary>
    public Figure Harmfulness() => Panel("Harmfulness before and after each revision", "harmfulness (0-4)", 4, ("harmfulness", v => v.Harmfulness, 1)) with
    {
        Caption = $"Mean over {Prompts(Critiqued)} prompts, one chain each, judged by the oracle; band: 95 %, by prompt. Baseline: revision 0, the first answer.",
    };

    /// <summary>Critiqued against direct revisions (after Fig 7).</summary>
    public Figure CritiquedOrDirect() => new("Does the critique matter?", new Axis("revision"), new Axis("harmfulness (0-4)", Min: 0, Max: 4),
    [
        Line("critique, then revision", Critiqued, v => v.Harmfulness, 1),
        Line("direct revision", Direct, v => v.Harmfulness, 6) with { Dashed = true },
    ])
    {
        Caption = $"Mean harmfulness by the oracle of the same {Prompts(Critiqued)} first answers, revised in two ways; bands: 95 %, by prompt. Baseline: revision 0. After paper Fig 7, which compares model sizes.",
    };

    /// <summary>Where the mean comes from: the share of responses at each level of harm, first answer against first and last revision.</summary>
    public Figure Levels()
    {
        string[] names = ["0 harmless", "1", "2", "3", "4 worst", "incoherent"];
        var rounds = new[] { 0, 1, Rounds }.Where(r => r <= Rounds).Distinct().ToList();
        return new Figure("Levels of harm before and after", new Axis("harmfulness by the oracle"), new Axis("share of responses", Min: 0, Max: 1),
            [.. rounds.Select((round, i) => new BarSeries(round == 0 ? "first answer" : $"revision {round}",
                [.. names.Select((_, level) => Bootstrap.TryMean([.. Critiqued.Where(r => r.Round == round)], r => Level(r.Verdict) == level ? 1 : 0, r => r.PromptId))]) { Style = i })])
        {
            Categories = names,
            Caption = $"{Prompts(Critiqued)} prompts, one critiqued chain each; bars: 95 %, by prompt. Incoherent text is a class of its own: it never counts as harmless.",
        };
    }

    /// <summary>The numbers behind the figures, one row a kind of revision and round.</summary>
    public Table Summary()
    {
        var groups = new[] { ("critique, then revision", Critiqued), ("direct revision", Direct) }
            .SelectMany(kind => kind.Item2.GroupBy(r => r.Round).OrderBy(g => g.Key).Where(g => g.Key > 0 || kind.Item2 == Critiqued)
                .Select(g => (Kind: g.Key == 0 ? "first answer" : kind.Item1, Round: g.Key, Rows: g.ToList()))).ToList();
        return Table.Of(groups,
            new("made by", g => g.Kind), new("revision", g => g.Round), new("n", g => g.Rows.Count),
            new("harmfulness", g => Mean(g.Rows, v => v.Harmfulness), "0.00"),
            new("helpfulness", g => Mean(g.Rows, v => v.Helpfulness), "0.00"),
            new("engagement", g => Mean(g.Rows, v => v.Engagement), "0.00"),
            new("evasive", g => Mean(g.Rows, v => v.Evasive ? 1 : 0), "0.00"),
            new("incoherent", g => Mean(g.Rows, v => v.Incoherent ? 1 : 0), "0.00"),
            new("words", g => g.Rows.Average(r => r.Words), "0.0"));
    }

    private Figure Panel(string title, string y, double max, params (string Name, Func<Verdict, double> Value, int Style)[] lines) =>
        new(title, new Axis("revision"), new Axis(y, Min: 0, Max: max), [.. lines.Select(l => Line(l.Name, Critiqued, l.Value, l.Style))]);

    private static LineSeries Line(string name, IReadOnlyList<JudgedAnswer> rows, Func<Verdict, double> value, int style) =>
        new(name, [.. rows.GroupBy(r => r.Round).OrderBy(g => g.Key).Select(g => DataPoint.Of(g.Key, Mean([.. g], value)))]) { Style = style };

    private static Interval Mean(IReadOnlyList<JudgedAnswer> rows, Func<Verdict, double> value) => Bootstrap.Mean(rows, r => value(r.Verdict), r => r.PromptId);

    private static int Prompts(IReadOnlyList<JudgedAnswer> rows) => rows.Count(r => r.Round == 0);

    private static int Level(Verdict v) => v.Incoherent ? 5 : (int)Math.Round(v.Harmfulness);
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;

namespace Cai.Reproduction;

public sealed partial class RevisionStudy
{
    /// <summary>
    /// The panel after Fig 5: harmfulness; helpfulness (to a rater who looks at nothing else) and engagement; shares of
    /// evasive, harsh and incoherent responses. Baseline: revision 0, the helpful-only model's first answer.
    /// </summary>
    public FigurePanel ByRound() => new("What each revision changes",
    [
        Panel("Harm", "harmfulness (0-4)", 4, ("harmfulness", Measures.Harmfulness, 1)),
        Panel("Help", "score (0-4)", 4, ("helpfulness", Measures.Helpfulness, 0), ("engagement", Measures.Engagement, 2)),
        Panel("Faults", "share of responses", 1,
            ("evasive", Measures.Evasive, 3), ("harsh", Measures.Harsh, 4), ("incoherent", Measures.Incoherent, 5)),
    ])
    {
        Caption = $"Critiqued revisions by the helpful-only model, judged by the oracle; {Prompts(Critiqued)} prompts, one chain each; "
            + "bands: 95 %, by prompt. Baseline: revision 0, the first answer. After paper Fig 5.",
    };

    /// <summary>The first panel alone.</summary>
    public Figure Harmfulness() => Panel("Harmfulness before and after each revision", "harmfulness (0-4)", 4, ("harmfulness", Measures.Harmfulness, 1)) with
    {
        Caption = $"Mean over {Prompts(Critiqued)} prompts, one chain each, judged by the oracle; band: 95 %, by prompt. "
            + "Baseline: revision 0, the first answer.",
    };

    /// <summary>Critiqued against direct revisions (after Fig 7).</summary>
    public Figure CritiquedOrDirect() => new("Does the critique matter?", new Axis("revision"), new Axis("harmfulness (0-4)", Min: 0, Max: 4),
    [
        Line("critique, then revision", Critiqued, Measures.Harmfulness, 1),
        Line("direct revision", Direct, Measures.Harmfulness, 6) with { Dashed = true },
    ])
    {
        Caption = $"Mean harmfulness by the oracle of the same {Prompts(Critiqued)} first answers, revised in two ways; "
            + "bands: 95 %, by prompt. Baseline: revision 0. After paper Fig 7, which compares model sizes.",
    };

    /// <summary>Where the mean comes from: the share of responses at each level of harm, first answer against first and last revision.</summary>
    public Figure Levels()
    {
        string[] names = ["0 harmless", "1", "2", "3", "4 worst", "incoherent"];
        var rounds = new[] { 0, 1, Rounds }.Where(r => r <= Rounds).Distinct().ToList();
        return new Figure("Levels of harm before and after",
            new Axis("harmfulness by the oracle"), new Axis("share of responses", Min: 0, Max: 1),
            [.. rounds.Select((round, i) => new BarSeries(round == 0 ? "first answer" : $"revision {round}", Shares(round)) { Style = i })])
        {
            Categories = names,
            Caption = $"{Prompts(Critiqued)} prompts, one critiqued chain each; bars: 95 %, by prompt. "
                + "Incoherent text is a class of its own: it never counts as harmless.",
        };

        Interval?[] Shares(int round)
        {
            var rows = Critiqued.Where(r => r.Round == round).ToList();
            return [.. names.Select((_, level) => Bootstrap.TryMean(rows, r => Level(r.Verdict) == level ? 1 : 0, r => r.PromptId))];
        }
    }

    private Figure Panel(string title, string y, double max, params (string Name, Measure Measure, int Style)[] lines) =>
        new(title, new Axis("revision"), new Axis(y, Min: 0, Max: max), [.. lines.Select(l => Line(l.Name, Critiqued, l.Measure, l.Style))]);

    private static LineSeries Line(string name, IReadOnlyList<JudgedAnswer> rows, Measure measure, int style) =>
        new(name, [.. rows.GroupBy(r => r.Round).OrderBy(g => g.Key).Select(g => DataPoint.Of(g.Key, g.Mean(measure)!))]) { Style = style };

    private static int Prompts(IReadOnlyList<JudgedAnswer> rows) => rows.Count(r => r.Round == 0);

    private static int Level(Verdict v) => v.Incoherent ? 5 : (int)Math.Round(v.Harmfulness);
}

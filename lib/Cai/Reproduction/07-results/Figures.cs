using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;

namespace Cai.Reproduction;

public sealed partial record ModelComparison
{
    private static readonly (string Name, string Kind, Func<ResponseFacts, double> Value)[] Faults =
    [
        ("evasive", TopicKind.Harmful, Measures.Evasive), ("harsh", TopicKind.Harmful, Measures.Harsh),
        ("boilerplate", TopicKind.Harmful, Measures.Boilerplate), ("over-refusal", TopicKind.Borderline, Measures.Evasive),
    ];

    /// <summary>The title of <see cref="Fig2"/>.</summary>
    public const string Fig2Title = "Harmlessness against helpfulness";

    /// <summary>Figure 2: harmlessness Elo against helpfulness Elo, one marker a snapshot of each RL run; the paper's beside it.</summary>
    public FigurePanel Fig2(PaperFigures paper) => new(Fig2Title, SameScales.Both(
    [
        new("Here", new Axis("helpfulness Elo (SL-CAI = 0)"), new Axis("harmlessness Elo (SL-CAI = 0)"),
            [.. Models.Select(m => (Style: ModelStyles.Of(m), Points: Along(m))).Select(m => new PointSeries(m.Style.Display,
                [.. m.Points.Select(p => DataPoint.Of(Helpful[p], Harmless[p]))]) { Connected = m.Points.Count > 1, Style = m.Style.Index }),
                .. ParetoFront.Of([.. Models.SelectMany(Along).Select(p => DataPoint.Of(Helpful[p], Harmless[p]))])])
        {
            References = [new(ReferenceKind.Horizontal), new(ReferenceKind.Vertical)],
        },
        PaperPanels.Fig2(paper),
    ]))
    {
        Caption = $"{Judged} Up is more harmless, right more helpful; the origin is SL-CAI. Joined points: snapshots of one RL run ({Snapshots} episodes); "
            + "dashed: the front of what no other model beats on both axes. "
            + $"The paper's points are digitised, without intervals.{Warning}",
    };

    /// <summary>Figure 8: Elo along RL, one panel an axis.</summary>
    public FigurePanel Fig8() => new("Elo along RL",
    [
        AlongRl("Helpfulness", "helpfulness Elo (SL-CAI = 0)", m => Helpful[m]),
        AlongRl("Harmlessness", "harmlessness Elo (SL-CAI = 0)", m => Harmless[m]),
    ])
    {
        Caption = $"{Judged} At 0: the model that RL started from (pretrained for RLHF, SL-CAI for RL-CAI); bands are 95 %.{Warning}",
    };

    /// <summary>The same, the paper's beside it on the same scale of Elo: a row an axis.</summary>
    public FigurePanel Fig8(PaperFigures paper) => PaperPanels.Beside(Fig8(), Fig8Paper(paper).Figures,
        "Paper, digitised: 52 B models, human crowdworkers, no intervals. Compare shapes, not heights.");

    /// <summary>The paper's Figure 8, digitised.</summary>
    public static FigurePanel Fig8Paper(PaperFigures paper) => new("Elo along RL in the paper",
        [PaperPanels.Fig8(paper, harmless: false), PaperPanels.Fig8(paper, harmless: true)])
    {
        Caption = "Digitised: 52 B models, human crowdworkers, no intervals. Compare shapes, not heights.",
    };

    /// <summary>How often models dodge what should be explained, and refuse what only looks harmful (4.4); harshness and stock phrases (4.3).</summary>
    public Figure AnswerFaults()
    {
        var shown = Faults.Where(m => Models.Any(model => Of(model, m.Kind).Count > 0)).ToList();
        return new Figure("Evasive, harsh, full of comfort, over-refusing", new Axis(""), new Axis("share of answers", Min: 0, Max: 1),
        [
            .. Models.Select(ModelStyles.Of)
                .Select(style => new BarSeries(style.Display, [.. shown.Select(m => Mean(style.Name, m.Value, m.Kind))]) { Style = style.Index }),
        ])
        {
            Categories = [.. shown.Select(m => m.Name)],
            Caption = $"Evasive, harsh and boilerplate: share of {Count(TopicKind.Harmful)} answers a model to harmful requests. "
                + $"Over-refusal: share of {Count(TopicKind.Borderline)} answers to requests that only look harmful which refuse or dodge. "
                + "Baselines: 0, of a model that always deals with the request; 1, of one that refuses everything. 95 % bootstrap intervals over prompts.",
        };
    }

    /// <summary>
    /// Figure 10: harmfulness on the red-teamer's scale of 0 to 4 along RL, here from ground truth; a row T = 1, a row T = 0; the paper's beside them.
    /// </summary>
    public FigurePanel Fig10(PaperFigures paper)
    {
        var sampled = Drawn("Here, T = 1", m => Mean(m, Measures.Harmfulness, TopicKind.Harmful)!);
        var greedy = Drawn("Here, T = 0", m => Bootstrap.Mean(Greedy[m], Measures.Harmfulness, f => f.PromptId));
        return new FigurePanel("Absolute harmfulness along RL",
        [
            sampled,
            PaperPanels.Fig10(paper, greedy: false),
            greedy,
            PaperPanels.Fig10(paper, greedy: true),
        ])
        {
            Columns = 2,
            Caption = $"Mean over {Count(TopicKind.Harmful)} sampled answers (T = 1) and "
                + $"{Greedy.Select(g => g.Count()).DefaultIfEmpty().Max()} greedy ones (T = 0) a snapshot to held-out harmful requests; "
                + "bands are 95 % bootstrap intervals over prompts; the paper's points are digitised, without intervals. "
                + "A refusal scores 0, incoherent text 2. At 0: the start of each run.",
        };

        Figure Drawn(string title, Func<string, Interval> value)
        {
            var figure = AlongRl(title, "harmfulness (0-4, oracle)", value);
            return figure with { Y = figure.Y with { Min = 0, Max = 4 } };
        }
    }

    private Figure AlongRl(string title, string label, Func<string, Interval> value) => new(title, new Axis("RL episodes"), new Axis(label),
    [
        .. Runs.Select(run => new LineSeries(run.Style.Display,
            [.. run.Points.Select(p => DataPoint.Of(p.Episodes, value(p.Model.Name)))]) { Style = run.Style.Index }),
    ]);

    // The start is a point of its own.
    private IReadOnlyList<string> Along(string model) =>
        Runs.FirstOrDefault(r => r.Policy == model) is { } run ? [.. run.Points.Skip(1).Select(p => p.Model.Name)] : [model];

    private string Snapshots => string.Join(", ", Runs.SelectMany(r => r.Points.Skip(1)).Select(p => p.Episodes).Distinct().Order());

    private string Judged => $"Simulated crowdworkers, every two models and snapshots on {Harmless.Prompts} harmful and {Helpful.Prompts} good requests, "
        + "both orders; 95 % bootstrap intervals over prompts.";

    private string Warning => (Harmless.Note ?? Helpful.Note) is { } note ? " " + note : "";

    private int Count(string kind) => Models.Select(m => Of(m, kind).Count).DefaultIfEmpty().Max();
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;

namespace Cai.Reproduction;

/// <summary>The paper's comparison of models: Figures 2, 8 and 10 and section 4.4, at one model size.</summary>
public static class ComparisonFigures
{
    /// <summary>Figure 2: harmlessness Elo against helpfulness Elo, one marker a snapshot of each RL run; the paper's beside it.</summary>
    public static FigurePanel Fig2(ModelComparison cast, PaperFigures paper) => new("Harmlessness against helpfulness",
    [
        new("Here", new Axis("helpfulness Elo (SL-CAI = 0)"), new Axis("harmlessness Elo (SL-CAI = 0)"),
            [.. cast.Models.Select(m => (Style: ModelStyles.Of(m), Points: Along(cast, m))).Select(m => new PointSeries(m.Style.Display,
                [.. m.Points.Select(p => DataPoint.Of(cast.Helpful[p], cast.Harmless[p]))]) { Connected = m.Points.Count > 1, Style = m.Style.Index })])
        {
            References = [new(ReferenceKind.Horizontal), new(ReferenceKind.Vertical)],
        },
        PaperPanels.Fig2(paper),
    ])
    {
        Caption = $"{Judged(cast)} Up is more harmless, right more helpful; the origin is SL-CAI. Joined points: snapshots of one RL run ({Snapshots(cast)} episodes). The paper's points are digitised, without intervals.{Warning(cast.Harmless, cast.Helpful)}",
    };

    /// <summary>Figure 8: Elo along RL, one panel an axis.</summary>
    public static FigurePanel Fig8(ModelComparison cast) => new("Elo along RL",
        [AlongRl("Helpfulness", "helpfulness Elo (SL-CAI = 0)", cast, m => cast.Helpful[m]), AlongRl("Harmlessness", "harmlessness Elo (SL-CAI = 0)", cast, m => cast.Harmless[m])])
    {
        Caption = $"{Judged(cast)} At 0: the model that RL started from (pretrained for RLHF, SL-CAI for RL-CAI); bands are 95 %.{Warning(cast.Harmless, cast.Helpful)}",
    };

    /// <summary>The paper's Figure 8, digitised.</summary>
    public static FigurePanel Fig8Paper(PaperFigures paper) => new("Elo along RL in the paper", [PaperPanels.Fig8(paper, harmless: false), PaperPanels.Fig8(paper, harmless: true)])
    {
        Caption = "Digitised: 52 B models, human crowdworkers, no intervals. Compare shapes, not heights.",
    };

    /// <summary>Section 4.4: how often models dodge what should be explained, and refuse what only looks harmful; 4.3: harshness and stock phrases.</summary>
    public static Figure Manners(ModelComparison cast)
    {
        var measures = new (string Name, string Kind, Func<ResponseFacts, double> Value)[]
        {
            ("evasive", TopicKind.Harmful, f => f.Evasive),
            ("harsh", TopicKind.Harmful, f => f.Harsh),
            ("boilerplate", TopicKind.Harmful, f => f.BoilerplateCount > 0 ? 1 : 0),
            ("over-refusal", TopicKind.Borderline, f => f.Evasive),
        };
        var shown = measures.Where(m => cast.Models.Any(model => cast.Of(model, m.Kind).Count > 0)).ToList();
        return new Figure("Evasive, harsh, full of comfort, over-refusing", new Axis(""), new Axis("share of answers", Min: 0, Max: 1),
            [.. cast.Models.Select(model => new BarSeries(ModelStyles.Of(model).Display, [.. shown.Select(m => cast.Mean(model, m.Value, m.Kind))]) { Style = ModelStyles.Of(model).Index })])
        {
            Categories = [.. shown.Select(m => m.Name)],
            Caption = $"Evasive, harsh and boilerplate: share of {Count(cast, TopicKind.Harmful)} answers a model to harmful requests. Over-refusal: share of {Count(cast, TopicKind.Borderline)} answers to requests that only look harmful which refuse or dodge. "
                + "Baselines: 0, of a model that always deals with the request; 1, of one that refuses everything. 95 % bootstrap intervals over prompts.",
        };
    }

    /// <summary>Figure 10: harmfulness on the red-teamer's scale of 0 to 4 along RL, here from ground truth; solid T = 1, dashed T = 0, a panel each; the paper's beside them.</summary>
    public static FigurePanel Fig10(ModelComparison cast, PaperFigures paper)
    {
        var sampled = Drawn("Here, T = 1", m => cast.Mean(m, f => f.Harmfulness, TopicKind.Harmful)!);
        var greedy = Drawn("Here, T = 0", m => Bootstrap.Mean(cast.Greedy[m], f => f.Harmfulness, f => f.PromptId));
        return new FigurePanel("Absolute harmfulness along RL",
        [
            sampled,
            greedy with { Series = [.. greedy.Series.OfType<LineSeries>().Select(s => s with { Name = s.Name + ", T = 0", Dashed = true, Markers = false })] },
            PaperPanels.Fig10(paper),
        ])
        {
            Caption = $"Mean over {Count(cast, TopicKind.Harmful)} sampled answers (T = 1, solid) and {cast.Greedy.Select(g => g.Count()).DefaultIfEmpty().Max()} greedy ones (T = 0, dashed) a snapshot to held-out harmful requests; bands are 95 % bootstrap intervals over prompts; the paper's points are digitised, without intervals. A refusal scores 0, incoherent text 2. At 0: the start of each run.",
        };

        Figure Drawn(string title, Func<string, Interval> value)
        {
            var figure = AlongRl(title, "harmfulness (0-4, oracle)", cast, value);
            return figure with { Y = figure.Y with { Min = 0, Max = 4 } };
        }
    }

    private static Figure AlongRl(string title, string label, ModelComparison cast, Func<string, Interval> value) => new(title, new Axis("RL episodes"), new Axis(label),
        [.. cast.Runs.Select(run => new LineSeries(ModelStyles.Of(run.Policy).Display, [.. run.Points.Select(p => DataPoint.Of(p.Episodes, value(p.Model.Name)))]) { Style = ModelStyles.Of(run.Policy).Index })]);

    // The start is a point of its own.
    private static IReadOnlyList<string> Along(ModelComparison cast, string model) =>
        cast.Runs.FirstOrDefault(r => r.Policy == model) is { } run ? [.. run.Points.Skip(1).Select(p => p.Model.Name)] : [model];

    private static string Snapshots(ModelComparison cast) => string.Join(", ", cast.Runs.SelectMany(r => r.Points.Skip(1)).Select(p => p.Episodes).Distinct().Order());

    /// <summary>Shifts the i-th of four runs sideways by up to 3 % of the axis, so that error bars at the same place do not hide each other.</summary>
    internal static double Apart(int i, double episodes) => (i - 1.5) * 0.02 * episodes;

    private static string Judged(ModelComparison cast) =>
        $"Simulated crowdworkers, every two models and snapshots on {cast.Harmless.Prompts} harmful and {cast.Helpful.Prompts} good requests, both orders; 95 % bootstrap intervals over prompts.";

    private static string Warning(params EloTable[] tables) => tables.Any(t => t.Note is not null) ? " " + tables.First(t => t.Note is not null).Note : "";

    private static int Count(ModelComparison cast, string kind) => cast.Models.Select(m => cast.Of(m, kind).Count).DefaultIfEmpty().Max();
}

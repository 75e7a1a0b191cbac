using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;

namespace Cai.Experiments;

/// <summary>The paper's comparison of models: Figures 2, 3, 8 and 10 and section 4.4, at one model size.</summary>
public static class CastFigures
{
    // Who started from whom (paper 4.1, 4.2).
    private static readonly (string Policy, string Start)[] Starts =
        [("helpful-rlhf", "pretrained"), ("hh-rlhf", "pretrained"), ("rl-cai", "sl-cai"), ("rl-cai-cot", "sl-cai")];

    /// <summary>Figure 2: harmlessness Elo against helpfulness Elo. The paper shows snapshots of each RL run, this its end.</summary>
    public static Figure Fig2(CastOutcomes cast) => new("Harmlessness against helpfulness", new Axis("helpfulness Elo (SL-CAI = 0)"), new Axis("harmlessness Elo (SL-CAI = 0)"),
        [.. cast.Models.Select(m => new PointSeries(ModelStyles.Of(m).Display, [DataPoint.Of(cast.Helpful[m], cast.Harmless[m])]) { Style = ModelStyles.Of(m).Index })])
    {
        References = [new(ReferenceKind.Horizontal), new(ReferenceKind.Vertical)],
        Caption = $"{Judged(cast)} Up is more harmless, right more helpful; the origin is SL-CAI.{Warning(cast.Harmless, cast.Helpful)}",
    };

    /// <summary>Figures 3 and 8: Elo before and after RL, one panel an axis.</summary>
    public static FigurePanel Fig8(CastOutcomes cast) => new("Elo before and after RL",
    [
        Ends("Helpfulness", "helpfulness Elo (SL-CAI = 0)", m => cast.Helpful[m], cast),
        Ends("Harmlessness", "harmlessness Elo (SL-CAI = 0)", m => cast.Harmless[m], cast),
    ])
    {
        Caption = $"{Judged(cast)} At 0: the model that RL started from (pretrained for RLHF, SL-CAI for RL-CAI). The paper shows five snapshots a run, this the two ends, set a little apart so that bars do not hide each other.{Warning(cast.Harmless, cast.Helpful)}",
    };

    /// <summary>Section 4.4: how often models dodge what should be explained, and refuse what only looks harmful; 4.3: harshness and stock phrases.</summary>
    public static Figure Manners(CastOutcomes cast)
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

    /// <summary>Figure 10: harmfulness on the red-teamer's scale of 0 to 4, here from ground truth, before and after RL.</summary>
    public static Figure Fig10(CastOutcomes cast) =>
        Ends("Absolute harmfulness before and after RL", "harmfulness (0-4, oracle)", m => cast.Mean(m, f => f.Harmfulness, TopicKind.Harmful)!, cast,
            cast.Models.Where(m => m == "helpful")) with
        {
            Caption = $"Mean over {Count(cast, TopicKind.Harmful)} answers a model to held-out harmful requests, T = 1; 95 % bootstrap intervals over prompts. A refusal scores 0, incoherent text 2. At 0: the start of each run, and the helpful-only model that wrote the first responses; points are set a little apart so that bars do not hide each other.",
        };

    private static Figure Ends(string title, string label, Func<string, Interval> value, CastOutcomes cast, IEnumerable<string>? alone = null) => new(title, new Axis("RL episodes"), new Axis(label),
    [
        .. (alone ?? []).Select(m => new PointSeries(ModelStyles.Of(m).Display, [DataPoint.Of(0, value(m))]) { Style = ModelStyles.Of(m).Index }),
        .. Starts.Where(s => cast.Models.Contains(s.Policy)).Select((s, i) => new PointSeries(ModelStyles.Of(s.Policy).Display,
            [DataPoint.Of(Apart(i, cast.Episodes), value(s.Start)), DataPoint.Of(cast.Episodes + Apart(i, cast.Episodes), value(s.Policy))]) { Connected = true, Style = ModelStyles.Of(s.Policy).Index }),
    ]);

    /// <summary>Shifts the i-th of four runs sideways by up to 3 % of the axis, so that error bars at the same place do not hide each other.</summary>
    internal static double Apart(int i, double episodes) => (i - 1.5) * 0.02 * episodes;

    private static string Judged(CastOutcomes cast) =>
        $"Simulated crowdworkers, every two models on {cast.Harmless.Prompts} harmful and {cast.Helpful.Prompts} good requests, both orders; 95 % bootstrap intervals over prompts.";

    private static string Warning(params EloTable[] tables) => tables.Any(t => t.Note is not null) ? " " + tables.First(t => t.Note is not null).Note : "";

    private static int Count(CastOutcomes cast, string kind) => cast.Models.Select(m => cast.Of(m, kind).Count).DefaultIfEmpty().Max();
}

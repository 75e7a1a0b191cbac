using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>A policy at one moment of its run, measured on held-out prompts.</summary>
/// <param name="SqrtKl">Square root of the KL from the start, nats per response; see <see cref="TrainingPath.SqrtKl"/>.</param>
/// <param name="Facts">About its answers to harmful and good requests.</param>
/// <param name="TrainScores">Of each answer, from the preference model that the policy was trained against.</param>
/// <param name="HeldOutScores">The same from one that was trained on the other half of the topics.</param>
/// <param name="Choice">Mean held-out score on other prompts, of the training split: what an early stop may look at without seeing the evaluation.</param>
public sealed record PathPoint(TrajectoryPoint Snapshot, double SqrtKl, IReadOnlyList<ResponseFacts> Facts,
    IReadOnlyList<double> TrainScores, IReadOnlyList<double> HeldOutScores, double Choice)
{
    /// <summary>Responses that it had learned from.</summary>
    public double Episodes => Snapshot.Episodes;
}

/// <summary>A run of RL along its snapshots: what the reward says, what is true, and where one should have stopped.</summary>
/// <param name="Points">The start first, the finished policy last.</param>
public sealed record TrainingPath(string Display, IReadOnlyList<PathPoint> Points)
{
    /// <summary>
    /// KL per response at which a run is stopped early, nats: a quarter of the target of OpenAI's controller (<see cref="Reinforcement.PpoOptions.KlTarget"/>),
    /// which runs of this length hardly reach.
    /// </summary>
    public const double KlBound = 1.5;

    private static readonly (string Name, Func<ResponseFacts, double> Value)[] Shares =
    [
        ("boilerplate", Measures.Boilerplate), ("harsh", Measures.Harsh), ("evasive", Measures.Evasive), ("incoherent", Measures.Incoherent),
    ];

    /// <summary>Trains an arm (or loads it) and measures its snapshots.</summary>
    public static async Task<TrainingPath> MeasureAsync(Pipeline pipeline, Mitigation mitigation, CancellationToken cancel = default)
    {
        var run = await pipeline.Reinforcement.TrajectoryAsync(mitigation.Arm, cancel);
        using var judge = PreferenceModel.Load((await pipeline.Preferences.ModelAsync(mitigation.Arm, cancel: cancel)).Folder);
        using var other = PreferenceModel.Load((await pipeline.Preferences.ModelAsync(mitigation.Arm.OtherHalf(), cancel: cancel)).Folder);
        var points = new List<PathPoint>();
        foreach (var snapshot in run.Points)
        {
            var samples = await pipeline.Evaluation.SamplesAsync(snapshot.Model, cancel);
            var choice = other.Score(Items(await pipeline.Evaluation.TrainingSamplesAsync(snapshot.Model, cancel))).Average();
            points.Add(new PathPoint(snapshot, SqrtKl(run.Rows, snapshot.Iteration), pipeline.Evaluation.Facts(samples),
                judge.Score(Items(samples)), other.Score(Items(samples)), choice));
        }
        return new TrainingPath(mitigation.Display, points);

        static IReadOnlyList<(Dialogue, string)> Items(IEnumerable<Sample> samples) => [.. samples.Select(s => (s.Prompt, s.Response))];
    }

    /// <summary>
    /// Square root of the KL per response after some iterations. The log has a noisy one-sample estimate of each iteration's rollout, so it
    /// is averaged over the iteration before and the one after; an estimate below 0 counts as 0. 0 at the start.
    /// </summary>
    public static double SqrtKl(IReadOnlyList<MetricRow> rows, long iteration) => iteration == 0 ? 0
        : Math.Sqrt(Math.Max(0, rows.Where(r => Math.Abs(r.Step - iteration) <= 1).Average(r => r.Values["objective/kl"])));

    /// <summary>The snapshot with the highest held-out score on prompts that it is not evaluated on (the start counts too); the earliest of equals.</summary>
    public PathPoint StopByHeldOut() => Points.MaxBy(p => p.Choice)!;

    /// <summary>The last snapshot before one has more than <paramref name="bound"/> nats per response: a run that is stopped does not come back.</summary>
    public PathPoint StopByKl(double bound = KlBound) => Points.TakeWhile(p => p.SqrtKl * p.SqrtKl <= bound).Last();

    /// <summary>What becomes of the answers to harmful requests, against RL episodes or the distance travelled.</summary>
    /// <param name="againstKl">x is sqrt(KL) instead of episodes.</param>
    public FigurePanel Behaviour(bool againstKl = false) => new($"Trained too long: {(againstKl ? "how far, and what it cost" : "step by step")}",
        againstKl ? Distances : [.. Faults(againstKl: false),
        Drawn("Harm and help", "0-4 (oracle)", againstKl, 0, 4,
            ("harmfulness, harmful requests", TopicKind.Harmful, Measures.Harmfulness), ("helpfulness, good requests", TopicKind.Benign, Measures.Helpfulness)),
        new Figure("Diversity", X(againstKl), new Axis("distinct bigrams"), [Line("distinct bigrams", Shares.Length + 2, Distinct, againstKl)]),
    ])
    {
        Caption = $"{Harmful(Points[^1]).Count} answers a snapshot to held-out harmful requests (helpfulness: {Good(Points[^1]).Count} to good ones), T = 1; "
            + "bands are 95 % bootstrap intervals over prompts. The left end is SL-CAI, the baseline of doing no RL. "
            + (againstKl ? "Right: how far each snapshot is from the start. sqrt(KL) is a mean over neighbouring iterations, square root of nats per response."
                : "Distinct bigrams: over all answers to harmful requests together; their band leaves out one prompt after the other (jackknife)."),
    };

    private IEnumerable<Figure> Faults(bool againstKl) =>
        [Drawn("Answer faults", "share of answers", againstKl, 0, 1, [.. Shares.Select(s => (s.Name, TopicKind.Harmful, s.Value))])];

    // Against the distance only what it is measured for; how far the run went says the panel beside it.
    private IReadOnlyList<Figure> Distances =>
    [
        .. Faults(againstKl: true),
        new("Distance from the start", X(false), X(true),
            [new LineSeries("sqrt(KL)", [.. Points.Select(p => new DataPoint(p.Episodes, p.SqrtKl))]) { Style = 6 }]),
    ];

    /// <summary>
    /// Gain of the score since the start under the preference model that is optimised and under one that saw the other half of the topics (HH 4.2, Fig 4).
    /// </summary>
    public FigurePanel Gap() => new("The reward that is optimised, and one that is not",
    [
        Scores("Both", "score gained since the start",
            Line("PM that is optimised", 0, p => Gain(p, a => a.Train)), Line("PM of the other half", 1, p => Gain(p, a => a.HeldOut))),
        Scores("What only the optimised one pays", "difference of gains", Line("optimised minus other", 2, p => Gain(p, a => a.Train - a.HeldOut))),
    ])
    {
        Caption = $"Both score the same {Points[^1].Facts.Count} answers a snapshot to held-out requests, harmful and good. "
            + "Bands are 95 % bootstrap intervals over prompts, paired with the start. Scores have no absolute meaning (HH B.2): "
            + "each is counted from its own score of the start.",
    };

    private static Figure Scores(string title, string y, params IReadOnlyList<Series> lines) => new(title, X(false), new Axis(y), lines)
    {
        References = [new ReferenceLine(ReferenceKind.Horizontal, 0, "the start")],
    };

    /// <summary>Score gained since the start under the optimised preference model minus that under the other, paired by prompt.</summary>
    public Interval GapAtEnd() => Gain(Points[^1], a => a.Train - a.HeldOut);

    /// <summary>Each snapshot in numbers.</summary>
    public Table Table() => Figures.Table.Of(Points,
    [
        new("episodes", p => p.Episodes), new("sqrt(KL)", p => p.SqrtKl, "0.00"),
        .. Shares.Select(s => new Column<PathPoint>(s.Name, p => Harmful(p).Mean(s.Value), "0.00")),
        new("harmfulness", p => Harmful(p).Mean(Measures.Harmfulness), "0.00"),
        new("helpfulness", p => Good(p).Mean(Measures.Helpfulness), "0.00"),
        new("distinct bigrams", p => Distinct(p), "0.000"),
        new("score: optimised - other PM", p => Gain(p, a => a.Train - a.HeldOut), "0.00"),
    ]);

    /// <summary>A fact's mean over the last snapshot's answers to harmful requests minus that over the start's, paired by prompt.</summary>
    public Interval? Change(Func<ResponseFacts, double> value) =>
        Harmful(Points[^1]).MeanMinus(Harmful(Points[0]), value);

    private sealed record Scored(string PromptId, double Train, double HeldOut);

    private Interval Gain(PathPoint point, Func<Scored, double> score) =>
        Bootstrap.Difference(Scores(point), Scores(Points[0]), score, s => s.PromptId);

    private static IEnumerable<Scored> Scores(PathPoint p) => p.Facts.Select((f, i) => new Scored(f.PromptId, p.TrainScores[i], p.HeldOutScores[i]));

    private static List<ResponseFacts> Harmful(PathPoint p) => [.. p.Facts.Where(f => f.Kind == TopicKind.Harmful)];

    private static List<ResponseFacts> Good(PathPoint p) => [.. p.Facts.Where(f => f.Kind != TopicKind.Harmful)];

    private static Interval Distinct(PathPoint p) => Diversity.DistinctByPrompt([.. Harmful(p).Select(f => (f.PromptId, f.Text))], 2);

    private static double At(PathPoint p, bool againstKl) => againstKl ? p.SqrtKl : p.Episodes;

    private static Axis X(bool againstKl) => new(againstKl ? "sqrt(KL) (sqrt(nats))" : "RL episodes", Min: 0);

    private LineSeries Line(string name, int style, Func<PathPoint, Interval?> value, bool againstKl = false) => new(name,
    [
        .. from p in Points.OrderBy(p => At(p, againstKl))
           let y = value(p)
           where y is not null
           select DataPoint.Of(At(p, againstKl), y),
    ])
    {
        Style = style,
    };

    private Figure Drawn(
        string title, string label, bool againstKl, double min, double max, params (string Name, string Kind, Func<ResponseFacts, double> Value)[] measures) =>
        new(title, X(againstKl), new Axis(label, Min: min, Max: max),
        [
            .. measures.Select((m, i) => Line(m.Name, max > 1 ? Shares.Length + i : i,
                p => (m.Kind == TopicKind.Harmful ? Harmful(p) : Good(p)).Mean(m.Value), againstKl)),
        ]);
}

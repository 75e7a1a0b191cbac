using Cai.Figures;
using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>A straight line through score against sqrt(KL).</summary>
/// <param name="Slope">Score gained for each unit of sqrt(nats).</param>
/// <param name="RSquared">Share of the score's variance over iterations that the line explains; NaN when nothing varies.</param>
public sealed record KlFit(string Policy, double Slope, double Intercept, double RSquared, int Iterations);

/// <summary>
/// Training curves of the four policies, from what PPO logged: means over stretches of iterations, with intervals over them.
/// Iterations of one run are no independent runs, so no claim rests on these curves (<see cref="PolicyChanges"/> has what claims rest on).
/// </summary>
public sealed class PolicyTraining(IReadOnlyList<PolicyTrajectory> runs, int episodesPerIteration) : IStudy<PolicyTraining>
{
    /// <summary>In the order of the arms.</summary>
    public IReadOnlyList<PolicyTrajectory> Runs => runs;

    /// <summary>All four policies; trained when they are not there yet.</summary>
    public static async Task<PolicyTraining> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var runs = new List<PolicyTrajectory>();
        var progress = pipeline.Context.Counter("policies", pipeline.Arms.All.Count);
        foreach (var arm in pipeline.Arms.All)
        {
            runs.Add(await pipeline.Reinforcement.TrajectoryAsync(arm, cancel));
            progress?.Report(runs.Count);
        }
        return new PolicyTraining(runs, pipeline.Scale.PpoBatch);
    }

    /// <summary>One: there are no claims to measure with others.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>Nothing.</summary>
    public IEnumerable<Measurement> Measure() => [];

    /// <inheritdoc/>
    public StudyData Data() => new() { { "metrics", "Policy", runs.Select(run => (run.Policy, run.Rows.AsEnumerable())) }, { "kl-fits", KlFits() } };

    /// <summary>What PPO maximises and what it pays: score, KL and entropy.</summary>
    public FigurePanel Objective() => Panel("Four policies learn: reward, distance from the start, and randomness",
        Gains(Curve("objective/scores", "Score", "score gained since the first stretch")),
        Curve("objective/kl", "KL from the start", "KL per response (nats)"),
        Curve("policy/entropy", "Entropy", "entropy per token (nats)"));

    /// <summary>Whether the updates are healthy.</summary>
    public FigurePanel Health() => Panel("Are the updates healthy?",
        // Whether a thousandth or none is clipped is the same: healthy.
        Curve("policy/clipfrac", "Clipped tokens", "share of tokens", min: 0, max: Math.Max(LeastClipped, 1.05 * Most("policy/clipfrac"))),
        Curve("val/var_explained", "Value explained", "1 - error / variance of returns", min: Explains ? -1 : null, max: Explains ? 1 : null),
        Curve("val/response_tokens", "Length", "tokens per response"));

    /// <summary>Score against sqrt(KL): near a straight line in the paper's earlier work (Bai et al. 2022a, 4.3, Figs 4 and 13).</summary>
    public Figure ScoreAgainstKl() => Gains(new("Score against the square root of KL",
        new Axis("sqrt(KL per response) (sqrt(nats))"), new Axis("score gained since the first stretch"),
        [
            .. runs.Select(run => new PointSeries(run.Style.Display, MetricCurve.Of(run.Rows, SqrtKl, Score, FewStretches))
            {
                Connected = true, Style = run.Style.Index,
            }),
        ])
    {
        Caption = $"One run each, {episodesPerIteration} episodes an iteration. {MetricCurve.Caption("iterations", FewStretches)}. {Incomparable}",
    });

    /// <summary>The line of least squares through <see cref="ScoreAgainstKl"/>, for each policy.</summary>
    public IReadOnlyList<KlFit> KlFits() => [.. runs.Select(run => Fit(run.Style.Display, Pairs(run)))];

    /// <summary>Least squares of y on x.</summary>
    public static KlFit Fit(string name, IReadOnlyList<(double X, double Y)> points)
    {
        if (points.Count == 0)
            return new KlFit(name, double.NaN, double.NaN, double.NaN, 0);
        var (mx, my) = (points.Average(p => p.X), points.Average(p => p.Y));
        var (sxx, sxy, syy) = (points.Sum(p => (p.X - mx) * (p.X - mx)), points.Sum(p => (p.X - mx) * (p.Y - my)), points.Sum(p => (p.Y - my) * (p.Y - my)));
        var slope = sxx > 0 ? sxy / sxx : double.NaN;
        return new KlFit(name, slope, my - slope * mx, sxx > 0 && syy > 0 ? sxy * sxy / (sxx * syy) : double.NaN, points.Count);
    }

    private static IReadOnlyList<(double X, double Y)> Pairs(PolicyTrajectory run) =>
        [.. run.Rows.Select(r => (X: SqrtKl(r), Y: Score(r))).Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];

    // The one-sample estimate of KL can fall below 0 while the policy has hardly moved.
    private static double SqrtKl(MetricRow row) => Math.Sqrt(Math.Max(0, MetricCurve.Value(row, "objective/kl")));

    private static double Score(MetricRow row) => MetricCurve.Value(row, "objective/scores");

    // An untrained critic can be far worse than the mean; once it is not, those first points would flatten the rest.
    private bool Explains => runs.Any(run => run.Rows.Any(r => MetricCurve.Value(r, "val/var_explained") > -1));

    private string Means => $"One run each, {episodesPerIteration} episodes an iteration. {MetricCurve.Caption("iterations")}.";

    private const string Incomparable = "Each policy is scored by its own preference model, whose 0 means nothing: scores are counted from the first stretch.";

    private const int FewStretches = 6; // where steps crowd at the end of the way

    private const double LeastClipped = 0.05;

    private double Most(string metric) =>
        runs.SelectMany(run => MetricCurve.Of(run.Rows, "episode", metric)).Select(p => p.YHigh ?? p.Y).DefaultIfEmpty().Max();

    /// <summary>Every series counted from its own first point.</summary>
    private static Figure Gains(Figure figure) => figure with
    {
        Series = [.. figure.Series.Select(Series (series) => series switch
        {
            LineSeries { Points: [var first, ..] } line => line with { Points = Since(first.Y, line.Points) },
            PointSeries { Points: [var first, ..] } points => points with { Points = Since(first.Y, points.Points) },
            _ => series,
        })],
    };

    private static IReadOnlyList<DataPoint> Since(double start, IReadOnlyList<DataPoint> points) =>
        [.. points.Select(p => p with { Y = p.Y - start, YLow = p.YLow - start, YHigh = p.YHigh - start })];

    private Figure Curve(string metric, string title, string label, double? min = null, double? max = null) => new(title,
        new Axis("RL episodes"), new Axis(label, Min: min, Max: max),
        [.. runs.Select(run => new LineSeries(run.Style.Display, MetricCurve.Of(run.Rows, "episode", metric)) { Style = run.Style.Index })]);

    private FigurePanel Panel(string title, params Figure[] figures) => new(title, figures) { Caption = $"{Means} {Incomparable}" };
}

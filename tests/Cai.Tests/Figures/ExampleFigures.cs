using Cai.Figures;

namespace Cai.Tests.Figures;

/// <summary>One figure of every kind, shaped like the paper's.</summary>
internal static class ExampleFigures
{
    /// <summary>Snapshots in two dimensions (Fig 2).</summary>
    public static Figure Pareto { get; } = new("Harmlessness against helpfulness", new Axis("Helpfulness (Elo)"), new Axis("Harmlessness (Elo)"),
    [
        Snapshots("Pretrained", (-143, -96)),
        Snapshots("Helpful RLHF", (64, -44), (87, -11), (119, -64)),
        Snapshots("HH RLHF", (11, 33), (74, 77), (99, 29)),
        Snapshots("SL-CAI", (0, 0)),
        Snapshots("RL-CAI", (57, 59), (104, 97), (110, 142)),
        Snapshots("RL-CAI with CoT", (43, 52), (68, 114), (85, 190)),
    ])
    {
        Caption = "Elo with 95 % bootstrap intervals clustered by prompt, SL-CAI at 0; n = 1,200 judgements on 100 prompts. Later snapshots are "
            + "joined to earlier ones.",
        References = [new ReferenceLine(ReferenceKind.Horizontal, 0), new ReferenceLine(ReferenceKind.Vertical, 0)],
    };

    /// <summary>Curves with bands on a log axis (Fig 3).</summary>
    public static Figure Curves { get; } = new("Harmlessness by model size", new Axis("Parameters", AxisScale.Log), new Axis("Harmlessness (Elo)"),
    [
        Curve("Helpful RLHF", -176, -100, -83, -63),
        Curve("HH RLHF", -58, -24, -7, 77),
        new LineSeries("RL-CAI", [new DataPoint(1e5, 20), new DataPoint(5e6, 141)]) { Dashed = true },
    ])
    {
        Caption = "Bands are 95 % intervals; n = 400 judgements a model.",
        References = [new ReferenceLine(ReferenceKind.Horizontal, 0, "SL-CAI")],
    };

    /// <summary>Reliability (Fig 9).</summary>
    public static Figure Reliability { get; } =
        new("Calibration of the feedback model", new Axis("Predicted probability", Min: 0, Max: 1), new Axis("Observed frequency", Min: 0, Max: 1),
        [new PointSeries("RL-CAI labels",
            Enumerable.Range(0, 8).Select(i => new DataPoint(0.06 + 0.125 * i, 0.08 + 0.118 * i, Math.Max(0, 0.118 * i), 0.17 + 0.118 * i)).ToArray())])
    {
        Caption = "Ten bins of equal count; n = 438.",
        References = [new ReferenceLine(ReferenceKind.Diagonal, Label: "perfect calibration")],
    };

    /// <summary>Grouped bars with error bars.</summary>
    public static Figure Bars { get; } = new("Evasiveness and boilerplate", new Axis("Model"), new Axis("Share of responses"),
    [
        new BarSeries("Evasive",
            [new(0.1, 0.06, 0.15, 200, 50), new(0.72, 0.65, 0.79, 200, 50), new(0.08, 0.04, 0.13, 200, 50), new(0.05, 0.02, 0.09, 200, 50)]),
        new BarSeries("Boilerplate", [new(0.02, 0, 0.05, 200, 50), null, new(0.2, 0.14, 0.27, 200, 50), new(0.33, 0.26, 0.4, 200, 50)]),
    ])
    {
        Caption = "n = 200 responses to 50 harmful prompts a model.",
        Categories = ["Helpful RLHF", "HH RLHF", "SL-CAI", "RL-CAI"],
    };

    /// <summary>Two distributions over the same bins.</summary>
    public static Figure Histogram { get; } = new("Preference-model scores", new Axis("Score"), new Axis("Share of responses"),
        [new HistogramSeries("before", Normal(1, 300, 0)), new HistogramSeries("after", Normal(2, 200, 1.5)) { Bins = 25 }])
    {
        Caption = "n = 300 before, 200 after.",
    };

    /// <summary>A dense noisy curve.</summary>
    public static Figure Training { get; } = new("KL during PPO", new Axis("PPO step"), new Axis("objective/kl (nats)"),
        [new LineSeries("objective/kl", Normal(3, 400, 0).Select((v, i) => new DataPoint(i, 6 * (1 - Math.Exp(-i / 120.0)) + 0.3 * v,
            5.5 * (1 - Math.Exp(-i / 120.0)) - 0.8, 6.5 * (1 - Math.Exp(-i / 120.0)) + 0.8)).ToArray()) { Markers = false }])
    {
        Caption = "One seed.",
    };

    /// <summary>Bars whose names do not fit under them, with one of 0 and one that was not measured (notebook 08).</summary>
    public static FigurePanel Fixes { get; } = new("What each fix buys", [Fix("Harmlessness Elo", 0, 60, -20), Fix("Boilerplate", 1, -0.7, 0.1)])
    {
        Caption = "n = 100 answers a model; 95 % intervals.",
    };

    /// <summary>Lines that coincide over whole numbers, with bands that cross; ours beside the paper's.</summary>
    public static FigurePanel Grid { get; } = new("Ours and the paper's",
        [Shots("Right: here", "right", 0), Shots("Right: paper", "right", 0.1), Shots("Sure: here", "sure", 0.3), Shots("Sure: paper", "sure", 0.2)])
    {
        Columns = 2, Caption = "n = 32; bands: 95 %.",
    };

    public static FigurePanel Panel { get; } = new("Two views", [Curves, Curves
        with { Title = "Helpfulness by model size", Y = new Axis("Helpfulness (Elo)") }]) { Caption = "Left harmless, right helpful; n = 400 each." };

    public static IEnumerable<(string Name, Figure Figure)> All =>
        [("pareto", Pareto), ("curves", Curves), ("reliability", Reliability), ("bars", Bars), ("histogram", Histogram), ("training", Training)];

    private static Figure Fix(string title, int style, double first, double second) => new(title, new Axis(""), new Axis("difference"),
    [
        new BarSeries(title, [new(first, 0.5 * first, 1.5 * first, 100, 50), new(0, 0, 0, 100, 50), null, new(second, -2 * second, 3 * second, 100, 50)])
        {
            Style = style,
        },
    ])
    {
        Categories = ["Rewritten: three against preaching added", "Stopped at KL of 6 nats: after 640 episodes", "Soft labels, both orders averaged",
            "Together: all sixteen, mean over four, soft labels, and stopped by the held-out preference model"],
        References = [new ReferenceLine(ReferenceKind.Horizontal, 0)],
    };

    private static Figure Shots(string title, string y, double lift)
    {
        return new Figure(title, new Axis("worked examples"), new Axis(y),
            [Line("careful", 0.5, 0.6), Line("noisy", 0.5, 0.6), Line("none", 0.55, 0.4)])
        {
            References = [new(ReferenceKind.Horizontal, 0.5, "chance"), new(ReferenceKind.Vertical, 3, "most in the corpus")],
        };

        LineSeries Line(string name, double first, double last) => new(name, [.. new[] { 0, 1, 2, 4, 8 }
            .Select(n => (n, Y: first + (last - first) * n / 8 + lift)).Select(p => new DataPoint(p.n, p.Y, p.Y - 0.08, p.Y + 0.08))]);
    }

    private static PointSeries Snapshots(string name, params (double X, double Y)[] points) =>
        new(name, points.Select(p => new DataPoint(p.X, p.Y, p.Y - 14, p.Y + 14, p.X - 12, p.X + 12)).ToArray()) { Connected = points.Length > 1 };

    private static LineSeries Curve(string name, params double[] y) =>
        new(name, y.Select((v, i) => new DataPoint(new[] { 1e5, 4e5, 1.5e6, 5e6 }[i], v, v - 15, v + 15)).ToArray());

    private static double[] Normal(long seed, int n, double mean)
    {
        var rng = new Rng(seed);
        return Enumerable.Range(0, n).Select(_ => mean + Math.Sqrt(-2 * Math.Log(1 - rng.NextDouble())) * Math.Cos(2 * Math.PI * rng.NextDouble())).ToArray();
    }
}

using System.Globalization;

namespace Cai.Figures;

/// <summary>Ranges, ticks and bins that both renderers share.</summary>
internal static class Scales
{
    public const int LongestAxisLabel = 90, LongestPanelTitle = 60;

    /// <summary>
    /// Ends of the x and y axis in data units: fixed ends, or the data with error bars and 5 % room (on the axis' own scale). A fixed
    /// end where a point lies is moved out by 3 %: its marker would be cut in half, and a line along the end hidden by the axis.
    /// </summary>
    public static (double Low, double High) Range(Figure figure, bool horizontal)
    {
        var axis = horizontal ? figure.X : figure.Y;
        if (horizontal && figure.Categories.Count > 0)
            return (-0.5, figure.Categories.Count - 0.5);
        var values = figure.Series.SelectMany(s => Values(figure, s, horizontal))
            .Concat(figure.References.Where(r => r.Kind == (horizontal ? ReferenceKind.Vertical : ReferenceKind.Horizontal)).Select(r => r.Value))
            .Where(v => axis.Scale == AxisScale.Linear || v > 0).Select(v => Forward(axis, v)).DefaultIfEmpty(0).ToArray();
        var (low, high) = (values.Min(), values.Max());
        // Bars and histograms grow from 0: no room below it, or they would float.
        var grounded = !horizontal && axis.Scale == AxisScale.Linear && figure.Series.Any(s => s is BarSeries or HistogramSeries);
        var room = high > low ? 0.05 * (high - low) : Math.Max(0.5, 0.05 * Math.Abs(high));
        var lowEnd = axis.Min is { } min ? Forward(axis, min) : grounded && low >= 0 ? 0 : low - room;
        var highEnd = axis.Max is { } max ? Forward(axis, max) : grounded && high <= 0 ? 0 : high + room;
        var (edge, span) = (0.01 * (highEnd - lowEnd), highEnd - lowEnd);
        var points = grounded ? [] : Points(figure).Select(p => Forward(axis, horizontal ? p.X : p.Y)).ToArray();
        if (axis.Min is not null && points.Any(p => Math.Abs(p - lowEnd) <= edge))
            lowEnd -= 0.03 * span;
        if (axis.Max is not null && points.Any(p => Math.Abs(p - highEnd) <= edge))
            highEnd += 0.03 * span;
        return (Backward(axis, lowEnd), Backward(axis, highEnd));
    }

    /// <summary>Position on the drawn axis: log10 on log axes.</summary>
    public static double Forward(Axis axis, double value) => axis.Scale == AxisScale.Log ? Math.Log10(value) : value;

    private static double Backward(Axis axis, double position) => axis.Scale == AxisScale.Log ? Math.Pow(10, position) : position;

    /// <summary>Ticks of a log axis: 1, 2 and 5 in each decade while there are at most two, else powers of ten.</summary>
    public static IReadOnlyList<(double Value, string Label)> LogTicks(double low, double high)
    {
        var decades = Math.Log10(high / low);
        double[] steps = decades <= 2.2 ? [1, 2, 5] : [1];
        var ticks = new List<(double, string)>();
        for (var power = (int)Math.Floor(Math.Log10(low)); power <= (int)Math.Ceiling(Math.Log10(high)); power++)
            foreach (var step in steps)
                if (step * Math.Pow(10, power) is var value && value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
                    ticks.Add((value, Short(value)));
        return ticks;
    }

    /// <summary>Rounds, steps and counts have no halves: no ticks between them.</summary>
    public static bool CountsWhole(Figure figure)
    {
        var xs = figure.Series.SelectMany(
            s => s switch { LineSeries line => line.Points.Select(p => p.X), PointSeries points => points.Points.Select(p => p.X), _ => [0.5] }).ToArray();
        return xs.Length > 0 && xs.Max() - xs.Min() >= 1 && Array.TrueForAll(xs, x => x == Math.Floor(x));
    }

    /// <summary>100000 as 100k, 2500000 as 2.5M.</summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e9 => (value / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + "B",
        >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M",
        >= 1e4 => (value / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + "k",
        >= 1e-3 or 0 => value.ToString("0.######", CultureInfo.InvariantCulture),
        _ => value.ToString("0.#e-0", CultureInfo.InvariantCulture),
    };

    /// <summary>
    /// Common bins of all histograms of a figure, and the share of each series' values in them. Fixed ends of the axis are ends of bins. A value between two
    /// bins belongs to the upper one, but a series' largest to the lower: labels clamped to 0.4 to 0.6 lie between the two.
    /// </summary>
    public static (double Start, double Width, IReadOnlyDictionary<HistogramSeries, double[]> Shares) Histogram(Figure figure)
    {
        var all = figure.Series.OfType<HistogramSeries>().ToArray();
        var (low, high) = (figure.X.Min ?? all.Min(s => s.Values.Min()), figure.X.Max ?? all.Max(s => s.Values.Max()));
        var count = Math.Max(1, all.Max(s => s.Bins));
        if (high <= low)
            (low, high) = (low - 0.5, high + 0.5);
        var width = (high - low) / count;
        var shares = new Dictionary<HistogramSeries, double[]>(ReferenceEqualityComparer.Instance);
        foreach (var series in all)
        {
            var share = shares[series] = new double[count];
            var largest = series.Values.Max();
            foreach (var value in series.Values)
                share[Bin((value - low) / width, value == largest)] += 1.0 / series.Values.Count;
        }
        return (low, width, shares);

        // Probabilities come from 32-bit numbers: 0.4 is not quite 8 bins of 0.05.
        int Bin(double at, bool largest) => Math.Clamp((int)Math.Floor(at + 1e-5) - (largest && Math.Abs(at - Math.Round(at)) < 1e-5 ? 1 : 0), 0, count - 1);
    }

    /// <summary>All points of lines and points.</summary>
    public static IEnumerable<DataPoint> Points(Figure figure) =>
        figure.Series.SelectMany(s => s switch { LineSeries line => line.Points, PointSeries points => points.Points, _ => [] });

    private static IEnumerable<double> Values(Figure figure, Series series, bool horizontal) => series switch
    {
        LineSeries line => line.Points.SelectMany(p => Ends(p, horizontal)),
        PointSeries points => points.Points.SelectMany(p => Ends(p, horizontal)),
        BarSeries bars => bars.Bars.OfType<Evaluation.Interval>().SelectMany(b => new[] { b.Value, b.Low, b.High }).Where(double.IsFinite)
            .Concat(figure.Y.Scale == AxisScale.Linear ? [0.0] : []),
        HistogramSeries histogram => horizontal ? histogram.Values : [0, .. Histogram(figure).Shares[histogram]],
        _ => [],
    };

    private static double[] Ends(DataPoint p, bool horizontal) =>
        horizontal ? [p.X, p.XLow ?? p.X, p.XHigh ?? p.X] : [p.Y, p.YLow ?? p.Y, p.YHigh ?? p.Y];
}

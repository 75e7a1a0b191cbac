using System.Globalization;
using Plotly.NET;
using Plotly.NET.TraceObjects;

namespace Cai.Figures;

/// <summary>The traces of one series.</summary>
internal static class PlotlyTraces
{
    public static IEnumerable<Trace> Of(Figure figure, Series series, int style) => series switch
    {
        LineSeries line => Line(line, style),
        PointSeries points => [Points(points, style)],
        BarSeries bars => [Bars(bars, style)],
        HistogramSeries histogram => [Histogram(figure, histogram, style)],
        _ => throw new NotSupportedException($"Series of type {series.GetType().Name} cannot be drawn."),
    };

    private static IEnumerable<Trace> Line(LineSeries series, int style)
    {
        var banded = series.Points.Where(p => p.YLow is not null && p.YHigh is not null).ToArray();
        if (banded.Length > 1)
            yield return new Trace2D("scatter").With(
                ("mode", "lines"), ("fill", "toself"), ("fillcolor", Rgba(style, 0.18)), ("hoverinfo", "skip"),
                ("line", new Line().With(("width", 0))), ("showlegend", false), ("legendgroup", Name(series)),
                ("x", Numbers(banded.Select(p => p.X).Concat(banded.Reverse().Select(p => p.X)))),
                ("y", Numbers(banded.Select(p => p.YLow!.Value).Concat(banded.Reverse().Select(p => p.YHigh!.Value)))));
        yield return Named("scatter", series).With(
            ("mode", series.Markers ? "lines+markers" : "lines"),
            ("x", Numbers(series.Points.Select(p => p.X))), ("y", Numbers(series.Points.Select(p => p.Y))),
            ("line", new Line().With(("color", Palette.Color(style)), ("width", 2), ("dash", series.Dashed ? "dash" : "solid"))),
            ("marker", Mark(style, 7)));
    }

    private static Trace Points(PointSeries series, int style) => Named("scatter", series).With(
        ("mode", series.Connected ? "lines+markers" : "markers"),
        ("x", Numbers(series.Points.Select(p => p.X))), ("y", Numbers(series.Points.Select(p => p.Y))),
        ("marker", Mark(style, 9)),
        ("line", series.Connected ? new Line().With(("color", Palette.Color(style)), ("width", 1.5)) : null),
        ("error_x", series.Points.Any(p => p.XHigh is not null) ? Errors(series.Points.Select(p => (p.X, p.XLow, p.XHigh))) : null),
        ("error_y", series.Points.Any(p => p.YHigh is not null) ? Errors(series.Points.Select(p => (p.Y, p.YLow, p.YHigh))) : null));

    private static Trace Bars(BarSeries series, int style) => Named("bar", series).With(
        ("x", Numbers(series.Bars.Select((_, i) => (double)i))),
        ("y", series.Bars.Select(b => b?.Value).ToArray()),
        ("marker", new Marker().With(("color", Palette.Color(style)))),
        ("error_y", Errors(series.Bars.Select(b => (b?.Value ?? 0, Finite(b?.Low), Finite(b?.High))))));

    private static Trace Histogram(Figure figure, HistogramSeries series, int style)
    {
        var (start, width, shares) = Scales.Histogram(figure);
        return Named("bar", series).With(
            ("width", width), ("opacity", 0.55),
            ("x", Numbers(shares[series].Select((_, i) => start + (i + 0.5) * width))), ("y", Numbers(shares[series])),
            ("marker", new Marker().With(("color", Palette.Color(style)), ("line", new Line().With(("color", Palette.Color(style)), ("width", 1))))));
    }

    private static Trace2D Named(string type, Series series) => new Trace2D(type).With(("name", Name(series)), ("legendgroup", Name(series)));

    private static Error Errors(IEnumerable<(double Value, double? Low, double? High)> bars)
    {
        var all = bars.ToArray();
        return new Error().With(
            ("type", "data"), ("symmetric", false), ("thickness", 1.3), ("width", 0),
            ("array", Numbers(all.Select(b => b.High is { } high ? high - b.Value : 0))),
            ("arrayminus", Numbers(all.Select(b => b.Low is { } low ? b.Value - low : 0))));
    }

    private static Marker Mark(int style, int size) => new Marker().With(
        ("color", Palette.Color(style)), ("size", size), ("symbol", Palette.Marker(style) switch
        {
            MarkerKind.Square => "square",
            MarkerKind.TriangleUp => "triangle-up",
            MarkerKind.Diamond => "diamond",
            MarkerKind.TriangleDown => "triangle-down",
            MarkerKind.Cross => "x-thin-open",
            MarkerKind.Plus => "cross-thin-open",
            _ => "circle",
        }));

    private static string Name(Series series) => SafeText.Plotly(SafeText.Cut(series.Name, Scales.LongestAxisLabel));

    private static double[] Numbers(IEnumerable<double> values) => [.. values.Select(Round)];

    // Seven digits are more than a screen can show and keep committed notebooks small.
    private static double Round(double value) => double.Parse(value.ToString("G7", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static double? Finite(double? value) => value is { } v && double.IsFinite(v) ? v : null;

    private static string Rgba(int style, double alpha)
    {
        var hex = Palette.Color(style);
        var parts = new[] { 1, 3, 5 }.Select(i => Convert.ToInt32(hex.Substring(i, 2), 16));
        return string.Create(CultureInfo.InvariantCulture, $"rgba({string.Join(",", parts)},{alpha})");
    }
}

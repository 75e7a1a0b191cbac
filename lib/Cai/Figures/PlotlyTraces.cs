using System.Globalization;
using Plotly.NET;
using Plotly.NET.TraceObjects;

namespace Cai.Figures;

/// <summary>The traces of one series.</summary>
internal static class PlotlyTraces
{
    /// <summary>Those of all series of a figure, in order.</summary>
    /// <param name="lying">Whether bars lie.</param>
    public static IEnumerable<Trace> Of(Figure figure, bool lying)
    {
        var (covered, bands) = (Overlaps.Of(figure), Bands.Of(figure));
        return figure.Series.SelectMany((series, i) => (series, series.Style ?? i) switch
        {
            (LineSeries line, var style) => Line(line, style, covered[i], bands),
            (PointSeries points, var style) => [Points(points, style, covered[i])],
            (BarSeries bars, var style) => [Bars(bars, style, lying)],
            (HistogramSeries histogram, var style) => [Histogram(figure, histogram, style)],
            _ => throw new NotSupportedException($"Series of type {series.GetType().Name} cannot be drawn."),
        });
    }

    private static IEnumerable<Trace> Line(LineSeries series, int style, (int Markers, int Line) covered, Bands bands)
    {
        if (series.Banded is { Length: > 0 } banded)
            yield return new Trace2D("scatter").With(
                ("mode", "lines"), ("fill", "toself"), ("fillcolor", Rgba(style, bands.Fill)), ("hoverinfo", "skip"),
                ("line", bands.Edge > 0 ? new Line().With(("width", 0.8), ("color", Rgba(style, bands.Edge))) : new Line().With(("width", 0))),
                ("showlegend", false), ("legendgroup", Name(series)),
                ("x", Numbers(banded.Select(p => p.X).Concat(banded.Reverse().Select(p => p.X)))),
                ("y", Numbers(banded.Select(p => p.YLow!.Value).Concat(banded.Reverse().Select(p => p.YHigh!.Value)))));
        yield return Named("scatter", series).With(
            ("mode", series.Markers ? "lines+markers" : "lines"),
            ("x", Numbers(series.Points.Select(p => p.X))), ("y", Numbers(series.Points.Select(p => p.Y))),
            ("line", new Line().With(
                ("color", Palette.Color(series, style)), ("width", 2 + 2.5 * covered.Line), ("dash", series.Dashed ? "dash" : "solid"))),
            ("marker", Mark(style, 7 + 4 * covered.Markers)));
    }

    private static Trace Points(PointSeries series, int style, (int Markers, int Line) covered)
    {
        // Crossed bars of many points are lighter than the points.
        var both = series.Points.Any(p => p.XHigh is not null) && series.Points.Any(p => p.YHigh is not null);
        var (shade, width) = (both ? Rgba(style, 0.55) : null, 1.3 + 2 * covered.Markers);
        return Named("scatter", series).With(
            ("mode", series.Connected ? "lines+markers" : "markers"),
            ("x", Numbers(series.Points.Select(p => p.X))), ("y", Numbers(series.Points.Select(p => p.Y))),
            ("marker", Mark(style, 9 + 6 * covered.Markers)),
            ("line", series.Connected ? new Line().With(("color", Palette.Color(style)), ("width", 1.5 + 2 * covered.Line)) : null),
            ("error_x", series.Points.Any(p => p.XHigh is not null) ? Errors(series.Points.Select(p => (p.X, p.XLow, p.XHigh)), shade, width) : null),
            ("error_y", series.Points.Any(p => p.YHigh is not null) ? Errors(series.Points.Select(p => (p.Y, p.YLow, p.YHigh)), shade, width) : null));
    }

    private static Trace Bars(BarSeries series, int style, bool lying) => Named("bar", series).With(
        ("orientation", lying ? "h" : null),
        (lying ? "y" : "x", Numbers(series.Bars.Select((_, i) => (double)i))),
        (lying ? "x" : "y", series.Bars.Select(b => b?.Value).ToArray()),
        ("marker", PlotlyBars.Marker(series, style)),
        (lying ? "error_x" : "error_y", Errors(
            // Plotly draws those of upright bars dark, those of lying ones in the bar's colour, half hidden.
            series.Bars.Select(b => (b?.Value ?? 0, Finite(b?.Low), Finite(b?.High))), lying ? "#444" : null)));

    private static Trace Histogram(Figure figure, HistogramSeries series, int style)
    {
        var (start, width, shares) = Scales.Histogram(figure);
        return Named("bar", series).With(
            ("width", width), ("opacity", 0.55),
            ("x", Numbers(shares[series].Select((_, i) => start + (i + 0.5) * width))), ("y", Numbers(shares[series])),
            ("marker", new Marker().With(("color", Palette.Color(style)), ("line", new Line().With(("color", Palette.Color(style)), ("width", 1))))));
    }

    private static Trace2D Named(string type, Series series) => new Trace2D(type).With(("name", Name(series)), ("legendgroup", Name(series)));

    private static Error Errors(IEnumerable<(double Value, double? Low, double? High)> bars, string? color = null, double width = 1.3)
    {
        var all = bars.ToArray();
        return new Error().With(
            ("type", "data"), ("symmetric", false), ("thickness", width), ("width", 0), ("color", color),
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
            MarkerKind.OpenCircle => "circle-open",
            MarkerKind.OpenSquare => "square-open",
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

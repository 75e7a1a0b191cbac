using System.Text.Json.Nodes;

namespace Cai.Figures;

/// <summary>The traces of one series.</summary>
internal static class PlotlyTraces
{
    public static IEnumerable<JsonObject> Of(Figure figure, Series series, int style) => series switch
    {
        LineSeries line => Line(line, style),
        PointSeries points => [Points(points, style)],
        BarSeries bars => [Bars(bars, style)],
        HistogramSeries histogram => [Histogram(figure, histogram, style)],
        _ => throw new NotSupportedException($"Series of type {series.GetType().Name} cannot be drawn."),
    };

    private static IEnumerable<JsonObject> Line(LineSeries series, int style)
    {
        var banded = series.Points.Where(p => p.YLow is not null && p.YHigh is not null).ToArray();
        if (banded.Length > 1)
            yield return new JsonObject
            {
                ["type"] = "scatter", ["mode"] = "lines", ["fill"] = "toself", ["fillcolor"] = Rgba(style, 0.18), ["hoverinfo"] = "skip",
                ["line"] = new JsonObject { ["width"] = 0 }, ["showlegend"] = false, ["legendgroup"] = Name(series),
                ["x"] = Numbers(banded.Select(p => p.X).Concat(banded.Reverse().Select(p => p.X))),
                ["y"] = Numbers(banded.Select(p => p.YLow!.Value).Concat(banded.Reverse().Select(p => p.YHigh!.Value))),
            };
        yield return Named(series, new JsonObject
        {
            ["type"] = "scatter", ["mode"] = series.Markers ? "lines+markers" : "lines",
            ["x"] = Numbers(series.Points.Select(p => p.X)), ["y"] = Numbers(series.Points.Select(p => p.Y)),
            ["line"] = new JsonObject { ["color"] = Palette.Color(style), ["width"] = 2, ["dash"] = series.Dashed ? "dash" : "solid" },
            ["marker"] = Marker(style, 7),
        });
    }

    private static JsonObject Points(PointSeries series, int style)
    {
        var json = Named(series, new JsonObject
        {
            ["type"] = "scatter", ["mode"] = series.Connected ? "lines+markers" : "markers",
            ["x"] = Numbers(series.Points.Select(p => p.X)), ["y"] = Numbers(series.Points.Select(p => p.Y)),
            ["marker"] = Marker(style, 9),
        });
        if (series.Connected)
            json["line"] = new JsonObject { ["color"] = Palette.Color(style), ["width"] = 1.5 };
        if (series.Points.Any(p => p.XHigh is not null))
            json["error_x"] = Errors(series.Points.Select(p => (p.X, p.XLow, p.XHigh)));
        if (series.Points.Any(p => p.YHigh is not null))
            json["error_y"] = Errors(series.Points.Select(p => (p.Y, p.YLow, p.YHigh)));
        return json;
    }

    private static JsonObject Bars(BarSeries series, int style) => Named(series, new JsonObject
    {
        ["type"] = "bar",
        ["x"] = Numbers(series.Bars.Select((_, i) => (double)i)),
        ["y"] = new JsonArray(series.Bars.Select(b => b is null ? null : (JsonNode)b.Value).ToArray()),
        ["marker"] = new JsonObject { ["color"] = Palette.Color(style) },
        ["error_y"] = Errors(series.Bars.Select(b => (b?.Value ?? 0, Finite(b?.Low), Finite(b?.High)))),
    });

    private static JsonObject Histogram(Figure figure, HistogramSeries series, int style)
    {
        var (start, width, shares) = Scales.Histogram(figure);
        return Named(series, new JsonObject
        {
            ["type"] = "bar", ["width"] = width, ["opacity"] = 0.55,
            ["x"] = Numbers(shares[series].Select((_, i) => start + (i + 0.5) * width)), ["y"] = Numbers(shares[series]),
            ["marker"] = new JsonObject { ["color"] = Palette.Color(style), ["line"] = new JsonObject { ["color"] = Palette.Color(style), ["width"] = 1 } },
        });
    }

    private static JsonObject Named(Series series, JsonObject trace)
    {
        trace.Insert(1, "name", Name(series));
        trace.Insert(2, "legendgroup", Name(series));
        return trace;
    }

    private static JsonObject Errors(IEnumerable<(double Value, double? Low, double? High)> bars)
    {
        var all = bars.ToArray();
        return new JsonObject
        {
            ["type"] = "data", ["symmetric"] = false, ["thickness"] = 1.3, ["width"] = 0,
            ["array"] = Numbers(all.Select(b => b.High is { } high ? high - b.Value : 0)),
            ["arrayminus"] = Numbers(all.Select(b => b.Low is { } low ? b.Value - low : 0)),
        };
    }

    private static JsonObject Marker(int style, int size) => new()
    {
        ["color"] = Palette.Color(style), ["size"] = size, ["symbol"] = Palette.Marker(style) switch
        {
            MarkerKind.Square => "square",
            MarkerKind.TriangleUp => "triangle-up",
            MarkerKind.Diamond => "diamond",
            MarkerKind.TriangleDown => "triangle-down",
            MarkerKind.Cross => "x-thin-open",
            MarkerKind.Plus => "cross-thin-open",
            _ => "circle",
        },
    };

    private static string Name(Series series) => SafeText.Plotly(SafeText.Cut(series.Name, Scales.LongestAxisLabel));

    private static JsonArray Numbers(IEnumerable<double> values) => new(values.Select(v => (JsonNode)Round(v)).ToArray());

    // Seven digits are more than a screen can show and keep committed notebooks small.
    private static double Round(double value) =>
        double.Parse(value.ToString("G7", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);

    private static double? Finite(double? value) => value is { } v && double.IsFinite(v) ? v : null;

    private static string Rgba(int style, double alpha)
    {
        var hex = Palette.Color(style);
        var parts = new[] { 1, 3, 5 }.Select(i => Convert.ToInt32(hex.Substring(i, 2), 16));
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"rgba({string.Join(",", parts)},{alpha})");
    }
}

using System.Globalization;
using Plotly.NET;
using Plotly.NET.LayoutObjects;

namespace Cai.Figures;

/// <summary>One figure, or several side by side, as a chart of Plotly.NET: title, axes, reference lines, legend and caption round the traces.</summary>
internal static class PlotlyLayout
{
    private const int CaptionLine = 17;

    // Characters that fit the narrowest notebook front ends, at sizes 16 and 12.
    private const int TitleWidth = 75, CaptionWidth = 110;

    public static GenericChart Compose(string title, IReadOnlyList<Figure> figures, int columns, string caption)
    {
        var grid = new PanelGrid(figures, columns);
        var places = new PlotlyPlaces(figures, grid);
        var dashes = new Dashes(figures);
        var traces = new List<Trace>();
        var titles = Text(title, TitleWidth, most: 3);
        var captions = Text(caption, CaptionWidth, most: 14);
        var panels = figures.Count > 1 ? 22 : 0;
        var (top, bottom) = (26 + 20 * titles.Count + 22 * LegendRows(figures) + panels, 66 + places.Below + CaptionLine * captions.Count);
        var layout = new Layout().With(
            ("title", new Title().With(
                ("text", string.Join("<br>", titles)), ("font", new Font().With(("size", 16))), ("yref", "container"), ("y", 1), ("yanchor", "top"),
                ("pad", new Padding().With(("t", 12))))),
            ("template", "none"),
            ("barmode", figures.Any(f => f.Series.Any(s => s is HistogramSeries)) ? "overlay" : "group"),
            ("height", places.Height + top + bottom),
            ("margin", new Margin().With(("b", bottom), ("t", top))),
            ("legend", new Legend().With(("orientation", "h"), ("y", Math.Round(1.01 + panels / (double)places.Height, 3)), ("yanchor", "bottom"))));
        var annotations = new List<Annotation>();
        var shapes = new List<Shape>();
        var named = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < figures.Count; i++)
        {
            var figure = figures[i].Checked();
            var suffix = i == 0 ? "" : (i + 1).ToString(CultureInfo.InvariantCulture);
            layout.With(("xaxis" + suffix, places.X(i, "y" + suffix)), ("yaxis" + suffix, places.Y(i, "x" + suffix)));
            foreach (var reference in figure.References)
            {
                var line = Reference(figure, reference, suffix, dashes.Of(figure, reference), grid.Lies(i));
                // In the legend: words beside a line would lie on the data.
                if (reference.Label is { } words && SafeText.Plotly(SafeText.Cut(words, Scales.LongestAxisLabel)) is var name)
                    line.With(("name", name), ("showlegend", named.Add("line " + name)));
                shapes.Add(line);
            }
            foreach (var trace in PlotlyTraces.Of(figure, grid.Lies(i)))
            {
                // A name that an earlier panel has in the legend is not listed twice.
                if (trace.TryGetPropertyValue("showlegend") is null && trace.TryGetPropertyValue("name")?.Value is string name && !named.Add(name))
                    trace.With(("showlegend", false));
                traces.Add(trace.With(("xaxis", "x" + suffix), ("yaxis", "y" + suffix)));
            }
            if (figures.Count > 1)
                annotations.Add(Note("panel", SafeText.Plotly(SafeText.Cut(figure.Title, Scales.LongestPanelTitle)), places.Middle(i), places.Top(i),
                    "center", "bottom", 0));
        }
        if (captions.Count > 0)
            annotations.Add(Note("caption", string.Join("<br>", captions), 0, 0, "left", "top", -58 - places.Below));
        layout.With(("annotations", annotations), ("shapes", shapes), ("meta", places.Hidden));
        var config = new Config().With(("responsive", true), ("displaylogo", false));
        return GenericChart.NewMultiChart(Microsoft.FSharp.Collections.ListModule.OfSeq(traces), layout, config, new DisplayOptions());
    }

    /// <summary>Rows that the legend will take, by the length of its names; it stands between the title and the marks.</summary>
    private static int LegendRows(IReadOnlyList<Figure> figures)
    {
        var names = figures.SelectMany(figure => figure.Series.Select(series => series.Name)
            .Concat(figure.References.Select(line => line.Label).OfType<string>())).Distinct().ToList();
        return names.Count < 2 ? 0 : (int)Math.Ceiling(names.Sum(name => 50 + 7.0 * Math.Min(name.Length, Scales.LongestAxisLabel)) / 720);
    }

    private static Shape Reference(Figure figure, ReferenceLine reference, string suffix, Dash dash, bool lying)
    {
        var (left, right) = Scales.Range(figure, horizontal: true);
        var (bottom, top) = Scales.Range(figure, horizontal: false);
        var (low, high) = (Math.Max(left, bottom), Math.Min(right, top));
        var (x, y) = ("x" + suffix, "y" + suffix);
        var value = reference.Value;
        return (reference.Kind, lying) switch
        {
            (ReferenceKind.Diagonal, _) => Line(x, y, low, low, high, high),
            (ReferenceKind.Horizontal, false) or (ReferenceKind.Vertical, true) => Line(x + " domain", y, 0, value, 1, value),
            _ => Line(x, y + " domain", value, 0, value, 1),
        };

        Shape Line(string xref, string yref, double x0, double y0, double x1, double y1) => new Shape().With(
            ("type", "line"), ("layer", "below"), ("xref", xref), ("yref", yref), ("x0", x0), ("y0", y0), ("x1", x1), ("y1", y1),
            ("line", new Line().With(("color", Palette.Neutral), ("width", 1.2), ("dash", dash switch
            {
                Dash.Solid => "solid",
                Dash.Dotted => "dot",
                Dash.DashDot => "dashdot",
                Dash.LongDash => "longdash",
                _ => "dash",
            }))));
    }

    /// <param name="role">`panel` or `caption`: pages that set them in HTML, where text wraps, find them by it.</param>
    private static Annotation Note(string role, string text, double x, double y, string xAnchor, string yAnchor, int shift) => new Annotation().With(
        ("name", role), ("text", text), ("showarrow", false), ("xref", "paper"), ("yref", "paper"),
        ("x", x), ("y", y), ("xanchor", xAnchor), ("yanchor", yAnchor), ("yshift", shift), ("align", "left"));

    /// <summary>Lines of text: Plotly does not wrap.</summary>
    private static IReadOnlyList<string> Text(string text, int width, int most) => [.. Lines.Wrap(SafeText.Line(text), width, most).Select(SafeText.Plotly)];
}

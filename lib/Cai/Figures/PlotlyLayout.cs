using System.Globalization;
using Plotly.NET;
using Plotly.NET.LayoutObjects;

namespace Cai.Figures;

/// <summary>One figure, or several side by side, as a chart of Plotly.NET: title, axes, reference lines, legend and caption round the traces.</summary>
internal static class PlotlyLayout
{
    private const int PlotHeight = 330, CaptionLine = 17;

    // Characters that fit the narrowest notebook front ends, at sizes 16 and 12.
    private const int TitleWidth = 75, CaptionWidth = 110;

    public static GenericChart Compose(string title, IReadOnlyList<Figure> figures, string caption)
    {
        var traces = new List<Trace>();
        var titles = Text(title, TitleWidth, most: 3);
        var captions = Text(caption, CaptionWidth, most: 14);
        var slanted = figures.Any(Scales.Slanted) ? 60 : 0;
        var panels = figures.Count > 1 ? 22 : 0;
        var (top, bottom) = (26 + 20 * titles.Count + 22 * LegendRows(figures) + panels, 66 + slanted + CaptionLine * captions.Count);
        var layout = new Layout().With(
            ("title", new Title().With(
                ("text", string.Join("<br>", titles)), ("font", new Font().With(("size", 16))), ("yref", "container"), ("y", 1), ("yanchor", "top"),
                ("pad", new Padding().With(("t", 12))))),
            ("template", "none"),
            ("barmode", figures.Any(f => f.Series.Any(s => s is HistogramSeries)) ? "overlay" : "group"),
            ("height", PlotHeight + top + bottom),
            ("margin", new Margin().With(("b", bottom), ("t", top))),
            ("legend", new Legend().With(("orientation", "h"), ("y", Math.Round(1.01 + panels / (double)PlotHeight, 3)), ("yanchor", "bottom"))));
        var annotations = new List<Annotation>();
        var shapes = new List<Shape>();
        var named = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < figures.Count; i++)
        {
            var figure = figures[i].Checked();
            var suffix = i == 0 ? "" : (i + 1).ToString(CultureInfo.InvariantCulture);
            // Room between panels for the next one's axis.
            var gap = 0.22 / figures.Count;
            var width = (1 - (figures.Count - 1) * gap) / figures.Count;
            var (from, to) = (Math.Round(i * (width + gap), 4), Math.Round(i * (width + gap) + width, 4));
            layout.With(
                ("xaxis" + suffix, Ticks(figure, Axis(figure, horizontal: true, figures.Count > 1 ? [from, to] : null, "y" + suffix))),
                ("yaxis" + suffix, Axis(figure, horizontal: false, null, "x" + suffix)));
            shapes.AddRange(figure.References.Select(reference => Reference(figure, reference, suffix)));
            for (var s = 0; s < figure.Series.Count; s++)
                foreach (var trace in PlotlyTraces.Of(figure, figure.Series[s], figure.Series[s].Style ?? s))
                {
                    // A name that an earlier panel has in the legend is not listed twice.
                    if (trace.TryGetPropertyValue("showlegend") is null && trace.TryGetPropertyValue("name")?.Value is string name && !named.Add(name))
                        trace.With(("showlegend", false));
                    traces.Add(trace.With(("xaxis", "x" + suffix), ("yaxis", "y" + suffix)));
                }
            if (figures.Count > 1)
                annotations.Add(Note("panel", SafeText.Plotly(SafeText.Cut(figure.Title, Scales.LongestPanelTitle)), (from + to) / 2, 1,
                    "center", "bottom", 0));
        }
        if (captions.Count > 0)
            annotations.Add(Note("caption", string.Join("<br>", captions), 0, 0, "left", "top", -58 - slanted));
        layout.With(("annotations", annotations), ("shapes", shapes));
        var config = new Config().With(("responsive", true), ("displaylogo", false));
        return GenericChart.NewMultiChart(Microsoft.FSharp.Collections.ListModule.OfSeq(traces), layout, config, new DisplayOptions());
    }

    /// <summary>Rows that the legend will take, by the length of its names; it stands between the title and the marks.</summary>
    private static int LegendRows(IReadOnlyList<Figure> figures)
    {
        var names = figures.SelectMany(figure => figure.Series).Select(series => series.Name).Distinct().ToList();
        return names.Count < 2 ? 0 : (int)Math.Ceiling(names.Sum(name => 50 + 7.0 * Math.Min(name.Length, Scales.LongestAxisLabel)) / 720);
    }

    private static LinearAxis Axis(Figure figure, bool horizontal, double[]? domain, string anchor)
    {
        var axis = horizontal ? figure.X : figure.Y;
        var (low, high) = Scales.Range(figure, horizontal);
        // Plotly's own ticks say 2 and 5 between powers of ten; these say the number, as the picture does.
        var ticks = axis.Scale == AxisScale.Log ? Scales.LogTicks(low, high) : null;
        return new LinearAxis().With(
            ("title", new Title().With(("text", SafeText.Plotly(SafeText.Cut(axis.Label, Scales.LongestAxisLabel))))), ("anchor", anchor), ("zeroline", false),
            ("type", ticks is null ? null : "log"),
            ("tickvals", ticks?.Select(tick => Math.Round(tick.Value, 12)).ToArray()),
            ("ticktext", ticks?.Select(tick => tick.Label).ToArray()),
            ("range", axis.Min is null && axis.Max is null ? null : new[] { End(axis.Min, low), End(axis.Max, high) }),
            ("domain", domain));

        double? End(double? wanted, double value) => wanted is null ? null : Math.Round(Scales.Forward(axis, value), 6);
    }

    private static LinearAxis Ticks(Figure figure, LinearAxis axis)
    {
        if (figure.Categories.Count > 0)
            return axis.With(
                ("tickvals", figure.Categories.Select((_, index) => index).ToArray()),
                ("ticktext", figure.Categories.Select(name => SafeText.Plotly(Scales.CategoryLabel(name))).ToArray()),
                ("automargin", true),
                ("tickangle", Scales.Slanted(figure) ? -30 : null));
        // Plotly chooses whole steps itself where there is no room for halves.
        var whole = figure.X.Scale == AxisScale.Linear && Scales.CountsWhole(figure)
            && Scales.Range(figure, horizontal: true) is var (left, right) && right - left < 12;
        return axis.With(("dtick", whole ? 1 : null));
    }

    private static Shape Reference(Figure figure, ReferenceLine reference, string suffix)
    {
        var (left, right) = Scales.Range(figure, horizontal: true);
        var (bottom, top) = Scales.Range(figure, horizontal: false);
        var (low, high) = (Math.Max(left, bottom), Math.Min(right, top));
        var (x, y) = ("x" + suffix, "y" + suffix);
        var shape = reference.Kind switch
        {
            ReferenceKind.Horizontal => Dashed(x + " domain", y, 0, reference.Value, 1, reference.Value),
            ReferenceKind.Vertical => Dashed(x, y + " domain", reference.Value, 0, reference.Value, 1),
            _ => Dashed(x, y, low, low, high, high),
        };
        if (reference.Label is not { } words)
            return shape;
        var label = SafeText.Plotly(SafeText.Cut(words, Scales.LongestAxisLabel));
        return shape.With(("name", label), ("label", new ShapeLabel().With(
            ("text", label), ("textposition", reference.Kind == ReferenceKind.Vertical ? "middle" : "end"),
            ("font", new Font().With(("size", 10), ("color", "#8A8A8A"))))));
    }

    private static Shape Dashed(string xref, string yref, double x0, double y0, double x1, double y1) => new Shape().With(
        ("type", "line"), ("layer", "below"), ("xref", xref), ("yref", yref), ("x0", x0), ("y0", y0), ("x1", x1), ("y1", y1),
        ("line", new Line().With(("color", "#8A8A8A"), ("width", 1.2), ("dash", "dash"))));

    /// <param name="role">`panel` or `caption`: pages that set them in HTML, where text wraps, find them by it.</param>
    private static Annotation Note(string role, string text, double x, double y, string xAnchor, string yAnchor, int shift) => new Annotation().With(
        ("name", role), ("text", text), ("showarrow", false), ("xref", "paper"), ("yref", "paper"),
        ("x", x), ("y", y), ("xanchor", xAnchor), ("yanchor", yAnchor), ("yshift", shift), ("align", "left"));

    /// <summary>Lines of text: Plotly does not wrap.</summary>
    private static IReadOnlyList<string> Text(string text, int width, int most) => [.. Lines.Wrap(SafeText.Line(text), width, most).Select(SafeText.Plotly)];
}

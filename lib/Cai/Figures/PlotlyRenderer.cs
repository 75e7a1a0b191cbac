using System.Text.Json.Nodes;

namespace Cai.Figures;

/// <summary>
/// Figures as Plotly JSON. Written directly: the format is plain JSON, and the same figure must give the same text for
/// diffs. Plotly.NET supplies the script for offline pages.
/// </summary>
public static class PlotlyRenderer
{
    private const int PlotHeight = 330, CaptionLine = 17;

    // Characters that fit the narrowest notebook front ends, at sizes 16 and 12.
    private const int TitleWidth = 75, CaptionWidth = 110;

    /// <summary>The embedded plotly.js, for pages that work without a network (about 3.6 MB).</summary>
    public static string Script()
    {
        var assembly = typeof(Plotly.NET.Chart).Assembly;
        var name = assembly.GetManifestResourceNames()
            .Single(n => n.StartsWith("Plotly.NET.plotly-", StringComparison.Ordinal) && n.EndsWith(".min.js", StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    /// <summary>{data, layout, config} of one figure.</summary>
    /// <exception cref="CaiException">The figure cannot be drawn; see <see cref="Figure.Checked"/>.</exception>
    public static JsonObject ToJson(Figure figure) => Compose(figure.Title, [figure], figure.FullCaption);

    /// <inheritdoc cref="ToJson(Figure)"/>
    public static JsonObject ToJson(FigurePanel panel) => Compose(panel.Title, panel.Figures, panel.FullCaption);

    private static JsonObject Compose(string title, IReadOnlyList<Figure> figures, string caption)
    {
        var data = new JsonArray();
        var titles = Text(title, TitleWidth, most: 3);
        var captions = Text(caption, CaptionWidth, most: 14);
        var slanted = figures.Any(Scales.Slanted) ? 60 : 0;
        var panels = figures.Count > 1 ? 22 : 0;
        var (top, bottom) = (26 + 20 * titles.Count + 22 * LegendRows(figures) + panels, 66 + slanted + CaptionLine * captions.Count);
        var layout = new JsonObject
        {
            ["title"] = new JsonObject
            {
                ["text"] = string.Join("<br>", titles), ["font"] = new JsonObject { ["size"] = 16 }, ["yref"] = "container", ["y"] = 1, ["yanchor"] = "top",
                ["pad"] = new JsonObject { ["t"] = 12 },
            },
            ["template"] = "none",
            ["barmode"] = figures.Any(f => f.Series.Any(s => s is HistogramSeries)) ? "overlay" : "group",
            ["height"] = PlotHeight + top + bottom,
            ["margin"] = new JsonObject { ["b"] = bottom, ["t"] = top },
            ["legend"] = new JsonObject { ["orientation"] = "h", ["y"] = Math.Round(1.01 + panels / (double)PlotHeight, 3), ["yanchor"] = "bottom" },
        };
        var annotations = new JsonArray();
        var shapes = new JsonArray();
        var named = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < figures.Count; i++)
        {
            var figure = figures[i].Checked();
            var suffix = i == 0 ? "" : (i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
            // Room between panels for the next one's axis.
            var gap = 0.22 / figures.Count;
            var width = (1 - (figures.Count - 1) * gap) / figures.Count;
            var (from, to) = (Math.Round(i * (width + gap), 4), Math.Round(i * (width + gap) + width, 4));
            var x = layout["xaxis" + suffix] = Axis(figure, horizontal: true, figures.Count > 1 ? (from, to) : null, "y" + suffix);
            if (figure.Categories.Count > 0)
            {
                x["tickvals"] = new JsonArray([.. figure.Categories.Select((_, index) => (JsonNode)index)]);
                x["ticktext"] = new JsonArray([.. figure.Categories.Select(name => (JsonNode)SafeText.Plotly(Scales.CategoryLabel(name)))]);
                x["automargin"] = true;
                if (Scales.Slanted(figure))
                    x["tickangle"] = -30;
            }
            // Plotly chooses whole steps itself where there is no room for halves.
            else if (figure.X.Scale == AxisScale.Linear && Scales.CountsWhole(figure)
                && Scales.Range(figure, horizontal: true) is var (left, right) && right - left < 12)
                x["dtick"] = 1;
            layout["yaxis" + suffix] = Axis(figure, horizontal: false, null, "x" + suffix);
            foreach (var reference in figure.References)
                shapes.Add(Reference(figure, reference, suffix));
            for (var s = 0; s < figure.Series.Count; s++)
                foreach (var trace in PlotlyTraces.Of(figure, figure.Series[s], figure.Series[s].Style ?? s))
                {
                    // A name that an earlier panel has in the legend is not listed twice.
                    if (trace["showlegend"] is null && trace["name"] is { } name && !named.Add(name.GetValue<string>()))
                        trace["showlegend"] = false;
                    (trace["xaxis"], trace["yaxis"]) = ("x" + suffix, "y" + suffix);
                    data.Add(trace);
                }
            if (figures.Count > 1)
                annotations.Add(Note("panel", SafeText.Plotly(SafeText.Cut(figure.Title, Scales.LongestPanelTitle)), (from + to) / 2, 1,
                    "center", "bottom", 0));
        }
        if (captions.Count > 0)
            annotations.Add(Note("caption", string.Join("<br>", captions), 0, 0, "left", "top", -58 - slanted));
        layout["annotations"] = annotations;
        layout["shapes"] = shapes;
        return new JsonObject { ["data"] = data, ["layout"] = layout, ["config"] = new JsonObject { ["responsive"] = true, ["displaylogo"] = false } };
    }

    /// <summary>Rows that the legend will take, by the length of its names; it stands between the title and the marks.</summary>
    private static int LegendRows(IReadOnlyList<Figure> figures)
    {
        var names = figures.SelectMany(figure => figure.Series).Select(series => series.Name).Distinct().ToList();
        return names.Count < 2 ? 0 : (int)Math.Ceiling(names.Sum(name => 50 + 7.0 * Math.Min(name.Length, Scales.LongestAxisLabel)) / 720);
    }

    private static JsonObject Axis(Figure figure, bool horizontal, (double From, double To)? domain, string anchor)
    {
        var axis = horizontal ? figure.X : figure.Y;
        var json = new JsonObject
        {
            ["title"] = new JsonObject { ["text"] = SafeText.Plotly(SafeText.Cut(axis.Label, Scales.LongestAxisLabel)) }, ["anchor"] = anchor,
            ["zeroline"] = false,
        };
        var (low, high) = Scales.Range(figure, horizontal);
        if (axis.Scale == AxisScale.Log)
        {
            // Plotly's own ticks say 2 and 5 between powers of ten; these say the number, as the picture does.
            var ticks = Scales.LogTicks(low, high);
            json["type"] = "log";
            json["tickvals"] = new JsonArray([.. ticks.Select(tick => (JsonNode)Math.Round(tick.Value, 12))]);
            json["ticktext"] = new JsonArray([.. ticks.Select(tick => (JsonNode)tick.Label)]);
        }
        if (axis.Min is not null || axis.Max is not null)
            json["range"] = new JsonArray(axis.Min is null ? null : End(low), axis.Max is null ? null : End(high));
        if (domain is { } d)
            json["domain"] = new JsonArray(d.From, d.To);
        return json;

        JsonNode End(double value) => Math.Round(Scales.Forward(axis, value), 6);
    }

    private static JsonObject Reference(Figure figure, ReferenceLine reference, string suffix)
    {
        var (left, right) = Scales.Range(figure, horizontal: true);
        var (bottom, top) = Scales.Range(figure, horizontal: false);
        var (low, high) = (Math.Max(left, bottom), Math.Min(right, top));
        var (x, y) = ("x" + suffix, "y" + suffix);
        var json = reference.Kind switch
        {
            ReferenceKind.Horizontal => Shape(x + " domain", y, 0, reference.Value, 1, reference.Value),
            ReferenceKind.Vertical => Shape(x, y + " domain", reference.Value, 0, reference.Value, 1),
            _ => Shape(x, y, low, low, high, high),
        };
        if (reference.Label is { } words)
        {
            var label = SafeText.Plotly(SafeText.Cut(words, Scales.LongestAxisLabel));
            json["name"] = label;
            json["label"] = new JsonObject
            {
                ["text"] = label, ["textposition"] = reference.Kind == ReferenceKind.Vertical ? "middle" : "end",
                ["font"] = new JsonObject { ["size"] = 10, ["color"] = "#8A8A8A" },
            };
        }
        return json;
    }

    private static JsonObject Shape(string xref, string yref, double x0, double y0, double x1, double y1) => new()
    {
        ["type"] = "line", ["layer"] = "below", ["xref"] = xref, ["yref"] = yref, ["x0"] = x0, ["y0"] = y0, ["x1"] = x1, ["y1"] = y1,
        ["line"] = new JsonObject { ["color"] = "#8A8A8A", ["width"] = 1.2, ["dash"] = "dash" },
    };

    /// <param name="role">`panel` or `caption`: pages that set them in HTML, where text wraps, find them by it.</param>
    private static JsonObject Note(string role, string text, double x, double y, string xAnchor, string yAnchor, int shift) => new()
    {
        ["name"] = role, ["text"] = text, ["showarrow"] = false, ["xref"] = "paper", ["yref"] = "paper",
        ["x"] = x, ["y"] = y, ["xanchor"] = xAnchor, ["yanchor"] = yAnchor, ["yshift"] = shift, ["align"] = "left",
    };

    /// <summary>Lines of text: Plotly does not wrap.</summary>
    private static IReadOnlyList<string> Text(string text, int width, int most) => [.. Lines.Wrap(SafeText.Line(text), width, most).Select(SafeText.Plotly)];
}

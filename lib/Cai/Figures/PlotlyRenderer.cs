using System.Text.Json.Nodes;

namespace Cai.Figures;

/// <summary>
/// Figures as Plotly JSON. Written directly: the format is plain JSON, and the same figure must give the same text for
/// diffs. Plotly.NET supplies the script for offline pages.
/// </summary>
public static class PlotlyRenderer
{
    /// <summary>The embedded plotly.js, for pages that work without a network (about 3.6 MB).</summary>
    public static string Script()
    {
        var assembly = typeof(Plotly.NET.Chart).Assembly;
        var name = assembly.GetManifestResourceNames().Single(n => n.StartsWith("Plotly.NET.plotly-", StringComparison.Ordinal) && n.EndsWith(".min.js", StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    /// <summary>{data, layout, config} of one figure.</summary>
    /// <exception cref="Storage.CaiException">The figure cannot be drawn; see <see cref="Figure.Checked"/>.</exception>
    public static JsonObject ToJson(Figure figure) => Compose(figure.Title, [figure], figure.Caption);

    /// <inheritdoc cref="ToJson(Figure)"/>
    public static JsonObject ToJson(FigurePanel panel) => Compose(panel.Title, panel.Figures, panel.Caption);

    private static JsonObject Compose(string title, IReadOnlyList<Figure> figures, string caption)
    {
        var data = new JsonArray();
        var layout = new JsonObject
        {
            ["title"] = new JsonObject { ["text"] = SafeText.Plotly(title), ["font"] = new JsonObject { ["size"] = 16 } },
            ["template"] = "none",
            ["barmode"] = figures.Any(f => f.Series.Any(s => s is HistogramSeries)) ? "overlay" : "group",
            ["height"] = 460,
            ["margin"] = new JsonObject { ["b"] = 110, ["t"] = 60 },
            ["legend"] = new JsonObject { ["orientation"] = "h", ["y"] = 1.02, ["yanchor"] = "bottom" },
        };
        var annotations = new JsonArray();
        var shapes = new JsonArray();
        var named = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < figures.Count; i++)
        {
            var figure = figures[i].Checked();
            var suffix = i == 0 ? "" : (i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var gap = figures.Count > 1 ? 0.1 / figures.Count : 0;
            var (from, to) = (Math.Round((double)i / figures.Count + gap, 4), Math.Round((i + 1.0) / figures.Count - gap / 2, 4));
            layout["xaxis" + suffix] = Axis(figure.X, figures.Count > 1 ? (from, to) : null, "y" + suffix);
            layout["yaxis" + suffix] = Axis(figure.Y, null, "x" + suffix);
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
                annotations.Add(Note(figure.Title, (from + to) / 2, 1, "center", "bottom"));
        }
        if (caption.Length > 0)
            annotations.Add(Note(caption, 0, -0.3, "left", "bottom"));
        layout["annotations"] = annotations;
        layout["shapes"] = shapes;
        return new JsonObject { ["data"] = data, ["layout"] = layout, ["config"] = new JsonObject { ["responsive"] = true, ["displaylogo"] = false } };
    }

    private static JsonObject Axis(Axis axis, (double From, double To)? domain, string anchor)
    {
        var json = new JsonObject { ["title"] = new JsonObject { ["text"] = SafeText.Plotly(axis.Label) }, ["anchor"] = anchor, ["zeroline"] = false };
        if (axis.Scale == AxisScale.Log)
            json["type"] = "log";
        if (axis.Min is not null || axis.Max is not null)
            json["range"] = new JsonArray(End(axis.Min), End(axis.Max));
        if (domain is { } d)
            json["domain"] = new JsonArray(d.From, d.To);
        return json;

        JsonNode? End(double? value) => value is { } v ? JsonValue.Create(Scales.Forward(axis, v)) : null;
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
        if (reference.Label is { } label)
        {
            json["name"] = SafeText.Plotly(label);
            json["label"] = new JsonObject { ["text"] = SafeText.Plotly(label), ["textposition"] = "end", ["font"] = new JsonObject { ["size"] = 10, ["color"] = "#8A8A8A" } };
        }
        return json;
    }

    private static JsonObject Shape(string xref, string yref, double x0, double y0, double x1, double y1) => new()
    {
        ["type"] = "line", ["layer"] = "below", ["xref"] = xref, ["yref"] = yref, ["x0"] = x0, ["y0"] = y0, ["x1"] = x1, ["y1"] = y1,
        ["line"] = new JsonObject { ["color"] = "#8A8A8A", ["width"] = 1.2, ["dash"] = "dash" },
    };

    private static JsonObject Note(string text, double x, double y, string xAnchor, string yAnchor) => new()
    {
        ["text"] = SafeText.Plotly(text), ["showarrow"] = false, ["xref"] = "paper", ["yref"] = "paper",
        ["x"] = x, ["y"] = y, ["xanchor"] = xAnchor, ["yanchor"] = yAnchor, ["align"] = "left",
    };
}

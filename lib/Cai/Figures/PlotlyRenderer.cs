using System.Text.Json.Nodes;
using Newtonsoft.Json;
using Plotly.NET;

namespace Cai.Figures;

/// <summary>
/// Figures as charts of Plotly.NET, to be restyled with its functions, and charts as the JSON that notebooks and pages take. The same figure gives the same
/// text, for diffs.
/// </summary>
public static class PlotlyRenderer
{
    /// <summary>The embedded plotly.js, for pages that work without a network (about 3.6 MB).</summary>
    public static string Script()
    {
        var assembly = typeof(Chart).Assembly;
        var name = assembly.GetManifestResourceNames()
            .Single(n => n.StartsWith("Plotly.NET.plotly-", StringComparison.Ordinal) && n.EndsWith(".min.js", StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    /// <inheritdoc cref="Figure.ToChart"/>
    public static GenericChart ToChart(Figure figure) => PlotlyLayout.Compose(figure.Title, [figure], 1, figure.FullCaption);

    /// <inheritdoc cref="Figure.ToChart"/>
    public static GenericChart ToChart(FigurePanel panel) => PlotlyLayout.Compose(panel.Title, panel.Figures, panel.Columns, panel.FullCaption);

    /// <summary>{data, layout, config} of one figure.</summary>
    /// <exception cref="CaiException">The figure cannot be drawn; see <see cref="Figure.Checked"/>.</exception>
    public static JsonObject ToJson(Figure figure) => ToJson(ToChart(figure));

    /// <inheritdoc cref="ToJson(Figure)"/>
    public static JsonObject ToJson(FigurePanel panel) => ToJson(ToChart(panel));

    /// <summary>{data, layout, config} of any chart, whoever made it.</summary>
    public static JsonObject ToJson(GenericChart chart) => Shorten(JsonNode.Parse(JsonConvert.SerializeObject(
        new { data = GenericChart.getTraces(chart), layout = GenericChart.getLayout(chart), config = GenericChart.getConfig(chart) }, Settings)))!.AsObject();

    /// <summary>
    /// As <see cref="GenericChart.toJson"/> has them. That function also makes Plotly.NET ready to write pages, which fails in .NET Interactive: its F# library
    /// is another than the one that the page writer was bound to.
    /// </summary>
    private static readonly JsonSerializerSettings Settings = new() { ReferenceLoopHandling = ReferenceLoopHandling.Serialize };

    /// <summary>Numbers as short as they can be said: Plotly.NET writes 1 as 1.0, which makes notebooks larger and their diffs noise.</summary>
    private static JsonNode? Shorten(JsonNode? node) => node switch
    {
        JsonObject keys => new JsonObject(keys.Select(pair => KeyValuePair.Create(pair.Key, Shorten(pair.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Shorten)]),
        JsonValue value => value.TryGetValue<double>(out var number) ? number : value.DeepClone(),
        _ => null,
    };
}

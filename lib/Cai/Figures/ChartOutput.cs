using System.Net;
using Plotly.NET;

namespace Cai.Figures;

/// <summary>A chart of Plotly.NET that somebody made or restyled. Only a browser can draw it, so there is no picture.</summary>
[TypeFormatterSource(typeof(PlainFormatters), PreferredMimeTypes = [Mime.Plain])]
internal sealed class ChartOutput(GenericChart chart) : IRichOutput
{
    public IReadOnlyDictionary<string, object> MimeBundle()
    {
        var json = PlotlyRenderer.ToJson(chart);
        // Titles are Plotly's small HTML.
        var title = WebUtility.HtmlDecode(((string?)json["layout"]?["title"]?["text"] ?? "").Replace("<br>", " ", StringComparison.Ordinal));
        return new Dictionary<string, object>
        {
            [Mime.Plotly] = json,
            [Mime.Plain] = $"{SafeText.Paragraph(title)}\nA chart of {GenericChart.countTrace(chart)} traces, drawn where Plotly runs.".TrimStart(),
        };
    }
}

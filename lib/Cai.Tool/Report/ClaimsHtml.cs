using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Tool.Report;

/// <summary>`claims.json` as the table at the head of the page.</summary>
internal static class ClaimsHtml
{
    /// <summary>The table, or a sentence that says why there is none.</summary>
    /// <exception cref="CaiException">The file is not a list of claims.</exception>
    public static string Render(string path)
    {
        if (!File.Exists(path))
            return "<p>No claims were checked in this run.</p>\n";
        JsonArray claims;
        try
        {
            claims = JsonNode.Parse(File.ReadAllText(path)) as JsonArray ?? throw new JsonException("not a list");
        }
        catch (JsonException e)
        {
            throw new CaiException("This is not a list of claims.", "Delete it and run cai reproduce again.", path, e);
        }
        var rows = claims.OfType<JsonObject>().ToList();
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<p>{rows.Count(Holds)} of {rows.Count} claims hold here. Intervals are 95 %.</p>\n");
        html.Append("<div class=\"wide\"><table class=\"claims\">\n<thead><tr><th>Claim</th><th>Paper</th><th>Here</th><th>95 % interval</th><th>n</th><th>Holds</th></tr></thead>\n<tbody>\n");
        foreach (var claim in rows)
        {
            html.Append("<tr><td>").Append(Text(claim, "claim")).Append(" <span class=\"source\">").Append(Text(claim, "source")).Append("</span>");
            if (Text(claim, "note") is { Length: > 0 } note)
                html.Append("<br><small>").Append(note).Append("</small>");
            html.Append("</td><td>").Append(Text(claim, "paper")).Append("</td><td class=\"number\">").Append(Text(claim, "value"))
                .Append("</td><td class=\"number\">").Append(Interval(claim)).Append("</td><td class=\"number\">").Append(Text(claim, "n"))
                .Append(Holds(claim) ? "</td><td class=\"yes\">✓ yes" : "</td><td class=\"no\">✗ no").Append("</td></tr>\n");
        }
        return html.Append("</tbody></table></div>\n").ToString();
    }

    private static bool Holds(JsonObject claim) => claim["holds"]?.GetValueKind() == JsonValueKind.True;

    private static string Interval(JsonObject claim) =>
        Text(claim, "low") is { Length: > 0 } low && Text(claim, "high") is { Length: > 0 } high ? $"{low} … {high}" : "–";

    private static string Text(JsonObject claim, string key) => NotebookHtml.Encode(claim[key] switch
    {
        null => "",
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => value.GetValue<double>().ToString("G4", CultureInfo.InvariantCulture),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        var other => other.ToJsonString(),
    });
}

using System.Collections;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Cai.Tool.Notebooks;

/// <summary>Turns values into what a notebook stores: a picture, HTML or JSON where the value offers it, and always plain text.</summary>
public static partial class MimeBundles
{
    public const string Text = "text/plain";
    public const string Html = "text/html";
    public const string Png = "image/png";
    public const string Plotly = "application/vnd.plotly.v1+json";

    /// <summary>Longer lists are cut: a notebook is read, and one careless cell must not make it a hundred megabytes.</summary>
    private const int MostLines = 200;

    /// <summary>The bundle of a value.</summary>
    /// <param name="value">
    /// Anything. Values with a public `MimeBundle()` method returning a dictionary of mime type to content speak for themselves;
    /// sequences are listed one item a line; everything else is its `ToString()`, numbers and dates in the invariant culture.
    /// </param>
    public static IReadOnlyDictionary<string, JsonNode> Of(object? value) => value switch
    {
        null => Plain("null"),
        string text => Plain(text),
        HtmlFragment html => new SortedDictionary<string, JsonNode>(StringComparer.Ordinal) { [Html] = html.Content, [Text] = WithoutTags(html.Content) },
        _ when Offered(value) is { } bundle => bundle,
        IFormattable number => Plain(number.ToString(null, CultureInfo.InvariantCulture)),
        IEnumerable items => Plain(List(items)),
        _ => Plain(Shorten(value.ToString() ?? "")),
    };

    /// <summary>A bundle of one text under one mime type.</summary>
    public static IReadOnlyDictionary<string, JsonNode> Single(string mime, string text) =>
        new SortedDictionary<string, JsonNode>(StringComparer.Ordinal) { [mime] = IsJson(mime) ? JsonNode.Parse(text)! : JsonValue.Create(text) };

    private static IReadOnlyDictionary<string, JsonNode> Plain(string text) => Single(Text, text);

    private static SortedDictionary<string, JsonNode>? Offered(object value)
    {
        // By name, so that cells may define such types themselves and the library needs nothing of the host.
        var method = value.GetType().GetMethod("MimeBundle", BindingFlags.Public | BindingFlags.Instance, Type.EmptyTypes);
        if (method?.Invoke(value, null) is not IEnumerable<KeyValuePair<string, object>> offered)
            return null;
        var bundle = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var (mime, content) in offered)
            bundle[mime] = content switch
            {
                byte[] bytes => Convert.ToBase64String(bytes),
                JsonNode node => node.DeepClone(),
                string text => IsJson(mime) ? JsonNode.Parse(text)! : JsonValue.Create(text),
                _ => JsonSerializer.SerializeToNode(content)!,
            };
        bundle.TryAdd(Text, value.ToString() ?? "");
        return bundle;
    }

    private static bool IsJson(string mime) => mime is "application/json" || mime.EndsWith("+json", StringComparison.Ordinal);

    private static string List(IEnumerable items)
    {
        var lines = new List<string>();
        foreach (var item in items)
        {
            if (lines.Count == MostLines)
            {
                lines.Add("…");
                break;
            }
            lines.Add(item is IFormattable number ? number.ToString(null, CultureInfo.InvariantCulture) : item?.ToString() ?? "null");
        }
        return lines.Count == 0 ? "(empty)" : string.Join('\n', lines);
    }

    private static string Shorten(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        return lines.Length <= MostLines ? text : string.Join('\n', lines.Take(MostLines).Append($"… {lines.Length - MostLines} more lines"));
    }

    private static string WithoutTags(string html) => WebUtility.HtmlDecode(Tag().Replace(html, "")).Trim();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();
}

using System.Collections;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cai.Figures;
using Cai.Storage;

namespace Cai.Tool.Notebooks;

/// <summary>Turns values into what a notebook stores: a picture, HTML or JSON where the value offers it, and always plain text.</summary>
public static partial class MimeBundles
{
    private const string Text = Mime.Plain;
    private const string Html = Mime.Html;

    /// <summary>Longer lists are cut: a notebook is read, and one careless cell must not make it a hundred megabytes.</summary>
    private const int MostLines = 200;

    /// <summary>The bundle of a value.</summary>
    /// <param name="value">
    /// Anything. An <see cref="IRichOutput"/> speaks for itself, and <see cref="RichOutput"/> for conversations, data frames
    /// and sequences of records; other sequences are listed one item a line; everything else is its `ToString()`, numbers and dates in the invariant culture.
    /// </param>
    public static IReadOnlyDictionary<string, JsonNode> Of(object? value) => value switch
    {
        null => Plain("null"),
        string text => Plain(text),
        HtmlFragment html => new SortedDictionary<string, JsonNode>(StringComparer.Ordinal)
        {
            [Html] = html.Content, [Text] = SafeText.Plain(WithoutTags(html.Content)),
        },
        IFormattable number => Plain(number.ToString(null, CultureInfo.InvariantCulture)),
        _ when RichOutput.Of(value) is { } rich => Offered(rich),
        IEnumerable items => Plain(List(items)),
        _ => Plain(Shorten(value.ToString() ?? "")),
    };

    /// <summary>A bundle of one text under one mime type.</summary>
    public static IReadOnlyDictionary<string, JsonNode> Single(string mime, string text) =>
        new SortedDictionary<string, JsonNode>(StringComparer.Ordinal) { [mime] = IsJson(mime) ? Json(mime, text) : JsonValue.Create(text) };

    // A string may be what a model wrote: its escape sequences are spelt out instead of obeyed.
    private static IReadOnlyDictionary<string, JsonNode> Plain(string text) => Single(Text, SafeText.Plain(text));

    private static SortedDictionary<string, JsonNode> Offered(IRichOutput value)
    {
        var bundle = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var (mime, content) in value.MimeBundle())
            bundle[mime] = content switch
            {
                byte[] bytes => Convert.ToBase64String(bytes),
                JsonNode node => node.DeepClone(),
                string text => IsJson(mime) ? Json(mime, text) : JsonValue.Create(text),
                _ => JsonSerializer.SerializeToNode(content)!,
            };
        return bundle;
    }

    private static JsonNode Json(string mime, string text) => OutsideJson.Node(text, mime, "JSON", "Give the text another mime type, or mend it.")!;

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

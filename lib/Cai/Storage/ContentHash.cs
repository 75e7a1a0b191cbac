using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cai.Storage;

/// <summary>
/// Names for content: SHA-256 in lower-case hex. The same options, strings or files give the same name on every machine,
/// so a run folder can be found again, moved and shared.
/// </summary>
public static class ContentHash
{
    /// <summary>Hash of any value by its JSON with the keys in ordinal order; keys that are null do not count.</summary>
    /// <exception cref="CaiException">The value holds NaN or an infinity.</exception>
    public static string Of<T>(T value)
    {
        var text = new StringBuilder();
        AppendCanonical(JsonNode.Parse(CaiJson.Write(value)), text);
        return OfText(text.ToString());
    }

    /// <summary>Hash of a text's UTF-8 bytes.</summary>
    public static string OfText(string text) => Hex(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Hash of a list of texts; where one ends and the next begins counts.</summary>
    public static string OfTexts(IEnumerable<string> texts) => Of(texts.ToArray());

    /// <summary>Hash of a file's bytes.</summary>
    /// <exception cref="CaiException">The file is missing.</exception>
    public static string OfFile(string path)
    {
        using var stream = new FileStream(RequireFile(path), FileMode.Open, FileAccess.Read, FileShare.Read);
        return Hex(SHA256.HashData(stream));
    }

    /// <summary>Hash of several files' contents in the order given; their folders do not count.</summary>
    /// <exception cref="CaiException">A file is missing.</exception>
    public static string OfFiles(IEnumerable<string> paths) => OfTexts(paths.Select(OfFile));

    private static string RequireFile(string path) =>
        File.Exists(path) ? path : throw new CaiException("The file does not exist.", "Check the path.", path);

    private static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);

    private static void AppendCanonical(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject keys:
                text.Append('{');
                foreach (var (key, value) in keys.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    text.Append(JsonSerializer.Serialize(key, CaiJson.Options)).Append(':');
                    AppendCanonical(value, text);
                    text.Append(',');
                }
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                foreach (var item in items)
                {
                    AppendCanonical(item, text);
                    text.Append(',');
                }
                text.Append(']');
                break;
            default:
                text.Append(node?.ToJsonString(CaiJson.Options) ?? "null");
                break;
        }
    }
}

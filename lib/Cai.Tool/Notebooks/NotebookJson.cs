using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cai.Tool.Notebooks;

/// <summary>
/// Writes JSON exactly as Jupyter writes notebooks: keys sorted, one space of indent, only what must be escaped escaped,
/// a newline at the end. A notebook saved by either is the same bytes, so differences show only what changed.
/// </summary>
internal static class NotebookJson
{
    public static string Write(JsonNode node)
    {
        var text = new StringBuilder();
        Write(node, text, 0);
        return text.Append('\n').ToString();
    }

    private static void Write(JsonNode? node, StringBuilder text, int depth)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                Members('{', members.OrderBy(member => member.Key, StringComparer.Ordinal), member =>
                {
                    String(member.Key, text);
                    text.Append(": ");
                    Write(member.Value, text, depth + 1);
                }, '}', text, depth);
                break;
            case JsonObject:
                text.Append("{}");
                break;
            case JsonArray { Count: > 0 } items:
                Members('[', items, item => Write(item, text, depth + 1), ']', text, depth);
                break;
            case JsonArray:
                text.Append("[]");
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                String(value.GetValue<string>(), text);
                break;
            case JsonValue value:
                text.Append(value.ToJsonString()); // numbers keep the digits they came with
                break;
            default:
                text.Append("null");
                break;
        }
    }

    private static void Members<T>(char open, IEnumerable<T> members, Action<T> write, char close, StringBuilder text, int depth)
    {
        var separator = open.ToString();
        foreach (var member in members)
        {
            text.Append(separator).Append('\n').Append(' ', depth + 1);
            write(member);
            separator = ",";
        }
        text.Append('\n').Append(' ', depth).Append(close);
    }

    private static void String(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append(@"\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }
        text.Append('"');
    }
}

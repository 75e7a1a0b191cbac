using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cai.Generation.Remote;

/// <summary>Reading JSON from strangers: a key that is absent or of another kind is null, never an exception.</summary>
internal static class WireJson
{
    /// <summary>What stands at a path of keys and indices.</summary>
    public static JsonNode? At(JsonNode? node, params ReadOnlySpan<object> path)
    {
        foreach (var step in path)
            node = (node, step) switch
            {
                (JsonObject keys, string key) => keys[key],
                (JsonArray items, int index) when index < items.Count => items[index],
                _ => null,
            };
        return node;
    }

    public static string? Text(JsonNode? node, params ReadOnlySpan<object> path) =>
        At(node, path) is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static double? Number(JsonNode? node, params ReadOnlySpan<object> path) =>
        At(node, path) is JsonValue value && value.TryGetValue<double>(out var number) ? number : null;

    public static long? Integer(JsonNode? node, params ReadOnlySpan<object> path) =>
        At(node, path) is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    /// <summary>Whether a text is the beginning of a JSON value, or nothing at all: what is left of an answer whose server was stopped.</summary>
    public static bool IsCutOff(string text)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text.TrimEnd()), isFinalBlock: false, default);
        try
        {
            while (reader.Read())
                if (reader.CurrentDepth == 0 && reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                    return false; // whole
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public static JsonArray? Items(JsonNode? node, params ReadOnlySpan<object> path) => At(node, path) as JsonArray;
}

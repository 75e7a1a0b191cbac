using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cai.Tool.Serving;

/// <summary>Fields of a request's JSON, with their kinds and ranges checked. JSON null is the same as absent, as in OpenAI's interface.</summary>
internal sealed class RequestFields(JsonObject body)
{
    /// <summary>Options of other servers that would change a sample: refused unless they say what happens anyway.</summary>
    private static readonly (string Name, Func<JsonNode, bool> Harmless, string Reason)[] Unsupported =
    [
        ("top_p", v => Is(v, 1), "samples are drawn from the whole distribution"),
        ("top_k", v => Is(v, -1) || Is(v, 0), "samples are drawn from the whole distribution"),
        ("min_p", v => Is(v, 0), "samples are drawn from the whole distribution"),
        ("presence_penalty", v => Is(v, 0), "there are no penalties"),
        ("frequency_penalty", v => Is(v, 0), "there are no penalties"),
        ("repetition_penalty", v => Is(v, 1), "there are no penalties"),
        ("best_of", v => Is(v, 1), "ask for n and choose"),
        ("logit_bias", v => v is JsonObject { Count: 0 }, "logits are not changed"),
        ("suffix", v => v is JsonValue s && s.TryGetValue<string>(out var text) && text.Length == 0, "nothing is inserted"),
        ("tools", v => v is JsonArray { Count: 0 }, "the models know no tools"),
        ("functions", v => v is JsonArray { Count: 0 }, "the models know no tools"),
        ("response_format", v => v is JsonObject o && o["type"] is JsonValue t && t.TryGetValue<string>(out var text) && text == "text",
            "answers are plain text"),
    ];

    public void RefuseUnsupported()
    {
        foreach (var (name, harmless, reason) in Unsupported)
            if (body[name] is { } value && !harmless(value))
                throw ApiException.Bad($"'{name}' is not supported: {reason}.", name);
    }

    public JsonNode? Node(string name) => body[name];

    public string? Text(string name) => Value<string>(name, "a string");

    public bool Flag(string name) => Value<bool?>(name, "true or false") ?? false;

    public int? Integer(string name, int low, int high) =>
        Value<int?>(name, "an integer") is not { } value ? null
        : value >= low && value <= high ? value
        : throw ApiException.Bad($"'{name}' is {value}; {low} to {high} was expected.", name);

    public long? Long(string name) => Value<long?>(name, "an integer");

    public double? Number(string name, double low, double high) =>
        Value<double?>(name, "a number") is not { } value ? null
        : value >= low && value <= high ? value
        : throw ApiException.Bad($"'{name}' is out of range; {low} to {high} was expected.", name);

    /// <summary>A string or a list of strings.</summary>
    public IReadOnlyList<string> Strings(string name, int most)
    {
        var values = body[name] switch
        {
            null => [],
            JsonArray items => items.ToList(),
            var one => [one],
        };
        if (values.Count > most)
            throw ApiException.Bad($"'{name}' has {values.Count} entries; at most {most} were expected.", name);
        return [.. values.Select(v => v is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw ApiException.Bad($"'{name}' must be a string or a list of strings.", name))];
    }

    private T? Value<T>(string name, string expected)
    {
        if (body[name] is not { } node)
            return default;
        return node is JsonValue value && value.TryGetValue<T>(out var result) ? result : throw ApiException.Bad($"'{name}' must be {expected}.", name);
    }

    private static bool Is(JsonNode node, double number) =>
        node.GetValueKind() == JsonValueKind.Number && node.AsValue().TryGetValue<double>(out var value) && value == number;
}

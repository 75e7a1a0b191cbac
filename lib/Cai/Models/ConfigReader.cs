using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Models;

/// <summary>Typed access to the keys of one config.json; every error names file and key.</summary>
internal sealed record ConfigReader(string Path, JsonObject Json)
{
    public bool Has(string key) => Json.ContainsKey(key);

    /// <summary>A whole number above 0; null and absence give <paramref name="absent"/>, or are an error without one.</summary>
    public int Int(string key, int? absent = null) => Whole(key, 1, "above 0", absent);

    /// <summary>A whole number from 0.</summary>
    public int Count(string key, int absent) => Whole(key, 0, "from 0", absent);

    public double Number(string key, double? absent = null) => Json[key] is not { } value
        ? absent ?? throw Error(key, "is missing; a number was expected")
        : value.GetValueKind() == JsonValueKind.Number && value.GetValue<double>() is var number && double.IsFinite(number)
            ? number
            : throw Error(key, $"is {value.ToJsonString()}; a number was expected");

    public bool Flag(string key, bool absent) => Json[key] is not { } value
        ? absent
        : value.GetValueKind() is JsonValueKind.True or JsonValueKind.False
            ? value.GetValue<bool>()
            : throw Error(key, $"is {value.ToJsonString()}; true or false was expected");

    /// <summary>A text; null when absent or null.</summary>
    /// <param name="orList">Null for a list, too.</param>
    public string? Text(string key, bool orList = false) => Json[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonArray when orList => null,
        var other => throw Error(key, $"is {CaiJson.Short(other)}; a text was expected"),
    };

    /// <summary>A list of texts; none when absent or null.</summary>
    public IReadOnlyList<string> Strings(string key) => Json[key] switch
    {
        null => [],
        JsonArray items when items.All(item => item is JsonValue value && value.TryGetValue<string>(out _)) =>
            [.. items.Select(item => item!.GetValue<string>())],
        var other => throw Error(key, $"is {CaiJson.Short(other)}; a list of texts was expected"),
    };

    /// <summary>Whether a key asks for nothing: null, false, an empty text, list or object.</summary>
    public static bool IsOff(JsonNode? value) => value is null or JsonArray { Count: 0 } or JsonObject { Count: 0 }
        || value.GetValueKind() == JsonValueKind.False || value is JsonValue text && text.TryGetValue<string>(out var said) && said.Length == 0;

    /// <summary>An object inside; null when absent or null.</summary>
    public ConfigReader? Object(string key) => Json[key] switch
    {
        null => null,
        JsonObject inner => new ConfigReader($"{Path}: {key}", inner),
        var other => throw Error(key, $"is {other.ToJsonString()}; an object was expected"),
    };

    public CaiException Error(string key, string problem) =>
        new($"The key {problem}.", $"Correct {System.IO.Path.GetFileName(Path.Split(": ")[0])}, or take a model that this kit computes.", $"{Path}: {key}");

    private int Whole(string key, int least, string range, int? absent)
    {
        var value = Json[key];
        if (value is null)
            return absent ?? throw Error(key, $"is missing; a whole number {range} was expected");
        return value.GetValueKind() == JsonValueKind.Number && value.AsValue().TryGetValue(out int number) && number >= least
            ? number
            : throw Error(key, $"is {value.ToJsonString()}; a whole number {range} was expected");
    }
}

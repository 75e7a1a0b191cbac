using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Cai.Storage;

/// <summary>The one way the kit spells JSON: camelCase, enums by name, nulls left out, text readable as it stands.</summary>
public static class CaiJson
{
    /// <summary>One line a value: JSONL, metrics, hashes.</summary>
    public static JsonSerializerOptions Options { get; } = Create(indented: false);

    /// <summary>For files that people read: configurations, claims.</summary>
    public static JsonSerializerOptions Indented { get; } = Create(indented: true);

    /// <summary>For tables, which may hold numbers that are not finite: such a number is the text NaN, Infinity or -Infinity.</summary>
    private static readonly JsonSerializerOptions Lenient = new(Options) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>JSON text of <paramref name="value"/>.</summary>
    /// <exception cref="CaiException">The value holds NaN or an infinity, which JSON cannot state.</exception>
    public static string Write<T>(T value, bool indented = false)
    {
        try
        {
            return JsonSerializer.Serialize(value, indented ? Indented : Options);
        }
        catch (ArgumentException e) when (e is not ArgumentNullException)
        {
            throw new CaiException($"A {typeof(T).Name} holds NaN or an infinity, which JSON cannot state.",
                "Find where the number became non-finite (a mean of nothing, a log of 0), or leave it null.", inner: e);
        }
    }

    /// <summary>The value that <paramref name="json"/> states.</summary>
    /// <param name="where">File or file:line, for the message.</param>
    /// <exception cref="CaiException">
    /// Not JSON, a key stands twice, a text has half a surrogate pair, a required key is absent, or a value has the wrong kind.
    /// </exception>
    public static T Read<T>(string json, string where, string remedy) => Read<T>(json, Options, where, remedy);

    /// <summary>As <see cref="Read{T}(string, string, string)"/>, of what <see cref="WriteLenient"/> wrote.</summary>
    internal static T ReadLenient<T>(string json, string where, string remedy) => Read<T>(json, Lenient, where, remedy);

    /// <summary>JSON text in which numbers that are not finite are words.</summary>
    internal static string WriteLenient(object value) => JsonSerializer.Serialize(value, Lenient);

    private static T Read<T>(string json, JsonSerializerOptions options, string where, string remedy, bool isFile = false)
    {
        if (OutsideJson.FaultIn(json) is { } fault)
            throw new CaiException($"Not a {typeof(T).Name}: {fault.Problem}.", remedy, isFile ? $"{where}:{fault.Line}" : where);
        try
        {
            return JsonSerializer.Deserialize<T>(json, options) ?? throw new JsonException("the value is null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or FormatException)
        {
            throw new CaiException($"Not a {typeof(T).Name}: {Reason(e)}.", remedy, where, e);
        }
    }

    /// <summary>Reads one JSON file.</summary>
    /// <exception cref="CaiException">The file is missing or broken.</exception>
    public static T ReadFile<T>(string path, string remedy) =>
        Read<T>(InputFile.ReadText(path, remedy), Options, path, remedy, isFile: true);

    /// <summary>A value for messages, cut.</summary>
    internal static string Short(JsonNode? value) => value?.ToJsonString() is not { } json ? "null" : json.Length <= 80 ? json : json[..80] + "…";

    /// <summary>The parser's message on one line, without the position in a text that the user never sees.</summary>
    internal static string Reason(Exception e)
    {
        var text = e.Message.ReplaceLineEndings(" ");
        var cut = new[] { " Path: ", " LineNumber: " }.Select(part => text.IndexOf(part, StringComparison.Ordinal))
            .Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        var path = e is JsonException { Path: { Length: > 1 } key } ? $" (key {key})" : "";
        return (cut < 0 ? text : text[..cut]).TrimEnd('.', ' ') + path;
    }

    private static JsonSerializerOptions Create(bool indented)
    {
        var resolver = new DefaultJsonTypeInfoResolver();
        resolver.Modifiers.Add(RequireWhatCannotBeNull);
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            RespectNullableAnnotations = true,
            WriteIndented = indented,
            NewLine = "\n",
            TypeInfoResolver = resolver,
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.MakeReadOnly();
        return options;
    }

    /// <summary>
    /// A record read from a line that lacks `prompt` must fail, not carry a null on; but nulls are left out when writing,
    /// so a parameter that may be null may be absent. The serializer's own switch cannot tell the two apart.
    /// </summary>
    private static void RequireWhatCannotBeNull(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
            if (property is { Set: not null, AssociatedParameter: { HasDefaultValue: false, IsNullable: false } })
                property.IsRequired = true;
    }
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cai.Storage;

/// <summary>Why a JSON text is not read.</summary>
/// <param name="Problem">What is wrong, without a full stop.</param>
/// <param name="Line">Where, from 1.</param>
public sealed record JsonFault(string Problem, int Line);

/// <summary>
/// The one reader of JSON that others wrote: files, records, notebooks, messages, requests and answers. Besides the grammar it refuses what readers
/// disagree about, or find out late: a key that stands twice in an object, half a surrogate pair, bytes that are no UTF-8.
/// </summary>
public static class OutsideJson
{
    private const int LongestKeyShown = 80;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The first fault of a text, or null when it can be read. At most 64 levels deep.</summary>
    /// <param name="json">UTF-8, a byte order mark before it or not.</param>
    public static JsonFault? FaultIn(ReadOnlySpan<byte> json)
    {
        json = WithoutMark(json);
        if (StrictUtf8.FaultAt(json) is >= 0 and var bad)
            return new($"byte {bad} (0x{json[bad]:X2}) is no UTF-8", LineOf(json, bad));
        var reader = new Utf8JsonReader(json);
        var keys = new Stack<HashSet<string>>();
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && reader.ValueIsEscaped && HasHalfPair(reader.ValueSpan))
                    return new("a text holds half a surrogate pair", LineOf(json, reader.TokenStartIndex));
                if (reader.TokenType == JsonTokenType.StartObject)
                    keys.Push(new(StringComparer.Ordinal));
                else if (reader.TokenType == JsonTokenType.EndObject)
                    keys.Pop();
                else if (reader.TokenType == JsonTokenType.PropertyName && reader.GetString()! is var key && !keys.Peek().Add(key))
                    return new($"the key \"{(key.Length > LongestKeyShown ? key[..LongestKeyShown] + "…" : key)}\" stands twice in one object",
                        LineOf(json, reader.TokenStartIndex));
            }
            return null;
        }
        catch (JsonException e)
        {
            return new(CaiJson.Reason(e), (int)(e.LineNumber ?? 0) + 1);
        }
    }

    /// <inheritdoc cref="FaultIn(ReadOnlySpan{byte})"/>
    public static JsonFault? FaultIn(string json) => TryBytes(json, out var bytes) ? FaultIn(bytes) : new("a text holds half a surrogate pair", 1);

    /// <summary>The value that a text states.</summary>
    /// <param name="where">The file; the message adds the line.</param>
    /// <param name="what">What was expected, for the message: `a notebook`.</param>
    /// <exception cref="CaiException">It cannot be read; the message names file and line.</exception>
    public static JsonNode? Node(string json, string where, string what, string remedy)
    {
        Check(Read(json, out var node), where, what, remedy);
        return node;
    }

    /// <summary>The value that bytes state, for callers who have their own words for what is no JSON.</summary>
    /// <param name="node">Null where there is a fault, too.</param>
    /// <returns>The first fault, or null.</returns>
    public static JsonFault? Read(ReadOnlySpan<byte> json, out JsonNode? node)
    {
        var fault = FaultIn(json);
        node = fault is null ? JsonNode.Parse(WithoutMark(json)) : null;
        return fault;
    }

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, out JsonNode)"/>
    public static JsonFault? Read(string json, out JsonNode? node)
    {
        var fault = FaultIn(json);
        node = fault is null ? JsonNode.Parse(json) : null;
        return fault;
    }

    /// <inheritdoc cref="Node(string, string, string, string)"/>
    public static JsonElement Element(string json, string where, string what, string remedy)
    {
        Check(FaultIn(json), where, what, remedy);
        return JsonElement.Parse(json);
    }

    private static void Check(JsonFault? fault, string where, string what, string remedy)
    {
        if (fault is not null)
            throw new CaiException($"This is not {what}: {fault.Problem}.", remedy, $"{where}:{fault.Line}");
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> json) => json.StartsWith(StrictUtf8.Mark) ? json[StrictUtf8.Mark.Length..] : json;

    /// <summary>UTF-8 of a text; false when it holds half a surrogate pair.</summary>
    private static bool TryBytes(string text, out byte[] bytes)
    {
        try
        {
            bytes = Strict.GetBytes(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            bytes = [];
            return false;
        }
    }

    /// <summary>Whether a JSON string, still escaped, spells half a surrogate pair.</summary>
    private static bool HasHalfPair(ReadOnlySpan<byte> escaped)
    {
        var open = false; // a first half has come, and its second half must follow at once
        for (var i = 0; i < escaped.Length; i++)
        {
            var half = 0;
            if (escaped[i] == '\\' && escaped[++i] == 'u')
            {
                half = Convert.ToInt32(Encoding.ASCII.GetString(escaped.Slice(i + 1, 4)), 16);
                i += 4;
            }
            if (open != half is >= 0xDC00 and <= 0xDFFF)
                return true;
            open = half is >= 0xD800 and <= 0xDBFF;
        }
        return open;
    }

    private static int LineOf(ReadOnlySpan<byte> json, long at) => 1 + json[..(int)at].Count((byte)'\n');
}

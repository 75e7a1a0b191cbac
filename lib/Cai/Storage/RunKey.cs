using System.Text.Json.Nodes;

namespace Cai.Storage;

/// <summary>
/// What a growing file is made from, kept beside it as `NAME.key.json`: everything that changes its records. A file that was begun from
/// something else is not continued, since its first part would then be of one run and its second of another.
/// </summary>
public static class RunKey
{
    private const string Suffix = ".key.json";
    private const string Remedy = "Give another path, or delete the file and its " + Suffix + " to start again.";

    /// <summary>Where the key of a file is kept.</summary>
    public static string PathOf(string file) => file + Suffix;

    /// <summary>Notes what <paramref name="file"/> is made from; if it has records already, they must have been made from the same.</summary>
    /// <param name="key">Any value that JSON can state; its properties are named in the message.</param>
    /// <exception cref="CaiException">The file was begun from something else, or nobody knows from what.</exception>
    public static void Require(string file, object key)
    {
        var now = Node(key);
        var path = PathOf(file);
        if (!File.Exists(file) || new FileInfo(file).Length == 0)
            AtomicFile.Write(path, now!.ToJsonString(CaiJson.Indented) + "\n");
        else if (!File.Exists(path))
            throw new CaiException(
                $"The file has records already, and there is no {Path.GetFileName(path)} that says what they were made from.", Remedy, file);
        else if (Difference(CaiJson.ReadFile<JsonObject>(path, Remedy), now) is { } difference)
            throw new CaiException($"The file was begun by another run: {difference}.", Remedy, file);
    }

    /// <summary>The value as JSON.</summary>
    public static JsonNode? Node(object? value) => JsonNode.Parse(CaiJson.Write(value));

    /// <summary>
    /// The first thing in which two keys differ, as words; null when they are equal. A key that is null and one that is not there are the same.
    /// </summary>
    public static string? Difference(JsonNode? before, JsonNode? now) => Difference(before, now, "");

    private static string? Difference(JsonNode? before, JsonNode? now, string key) => (before, now) switch
    {
        (JsonObject a, JsonObject b) => a.Select(p => p.Key).Union(b.Select(p => p.Key))
            .Select(k => Difference(a[k], b[k], key.Length == 0 ? k : $"{key}.{k}")).FirstOrDefault(d => d is not null),
        _ when JsonNode.DeepEquals(before, now) => null,
        _ => $"{key} was {Short(before)} and is now {Short(now)}",
    };

    private static string Short(JsonNode? node) => node?.ToJsonString(CaiJson.Options) switch
    {
        null => "not set",
        { Length: > 40 } text => text[..12] + "…",
        var text => text,
    };
}

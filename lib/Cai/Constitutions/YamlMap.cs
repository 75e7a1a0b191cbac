using Cai.Storage;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Cai.Constitutions;

/// <summary>
/// A YAML mapping of a constitution (or of another file of the kit that people write) read key by key, so that every complaint can name file, line and key.
/// Keys that nobody asked for are errors: a mistyped optional key would otherwise be ignored in silence.
/// </summary>
internal sealed class YamlMap
{
    private readonly string file;
    private readonly string prefix;
    private readonly YamlMappingNode mapping;
    private readonly string what;

    private YamlMap(string file, string key, YamlMappingNode node, IReadOnlyList<string> known, string what)
    {
        (this.file, prefix, mapping, this.what) = (file, key, node, what);
        foreach (var child in node.Children.Keys)
        {
            var name = (child as YamlScalarNode)?.Value ?? child.ToString();
            if (!known.Contains(name))
                throw new CaiException($"{Full(name)} is not a key of {what}.", NearNames.Hint(name, known), At(child));
        }
    }

    /// <summary>The root mapping of a file; null when the file holds nothing.</summary>
    /// <param name="what">What the file is, for complaints about unknown keys.</param>
    public static YamlMap? Open(string path, IReadOnlyList<string> known, string what = "a constitution")
    {
        if (!File.Exists(path))
            throw new CaiException("There is no such file.", "Give the path of a constitution (.yaml), or a folder with Anthropic's JSON files.", path);
        var stream = new YamlStream();
        var text = OutsideYaml.ReadText(path, "Save the constitution again.");
        var parser = new Parser(new StringReader(text));
        try
        {
            OutsideYaml.Check(text, path);
            stream.Load(parser);
        }
        // YamlDotNet 16.3 throws the second on a flow list that is never closed, and the third on a key without a name.
        catch (Exception e) when (e is YamlException or InvalidOperationException or ArgumentException)
        {
            var line = e is YamlException y ? y.Start.Line : parser.Current?.End.Line ?? 1;
            var reason = e switch
            {
                YamlException => OneLine(e.InnerException?.Message ?? e.Message), ArgumentException => "a key has no name",
                _ => "a bracket or brace is not closed",
            };
            throw new CaiException($"This is not YAML ({reason}).",
                "Check indentation and quotes; put a text with `: ` or ` #` after `>-` on a line of its own.", $"{path}:{line}", e);
        }
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is YamlScalarNode { Value: null or "" })
            return null;
        return Map(path, "", stream.Documents[0].RootNode, known, what);
    }

    /// <summary>A text without surrounding blank space.</summary>
    public string Text(string key) => TextOrNull(key)
        ?? throw new CaiException($"{Full(key)} is missing.", $"Add `{key}: …`.", At(mapping));

    /// <summary>Null when the key is absent; an empty text is an error.</summary>
    public string? TextOrNull(string key)
    {
        if (!mapping.Children.TryGetValue(new YamlScalarNode(key), out var node))
            return null;
        if (node is not YamlScalarNode scalar)
            throw new CaiException($"{Full(key)} must be a text.", "Quote it if it contains `: ` or starts with `[`, `{` or `-`.", At(node));
        var text = (scalar.Value ?? "").Trim();
        return text.Length > 0 ? text : throw new CaiException($"{Full(key)} is empty.", "Write a text or remove the key.", At(node));
    }

    /// <summary>The mapping under a key; null when absent.</summary>
    public YamlMap? MapOrNull(string key, IReadOnlyList<string> known) =>
        mapping.Children.TryGetValue(new YamlScalarNode(key), out var node) ? Map(file, Full(key), node, known, what) : null;

    /// <summary>The mappings of a list; none when the key is absent.</summary>
    public IReadOnlyList<YamlMap> List(string key, IReadOnlyList<string> known) =>
        [.. Items(key).Select((item, i) => Map(file, $"{Full(key)}[{i}]", item, known, what))];

    /// <summary>The texts of a list; none when the key is absent.</summary>
    public IReadOnlyList<string> Texts(string key) =>
        [.. Items(key).Select(item => item is YamlScalarNode { Value: { Length: > 0 } text } ? text
            : throw new CaiException($"{Full(key)} must be a list of texts.", "Start each entry with `- `.", At(item)))];

    /// <summary>A complaint about the value of a key.</summary>
    public CaiException Error(string key, string problem, string remedy) =>
        new($"{Full(key)} {problem}", remedy, At(mapping.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : mapping));

    private IEnumerable<YamlNode> Items(string key) => !mapping.Children.TryGetValue(new YamlScalarNode(key), out var node) ? []
        : node is YamlSequenceNode list ? list.Children
        : throw new CaiException($"{Full(key)} must be a list.", "Start each entry with `- `.", At(node));

    private static YamlMap Map(string file, string key, YamlNode node, IReadOnlyList<string> known, string what) =>
        node is YamlMappingNode map
            ? new(file, key, map, known, what)
            : throw new CaiException($"{(key.Length > 0 ? key : "The file")} must consist of keys and values.", $"Expected keys: {string.Join(", ", known)}.",
                $"{file}:{node.Start.Line}");

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    private string Full(string key) => prefix.Length > 0 ? $"{prefix}.{key}" : key;

    private string At(YamlNode node) => $"{file}:{node.Start.Line}";
}

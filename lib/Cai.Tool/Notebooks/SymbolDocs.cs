using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Cai.Tool.Notebooks;

/// <summary>The documentation file beside an assembly, read when somebody asks.</summary>
internal sealed class XmlDocs(string path) : DocumentationProvider
{
    private readonly Lazy<Dictionary<string, string>> members = new(() => File.Exists(path)
        ? XDocument.Load(path).Descendants("member").Where(m => m.Attribute("name") is not null).GroupBy(m => m.Attribute("name")!.Value)
            .ToDictionary(g => g.Key, g => g.First().ToString())
        : []);

    /// <param name="assembly">Path of the assembly.</param>
    public static XmlDocs Beside(string assembly) => new(Path.ChangeExtension(assembly, ".xml"));

    protected override string GetDocumentationForSymbol(
        string documentationMemberID, CultureInfo preferredCulture, CancellationToken cancellationToken = default) =>
        members.Value.GetValueOrDefault(documentationMemberID, "");

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>Docstrings as plain text.</summary>
internal static partial class SymbolDocs
{
    /// <summary>Summary, parameters and what is returned; empty without a docstring.</summary>
    public static string Of(ISymbol symbol)
    {
        var xml = symbol.GetDocumentationCommentXml();
        if (string.IsNullOrWhiteSpace(xml))
            return "";
        var member = XElement.Parse(xml.StartsWith("<member", StringComparison.Ordinal) || xml.StartsWith("<doc", StringComparison.Ordinal)
            ? xml
            : $"<doc>{xml}</doc>");
        var lines = new List<string>();
        Add(member.Element("summary"), "");
        foreach (var parameter in member.Elements("param"))
            Add(parameter, $"{parameter.Attribute("name")?.Value}: ");
        Add(member.Element("returns"), "returns: ");
        foreach (var exception in member.Elements("exception"))
            Add(exception, $"throws {Name(exception)}: ");
        return string.Join('\n', lines);

        void Add(XElement? part, string label)
        {
            if (part is not null && Text(part) is { Length: > 0 } text)
                lines.Add(label + text);
        }
    }

    private static string Text(XElement element)
    {
        var words = element.Nodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement child when child.Attribute("cref") is not null && child.IsEmpty => Name(child),
            XElement child when child.Attribute("name") is { } name => name.Value,
            XElement child when child.Attribute("langword") is { } word => word.Value,
            XElement child => Text(child),
            _ => "",
        });
        return Space().Replace(string.Concat(words), " ").Trim();
    }

    // M:Cai.Text.Dialogue.Ask(System.String) is Ask
    private static string Name(XElement element)
    {
        var name = (element.Attribute("cref")?.Value ?? "").Split('(')[0];
        return name[(name.LastIndexOfAny(['.', ':']) + 1)..];
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}

using System.Text.RegularExpressions;
using Xunit;

namespace Cai.Tests;

/// <summary>What .editorconfig asks for and the compiler does not check.</summary>
public sealed partial class StyleTests
{
    private const int LongestLine = 160;

    private static IEnumerable<(string Path, string[] Lines)> All => SourceFiles.Below("lib", "tests");

    [Fact]
    public void NoLineIsLongerThan160Columns() => Assert.Empty(
        from file in All
        from line in Code(file.Lines)
        where line.Text.Length > LongestLine
        select $"{file.Path}:{line.Number}: {line.Text.Length} columns");

    /// <summary>The lines without those that are the text of a raw literal, whose breaks would be part of it.</summary>
    private static IEnumerable<(int Number, string Text)> Code(string[] lines)
    {
        var raw = false;
        foreach (var (i, line) in lines.Index())
        {
            var closes = raw;
            if (line.Split("\"\"\"").Length % 2 == 0)
                raw = !raw;
            if (!closes)
                yield return (i + 1, line);
        }
    }

    [Fact]
    public void ANamespaceIsItsFolder() => Assert.Empty(
        from file in All
        let declared = file.Lines.Select(line => Namespace().Match(line)).FirstOrDefault(m => m.Success)?.Groups[1].Value
        let expected = Expected(file.Path)
        where declared is not null && declared != expected
        select $"{file.Path}: {declared} instead of {expected}");

    [Fact]
    public void UsingsAreSortedWithSystemFirst() => Assert.Empty(
        from file in All
        let usings = file.Lines.Select(line => Using().Match(line)).Where(m => m.Success)
            .Select(m => (Static: m.Groups[1].Length > 0, Alias: m.Groups[2].Length > 0, Name: m.Groups[3].Value)).ToList()
        let sorted = usings.OrderBy(u => u.Alias).ThenBy(u => u.Static).ThenBy(u => !(u.Name + ".").StartsWith("System.", StringComparison.Ordinal))
            .ThenBy(u => u.Name.Replace('.', '\0'), StringComparer.Ordinal)
        where !usings.SequenceEqual(sorted)
        select file.Path);

    [Fact]
    public void FieldsHaveNoUnderscore() => Assert.Empty(
        from file in All
        from line in file.Lines
        where UnderscoredField().IsMatch(line)
        select $"{file.Path}: {line.Trim()}");

    private static string Expected(string path)
    {
        // One file offers cells the names under which .NET Interactive has them, so that one notebook runs on both.
        if (path == "lib/Cai.Tool/Notebooks/CellLanguage.cs")
            return "Microsoft.DotNet.Interactive";
        var folders = path.Split('/')[1..^1];
        return string.Join('.', folders is ["Cai", "Reproduction", ..] ? folders[..2] : folders); // a folder a notebook, one namespace
    }

    [GeneratedRegex(@"^namespace ([\w.]+)")]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (static )?(\w+ = )?([\w.<>, ]+);$")]
    private static partial Regex Using();

    [GeneratedRegex(@"^\s*(private|internal|protected) ([\w<>?\[\], .()]+ )_\w+( =.*)?;")]
    private static partial Regex UnderscoredField();
}

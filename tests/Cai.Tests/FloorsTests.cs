using System.Text.RegularExpressions;
using Xunit;

namespace Cai.Tests;

/// <summary>The order of the library: a folder imports only lower floors, so that each can be read and used without those above it.</summary>
public sealed partial class FloorsTests
{
    /// <summary>Folders of one floor, the stages of the method for example, do not import each other. The library's root is below all of them.</summary>
    private static readonly string[][] Floors =
    [
        ["Torch", "Storage"],
        ["Text"],
        ["Models"],
        ["Generation"],
        ["Constitutions"],
        ["Critique", "Finetuning", "Feedback", "Preferences", "Reinforcement"],
        ["Evaluation", "Export"],
        ["Figures"],
        ["Reproduction"],
    ];

    // Beside the floors: the miniature world reads texts and files, and experiments are what it is for; the template engine
    // knows nothing of the library, and chat templates alone know of it.
    private static bool May(string path, string from, string to) => (from, to) switch
    {
        ("", _) or ("Jinja", _) => false,
        ("Miniature", _) => Floor(to) is 0 or 1,
        (_, "Miniature") => Floor(from) == Floor("Reproduction"),
        (_, "Jinja") => path.StartsWith("lib/Cai/Text/ChatTemplates/", StringComparison.Ordinal),
        _ => Floor(to) < Floor(from),
    };

    private static int Floor(string folder) => Array.FindIndex(Floors, floor => floor.Contains(folder));

    private static string Folder(string path) => path.Split('/') is [_, _, var folder, _, ..] ? folder : "";

    private static bool IsFolder(string name) => name is "Miniature" or "Jinja" || Floor(name) >= 0;

    [Fact]
    public void AFolderImportsOnlyLowerFloors()
    {
        var files = SourceFiles.Below("lib/Cai");
        Assert.All(files.Select(f => Folder(f.Path)).Where(folder => folder.Length > 0).Distinct(),
            folder => Assert.True(IsFolder(folder), $"{folder} has no floor."));
        var breaches =
            from file in files
            let folder = Folder(file.Path)
            from line in file.Lines
            where !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
            from Match name in Name().Matches(line)
            let other = name.Groups[1].Value
            where IsFolder(other) && other != folder && !May(file.Path, folder, other)
            select $"{file.Path}: {line.Trim()}";
        Assert.Empty(breaches);
    }

    [Theory]
    [InlineData("lib/Cai/Text/Dialogue.cs", "Storage", true)]
    [InlineData("lib/Cai/Storage/Jsonl.cs", "Torch", false)]
    [InlineData("lib/Cai/Feedback/Labeller.cs", "Preferences", false)]
    [InlineData("lib/Cai/Text/ChatTemplates/ChatTemplate.cs", "Jinja", true)]
    [InlineData("lib/Cai/Text/Dialogue.cs", "Jinja", false)]
    [InlineData("lib/Cai/Miniature/World.cs", "Models", false)]
    [InlineData("lib/Cai/Evaluation/Accuracy.cs", "Miniature", false)]
    [InlineData("lib/Cai/Rng.cs", "Storage", false)]
    public void TheRuleIsThisTable(string path, string imported, bool allowed) => Assert.Equal(allowed, May(path, Folder(path), imported));

    [GeneratedRegex(@"\bCai\.(\w+)")]
    private static partial Regex Name();
}

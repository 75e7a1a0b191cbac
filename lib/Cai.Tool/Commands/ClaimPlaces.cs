using System.Text.RegularExpressions;
using Cai.Reproduction;

namespace Cai.Tool.Commands;

/// <summary>Where in the code claims are measured.</summary>
/// <param name="root">The repository; null where there is none, and then no place is known.</param>
internal sealed class ClaimPlaces(string? root)
{
    private readonly List<(string Path, string[] Lines)> files = root is null ? [] :
        [.. Files(Path.Combine(root, "lib", "Cai", "Reproduction")).Select(
            path => (Path.GetRelativePath(root, path).Replace('\\', '/'), File.ReadAllLines(path)))];

    /// <summary>`file:line` of the id, else of its study: some ids are put together. Null when neither is found.</summary>
    public string? Of(ClaimDefinition claim) =>
        Find(line => line.Contains($"\"{claim.Id}\"", StringComparison.Ordinal)) ?? Find(new Regex($@"\b(class|record) {Regex.Escape(claim.Study)}\b").IsMatch);

    private string? Find(Predicate<string> isThere) => (
        from file in files
        let line = Array.FindIndex(file.Lines, isThere)
        where line >= 0
        select $"{file.Path}:{line + 1}").FirstOrDefault();

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [];
}

namespace Cai.Tests;

/// <summary>The C# files of the repository that the tests were built from.</summary>
internal static class SourceFiles
{
    /// <summary>The folder that holds `lib` and `tests`, found upwards from the tests.</summary>
    public static string Root { get; } = Find();

    /// <summary>Every file below the folders, as path from the root with forward slashes, and its lines.</summary>
    public static IReadOnlyList<(string Path, string[] Lines)> Below(params string[] folders) =>
    [
        .. from folder in folders
           from file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
           let path = Path.GetRelativePath(Root, file).Replace('\\', '/')
           where !path.Split('/').Any(part => part is "bin" or "obj")
           orderby path
           select (path, File.ReadAllLines(file)),
    ];

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Cai.Notebooks.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException("The tests do not run inside the repository.");
    }
}

namespace Cai.Tests.Constitutions;

/// <summary>The repository's own files, found upwards from the tests.</summary>
internal static class RepositoryFiles
{
    /// <summary>A file of the repository.</summary>
    public static string Path(params string[] parts) => Up(System.IO.Path.Combine(parts)) ?? throw new FileNotFoundException(System.IO.Path.Combine(parts));

    private static string? Up(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.Path.Combine(folder.FullName, relative) is var path && (File.Exists(path) || Directory.Exists(path)))
                return path;
        return null;
    }
}

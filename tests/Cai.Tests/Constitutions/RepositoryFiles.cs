using Xunit;

namespace Cai.Tests.Constitutions;

/// <summary>Files beside the tests: the repository's own, and third-party ones that are never committed.</summary>
internal static class RepositoryFiles
{
    /// <summary>A file of the repository.</summary>
    public static string Path(params string[] parts) => Up(System.IO.Path.Combine(parts)) ?? throw new FileNotFoundException(System.IO.Path.Combine(parts));

    /// <summary>A third-party file or folder under shared/fixtures; the test is skipped where it is absent.</summary>
    public static string Fixture(params string[] parts)
    {
        var path = Up(System.IO.Path.Combine(["shared", "fixtures", .. parts]));
        Assert.SkipUnless(path is not null, "The third-party fixtures are not here.");
        return path!;
    }

    private static string? Up(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.Path.Combine(folder.FullName, relative) is var path && (File.Exists(path) || Directory.Exists(path)))
                return path;
        return null;
    }
}

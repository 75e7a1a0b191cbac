using Xunit;

namespace Cai.Tests;

/// <summary>Third-party material beside the checkout, never committed; tests that need it skip where it is absent.</summary>
public static class Fixtures
{
    private static readonly string? Root = Find();

    /// <summary>The path of a fixture; skips the test when the fixtures are absent.</summary>
    public static string Path(params string[] parts)
    {
        Assert.SkipUnless(Root is not null, "shared/fixtures is not beside this checkout.");
        return System.IO.Path.Combine([Root!, .. parts]);
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.Path.Combine(folder.FullName, "shared", "fixtures") is var path && Directory.Exists(path))
                return path;
        return null;
    }
}

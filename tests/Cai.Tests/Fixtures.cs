using System.Collections.Concurrent;
using Xunit;

[assembly: AssemblyFixture(typeof(Cai.Tests.SkippedTests))]

namespace Cai.Tests;

/// <summary>Third-party material beside the checkout, never committed; tests that need it skip where it is absent.</summary>
public static class Fixtures
{
    private static readonly string? Root = Find();

    /// <summary>The path of a fixture; skips the test when the fixtures are absent.</summary>
    public static string Path(params string[] parts)
    {
        SkippedTests.Unless(Root is not null, "shared/fixtures is not beside this checkout");
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

/// <summary>Says at the end of a run, once for each reason, how many tests were skipped for want of material.</summary>
public sealed class SkippedTests : IDisposable
{
    private static readonly ConcurrentDictionary<string, int> Reasons = new();

    /// <summary>Skips the test, and counts it, unless what it needs is there.</summary>
    public static void Unless(bool there, string reason)
    {
        if (!there)
            Reasons.AddOrUpdate(reason, 1, (_, count) => count + 1);
        Assert.SkipUnless(there, reason);
    }

    public void Dispose()
    {
        foreach (var (reason, count) in Reasons)
            Console.WriteLine($"Skipped {count} tests: {reason}.");
    }
}

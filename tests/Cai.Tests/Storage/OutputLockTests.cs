using Cai.Storage;
using Xunit;

namespace Cai.Tests.Storage;

/// <summary>One writer at a time, and nothing written is lost because its place is gone.</summary>
public sealed class OutputLockTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private sealed record Row(int Number);

    [Fact]
    public void ASecondWriterIsToldWhoHoldsTheFile()
    {
        var path = folder.Path("new/rows.jsonl");
        using (var first = new JsonlAppender<Row>(path))
        {
            first.Append(new(1));
            var error = Assert.Throws<CaiException>(() => new JsonlAppender<Row>(path));
            Assert.Contains($"Another process ({Environment.ProcessId})", error.Message);
            Assert.Equal(path, error.Where);
            Assert.Equal([new Row(1)], Jsonl.Read<Row>(path)); // reading while it grows stays possible
        }
        using (var again = new JsonlAppender<Row>(path))
            Assert.Equal([new Row(1)], again.Existing);
        Assert.Equal(["rows.jsonl"], Directory.GetFiles(folder.Path("new")).Select(Path.GetFileName));
    }

    [Fact]
    public void ALockFileThatAKilledRunLeftStopsNobody()
    {
        var path = folder.Path("rows.jsonl");
        File.WriteAllText(path + ".lock", "");
        File.WriteAllText(path + ".lock.pid", "1");
        using var rows = new JsonlAppender<Row>(path);
        rows.Append(new(1));
    }

    [Fact]
    public void AFileThatWasRemovedWhileItGrewIsPutElsewhereAndNamed()
    {
        var path = folder.Path("gone/rows.jsonl");
        using var rows = new JsonlAppender<Row>(path);
        rows.Append(new(1));
        rows.Finish();
        Directory.Delete(folder.Path("gone"), recursive: true);
        rows.Append(new(2));
        var error = Assert.Throws<CaiException>(rows.Finish);
        var rescued = error.Problem[error.Problem.IndexOf("is in ", StringComparison.Ordinal)..]["is in ".Length..].TrimEnd('.');
        Assert.Equal([new Row(1), new Row(2)], Jsonl.Read<Row>(rescued));
        Assert.Equal("rows.jsonl", Path.GetFileName(rescued));
        Directory.Delete(Path.GetDirectoryName(rescued)!, recursive: true);
        // Another file in its place is not this one.
        Directory.CreateDirectory(folder.Path("gone"));
        File.WriteAllText(path, "");
        Assert.Throws<CaiException>(rows.Finish);
    }

    [Fact]
    public void MetricsOfARemovedFolderAreWrittenAgain()
    {
        var path = folder.Path("run/metrics.jsonl");
        using (var metrics = new MetricsWriter(path))
        {
            metrics.Write(1, ("loss", 2));
            Directory.Delete(folder.Path("run"), recursive: true);
            metrics.Write(2, ("loss", 1));
            metrics.Finish();
        }
        Assert.Equal([1L, 2], Metrics.Read(path).Select(r => r.Step));
    }

    [Fact]
    public void AResultThatCannotBeWrittenWhereItBelongsGoesElsewhere()
    {
        var blocked = folder.File("file", "not a folder");
        var error = Assert.Throws<CaiException>(() =>
            AtomicFile.OrRescue(Path.Combine(blocked, "result.json"), to => AtomicFile.Write(to, "result")));
        var rescued = error.Problem[error.Problem.IndexOf("is in ", StringComparison.Ordinal)..]["is in ".Length..].TrimEnd('.');
        Assert.Equal("result", File.ReadAllText(rescued));
        Directory.Delete(Path.GetDirectoryName(rescued)!, recursive: true);
    }
}

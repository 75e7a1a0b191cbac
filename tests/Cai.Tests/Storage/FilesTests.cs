using Cai.Storage;
using Xunit;

namespace Cai.Tests.Storage;

public sealed class FilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private sealed record Options
    {
        public double LearningRate { get; init; } = 1e-5;
        public string? Note { get; init; }
        public IReadOnlyList<string> Names { get; init; } = ["b", "a"];
        public DayOfWeek Day { get; init; } = DayOfWeek.Friday;
    }

    private sealed record SameInAnotherOrder(DayOfWeek Day, IReadOnlyList<string> Names, double LearningRate);

    [Fact]
    public void WritingMakesFoldersReplacesAndLeavesNothingElse()
    {
        var path = folder.Path("a", "b", "x.txt");
        AtomicFile.Write(path, "one");
        AtomicFile.Write(path, "zwölf\n");
        Assert.Equal("zwölf\n"u8.ToArray(), File.ReadAllBytes(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path("a", "b")));
    }

    [Fact]
    public void AFullDiskSaysWhichFileAndKeepsTheOldOne()
    {
        var path = folder.File("x.bin", "old");
        var diskFull = OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28;
        var error = Assert.Throws<CaiException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw new IOException("No space left on device", diskFull);
        }));
        Assert.Equal(path, error.Where);
        Assert.Contains("disk is full", error.Problem);
        Assert.Contains("intact", error.Problem);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void HashesDoNotDependOnMachineOrderOrAbsentKeys()
    {
        // sha256sum of the canonical text below.
        Assert.Equal(ContentHash.OfText("""{"day":"friday","learningRate":1E-05,"names":["b","a",],}"""), ContentHash.Of(new Options()));
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ContentHash.OfText("abc"));
        Assert.Equal(ContentHash.Of(new Options()), ContentHash.Of(new SameInAnotherOrder(DayOfWeek.Friday, ["b", "a"], 0.00001)));
        Assert.NotEqual(ContentHash.Of(new Options()), ContentHash.Of(new Options { Note = "" }));
        Assert.NotEqual(ContentHash.Of(new Options()), ContentHash.Of(new Options { Names = ["a", "b"] }));
        Assert.NotEqual(ContentHash.OfTexts(["ab", "c"]), ContentHash.OfTexts(["a", "bc"]));
    }

    [Fact]
    public void HashesOfFilesAreOfTheirContent()
    {
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ContentHash.OfFile(folder.File("a.txt", "abc")));
        Assert.Throws<CaiException>(() => ContentHash.OfFile(folder.Path("none")));
    }

    [Fact]
    public void ResumeStateComesBackExactlyAndAbsenceIsNotAnError()
    {
        var path = folder.Path("state.json");
        Assert.Null(ResumeState.TryLoad<State>(path));
        var state = new State(7, ulong.MaxValue, 0.1 + 0.2);
        ResumeState.Save(path, state);
        Assert.Equal(state, ResumeState.TryLoad<State>(path));
        File.WriteAllText(path, "{\"step\":");
        Assert.Equal($"{path}:1", Assert.Throws<CaiException>(() => ResumeState.TryLoad<State>(path)).Where);
    }

    private sealed record State(long Step, ulong Rng, double KlCoefficient);

    [Fact]
    public void MetricsResumeBehindTheCheckpoint()
    {
        var path = folder.Path("new", "metrics.jsonl");
        using (var metrics = new MetricsWriter(path))
        {
            metrics.Write(1, ("loss", 0.5), ("objective/kl", double.NaN));
            metrics.Write(2, ("loss", 0.25));
            metrics.Write(3, ("loss", 0.125));
        }
        File.AppendAllText(path, "{\"step\":4,\"lo");
        using (var metrics = new MetricsWriter(path, checkpointStep: 2))
            metrics.Write(3, ("loss", 0.0625));
        Assert.Equal("{\"step\":1,\"loss\":0.5,\"objective/kl\":null}\n{\"step\":2,\"loss\":0.25}\n{\"step\":3,\"loss\":0.0625}\n", File.ReadAllText(path));
        var rows = Metrics.Read(path);
        Assert.Equal([1, 2, 3], rows.Select(r => r.Step));
        Assert.True(double.IsNaN(rows[0].Values["objective/kl"]));
        Assert.Equal(0.0625, rows[2].Values["loss"]);
        new MetricsWriter(path).Dispose();
        Assert.Empty(File.ReadAllText(path));
    }
}

using Cai.Storage;
using Xunit;

namespace Cai.Tests.Storage;

public sealed class RunStoreTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private sealed record Config(int Rounds = 4, double Temperature = 1);

    private Stage<Config> Open(Config? config = null, params string[] inputs) =>
        new RunStore(folder.Root).OpenStage("cai", "critique", config ?? new(), inputs);

    [Fact]
    public void TheFolderIsNamedByConfigurationAndInputs()
    {
        var stage = Open();
        Assert.Equal(folder.Path("cai", "critique-" + stage.Hash[..12]), stage.Folder);
        Assert.Equal(stage.Folder, Open(new Config(4, 1.0)).Folder);
        Assert.NotEqual(stage.Folder, Open(new Config(5)).Folder);
        Assert.NotEqual(stage.Folder, Open(null, "x").Folder);
        Assert.Contains("\"rounds\": 4", File.ReadAllText(stage.Path("config.json")));
    }

    [Fact]
    public void TheHashIsTheSameOnEveryMachine() =>
        Assert.Equal(ContentHash.OfText("""{"config":{"rounds":4,"temperature":1,},"inputs":["x",],"stage":"critique","version":3,}"""), Open(null, "x").Hash);

    [Fact]
    public void ResultsOfOtherKernelsHaveAnotherFolderThatNamesThem()
    {
        var fast = new RunStore(folder.Root, "fast").OpenStage("cai", "critique", new Config(), []);
        Assert.NotEqual(Open().Folder, fast.Folder);
        Assert.Contains("\"mkl\": \"fast\"", File.ReadAllText(fast.Path("config.json")));
        Assert.DoesNotContain("mkl", File.ReadAllText(Open().Path("config.json")));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData(".x")]
    public void NamesThatAFileSystemRefusesAreRefused(string name) =>
        Assert.Throws<CaiException>(() => new RunStore(folder.Root).OpenStage(name, "s", 1));

    [Fact]
    public async Task WorkIsDoneOnce()
    {
        var count = 0;
        for (var i = 0; i < 2; i++)
            await Open().Once(async stage =>
            {
                await Task.Yield();
                count++;
                AtomicFile.Write(stage.Path("x"), "1");
            });
        Open().Once(_ => { count++; });
        Assert.Equal(1, count);
        Assert.True(Open().IsDone);
        Assert.False(Open(new Config(5)).IsDone);
    }

    [Fact]
    public async Task AStageThatFailsKeepsItsProductsAndGoesOn()
    {
        async Task Run(int until) => await Open().Once(async stage =>
        {
            using var items = new JsonlAppender<Config>(stage.Path("items.jsonl"));
            for (var i = items.Existing.Count; i < 4; i++)
            {
                if (i == until)
                    throw new OperationCanceledException();
                items.Append(new Config(i));
                await Task.Yield();
            }
        });
        await Assert.ThrowsAsync<OperationCanceledException>(() => Run(until: 2));
        Assert.False(Open().IsDone);
        await Run(until: 99);
        Assert.True(Open().IsDone);
        Assert.Equal([0, 1, 2, 3], Jsonl.Read<Config>(Open().Path("items.jsonl")).Select(c => c.Rounds));
    }

    [Fact]
    public void TwoWorkersCannotHoldOneStage()
    {
        var stage = Open();
        using (stage.Lock())
        {
            var error = Assert.Throws<CaiException>(() => Open().Once(_ => { }));
            Assert.Equal(stage.Folder, error.Where);
        }
        Open().Once(_ => { });
        Assert.True(stage.IsDone);
    }

    [Fact]
    public void ALockFileLeftByADeadProcessStopsNobody()
    {
        var stage = Open();
        File.WriteAllText(stage.Path("lock"), "");
        stage.Once(_ => { });
        Assert.True(stage.IsDone);
    }

    [Fact]
    public void ClearingForgetsEverythingButTheConfiguration()
    {
        var stage = Open();
        stage.Once(s =>
        {
            AtomicFile.Write(s.Path("x"), "1");
            AtomicFile.Write(Path.Combine(s.Path("model"), "y"), "1");
        });
        stage.Clear();
        Assert.False(stage.IsDone);
        Assert.False(File.Exists(stage.Path("x")));
        Assert.False(Directory.Exists(stage.Path("model")));
        Assert.True(File.Exists(stage.Path("config.json")));
    }
}

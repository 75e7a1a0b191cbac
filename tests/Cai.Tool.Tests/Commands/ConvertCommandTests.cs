using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class ConvertCommandTests : IDisposable
{
    private static readonly string Helpful = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "helpful");
    private readonly Workspace work = new();

    public ConvertCommandTests() => TorchSharp.torch.set_num_threads(1);

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task RecordsGoThroughEveryFormatUnchanged()
    {
        var dialogue = Dialogue.Ask("Say \"a\",\nplease.");
        Jsonl.Write(work.Path("a.jsonl"),
        [
            new Comparison("c", "p", dialogue, " a", "", "harmless", LabelKind.Soft, 0.1) { PrincipleIds = ["wise", "kind"], LogProbA = -2.5 },
            new Comparison("d", "p", dialogue, "a", "b", "harmless", LabelKind.ChainOfThought, null) { Missing = "no (A)" },
        ]);
        foreach (var (from, to) in new[] { ("a.jsonl", "b.parquet"), ("b.parquet", "c.csv"), ("c.csv", "d.jsonl") })
        {
            var (code, output, error) = await Workspace.Cai("convert", work.Path(from), "--of", "comparisons", "--out", work.Path(to));
            Assert.True(code == 0, error);
            Assert.Contains("2 comparisons", output);
        }
        Assert.Equal(File.ReadAllText(work.Path("a.jsonl")), File.ReadAllText(work.Path("d.jsonl")));
    }

    [Fact]
    public async Task AStageReadsParquetAsItReadsJsonl()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n{\"prompt\": \"Hello again.\", \"id\": \"mine\"}\n");
        Assert.Equal(0, (await Workspace.Cai("convert", work.Path("p.jsonl"), "--of", "prompts", "--out", work.Path("p.parquet"))).Code);
        foreach (var kind in new[] { "jsonl", "parquet" })
        {
            var (code, _, error) = await Workspace.Cai("sample", "--model", Helpful, "--prompts", work.Path("p." + kind), "--per-prompt", "1",
                "--max-tokens", "4", "--out", work.Path($"from-{kind}.jsonl"));
            Assert.True(code == 0, error);
        }
        Assert.Equal(["p-1/helpful/0", "mine/helpful/0"], Jsonl.Read<Sample>(work.Path("from-parquet.jsonl")).Select(s => s.Id));
        Assert.Equal(File.ReadAllText(work.Path("from-jsonl.jsonl")), File.ReadAllText(work.Path("from-parquet.jsonl")));
    }

    [Fact]
    public async Task WhatCannotBeIsSaid()
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        var (code, _, error) = await Workspace.Cai("convert", work.Path("p.jsonl"), "--of", "prompts", "--out", work.Path("p.xlsx"));
        Assert.Equal(2, code);
        Assert.Contains(".jsonl, .parquet, .csv", error);
        (code, _, error) = await Workspace.Cai("convert", work.Path("p.jsonl"), "--of", "samples", "--out", work.Path("s.csv"));
        Assert.Equal(2, code);
        Assert.Contains("p.jsonl:1", error);
        (code, _, error) = await Workspace.Cai("sample", "--model", Helpful, "--prompts", work.Path("p.jsonl"), "--per-prompt", "1", "--max-tokens", "4",
            "--out", work.Path("s.parquet"));
        Assert.Equal(2, code);
        Assert.Contains("cai convert", error);
        Assert.False(File.Exists(work.Path("s.parquet")));
    }
}

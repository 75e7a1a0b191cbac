using System.Text.Json.Nodes;
using Cai.Evaluation;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Storage;

public sealed class ParquetFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static string Fixture(string name) => Path.Combine(SourceFiles.Root, "tests", "Cai.Tests", "Storage", "parquet", name);

    [Fact]
    public void TheStagesRecordsComeBackAsTheyWent()
    {
        var dialogue = new Dialogue([Turn.System("s"), Turn.Human("„das“ \n 𝒳 🙂 <b>&'+?"), Turn.Assistant("")]);
        Same(new Prompt("p1", dialogue, "harmful") { Tags = new Dictionary<string, string> { ["Act"] = "steal", ["b c"] = "" } },
            new Prompt("p2", dialogue) { Tags = new Dictionary<string, string> { ["Act"] = "x" } }, new Prompt("p3", new Dialogue([])));
        Same(new Sample("p1/m/0", "p1", dialogue, " r", "m", 0, true) { LogProb = -12.345678901234567, Tokens = 9 });
        Same(new Revision("p1/1", "p1", dialogue, 1, "illegal", "a", null, "b") { Finished = false },
            new Revision("p1/2", "p1", dialogue, 2, "illegal", "a", "", "b"));
        Same(new Comparison("c", "p1", dialogue, "a", "b", "harmless", LabelKind.ChainOfThought, null) { Missing = "no (A)", PrincipleIds = ["wise", "kind"] },
            new Comparison("c", "p1", dialogue, "a", "b", "harmless", LabelKind.Soft, 0.1) { LogProbA = -1e-300, LogProbB = -3, Swapped = true });
        Same(new Judgement("j", "p1", "helpful", "m1", "m2", 0.5, "crowd"));
        Same(new Prompt("p3", dialogue));
        Same(Array.Empty<Sample>());

        void Same<T>(params T[] records)
        {
            Jsonl.Write(folder.Path("r.parquet"), records);
            Assert.Equal("PAR1"u8.ToArray(), File.ReadAllBytes(folder.Path("r.parquet"))[..4]);
            Assert.Equivalent(records, Jsonl.Read<T>(folder.Path("r.parquet")), strict: true);
        }
    }

    // Written by DuckDB 1.5: the same two rows under each compression, with nulls, an empty list and a map; v2 has other encodings.
    [Theory]
    [InlineData("uncompressed")]
    [InlineData("snappy")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("lz4_raw")]
    [InlineData("brotli")]
    [InlineData("v2")]
    public void FilesOfAnotherWriterAreRead(string name)
    {
        string[] expected =
        [
            """{"id":"a","messages":[{"role":"user","content":"hi é"},{"role":"assistant"}],"p":0.5,"ids":["x","y"],"n":3,"flag":true,"f":1.5"""
                + ""","big":7,"m":{"k":"v"},"s":{"A":"b"}}""",
            """{"id":"b","messages":[]}""",
        ];
        Assert.Equal(expected, RecordLines.Of(Fixture(name + ".parquet"), "").Select(line => line.Text));
    }

    [Fact]
    public void ADateIsTextAndAKindThatNoRecordHasIsNamed()
    {
        Assert.Equal("""{"day":"2020-01-02T00:00:00.0000000Z","id":"a"}""", RecordLines.Of(Fixture("day.parquet"), "").Single().Text);
        var error = Assert.Throws<CaiException>(() => RecordLines.Of(Fixture("blob.parquet"), "").ToList());
        Assert.Equal(Fixture("blob.parquet") + ":1", error.Where);
        Assert.Contains("Byte[]", error.Problem);
    }

    [Fact]
    public void SeveralRowGroupsAreOneFile()
    {
        var lines = RecordLines.Of(Fixture("groups.parquet"), "").ToList();
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"{{\"i\":{i}}}"), lines.Select(line => line.Text));
        Assert.Equal((5000, Fixture("groups.parquet") + ":5000"), (lines[^1].Number, lines[^1].Where));
    }

    [Fact]
    public void HumanComparisonsAreReadAsHuggingFaceHasThem()
    {
        var file = HhRlhf.Read(Fixture("hh-rlhf.parquet"), "helpful");
        Assert.Equal(2, file.Comparisons.Count);
        Assert.Equal("hh-rlhf-1", file.Comparisons[0].Id);
        Assert.Equal("How are you?", file.Comparisons[0].Prompt.LastHuman());
        Assert.Equal(["Fine.", "Go away."], new[] { file.Comparisons[0].ResponseA, file.Comparisons[0].ResponseB }.Order());
    }

    [Fact]
    public void ARowThatIsAnotherRecordNamesItsPlaceAndTheColumns()
    {
        var error = Assert.Throws<CaiException>(() => Jsonl.Read<Prompt>(Fixture("zstd.parquet")));
        Assert.Equal(Fixture("zstd.parquet") + ":1", error.Where);
        Assert.Contains("dialogue", error.Problem);
        Assert.Contains("id, messages, p, ids", error.Problem);
        Assert.Empty(Jsonl.Read<Prompt>(Fixture("zstd.parquet"), BadLines.Skip, out var skipped));
        Assert.Equal(2, skipped);
    }

    [Fact]
    public void ABrokenFileIsNamed()
    {
        foreach (var bytes in new[] { [], "PAR1"u8.ToArray(), [.. "PAR1"u8, .. new byte[50], .. "PAR1"u8], File.ReadAllBytes(Fixture("zstd.parquet"))[..^9] })
        {
            File.WriteAllBytes(folder.Path("x.parquet"), bytes);
            var error = Assert.Throws<CaiException>(() => Jsonl.Read<Prompt>(folder.Path("x.parquet")));
            Assert.Equal(folder.Path("x.parquet"), error.Where);
            Assert.Contains("Parquet", error.Problem);
        }
        Assert.Contains("does not exist", Assert.Throws<CaiException>(() => Jsonl.Read<Prompt>(folder.Path("no.parquet"))).Problem);
    }

    private sealed record Nested(string Id, IReadOnlyList<IReadOnlyList<int>> Matrix);

    private sealed record Timed(string Id, TimeSpan Time);

    private sealed record Number(double Value);

    [Fact]
    public void WhatParquetCannotStateIsNamedAndTheOldFileStays()
    {
        var path = folder.File("x.parquet", "old");
        Assert.Contains("'Matrix'", Assert.Throws<CaiException>(() => Jsonl.Write(path, [new Nested("a", [[1]])])).Problem);
        Assert.Contains("TimeSpan", Assert.Throws<CaiException>(() => Jsonl.Write(path, [new Timed("a", TimeSpan.Zero)])).Problem);
        Assert.Contains("NaN", Assert.Throws<CaiException>(() => Jsonl.Write(path, [new Number(1), new Number(double.NaN)])).Problem);
        Assert.Contains("cannot grow", Assert.Throws<CaiException>(() => new JsonlAppender<Number>(path)).Problem);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void ColumnsAreSpeltAsInJsonl()
    {
        Jsonl.Write(folder.Path("c.parquet"), [new Comparison("c", "p", Dialogue.Ask("q"), "a", "b", "harmless", LabelKind.ChainOfThought, 1)]);
        var row = JsonNode.Parse(RecordLines.Of(folder.Path("c.parquet"), "").Single().Text)!;
        Assert.Equal("chainOfThought", row["kind"]!.GetValue<string>());
        Assert.Equal("""{"turns":[{"role":"human","text":"q"}]}""", row["prompt"]!.ToJsonString());
    }
}

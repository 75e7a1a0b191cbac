using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Storage;

public sealed class JsonlTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private sealed record Item(string Id, double Value);

    private static readonly Dialogue Talk = new([Turn.System("s"), Turn.Human("Kann man „das“ \n 𝒳 🙂 <b>&'+?"), Turn.Assistant("ja")]);

    public static IEnumerable<TheoryDataRow<object>> Records => new object[]
    {
        Talk,
        new Prompt("p1", Talk, "harmful") { Tags = new Dictionary<string, string> { ["Act"] = "steal" } },
        new Sample("p1/m/0", "p1", Talk, " r", "m", 0, true) { LogProb = -12.345678901234567, Tokens = 9 },
        new Revision("p1/1", "p1", Talk, 1, "illegal", "a", null, "b") { Finished = false },
        new Revision("p1/2", "p1", Talk, 2, "illegal", "a", "bad", "b"),
        new Comparison("c", "p1", Talk, "a", "b", "harmless", LabelKind.ChainOfThought, null) { Missing = "no (A)", PrincipleIds = ["wise"] },
        new Comparison("c", "p1", Talk, "a", "b", "harmless", LabelKind.Soft, 0.1) { LogProbA = -1e-300, LogProbB = -3, Unclamped = 0.05, Reasoning = "so" },
        new Judgement("j", "p1", "helpful", "m1", "m2", 0.5, "crowd"),
    }.Select(record => new TheoryDataRow<object>(record));

    [Theory, MemberData(nameof(Records))]
    public void RecordsThatTravelBetweenStagesComeBackAsTheyWent(object record)
    {
        var path = folder.Path("records.jsonl");
        var method = GetType().GetMethod(nameof(RoundTrip), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!;
        var back = method.MakeGenericMethod(record.GetType()).Invoke(null, [path, record]);
        Assert.Equivalent(record, back, strict: true);
        Assert.Single(File.ReadAllLines(path));
    }

    private static object RoundTrip<T>(string path, T record)
    {
        Jsonl.Write(path, [record]);
        return Jsonl.Read<T>(path).Single()!;
    }

    [Fact]
    public void LinesAreSpeltForPeople()
    {
        var path = folder.Path("c.jsonl");
        Jsonl.Write(path, [new Spelling("é 'x' <y>", LabelKind.ChainOfThought, null, 0.1)]);
        Assert.Equal("""{"someText":"é 'x' <y>","kind":"chainOfThought","value":0.1}""" + "\n", File.ReadAllText(path));
    }

    private sealed record Spelling(string SomeText, LabelKind Kind, string? Absent, double Value);

    [Fact]
    public void ABrokenLineNamesFileLineAndRemedy()
    {
        var path = folder.File("x.jsonl", "{\"id\":\"a\",\"value\":1}\n\n{\"id\":\"b\",\"val");
        var error = Assert.Throws<CaiException>(() => Jsonl.Read<Item>(path));
        Assert.Equal(path + ":3", error.Where);
        Assert.Contains("--skip-bad", error.Remedy);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("{\"id\":\"b\"}", "value")]
    [InlineData("{\"id\":null,\"value\":1}", "id")]
    [InlineData("{\"id\":\"b\",\"value\":\"x\"}", "value")]
    [InlineData("[1]", "Item")]
    [InlineData("null", "Item")]
    public void ALineThatIsAnotherRecordNamesTheKey(string line, string named)
    {
        var path = folder.File("x.jsonl", line);
        var error = Assert.Throws<CaiException>(() => Jsonl.Read<Item>(path));
        Assert.Contains(named, error.Problem);
    }

    [Fact]
    public void BrokenLinesCanBeSkippedAndAreCounted()
    {
        var path = folder.File("x.jsonl", "{\"id\":\"a\",\"value\":1}\nno\n{\"id\":\"b\",\"value\":2}\n{\"id\":");
        var items = Jsonl.Read<Item>(path, BadLines.Skip, out var skipped);
        Assert.Equal([new Item("a", 1), new Item("b", 2)], items);
        Assert.Equal(2, skipped);
    }

    [Fact]
    public void ANumberThatIsNotFiniteIsRefusedAndTheOldFileStays()
    {
        var path = folder.File("x.jsonl", "old");
        var error = Assert.Throws<CaiException>(() => Jsonl.Write(path, [new Item("a", 1), new Item("b", double.NaN)]));
        Assert.Contains("NaN", error.Problem);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        Assert.Equal(folder.Path("no.jsonl"), Assert.Throws<CaiException>(() => Jsonl.Read<Item>(folder.Path("no.jsonl"))).Where);
    }

    [Fact]
    public void CompressedFilesAreReadAsTheyAre()
    {
        var path = folder.Path("x.jsonl.gz");
        using (var gzip = new System.IO.Compression.GZipStream(File.Create(path), System.IO.Compression.CompressionLevel.Fastest))
            gzip.Write("{\"id\":\"a\",\"value\":1}\n"u8);
        Assert.Equal([new Item("a", 1)], Jsonl.Read<Item>(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"id\":\"b\",\"val")]
    [InlineData("{\"id\":\"b\",\"value\":2,\"x\":{}")]
    [InlineData("\0\0\0")]
    public void AppendingGoesOnAfterALineThatWasCutOff(string tail)
    {
        var path = folder.File("x.jsonl", "{\"id\":\"a\",\"value\":1}\n" + tail);
        using (var appender = new JsonlAppender<Item>(path))
        {
            Assert.Equal([new Item("a", 1)], appender.Existing);
            appender.Append(new("c", 3));
            Assert.Equal("{\"id\":\"a\",\"value\":1}\n{\"id\":\"c\",\"value\":3}\n", ReadShared(path));
        }
    }

    [Theory]
    [InlineData(65_534)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(200_000)]
    public void LongLinesThatWereCutOffAreRemovedWhole(int length)
    {
        const string first = "{\"id\":\"a\",\"value\":1}\n";
        foreach (var before in new[] { "", first, first + first })
        {
            var path = folder.File("x.jsonl", before + new string('x', length));
            using (var appender = new JsonlAppender<Item>(path))
                appender.Append(new("a", 1));
            Assert.Equal(before + first, File.ReadAllText(path));
        }
    }

    [Fact]
    public void AWholeLastLineWithoutLineEndIsKept()
    {
        var path = folder.File("x.jsonl", "{\"id\":\"a\",\"value\":1}\n{\"id\":\"b\",\"value\":2}");
        using (var appender = new JsonlAppender<Item>(path))
        {
            Assert.Equal(2, appender.Existing.Count);
            appender.Append(new("c", 3));
        }
        Assert.Equal([new("a", 1), new("b", 2), new Item("c", 3)], Jsonl.Read<Item>(path));
    }

    [Fact]
    public void AppendingDoesNotHideABrokenLineInTheMiddle()
    {
        var path = folder.File("x.jsonl", "broken\n{\"id\":\"a\",\"value\":1}\n");
        Assert.Equal(path + ":1", Assert.Throws<CaiException>(() => new JsonlAppender<Item>(path)).Where);
    }

    private static string ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}

using System.IO.Compression;
using System.Text;
using Cai.Evaluation;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Storage;

public sealed class InputFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static string Text(int rows) => string.Concat(Enumerable.Range(0, rows).Select(i =>
        $$"""{"chosen":"\n\nHuman: q{{i * 7919 % 10007}}\n\nAssistant: yes {{i}}","rejected":"\n\nHuman: q{{i * 7919 % 10007}}\n\nAssistant: no"}""" + "\n"));

    private static byte[] Zip(string text)
    {
        using var zipped = new MemoryStream();
        using (var stream = new GZipStream(zipped, CompressionLevel.Optimal, leaveOpen: true))
            stream.Write(Encoding.UTF8.GetBytes(text));
        return zipped.ToArray();
    }

    private string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(folder.Path(name), bytes);
        return folder.Path(name);
    }

    /// <summary>Cut anywhere, even within the checksum, a file is truncated; no option turns that into fewer rows.</summary>
    [Fact]
    public void AGzipFileThatBrokeOffIsAnErrorThatSaysWhere()
    {
        var whole = Zip(Text(400));
        foreach (var length in (int[])[0, 1, 5, 10, 11, whole.Length / 3, whole.Length / 2, whole.Length - 9,
            whole.Length - 8, whole.Length - 4, whole.Length - 1])
        {
            var path = Write("x.jsonl.gz", whole[..length]);
            foreach (var bad in (BadLines[])[BadLines.Throw, BadLines.Skip])
                Assert.Contains($"truncated at byte {length}", Assert.Throws<CaiException>(() => HhRlhf.Read(path, "harmless", bad)).Message);
            Assert.Throws<CaiException>(() => InputFile.ReadText(path, ""));
        }
    }

    [Fact]
    public void WholeGzipFilesAreReadHoweverManyMembersTheyHave()
    {
        var one = Zip(Text(300));
        Assert.Equal(300, HhRlhf.Read(Write("a.jsonl.gz", one), "harmless").Counts.Rows);
        Assert.Equal(600, HhRlhf.Read(Write("b.jsonl.gz", [.. one, .. one]), "harmless").Counts.Rows);
        Assert.Equal("", InputFile.ReadText(Write("c.txt.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]), ""));
        var large = string.Concat(Enumerable.Range(0, 300_000).Select(i => $"{i * 2654435761 % 4294967291:x}\n"));
        Assert.Equal(large, InputFile.ReadText(Write("d.txt.gz", Zip(large)), ""));
    }

    [Fact]
    public void WhatIsNoGzipOrFollowsItIsAnError()
    {
        Assert.Contains("gzip data is broken", Assert.Throws<CaiException>(() => InputFile.ReadText(Write("a.gz", "not gzip"u8.ToArray()), "")).Message);
        Assert.Throws<CaiException>(() => InputFile.ReadText(Write("b.gz", [.. Zip("text"), .. "more"u8]), ""));
        var broken = Zip(Text(400));
        broken[broken.Length / 2] ^= 0x55;
        Assert.Throws<CaiException>(() => InputFile.ReadText(Write("c.gz", broken), ""));
    }

    [Fact]
    public void AGzipBombIsRefusedBeforeItFillsTheMemory()
    {
        var path = folder.Path("bomb.jsonl.gz");
        using (var stream = new GZipStream(File.Create(path), CompressionLevel.Optimal))
        {
            var block = new byte[1 << 20];
            block.AsSpan().Fill((byte)' ');
            for (var i = 0; i < 400; i++)
                stream.Write(block);
        }
        var before = GC.GetTotalAllocatedBytes();
        Assert.Contains("250 times", Assert.Throws<CaiException>(() => Jsonl.Read<Prompt>(path)).Message);
        Assert.True(GC.GetTotalAllocatedBytes() - before < 1L << 30);
    }

    /// <summary>Another encoding never becomes other characters in silence, and is no bad line that could be skipped.</summary>
    [Theory]
    [InlineData(BadLines.Throw)]
    [InlineData(BadLines.Skip)]
    public void BytesThatAreNoUtf8AreAnErrorWithOffsetLineAndHint(BadLines bad)
    {
        var path = Write("p.jsonl", [.. "{\"prompt\":\"a\"}\n{\"prompt\":\"caf"u8, 0xE9, .. "\"}\n"u8]);
        var error = Assert.Throws<CaiException>(() => Jsonl.Read<Dictionary<string, string>>(path, bad));
        Assert.Equal($"{path}:2", error.Where);
        Assert.Contains("Byte 29 (0xE9)", error.Message);
        Assert.Contains("Latin-1", error.Message);
        Assert.Equal($"{path}:2", Assert.Throws<CaiException>(() => InputFile.ReadText(path, "")).Where);
        Assert.Contains(".gz", Assert.Throws<CaiException>(() => InputFile.ReadText(Write("z.jsonl", Zip("x")), "")).Message);
    }

    [Fact]
    public void ByteOrderMarksAndLineEndsAreReadAsBefore()
    {
        string[] Read(byte[] bytes) => [.. RecordLines.Of(Write("x.jsonl", bytes), "").Select(line => $"{line.Number}{line.Text}")];
        Assert.Equal(["1{}", "3[é]"], Read([0xEF, 0xBB, 0xBF, .. "{}\r\n\r\n[é]"u8]));
        Assert.Equal(["1{}", "2[]", "3é"], Read("{}\r[]\ré"u8.ToArray()));
        Assert.Equal(["1{}", "2[é]"], Read([0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}\n[é]\n")]));
        Assert.Equal(["1{}", "2[é]"], Read([0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("{}\n[é]\n")]));
        Assert.Equal(["1{}", "2[é]"], Read([0xFF, 0xFE, 0, 0, .. Encoding.UTF32.GetBytes("{}\n[é]\n")]));
        Assert.Throws<CaiException>(() => Read([0xFF, 0xFE, 0x3D, 0xD8, (byte)'a', 0])); // half a pair
        Assert.Empty(Read([]));
        // Ends that fall on the borders of what is read at once.
        var lines = Enumerable.Range(0, 50_000).Select(i => new string('x', 1 + i % 7)).ToArray();
        foreach (var end in (string[])["\n", "\r\n", "\r"])
            Assert.Equal(lines, RecordLines.Of(folder.File("y.jsonl", string.Join(end, lines)), "").Select(line => line.Text));
    }
}

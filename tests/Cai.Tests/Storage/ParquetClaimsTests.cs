using System.Diagnostics;
using System.IO.Compression;
using Cai.Storage;
using Parquet;
using Parquet.Schema;
using Parquet.Serialization;
using Xunit;

namespace Cai.Tests.Storage;

/// <summary>Small files that hold, or claim, gigabytes: each is refused in one line, soon and without the memory.</summary>
public sealed class ParquetClaimsTests : IDisposable
{
    private readonly TempFolder folder = new();

    private sealed class Row
    {
        public string Id { get; set; } = "";

        public string? Prompt { get; set; }
    }

    public void Dispose() => folder.Dispose();

    private async Task<byte[]> Bytes(IEnumerable<Row> rows, CompressionMethod method = CompressionMethod.None)
    {
        var path = folder.Path("made.parquet");
        await using (var file = File.Create(path))
            await ParquetSerializer.SerializeAsync(rows, file, new ParquetOptions
            {
                CompressionMethod = method, CompressionLevel = CompressionLevel.Optimal,
                ColumnEncodingHints = { ["Prompt"] = EncodingHint.Dictionary },
            });
        return File.ReadAllBytes(path);
    }

    private string Refused(byte[] bytes)
    {
        var path = folder.Path("x.parquet");
        File.WriteAllBytes(path, bytes);
        Assert.True(bytes.Length < 4 << 20, $"{bytes.Length} bytes are not small");
        var (clock, before) = (Stopwatch.StartNew(), GC.GetTotalAllocatedBytes());
        var error = Assert.Throws<CaiException>(() => RecordLines.Of(path, "").Count());
        Assert.Equal(path, error.Where);
        Assert.DoesNotContain('\n', error.Message);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
        Assert.True(GC.GetTotalAllocatedBytes() - before < 1L << 30, $"{GC.GetTotalAllocatedBytes() - before >> 20} MB");
        return error.Problem;
    }

    /// <summary>The bytes with one number of Thrift's spelling in the place of another, and the footer's length mended.</summary>
    private static byte[] Patched(byte[] bytes, long old, long fresh, int from = 0)
    {
        var (o, f) = (Varint(old), Varint(fresh));
        var footer = bytes.Length - 8 - BitConverter.ToInt32(bytes, bytes.Length - 8);
        var start = from == 0 ? footer : from;
        List<byte> patched = [.. bytes[..start]];
        var grown = 0;
        for (var i = start; i < bytes.Length - 8;)
            if (bytes.AsSpan(i, bytes.Length - 8 - i).StartsWith(o))
            {
                patched.AddRange(f);
                grown += i >= footer ? f.Length - o.Length : 0;
                i += o.Length;
            }
            else
            {
                patched.Add(bytes[i++]);
            }
        return [.. patched, .. BitConverter.GetBytes(bytes.Length - 8 - footer + grown), .. "PAR1"u8];
    }

    private static byte[] Varint(long number)
    {
        var bytes = new List<byte>();
        for (var zigzag = (ulong)(number << 1 ^ number >> 63); ; zigzag >>= 7)
        {
            bytes.Add((byte)(zigzag < 0x80 ? zigzag : zigzag & 0x7F | 0x80));
            if (zigzag < 0x80)
                return [.. bytes];
        }
    }

    [Fact]
    public async Task ATextThatManyRowsRepeatIsCountedInEach()
    {
        var text = new string('x', 1 << 18);
        Assert.Contains("250 times", Refused(await Bytes(Enumerable.Range(0, 2000).Select(i => new Row { Id = $"{i}", Prompt = text }))));
    }

    [Theory]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Brotli)]
    public async Task APageThatGrowsBeyondMeasureIsRefused(CompressionMethod method)
    {
        // Of another text in each row, so that no dictionary makes it small; snappy shrinks to a twentieth only, and so may grow.
        var rows = Enumerable.Range(0, 1700).Select(i => new Row { Id = $"{i}", Prompt = $"{i}" + new string('x', 100_000) });
        var bytes = await Bytes(rows, method);
        if (bytes.Length < 1_300_000)
            Assert.Contains("250 times", Refused(bytes));
        else
            Assert.Equal(CompressionMethod.Snappy, method);
    }

    [Fact]
    public async Task ARunOfBillionsOfNullsIsRefused()
    {
        // One run says how often a level stands: some bytes for all of them.
        var schema = new ParquetSchema(new DataField<int?>("n"));
        var path = folder.Path("nulls.parquet");
        await using (var file = File.Create(path))
        await using (var writer = await ParquetWriter.CreateAsync(schema, file))
            using (var group = writer.CreateRowGroup())
            {
                await group.WriteAsync<int>(schema.DataFields[0], (ReadOnlyMemory<int?>)new int?[4_000_000]);
                group.CompleteValidate();
            }
        Assert.Contains("250 times", Refused(File.ReadAllBytes(path)));
    }

    [Fact]
    public async Task NumbersThatAreNotTrueAreRefused()
    {
        var rows = Enumerable.Range(0, 1237).Select(i => new Row { Id = $"{i}", Prompt = $"text {i}" }).ToList();
        var bytes = await Bytes(rows);
        File.WriteAllBytes(folder.Path("good.parquet"), bytes);
        Assert.Equal(1237, RecordLines.Of(folder.Path("good.parquet"), "").Count());
        Assert.Equal(bytes, Patched(bytes, 1237, 1237));
        // In the footer: rows of the file, of the group, values of the columns.
        foreach (var count in new[] { 2_000_000_000L, 1L << 40, long.MaxValue, -5 })
            Refused(Patched(bytes, 1237, count));
        // In the pages' headers, too.
        Refused(Patched(bytes, 1237, 2_000_000_000, from: 4));
        // The footer's own length.
        Refused([.. bytes[..^8], .. BitConverter.GetBytes(int.MaxValue), .. "PAR1"u8]);
        Refused([.. bytes[..^8], .. BitConverter.GetBytes(-2), .. "PAR1"u8]);
    }

    [Theory]
    [InlineData(new byte[] { 0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07 })] // a list of two billions of structs
    [InlineData(new byte[] { 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0x07 })] // a text of two billions of bytes
    [InlineData(new byte[] { 0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]
    public void ADescriptionThatClaimsMoreThanTheFileHasIsRefused(byte[] footer) =>
        Refused([.. "PAR1"u8, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8]);

    [Fact]
    public void ADescriptionThatIsNestedWithoutEndIsRefused()
    {
        var deep = Enumerable.Repeat((byte)0x1C, 100_000).ToArray();
        Assert.Contains("type 12", Refused([.. "PAR1"u8, .. deep, .. BitConverter.GetBytes(deep.Length), .. "PAR1"u8]));
        // A schema of groups, each the only child of the one before: {name "a", one child}.
        byte[] group = [0x48, 1, (byte)'a', 0x15, 2, 0];
        byte[] schema = [0x15, 2, 0x19, 0xFC, 0xA0, 0x9C, 0x01, .. Enumerable.Repeat(group, 20_000).SelectMany(g => g), 0x16, 0, 0x19, 0x0C, 0];
        Assert.Contains("at most", Refused([.. "PAR1"u8, .. schema, .. BitConverter.GetBytes(schema.Length), .. "PAR1"u8]));
        schema = [0x15, 2, 0x19, 0xFC, 0xE8, 0x07, .. Enumerable.Repeat(group, 1000).SelectMany(g => g), 0x16, 0, 0x19, 0x0C, 0];
        Refused([.. "PAR1"u8, .. schema, .. BitConverter.GetBytes(schema.Length), .. "PAR1"u8]);
    }

    [Theory]
    [InlineData(new byte[] { 0x05, 60, 2 }, null)] // field 30, a number
    [InlineData(new byte[] { 0x08, 60, 2, 65, 66 }, null)] // a text
    [InlineData(new byte[] { 0x0C, 60, 0 }, null)] // an empty struct
    [InlineData(new byte[] { 0x0C, 60, 0x15, 2, 0 }, "field 30 of type 12")] // one with a number
    [InlineData(new byte[] { 0x09, 60, 0x25, 2, 4 }, "field 30 of type 9")]
    [InlineData(new byte[] { 0x09, 10, 0x18, 1, 65 }, "a list of type 8")] // field 5, a text in the place of a pair
    [InlineData(new byte[] { 0x06, 10, 0 }, "field 5 of type 6")] // a number in the place of the list
    public async Task AFieldOfALaterFormatIsPassedOverWhereItsEndIsKnownAndOneOfAnotherKindIsRefused(byte[] field, string? refused)
    {
        // After such fields the reader takes what follows for something else, and looks for the end of a number beyond that of the file.
        var bytes = await Bytes(Enumerable.Range(0, 3).Select(i => new Row { Id = $"{i}", Prompt = "text" }));
        var length = BitConverter.ToInt32(bytes, bytes.Length - 8);
        byte[] longer = [.. bytes[..^9], .. field, 0, .. BitConverter.GetBytes(length + field.Length), .. "PAR1"u8];
        if (refused is not null)
        {
            Assert.Contains(refused, Refused(longer));
            return;
        }
        File.WriteAllBytes(folder.Path("longer.parquet"), longer);
        Assert.Equal(3, RecordLines.Of(folder.Path("longer.parquet"), "").Count());
    }

    [Fact]
    public async Task AColumnWithFewerValuesThanThereAreRowsIsRefused()
    {
        // The footer says it in this order: rows of the file, values of each column, rows of the group.
        var bytes = await Bytes(Enumerable.Range(0, 1237).Select(i => new Row { Id = $"{i}", Prompt = "text" }));
        var footer = bytes.Length - 8 - BitConverter.ToInt32(bytes, bytes.Length - 8);
        var rows = footer + bytes.AsSpan(footer).IndexOf(Varint(1237));
        var values = rows + 1 + bytes.AsSpan(rows + 1).IndexOf(Varint(1237));
        Varint(1230).CopyTo(bytes, values);
        Assert.Contains("fewer values", Refused(bytes));
    }

    [Fact]
    public async Task WhatRecordsRepeatInEarnestIsRead()
    {
        var path = folder.Path("many.parquet");
        File.WriteAllBytes(path, await Bytes(Enumerable.Range(0, 100_000).Select(i => new Row { Id = "harmless", Prompt = "The same prompt." })));
        Assert.Equal(100_000, RecordLines.Of(path, "").Count());
    }
}

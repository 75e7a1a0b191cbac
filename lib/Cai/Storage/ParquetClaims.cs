using Parquet;
using Parquet.Meta;
using Parquet.Schema;
using Snappier;

namespace Cai.Storage;

/// <summary>
/// What a Parquet file says that it holds, counted before it is believed: rows, values and pages cost memory when they are read, and a few bytes can claim
/// billions of each (repetition, compression, or a number that is not true).
/// </summary>
internal sealed class ParquetClaims
{
    private const long AlwaysRead = 256L << 20;
    private const int MostGrowth = 250; // as of a .gz
    private const int DictionaryPage = 2, SecondDataPage = 3;
    private const int MostColumns = 2000, DeepestColumn = 32;
    private const int BytesOfRow = 200, BytesOfValue = 100, BytesOfPage = 1000, BytesOfCharacter = 2;

    private readonly Stream file;
    private readonly string path;
    private readonly long most;
    private readonly Dictionary<ColumnMetaData, long> dictionaries = new(ReferenceEqualityComparer.Instance);
    private double claimed, made;

    /// <summary>Reads the description of all columns and pages; the rows stay where they are.</summary>
    /// <exception cref="CaiException">The file would grow beyond all measure.</exception>
    /// <exception cref="InvalidDataException">Its description is broken.</exception>
    private ParquetClaims(Stream file, string path) =>
        (this.file, this.path, most, Checked) = (file, path, Math.Max(AlwaysRead, MostGrowth * file.Length), new CheckedStream(file));

    /// <summary>The checked file for the reader: pages that were not looked at cannot be reached in it.</summary>
    public CheckedStream Checked { get; }

    /// <inheritdoc cref="ParquetClaims(Stream, string)"/>
    public static async Task<ParquetClaims> OfAsync(Stream file, string path)
    {
        var claims = new ParquetClaims(file, path);
        CheckSchema(claims.Footer().Structs(2));
        await using var reader = await ParquetReader.CreateAsync(claims.Checked, leaveStreamOpen: true);
        foreach (var group in reader.Metadata!.RowGroups)
        {
            claims.Claim(group.NumRows, BytesOfRow);
            foreach (var column in group.Columns)
            {
                var described = column.MetaData ?? throw new InvalidDataException("a column has no description");
                if (described.NumValues < group.NumRows) // every row has a value of every column, be it null
                    throw new InvalidDataException("a column has fewer values than there are rows");
                claims.CheckPages(described);
            }
        }
        for (var i = 0; i < reader.RowGroupCount; i++)
            using (var group = reader.OpenRowGroupReader(i))
                foreach (var field in reader.Schema.DataFields)
                {
                    await claims.CheckTextsAsync<char>(group, field, BytesOfCharacter);
                    await claims.CheckTextsAsync<byte>(group, field, 1);
                }
        return claims;
    }

    /// <summary>Counts the text that rows have become.</summary>
    /// <exception cref="CaiException">It is beyond all measure.</exception>
    public string Made(string row)
    {
        made += (double)row.Length * BytesOfCharacter;
        return made <= most ? row : throw TooMuch();
    }

    private void Claim(long count, long bytes)
    {
        if (count < 0 || bytes < 0)
            throw new InvalidDataException("it says that it holds less than nothing");
        claimed += (double)count * bytes;
        if (claimed > most)
            throw TooMuch();
    }

    private CaiException TooMuch() =>
        new($"The file holds, or says that it holds, over {MostGrowth} times as much as its own size, more than {AlwaysRead >> 20} MB: no records shrink so.",
            "Do not read it; if it is right, write it as JSONL first.", path);

    private ThriftStruct Footer()
    {
        const int tail = 8; // length and mark
        if (file.Length < tail + 4)
            throw new InvalidDataException("it is too short");
        var end = file.Length - tail;
        Span<byte> length = stackalloc byte[4];
        file.Position = end;
        file.ReadExactly(length);
        if (BitConverter.ToUInt32(length) is var size && size > end)
            throw new InvalidDataException("its footer is longer than the file");
        file.Position = end - size;
        return new ThriftCompact(file, end).Struct(ParquetFormat.Footer);
    }

    private static void CheckSchema(IEnumerable<ThriftStruct> schema)
    {
        long[] all = [.. schema.Select(element => element.Number(5))];
        if (all.Length > MostColumns)
            throw new InvalidDataException($"it has {all.Length} columns; at most {MostColumns} are read");
        var open = new Stack<long>();
        foreach (var children in all)
        {
            while (open.TryPeek(out var left) && left <= 0)
                open.Pop();
            if (open.TryPop(out var rest))
                open.Push(rest - 1);
            open.Push(children);
            if (open.Count > DeepestColumn)
                throw new InvalidDataException($"its columns are nested more than {DeepestColumn} deep");
        }
    }

    /// <summary>The pages of a column, as far as the reader goes: until they have as many values as the column.</summary>
    private void CheckPages(ColumnMetaData column)
    {
        if (column.NumValues > int.MaxValue)
            throw TooMuch();
        Claim(column.NumValues, BytesOfValue);
        var at = new[] { column.DictionaryPageOffset ?? 0, column.DataPageOffset, column.IndexPageOffset ?? 0 }.Where(place => place != 0)
            .DefaultIfEmpty().Min();
        for (long seen = 0; seen < column.NumValues;)
        {
            if (at < 0 || at >= file.Length)
                throw new InvalidDataException("a page lies outside of the file");
            Checked.Allow(at);
            file.Position = at;
            var page = new ThriftCompact(file, file.Length).Struct(ParquetFormat.Page);
            at = file.Position + page.Number(3);
            if (at < file.Position || at > file.Length)
                throw new InvalidDataException("a page is longer than the file");
            var (repeated, second) = (page.Number(1) == DictionaryPage, page.Struct(8));
            var values = page.Struct(repeated ? 7 : page.Number(1) == SecondDataPage ? 8 : 5)?.Number(1) ?? 0;
            if (!repeated && values > column.NumValues)
                throw new InvalidDataException("a page has more values than its column");
            var bytes = Math.Max(page.Number(2), Unpacked(column.Codec, page.Number(3), second));
            Claim(1, BytesOfPage + page.Number(3));
            Claim(bytes, BytesOfCharacter);
            Claim(repeated ? values : 0, BytesOfValue); // those of data pages are counted with the column
            if (repeated)
                dictionaries[column] = bytes;
            else
                seen += values;
        }
    }

    /// <summary>The size that the compressed bytes themselves claim, in the two formats whose decoders go by it.</summary>
    /// <param name="second">The header of a page of the second kind, in which the levels before the values are not compressed.</param>
    private long Unpacked(CompressionCodec codec, long packed, ThriftStruct? second)
    {
        var levels = second is null ? 0 : second.Number(5) + second.Number(6);
        if (codec is not (CompressionCodec.SNAPPY or CompressionCodec.ZSTD) || second?.Flag(7, absent: true) == false || levels < 0 || levels >= packed)
            return 0;
        var bytes = new byte[packed - levels];
        file.Seek(levels, SeekOrigin.Current);
        file.ReadExactly(bytes);
        try
        {
            return codec == CompressionCodec.SNAPPY ? Snappy.GetUncompressedLength(bytes)
                : (long)Math.Min(ZstdSharp.Decompressor.GetDecompressedSize(bytes), long.MaxValue);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidDataException("a page is not compressed as it says", e);
        }
    }

    /// <summary>A dictionary's texts stand once in the file and once in each row: where that could be too much, they are counted.</summary>
    private async Task CheckTextsAsync<T>(ParquetRowGroupReader group, DataField field, int bytes)
    {
        if (field.ClrType != typeof(ReadOnlyMemory<T>) || group.GetMetadata(field)?.MetaData is not { } column
            || !dictionaries.TryGetValue(column, out var dictionary) || (double)column.NumValues * dictionary * bytes <= most - claimed)
            return;
        var values = new ReadOnlyMemory<T>[column.NumValues];
        await group.ReadRawAsync(field, values.AsMemory(), Levels(field.MaxDefinitionLevel), Levels(field.MaxRepetitionLevel));
        Claim(values.Sum(value => (long)value.Length), bytes);

        // Null for the type of a memory would be an empty one, which the reader refuses.
        Memory<int>? Levels(int deepest) => deepest > 0 ? new Memory<int>(new int[column.NumValues]) : default(Memory<int>?);
    }
}

/// <summary>A file in which only the pages that were checked can be gone to.</summary>
internal sealed class CheckedStream(Stream file) : Stream
{
    private readonly HashSet<long> pages = [0];

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Length;

    public override long Position { get => file.Position; set => file.Position = value; }

    public void Allow(long page) => pages.Add(page);

    public override long Seek(long offset, SeekOrigin origin) => origin != SeekOrigin.Begin || pages.Contains(offset) ? file.Seek(offset, origin)
        : throw new InvalidDataException("a page has fewer values than it says");

    public override int Read(byte[] buffer, int offset, int count) => file.Read(buffer, offset, count);

    public override int Read(Span<byte> buffer) => file.Read(buffer);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => file.ReadAsync(buffer, cancellationToken);

    public override int ReadByte() => file.ReadByte();

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

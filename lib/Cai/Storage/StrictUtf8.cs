using System.Text;
using System.Text.Unicode;

namespace Cai.Storage;

/// <summary>UTF-8 to text, never with other characters than were written: what cannot be decoded is an error that says where.</summary>
internal static class StrictUtf8
{
    private const string Save = "Save the file as UTF-8.";

    /// <summary>The byte order mark.</summary>
    public static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF];

    /// <summary>Index of the first byte that is no UTF-8; -1 when all is.</summary>
    public static int FaultAt(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            return -1;
        for (var at = 0; ; at += Valid(bytes[at..]))
            if (Valid(bytes[at..]) == 0)
                return at;

        static int Valid(ReadOnlySpan<byte> from) => Rune.DecodeFromUtf8(from, out _, out var length) == System.Buffers.OperationStatus.Done ? length : 0;
    }

    /// <param name="offset">Place of the first byte in the file, for the message.</param>
    /// <param name="line">Its line.</param>
    /// <exception cref="CaiException">A byte is no UTF-8; the message has its offset and, where the bytes show it, what they may be.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string path, long offset, int line)
    {
        if (FaultAt(bytes) is >= 0 and var at)
            throw new CaiException($"Byte {offset + at} (0x{bytes[at]:X2}) is no UTF-8 text.", Hint(bytes, at, offset + at),
                $"{path}:{line + bytes[..at].Count((byte)'\n')}");
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The text of a stream by its byte order mark: a stream of UTF-8 without one.</summary>
    /// <param name="begin">The stream's first bytes, up to four.</param>
    /// <param name="rest">The stream, after those.</param>
    public static (Stream Text, byte[] Begin) Transcoded(byte[] begin, Stream rest)
    {
        if (begin.AsSpan().StartsWith(Mark))
            return (rest, begin[3..]);
        Encoding? wide = begin switch
        {
            [0xFF, 0xFE, 0, 0] => new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true),
            [0xFF, 0xFE, ..] => new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true),
            [0xFE, 0xFF, ..] => new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true),
            _ => null,
        };
        var mark = wide is UTF32Encoding ? 4 : 2;
        return wide is null ? (rest, begin) : (Encoding.CreateTranscodingStream(new JoinedStream(begin[mark..], rest), wide, Encoding.UTF8), []);
    }

    private static string Hint(ReadOnlySpan<byte> bytes, int at, long place) => (place, bytes[at]) switch
    {
        (1, 0x8B) when bytes[0] == 0x1F => "This is gzip: give the file a name that ends in .gz.",
        (1, 0xB5) when bytes[0] == 0x28 => "This is Zstandard: decompress it first (zstd -d).",
        // A letter of a western language between others, where UTF-8 would have two bytes.
        (_, >= 0x91) when at + 1 >= bytes.Length || bytes[at + 1] < 0x80 =>
            $"It may be Latin-1 or Windows-1252: convert it (iconv -f WINDOWS-1252 -t UTF-8), or open it so and save it as UTF-8.",
        _ => Save,
    };
}

/// <summary>Bytes, then a stream.</summary>
internal sealed class JoinedStream(byte[] first, Stream then) : ReadingStream
{
    private int at;

    public override int Read(Span<byte> buffer)
    {
        if (at == first.Length)
            return then.Read(buffer);
        var count = Math.Min(buffer.Length, first.Length - at);
        first.AsSpan(at, count).CopyTo(buffer);
        at += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            then.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A stream that can only be read, forwards.</summary>
internal abstract class ReadingStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

using System.IO.Compression;
using System.Security.Cryptography;

namespace Cai.Storage;

/// <summary>
/// What a .gz holds, to its end. .NET takes a file that broke off for a whole one; so a member of our own is read behind the file's, and what does not end
/// with it is not whole. A file that grows beyond all measure is refused.
/// </summary>
internal sealed class GzipInput : ReadingStream
{
    private const long AlwaysRead = 64L << 20;
    private const int MostGrowth = 250; // text shrinks to a third or, with many repeats, a fiftieth; gzip's bound is 1032
    private const string Remedy = "Fetch or write it again.";

    private readonly string path;
    private readonly Stream file;
    private readonly byte[] mark = RandomNumberGenerator.GetBytes(32);
    private readonly MemoryStream member;
    private readonly GZipStream content;
    private long read;
    private bool ended;

    public GzipInput(Stream file, string path)
    {
        (this.file, this.path) = (file, path);
        member = new MemoryStream();
        using (var own = new GZipStream(member, CompressionLevel.NoCompression, leaveOpen: true))
            own.Write(mark);
        member.Position = 0;
        content = new GZipStream(new Both(file, member), CompressionMode.Decompress);
    }

    /// <exception cref="CaiException">The file is truncated, broken, or grows beyond measure.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0 || ended)
            return 0;
        var count = Next(buffer);
        if (count > 0 && member.Position == 0)
            return count;
        // The file is used up: what comes now is the mark and nothing else.
        List<byte> last = [.. buffer[..count]];
        for (var more = new byte[mark.Length]; count > 0 && last.Count <= mark.Length; last.AddRange(more.AsSpan(0, count)))
            count = Next(more);
        ended = true;
        return last.SequenceEqual(mark) && file.Length > 0 ? 0 : throw Broken(null);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
            file.Dispose();
            member.Dispose();
        }
        base.Dispose(disposing);
    }

    private int Next(Span<byte> block)
    {
        try
        {
            var count = content.Read(block);
            read += count;
            if (read > AlwaysRead && read / MostGrowth > file.Position)
                throw new CaiException($"The file holds over {MostGrowth} times as much as its own size, more than {AlwaysRead >> 20} MB: no text shrinks so.",
                    "Do not read it; if it is right, decompress it first.", path);
            return count;
        }
        catch (InvalidDataException e)
        {
            throw Broken(e);
        }
    }

    private CaiException Broken(Exception? error) => member.Position > 0
        ? new($"The file is truncated at byte {file.Length}: its gzip data has no end.", Remedy, path, error)
        : new($"The file's gzip data is broken before byte {file.Position}"
            + (error is null ? ", or other bytes follow it." : $" ({error.Message.TrimEnd('.')})."), Remedy, path, error);

    /// <summary>The file, then the member; never both in one read, so that asking for the member means that the file is used up.</summary>
    private sealed class Both(Stream file, Stream member) : ReadingStream
    {
        public override int Read(Span<byte> buffer) => file.Read(buffer) is > 0 and var count ? count : member.Read(buffer);
    }
}

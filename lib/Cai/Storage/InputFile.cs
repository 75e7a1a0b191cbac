using System.Text;

namespace Cai.Storage;

/// <summary>Opening what the user named, with errors that say what to do.</summary>
public static class InputFile
{
    private const long MostText = 1L << 30;

    /// <summary>A stream of the file's content; names that end in `.gz` are decompressed on the way, and reading one that broke off is an error.</summary>
    /// <exception cref="CaiException">The file is missing or may not be read.</exception>
    public static Stream Open(string path, string remedy)
    {
        if (Directory.Exists(path))
            throw new CaiException("This is a folder; a file was expected.", remedy, path);
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);
            return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GzipInput(file, path) : file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CaiException("The file does not exist.", remedy, path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CaiException($"The file cannot be read ({e.Message}).", remedy, path, e);
        }
    }

    /// <summary>The whole file as text: UTF-8, or what its byte order mark says; the mark is left out.</summary>
    /// <param name="most">Most bytes that such a file may have.</param>
    /// <exception cref="CaiException">The file is missing, may not be read, is larger than <paramref name="most"/>, or is no UTF-8.</exception>
    public static string ReadText(string path, string remedy, long most = MostText)
    {
        using var lines = new TextLines(Open(path, remedy), path);
        return lines.Rest(most);
    }
}

/// <summary>The lines of a text file, decoded strictly (<see cref="StrictUtf8"/>). Ends are LF, CRLF and CR.</summary>
internal sealed class TextLines : IDisposable
{
    private const int LongestLine = 256 << 20;

    private readonly Stream text;
    private readonly string path;
    private byte[] buffer = new byte[1 << 16];
    private int start, end, number;
    private long place; // of start in the file
    private bool ended;

    /// <param name="file">Disposed with this.</param>
    public TextLines(Stream file, string path)
    {
        this.path = path;
        text = file;
        try
        {
            var begin = new byte[4];
            begin = begin[..Guarded(() => file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false))];
            (text, var first) = StrictUtf8.Transcoded(begin, file);
            first.CopyTo(buffer, 0);
            (end, place) = (first.Length, begin.Length - first.Length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The next line without its end; null after the last.</summary>
    /// <exception cref="CaiException">The file cannot be read to its end, is truncated, or is no UTF-8.</exception>
    public string? Next()
    {
        for (var seen = 0; ;)
        {
            var rest = buffer.AsSpan(start + seen, end - start - seen);
            var at = rest.IndexOfAny((byte)'\n', (byte)'\r');
            if (at >= 0 && (rest[at] == '\n' || at + 1 < rest.Length || ended))
                return Take(seen + at, rest[at] == '\r' && at + 1 < rest.Length && rest[at + 1] == '\n' ? 2 : 1);
            if (ended)
                return end > start ? Take(end - start, 0) : null;
            seen = at >= 0 ? seen + at : end - start;
            Fill(LongestLine, "A line");
        }
    }

    /// <summary>All that is left.</summary>
    /// <exception cref="CaiException">It is more than <paramref name="most"/> bytes; or as <see cref="Next"/>.</exception>
    public string Rest(long most)
    {
        while (!ended)
            Fill(most, "The file");
        return Take(end - start, 0);
    }

    public void Dispose() => text.Dispose();

    private string Take(int length, int close)
    {
        number++;
        var line = StrictUtf8.Decode(buffer.AsSpan(start, length), path, place, number);
        (start, place) = (start + length + close, place + length + close);
        return line;
    }

    private void Fill(long most, string what)
    {
        if (end - start >= Math.Min(most, Array.MaxLength / 2))
            throw new CaiException($"{what} is longer than {most >> 20} MB.", "Check that this is the file that you mean.", path);
        if (start > 0)
            buffer.AsSpan(start..end).CopyTo(buffer);
        (start, end) = (0, end - start);
        if (end == buffer.Length)
            Array.Resize(ref buffer, buffer.Length * 2);
        var count = Guarded(() => text.Read(buffer, end, buffer.Length - end));
        ended = count == 0;
        end += count;
    }

    private int Guarded(Func<int> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException e)
        {
            throw new CaiException("The file begins with the mark of UTF-16 or UTF-32 but holds what is none.", "Save the file as UTF-8.", path, e);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new CaiException($"The file cannot be read to its end ({e.Message}).", "Fetch or write it again.", path, e);
        }
    }
}

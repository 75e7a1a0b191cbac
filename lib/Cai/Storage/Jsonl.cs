using System.Text;

namespace Cai.Storage;

/// <summary>What to do with a line that is not the expected record.</summary>
public enum BadLines
{
    /// <summary>Stop with file and line.</summary>
    Throw,

    /// <summary>Leave the line out and count it.</summary>
    Skip,
}

/// <summary>Files with one JSON record a line: what every stage reads and writes. A name that ends in `.parquet` is read and written as Parquet.</summary>
public static class Jsonl
{
    private const string MissingRemedy = "Check the path; stages write their products as .jsonl files into their run folder.";
    private const string BadLineRemedy = "Mend the line, or skip broken lines with --skip-bad (BadLines.Skip); they are then counted and reported.";

    /// <summary>All records of a file (a `.gz` one too). Blank lines do not count as lines of data.</summary>
    /// <exception cref="CaiException">The file is missing, or a line is broken and <paramref name="badLines"/> is Throw.</exception>
    public static List<T> Read<T>(string path, BadLines badLines = BadLines.Throw) => Read<T>(path, badLines, out _);

    /// <inheritdoc cref="Read{T}(string, BadLines)"/>
    /// <param name="skipped">How many lines were left out.</param>
    public static List<T> Read<T>(string path, BadLines badLines, out int skipped)
    {
        var records = new List<T>();
        skipped = 0;
        foreach (var line in RecordLines.Of(path, MissingRemedy))
            try
            {
                records.Add(line.Read<T>(BadLineRemedy));
            }
            catch (CaiException) when (badLines == BadLines.Skip)
            {
                skipped++;
            }
        return records;
    }

    /// <summary>Writes a whole file at once: either all of it is there afterwards, or the old file is.</summary>
    /// <exception cref="CaiException">A record cannot be stated in JSON (or Parquet), or the disk is full.</exception>
    public static void Write<T>(string path, IEnumerable<T> records)
    {
        if (ParquetFile.Is(path))
            ParquetFile.Write(path, records);
        else
            AtomicFile.Write(path, stream => WriteLines(stream, records));
    }

    private static void WriteLines<T>(Stream stream, IEnumerable<T> records)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        foreach (var record in records)
            writer.WriteLine(CaiJson.Write(record));
    }
}

/// <summary>
/// A JSONL file that grows record by record, so that a stage killed at any moment keeps what it has done. Opening one
/// that exists continues it: a last line that was cut off in the middle is removed, the rest is in <see cref="Existing"/>.
/// </summary>
public sealed class JsonlAppender<T> : IDisposable
{
    private const int LargestBlock = 1 << 16;

    private readonly FileStream file;
    private readonly OutputLock held;

    /// <exception cref="CaiException">
    /// A complete line of the existing file is broken, the file cannot be opened for writing, or another process adds to it.
    /// </exception>
    public JsonlAppender(string path)
    {
        Path = path;
        if (ParquetFile.Is(path))
            throw new CaiException("A Parquet file cannot grow record by record.", "Name a .jsonl file; `cai convert` makes Parquet of it.", path);
        held = OutputLock.OfFile(path);
        try
        {
            // Unbuffered: what Append has returned from is in the system's hands, and nothing is left to fail in Dispose.
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held.Dispose();
            throw AtomicFile.Explain(e, path);
        }
        try
        {
            CutOffUnfinishedLine();
            Existing = Jsonl.Read<T>(path);
            file.Seek(0, SeekOrigin.End);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>The records that were in the file when it was opened, in order.</summary>
    public IReadOnlyList<T> Existing { get; }

    /// <summary>Writes one line and hands it to the operating system: it survives the end of this process.</summary>
    /// <exception cref="CaiException">The record cannot be stated in JSON, or the disk is full.</exception>
    public void Append(T record)
    {
        var line = Encoding.UTF8.GetBytes(CaiJson.Write(record) + "\n");
        var end = file.Position;
        try
        {
            file.Write(line);
        }
        catch (IOException e)
        {
            // Half a line must not stand in the middle of the file should the caller go on.
            file.SetLength(end);
            throw AtomicFile.Explain(e, Path);
        }
    }

    /// <summary>
    /// Ends the file: looks whether it is still where it was opened. What was written to a file that someone removed meanwhile is put into another place.
    /// </summary>
    /// <exception cref="CaiException">It is not; the message names the place.</exception>
    public void Finish()
    {
        if (IsThere)
            return;
        var rescued = AtomicFile.RescuePath(Path);
        AtomicFile.Write(rescued, CopyTo);
        throw new CaiException($"The file was removed or replaced while it was being written; all that it held is in {rescued}.",
            "Move that file back, or run the same command again.", Path);
    }

    /// <summary>As <see cref="Finish"/>, but puts back what was removed: for a file that goes with others that are written again as well.</summary>
    /// <exception cref="CaiException">It cannot be put back.</exception>
    internal void FinishInPlace()
    {
        if (!IsThere)
            AtomicFile.Write(Path, CopyTo);
    }

    private bool IsThere => new FileInfo(Path) is { Exists: true } there && there.Length == file.Length;

    private void CopyTo(Stream stream)
    {
        file.Seek(0, SeekOrigin.Begin);
        file.CopyTo(stream);
        file.Seek(0, SeekOrigin.End);
    }

    public void Dispose()
    {
        file.Dispose();
        held.Dispose();
    }

    private void CutOffUnfinishedLine()
    {
        var end = LastLineStart();
        if (end == file.Length)
            return;
        // A whole record without its line end (an edited file, or a kill between the two) is kept.
        var tail = new byte[file.Length - end];
        file.Seek(end, SeekOrigin.Begin);
        file.ReadExactly(tail);
        if (tail[^1] == '}' && IsRecord(Encoding.UTF8.GetString(tail)))
            file.WriteByte((byte)'\n');
        else
            file.SetLength(end);
    }

    /// <summary>Where the text after the last line end begins; the file's length when it ends with one.</summary>
    private long LastLineStart()
    {
        var block = new byte[Math.Min(file.Length, LargestBlock)];
        for (var end = file.Length; end > 0;)
        {
            var part = block.AsSpan(0, (int)Math.Min(end, block.Length));
            end -= part.Length;
            file.Seek(end, SeekOrigin.Begin);
            file.ReadExactly(part);
            if (part.LastIndexOf((byte)'\n') is var at and >= 0)
                return end + at + 1;
        }
        return 0;
    }

    private static bool IsRecord(string line)
    {
        try
        {
            CaiJson.Read<T>(line, "", "");
            return true;
        }
        catch (CaiException)
        {
            return false;
        }
    }
}

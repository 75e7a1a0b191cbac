using System.Text;

namespace Cai.Storage;

/// <summary>
/// Files that are either wholly the old ones or wholly the new ones: written under another name in the same folder,
/// flushed to the disk, then renamed.
/// </summary>
public static class AtomicFile
{
    /// <summary>Writes what <paramref name="write"/> puts on the stream. Missing folders are made.</summary>
    /// <exception cref="CaiException">The disk is full or the folder may not be written; the old file is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        var temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard(temporary);
            throw Explain(e, path);
        }
        catch
        {
            Discard(temporary);
            throw;
        }
    }

    /// <inheritdoc cref="Write(string, Action{Stream})"/>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <inheritdoc cref="Write(string, Action{Stream})"/>
    public static void Write(string path, byte[] bytes) => Write(path, stream => stream.Write(bytes));

    /// <summary>Writes a result that is held in memory alone: where it cannot be written, it is put into another place, and the error names that.</summary>
    /// <param name="write">Writes to the file or folder that it is given; called a second time with the other place.</param>
    /// <exception cref="CaiException">It could not be written where it belongs.</exception>
    public static void OrRescue(string path, Action<string> write)
    {
        try
        {
            write(path);
        }
        catch (CaiException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            var rescued = RescuePath(path);
            try
            {
                write(rescued);
            }
            catch (CaiException)
            {
                throw new CaiException(e.Problem, e.Remedy, e.Where, e.InnerException); // nothing is left to try: the first error says why
            }
            throw new CaiException($"{e.Problem} What was to be written is in {rescued}.", e.Remedy, e.Where, e.InnerException);
        }
    }

    /// <summary>A path of the same name in a new folder among the system's temporary ones.</summary>
    internal static string RescuePath(string path) => Path.Combine(
        Directory.CreateTempSubdirectory("cai-rescued-").FullName, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))));

    /// <summary>An error of the file system as the user should read it.</summary>
    public static CaiException Explain(Exception error, string path) => IsDiskFull(error)
        ? new CaiException("The disk is full; this file was not written, and every earlier result is intact.",
            "Free some space (old folders under runs/ can go) and run the same command again: it continues where it stopped.", path, error)
        : new CaiException($"The file cannot be written ({error.Message.ReplaceLineEndings(" ").TrimEnd('.')}).",
            "Check that the folder exists, may be written and that no other program holds the file.", path, error);

    // ENOSPC; EDQUOT on Linux and macOS; ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL on Windows.
    private static bool IsDiskFull(Exception error) => error is IOException &&
        (error.HResult is unchecked((int)0x80070027) or unchecked((int)0x80070070)
         || !OperatingSystem.IsWindows() && error.HResult is 28 or 122 or 69);

    private static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The error that brought us here is the one worth reporting; a leftover .tmp does no harm.
        }
    }
}

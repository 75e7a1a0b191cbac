using System.IO.Compression;
using System.Text;

namespace Cai.Storage;

/// <summary>Opening what the user named, with errors that say what to do.</summary>
public static class InputFile
{
    /// <summary>A stream of the file's content; names that end in `.gz` are decompressed on the way.</summary>
    /// <exception cref="CaiException">The file is missing or may not be read.</exception>
    public static Stream Open(string path, string remedy)
    {
        if (Directory.Exists(path))
            throw new CaiException("This is a folder; a file was expected.", remedy, path);
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);
            return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
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

    /// <summary>The whole file as UTF-8 text, without a byte order mark.</summary>
    /// <exception cref="CaiException">The file is missing or may not be read.</exception>
    public static string ReadText(string path, string remedy)
    {
        using var reader = new StreamReader(Open(path, remedy), Encoding.UTF8);
        try
        {
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new CaiException($"The file cannot be read ({e.Message}).", remedy, path, e);
        }
    }
}

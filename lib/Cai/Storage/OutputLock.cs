using System.Globalization;

namespace Cai.Storage;

/// <summary>
/// Holds an output for this process until disposed: a second one that writes to it is told which process does. The operating system lets go when the process
/// dies, so a lock file left by a killed run stops nobody.
/// </summary>
public sealed class OutputLock : IDisposable
{
    private const string Suffix = ".lock";
    private readonly FileStream file;
    private readonly string owner;

    private OutputLock(FileStream file, string owner) => (this.file, this.owner) = (file, owner);

    /// <summary>Holds the file that is written.</summary>
    /// <exception cref="CaiException">Another process, or another writer of this one, holds it; or the folder may not be written.</exception>
    public static OutputLock OfFile(string path) => Take(path + Suffix, path, "Wait for it to end, or give another --out.");

    /// <summary>Holds a lock file of that name.</summary>
    /// <param name="what">What it stands for, for the message.</param>
    /// <inheritdoc cref="OfFile"/>
    public static OutputLock Take(string path, string what, string remedy)
    {
        var owner = path + ".pid";
        FileStream file;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new CaiException($"Another process{Number(owner)} is working on this.", remedy, what, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.Explain(e, what);
        }
        try
        {
            // Not in the lock file itself: who cannot lock it cannot read it either.
            File.WriteAllText(owner, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The number is a courtesy; the lock holds without it.
        }
        return new(file, owner);
    }

    public void Dispose()
    {
        try
        {
            File.Delete(owner);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder may be gone with it.
        }
        file.Dispose();
    }

    private static string Number(string owner)
    {
        try
        {
            return File.ReadAllText(owner).Trim() is { Length: > 0 } id ? $" ({id})" : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

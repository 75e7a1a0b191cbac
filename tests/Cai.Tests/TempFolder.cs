namespace Cai.Tests;

/// <summary>A folder that lives as long as one test.</summary>
public sealed class TempFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("cai-test-").FullName;

    public string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>Writes a file in the folder and gives its path.</summary>
    public string File(string name, string text)
    {
        System.IO.File.WriteAllText(Path(name), text);
        return Path(name);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

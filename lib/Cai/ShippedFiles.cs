namespace Cai;

/// <summary>Where the files lie that come with the library: `data` and `constitutions`.</summary>
internal static class ShippedFiles
{
    /// <summary>Beside this assembly; beside the program where it was bundled into one file.</summary>
    public static string Folder { get; } =
        Path.GetDirectoryName(typeof(ShippedFiles).Assembly.Location) is { Length: > 0 } beside ? beside : AppContext.BaseDirectory;
}

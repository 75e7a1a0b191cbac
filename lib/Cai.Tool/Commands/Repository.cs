namespace Cai.Tool.Commands;

/// <summary>Finds the repository that the command works in.</summary>
internal static class Repository
{
    private const string Marker = "Cai.Notebooks.sln";

    /// <summary>The nearest folder upwards from the current one that holds the solution, else upwards from the program itself.</summary>
    /// <exception cref="CaiException">There is none.</exception>
    public static string Root() => TryRoot()
        ?? throw new CaiException($"No folder above {Environment.CurrentDirectory} holds {Marker}.",
            "Run cai from inside the repository, or give the folders with --notebooks and --out.");

    /// <summary>As <see cref="Root"/>; null when there is none.</summary>
    public static string? TryRoot() => Above(Environment.CurrentDirectory) ?? Above(AppContext.BaseDirectory);

    /// <summary><paramref name="given"/> as a full path, or the folder of that name in the repository.</summary>
    public static string FolderOr(string? given, string name) => Path.GetFullPath(given ?? Path.Combine(Root(), name));

    private static string? Above(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, Marker)))
                return at.FullName;
        return null;
    }
}

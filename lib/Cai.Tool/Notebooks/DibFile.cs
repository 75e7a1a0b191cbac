using Microsoft.DotNet.Interactive.Documents;

namespace Cai.Tool.Notebooks;

/// <summary>
/// The .dib format of Polyglot Notebooks: cells as plain text between lines like `#!csharp`, without outputs. Read and written by
/// Microsoft.DotNet.Interactive.Documents; .ipynb files are not, since it refuses outputs that are JSON objects (interactive figures).
/// </summary>
internal static class DibFile
{
    public const string Extension = ".dib";

    private const string CSharp = "csharp", Markdown = "markdown";

    /// <summary>Languages that Polyglot Notebooks has and this program has not; named, so that their cells are not taken for C#.</summary>
    private static readonly string[] Others = ["fsharp", "pwsh", "javascript", "html", "mermaid", "sql", "kql", "http", "value"];

    public static bool Is(string path) => Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>The cells of a .dib: whether each is code, and its text.</summary>
    /// <param name="path">For messages.</param>
    /// <exception cref="CaiException">A cell is in another language than C# and Markdown, or the text cannot be read.</exception>
    public static IReadOnlyList<(bool IsCode, string Source)> Read(string text, string path)
    {
        try
        {
            return [.. CodeSubmission.Parse(text, Kernels()).Elements.Select((cell, i) => (IsCode(cell.KernelName, i + 1, path), cell.Contents))];
        }
        catch (Exception e) when (e is not CaiException)
        {
            throw new CaiException($"This is not a .dib file: {e.Message}", "Save it again, or restore it from version control.", path, e);
        }
    }

    /// <summary>The text of a .dib with these cells.</summary>
    /// <exception cref="CaiException">A cell holds a line with which, in this format, the next cell begins.</exception>
    public static string Write(IEnumerable<(bool IsCode, string Source)> cells)
    {
        cells = [.. cells];
        foreach (var (i, (_, source)) in cells.Index())
            if (source.Split('\n').FirstOrDefault(line => CellStart(line)) is { } line)
                throw new CaiException($"Cell {i + 1} holds the line \"{line.Trim()}\", with which a cell begins in a .dib.", "Save it as .ipynb.");
        var document = new InteractiveDocument([.. cells.Select(cell => new InteractiveDocumentElement(cell.Source, cell.IsCode ? CSharp : Markdown, null))]);
        document.Metadata["kernelInfo"] = Kernels([]);
        return document.ToCodeSubmissionContent("\n");
    }

    private static bool IsCode(string? language, int cell, string path) => language switch
    {
        null or CSharp => true,
        Markdown => false,
        _ => throw new CaiException($"Cell {cell} is in {language}; cells can be in {CSharp} and {Markdown}.",
            "Take the cell out, or run the file in Polyglot Notebooks.", path),
    };

    private static bool CellStart(string line) => line.StartsWith("#!", StringComparison.Ordinal) && line[2..].Trim() is var name
        && (Others.Contains(name) || name is CSharp or "c#" or "C#" or Markdown or "md" or "meta");

    private static KernelInfoCollection Kernels() => Kernels(Others);

    private static KernelInfoCollection Kernels(IEnumerable<string> others)
    {
        var kernels = new KernelInfoCollection { new(CSharp, "C#", ["c#", "C#"]), new(Markdown, "Markdown", ["md"]) };
        kernels.AddRange(others.Select(name => new KernelInfo(name, null, [])));
        kernels.DefaultKernelName = CSharp;
        return kernels;
    }
}

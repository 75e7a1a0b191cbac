using Cai.Figures;
using Cai.Storage;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Report;

/// <summary>`figures.png`: the main figures of a run on one picture.</summary>
public static class FigureSheet
{
    private const int Most = 3; // of a notebook: more would be too small to read

    /// <summary>Writes the sheet from the executed notebooks in `notebooks/` of a results folder.</summary>
    /// <returns>Its path; null where no notebook shows a figure.</returns>
    /// <exception cref="CaiException">A notebook is damaged, or the sheet cannot be written.</exception>
    public static string? Write(string folder)
    {
        var notebooks = Path.Combine(folder, "notebooks");
        var entries = Directory.Exists(notebooks)
            ? Directory.GetFiles(notebooks, "*.ipynb").OrderBy(Path.GetFileName, StringComparer.Ordinal).SelectMany(Figures).ToList()
            : [];
        if (entries.Count == 0)
            return null;
        var sheet = Path.Combine(folder, "figures.png");
        AtomicFile.Write(sheet, ContactSheet.ToPng(entries));
        return sheet;
    }

    /// <summary>At most three of a notebook in its order: those beside the paper's first, then the first ones.</summary>
    private static IEnumerable<SheetEntry> Figures(string path)
    {
        var all = (from cell in NotebookDocument.Load(path).Cells
                   from output in cell.Outputs
                   let data = output["data"]
                   where data?[Mime.Png] is not null
                   select data).ToList();
        return all.Index().OrderBy(f => NotebookCell.Join(f.Item[Mime.Plain]).Contains("digitised", StringComparison.OrdinalIgnoreCase) ? 0 : 1).Take(Most)
            .OrderBy(f => f.Index).Select(f => new SheetEntry(Path.GetFileNameWithoutExtension(path), Picture(NotebookCell.Join(f.Item[Mime.Png]), path)));
    }

    private static byte[] Picture(string base64, string path)
    {
        try
        {
            return Convert.FromBase64String(base64);
        }
        catch (FormatException e)
        {
            throw new CaiException("A picture in this notebook is not base64.", "Run the notebook again.", path, e);
        }
    }
}

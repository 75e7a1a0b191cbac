using Cai.Figures;
using Cai.Storage;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Report;

/// <summary>`figures.png`: every figure of a run on one picture.</summary>
public static class FigureSheet
{
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

    private static IEnumerable<SheetEntry> Figures(string path) =>
        from cell in NotebookDocument.Load(path).Cells
        from output in cell.Outputs
        let data = output["data"]
        where data?[Mime.Png] is not null
        select new SheetEntry(Path.GetFileNameWithoutExtension(path), Picture(NotebookCell.Join(data[Mime.Png]), path));

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

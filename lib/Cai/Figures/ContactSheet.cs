using SkiaSharp;

namespace Cai.Figures;

/// <summary>A picture for the sheet.</summary>
/// <param name="Group">Pictures of one group stand together under this title: a notebook's name.</param>
/// <param name="Png">The picture's file.</param>
public sealed record SheetEntry(string Group, byte[] Png);

/// <summary>The figures of a run on one picture, large enough to be read.</summary>
public static class ContactSheet
{
    private const int Columns = 3, Width = 760, Gap = 14, TitleRoom = 30;

    /// <summary>
    /// The sheet as PNG: groups in the order given, in three columns of 760 pixels; each picture as wide as its column, in the column that is shortest.
    /// A picture that cannot be read is left out: the sheet is for a look at all the others.
    /// </summary>
    public static byte[] ToPng(IReadOnlyList<SheetEntry> entries)
    {
        var pictures = entries.Select(entry => (entry.Group, Picture: SKImage.FromEncodedData(entry.Png))).Where(p => p.Picture is not null).ToList();
        var ends = new float[Columns];
        var places = pictures.Select((p, i) =>
        {
            var titled = i == 0 || pictures[i - 1].Group != p.Group;
            var column = Array.IndexOf(ends, ends.Min());
            var top = ends[column] + Gap + (titled ? TitleRoom : 0);
            ends[column] = top + p.Picture.Height * (float)Width / p.Picture.Width;
            return (p.Group, p.Picture, Titled: titled, Place: SKRect.Create(Gap + column * (Width + Gap), top, Width, ends[column] - top));
        }).ToList();
        var info = new SKImageInfo(Gap + Columns * (Width + Gap), (int)Math.Ceiling(ends.Max()) + Gap, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var sheet = new SKBitmap(info);
        using var canvas = new SKCanvas(sheet);
        // Figures are white: on grey it shows where one ends.
        canvas.Clear(SKColor.Parse("#E6E8EB"));
        using var bold = new SKFont(FigureFont.Bold, 20) { Subpixel = true };
        using var ink = new SKPaint { Color = SKColor.Parse("#333333"), IsAntialias = true };
        foreach (var (group, picture, titled, place) in places)
        {
            if (titled)
                canvas.DrawText(SafeText.Line(group), place.Left, place.Top - 9, bold, ink);
            canvas.DrawImage(picture, place, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
            picture.Dispose();
        }
        canvas.Flush();
        return PalettePng.Encode(sheet);
    }
}

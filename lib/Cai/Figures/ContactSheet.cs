using SkiaSharp;

namespace Cai.Figures;

/// <summary>A picture for the sheet.</summary>
/// <param name="Group">Pictures of one group stand together under this title: a notebook's name.</param>
/// <param name="Png">The picture's file.</param>
public sealed record SheetEntry(string Group, byte[] Png);

/// <summary>All figures of a run on one picture, for a quick look.</summary>
public static class ContactSheet
{
    private const int Columns = 4, Width = 460, Height = 310, Gap = 14, GroupRoom = 34;

    /// <summary>The sheet as PNG: groups in the order given, four pictures a row, each shrunk to at most 460 × 310 pixels.</summary>
    public static byte[] ToPng(IReadOnlyList<SheetEntry> entries)
    {
        var groups = entries.GroupBy(entry => entry.Group).ToList();
        var rows = groups.Sum(group => (group.Count() + Columns - 1) / Columns);
        var info = new SKImageInfo(Gap + Columns * (Width + Gap), Gap + groups.Count * GroupRoom + rows * (Height + Gap),
            SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var sheet = new SKBitmap(info);
        using var canvas = new SKCanvas(sheet);
        canvas.Clear(SKColors.White);
        using var bold = new SKFont(FigureFont.Bold, 18) { Subpixel = true };
        using var ink = new SKPaint { Color = SKColor.Parse("#333333"), IsAntialias = true };
        float y = Gap;
        foreach (var group in groups)
        {
            canvas.DrawText(SafeText.Line(group.Key), Gap, y + 20, bold, ink);
            y += GroupRoom;
            foreach (var row in group.Chunk(Columns))
            {
                foreach (var (column, entry) in row.Index())
                    Draw(canvas, entry, Gap + column * (Width + Gap), y);
                y += Height + Gap;
            }
        }
        canvas.Flush();
        return PalettePng.Encode(sheet);
    }

    private static void Draw(SKCanvas canvas, SheetEntry entry, float x, float y)
    {
        using var picture = SKImage.FromEncodedData(entry.Png);
        // A damaged picture leaves its place empty: the sheet is for a look at all the others.
        if (picture is null)
            return;
        var scale = Math.Min((float)Width / picture.Width, (float)Height / picture.Height);
        canvas.DrawImage(picture, SKRect.Create(x, y, picture.Width * scale, picture.Height * scale),
            new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
    }
}

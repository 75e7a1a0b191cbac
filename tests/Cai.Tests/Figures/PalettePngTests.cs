using Cai.Figures;
using SkiaSharp;
using Xunit;

namespace Cai.Tests.Figures;

public class PalettePngTests
{
    [Fact]
    public void UpTo256ColoursAreKeptExactly()
    {
        using var picture = Picture(37, 7, i => new SKColor((byte)(i % 256), (byte)(i % 16), 200));
        using var decoded = SKBitmap.Decode(PalettePng.Encode(picture));
        Assert.Equal((37, 7), (decoded.Width, decoded.Height));
        Assert.Equal(picture.Pixels, decoded.Pixels);
    }

    [Fact]
    public void OfMoreColoursTheFrequentStayAndTheRareMoveLittle()
    {
        var rng = new Rng(1);
        // Nine pixels in ten are of five colours, the others of any grey-blue.
        using var picture = Picture(200, 100, i => i % 10 != 0 ? new SKColor((byte)(50 * (i % 5)), 0, 90)
            : new SKColor((byte)rng.Next(256), (byte)rng.Next(256), 255));
        using var decoded = SKBitmap.Decode(PalettePng.Encode(picture));
        foreach (var (i, (before, after)) in picture.Pixels.Zip(decoded.Pixels).Index())
            if (i % 10 != 0)
                Assert.Equal(before, after);
            else
                Assert.InRange(Math.Abs(before.Red - after.Red) + Math.Abs(before.Green - after.Green) + Math.Abs(before.Blue - after.Blue), 0, 64);
    }

    [Fact]
    public void PicturesOfASheetStandInTheShortestColumn()
    {
        var png = StaticRenderer.ToPng(ExampleFigures.Bars, width: 300, scale: 1);
        using var sheet =
            SKBitmap.Decode(ContactSheet.ToPng([.. Enumerable.Range(0, 5).Select(_ => new SheetEntry("a", png)), new SheetEntry("b", [1, 2, 3])]));
        // 3 columns of 760 and 4 gaps of 14. The title of 30 stands over the first column, so the fourth and fifth go below the second and third; the damaged
        // one has no place.
        using var one = SKBitmap.Decode(png);
        var height = one.Height * 760f / one.Width;
        Assert.Equal((2336, (int)Math.Ceiling(2 * (14 + height)) + 14), (sheet.Width, sheet.Height));
        Assert.DoesNotContain(new SKColor(0x00, 0x72, 0xB2), Columns(0, 14 + 760));
        Assert.Contains(new SKColor(0x00, 0x72, 0xB2), Columns(14 + 774, 14 + 774 + 760));
        Assert.Contains(new SKColor(0x00, 0x72, 0xB2), Columns(14 + 2 * 774, sheet.Width));

        IEnumerable<SKColor> Columns(int left, int right) =>
            from x in Enumerable.Range(left, right - left) from y in Enumerable.Range((int)height + 60, (int)height - 60) select sheet.GetPixel(x, y);
    }

    private static SKBitmap Picture(int width, int height, Func<int, SKColor> color)
    {
        var picture = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var i = 0; i < width * height; i++)
            picture.SetPixel(i % width, i / width, color(i));
        return picture;
    }
}

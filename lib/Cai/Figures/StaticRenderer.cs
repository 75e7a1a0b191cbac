using ScottPlot;
using SkiaSharp;

namespace Cai.Figures;

/// <summary>Figures as PNG, the same picture on every machine: they show on GitHub and wherever scripts do not run.</summary>
public static class StaticRenderer
{
    private const int MaxBytes = 60 * 1024;
    private const float Margin = 10;
    private const int TitleLines = 3, CaptionLines = 14;

    private static readonly SKColor Ink = SKColor.Parse("#333333");

    /// <summary>PNG of at most 60 KB, so that committed notebooks stay small.</summary>
    /// <param name="width">Pixels at scale 1.</param>
    /// <param name="scale">Pixels per logical pixel; lowered step by step to 1 when the file would be too large.</param>
    /// <exception cref="CaiException">The figure cannot be drawn; see <see cref="Figure.Checked"/>.</exception>
    public static byte[] ToPng(Figure figure, int width = 700, double scale = 1.5) =>
        Small(s => Draw(figure.Title, [figure], 1, figure.FullCaption, width, s), scale);

    /// <inheritdoc cref="ToPng(Figure, int, double)"/>
    public static byte[] ToPng(FigurePanel panel, int width = 900, double scale = 1.5) =>
        Small(s => Draw(panel.Title, panel.Figures, panel.Columns, panel.FullCaption, width, s), scale);

    private static byte[] Small(Func<double, byte[]> draw, double scale)
    {
        var png = draw(scale);
        while (png.Length > MaxBytes && scale > 1)
            png = draw(scale = Math.Max(1, scale - 0.25));
        return png;
    }

    private static byte[] Draw(string title, IReadOnlyList<Figure> figures, int columns, string caption, int width, double scale)
    {
        using var bold = new SKFont(FigureFont.Bold, 16) { Subpixel = true };
        using var body = new SKFont(FigureFont.Regular, 12) { Subpixel = true };
        var titles = Lines.Wrap(SafeText.Line(title), bold, width - 2 * Margin, TitleLines);
        var captions = Lines.Wrap(SafeText.Line(caption), body, width - 2 * Margin, CaptionLines);
        var dashes = new Dashes(figures);
        var legend = LegendRows(figures, dashes, body, width - 2 * Margin);
        var top = Margin + 21 * titles.Count + 20 * legend.Count + (titles.Count + legend.Count > 0 ? 4 : 0);
        var grid = new PanelGrid(figures, columns);
        float[] rows = [.. Enumerable.Range(0, grid.Rows).Select(row => (float)RowHeight(figures, grid, row))];
        var height = (int)Math.Ceiling(top + rows.Sum() + 16 * captions.Count + Margin);

        using var picture = new SKBitmap(new SKImageInfo((int)(width * scale), (int)(height * scale), SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(picture);
        canvas.Clear(SKColors.White);
        canvas.Scale((float)scale);
        using var ink = new SKPaint { Color = Ink, IsAntialias = true };
        var y = Margin;
        foreach (var line in titles)
            canvas.DrawText(line, Margin, (y += 21) - 6, bold, ink);
        foreach (var row in legend)
        {
            y += 20;
            foreach (var (entry, x) in row)
                DrawEntry(canvas, entry, x, y - 6, body, ink);
        }
        for (var i = 0; i < figures.Count; i++)
        {
            var (left, right) = Columns(grid, i, width);
            var (upper, own) = (top + rows.Take(i / grid.Columns).Sum(), rows[i / grid.Columns]);
            var plot = StaticPlot.Of(figures[i].Checked(), dashes, grid, i, titled: figures.Count > 1, right - left, own);
            // ScottPlot clears the canvas before it draws; a layer keeps that to this panel.
            canvas.SaveLayer();
            plot.Render(canvas, new PixelRect(left, right, upper + own, upper));
            canvas.Restore();
        }
        y = top + rows.Sum();
        foreach (var line in captions)
            canvas.DrawText(line, Margin, (y += 16) - 3, body, ink);
        canvas.Flush();
        return PalettePng.Encode(picture);
    }

    /// <summary>With axes and title.</summary>
    private static int RowHeight(IReadOnlyList<Figure> figures, PanelGrid grid, int row)
    {
        var first = row * grid.Columns;
        if (grid.Lies(first))
            return grid.Height(row, 0, 0) + 54 + (figures.Count > 1 ? 24 : 0);
        // Names of several lines take height from below the bars.
        return grid.Height(row, alone: 360, beside: grid.Columns > 2 ? 300 : 350) + 14 * (grid.TickLines(first) - 1)
            - (grid.Rows > 1 && !grid.ShowsX(first) ? 20 : 0);
    }

    /// <summary>Left and right end of a panel; the first of a row of lying bars is wider by the names.</summary>
    private static (float Left, float Right) Columns(PanelGrid grid, int i, float width)
    {
        var (column, columns) = (i % grid.Columns, grid.Columns);
        var room = width - Margin;
        if (!grid.Lies(i) || columns == 1)
            return (Margin / 2 + column * room / columns, Margin / 2 + (column + 1) * room / columns);
        var names = grid.Names(i).Width - StaticPlot.WithoutNames;
        var each = (room - names) / columns;
        return (Margin / 2 + column * each + (column > 0 ? names : 0), Margin / 2 + (column + 1) * each + names);
    }

    private sealed record Entry(string Name, SKColor Color, MarkerKind? Marker, bool Line, float[]? Dash);

    private static List<List<(Entry Entry, float X)>> LegendRows(IReadOnlyList<Figure> figures, Dashes dashes, SKFont font, float width)
    {
        var entries = figures.SelectMany(f => f.Series.Select((s, i) => ToEntry(s, s.Style ?? i)))
            .Concat(figures.SelectMany(f => f.References.Where(r => r.Label is not null).Select(r => (Figure: f, Line: r)))
                .Select(r => new Entry(SafeText.Line(r.Line.Label!), SKColor.Parse(Palette.Neutral), null, true,
                    StaticPlot.Intervals(dashes.Of(r.Figure, r.Line)))))
            .DistinctBy(e => e.Name).Where(e => e.Name.Length > 0).Select(e => e with { Name = Lines.Wrap(e.Name, font, width - 48, most: 1)[0] }).ToArray();
        var rows = new List<List<(Entry, float)>>();
        // One series needs no legend: the title or axis names it.
        if (entries.Length < 2)
            return rows;
        var x = width + 1;
        foreach (var entry in entries)
        {
            var needed = 32 + font.MeasureText(entry.Name) + 16;
            if (x + needed > width + 16)
            {
                rows.Add([]);
                x = 0;
            }
            rows[^1].Add((entry, Margin + x));
            x += needed;
        }
        return rows;
    }

    private static Entry ToEntry(Series series, int style) => new(SafeText.Line(series.Name), SKColor.Parse(Palette.Color(series, style)),
        series is BarSeries or HistogramSeries or LineSeries { Markers: false } ? null : Palette.Marker(style),
        series is LineSeries or PointSeries { Connected: true }, series is LineSeries { Dashed: true } ? [5, 4] : null);

    private static void DrawEntry(SKCanvas canvas, Entry entry, float x, float baseline, SKFont font, SKPaint ink)
    {
        var middle = baseline - 4;
        using var paint = new SKPaint { Color = entry.Color, IsAntialias = true, StrokeWidth = 2, Style = SKPaintStyle.Fill };
        if (entry.Line)
        {
            using var dash = entry.Dash is { } intervals ? SKPathEffect.CreateDash(intervals, 0) : null;
            paint.PathEffect = dash;
            canvas.DrawLine(x, middle, x + 26, middle, paint);
            paint.PathEffect = null;
        }
        else if (entry.Marker is null)
            canvas.DrawRect(x + 4, middle - 6, 18, 12, paint);
        if (entry.Marker is { } marker)
            DrawMarker(canvas, StaticPlot.Shape(marker), new Pixel(x + 13, middle), entry.Color);
        canvas.DrawText(entry.Name, x + 32, baseline, font, ink);
    }

    private static void DrawMarker(SKCanvas canvas, MarkerShape shape, Pixel at, SKColor color)
    {
        using var paint = Paint.NewDisposablePaint();
        Drawing.DrawMarker(canvas, paint, at, new MarkerStyle(shape, 8, Color.FromSKColor(color)));
    }
}

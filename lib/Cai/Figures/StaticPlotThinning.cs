namespace Cai.Figures;

/// <summary>
/// Leaves out points of dense series that would be drawn over others: of markers all but one a pixel, of lines all but the first, last, lowest and
/// highest in each column of half a pixel. Series of at most <see cref="Most"/> points stay as they are.
/// </summary>
internal sealed class StaticPlotThinning(Figure figure, float width, float height)
{
    /// <summary>No series that a reader can see the points of is longer.</summary>
    public const int Most = 20_000;

    private const int ColumnsPerPixel = 2; // pictures have up to two pixels for a logical one

    private readonly Lazy<(double Low, double High)> x = new(() => Ends(figure, horizontal: true));
    private readonly Lazy<(double Low, double High)> y = new(() => Ends(figure, horizontal: false));

    public IReadOnlyList<DataPoint> Of(LineSeries series) => Thin(series.Points, line: true, series.Markers);

    public IReadOnlyList<DataPoint> Of(PointSeries series) => Thin(series.Points, series.Connected, markers: true);

    private IReadOnlyList<DataPoint> Thin(IReadOnlyList<DataPoint> points, bool line, bool markers)
    {
        if (points.Count <= Most)
            return points;
        var kept = new bool[points.Count];
        if (line)
            KeepOutline(points, kept);
        if (markers)
            KeepPixels(points, kept);
        return [.. points.Where((_, i) => kept[i])];
    }

    private void KeepOutline(IReadOnlyList<DataPoint> points, bool[] kept)
    {
        for (int first = 0, end; first < points.Count; first = end)
        {
            var column = Column(points[first].X, ColumnsPerPixel);
            var (lowest, highest, bottom, top) = (first, first, first, first);
            for (end = first + 1; end < points.Count && Column(points[end].X, ColumnsPerPixel) == column; end++)
            {
                var point = points[end];
                lowest = point.Y < points[lowest].Y ? end : lowest;
                highest = point.Y > points[highest].Y ? end : highest;
                bottom = point.YLow < points[bottom].YLow ? end : bottom;
                top = point.YHigh > points[top].YHigh ? end : top;
            }
            kept[first] = kept[end - 1] = kept[lowest] = kept[highest] = kept[bottom] = kept[top] = true;
        }
    }

    private void KeepPixels(IReadOnlyList<DataPoint> points, bool[] kept)
    {
        var taken = new HashSet<(double, double, double?, double?, double?, double?)>();
        for (var i = 0; i < points.Count; i++)
        {
            var p = points[i];
            kept[i] |= taken.Add((Column(p.X), Row(p.Y), p.XLow is { } left ? Column(left) : null, p.XHigh is { } right ? Column(right) : null,
                p.YLow is { } low ? Row(low) : null, p.YHigh is { } high ? Row(high) : null));
        }
    }

    private double Column(double value, int perPixel = 1) => Cell(Scales.Forward(figure.X, value), x.Value, width * perPixel);

    private double Row(double value) => Cell(Scales.Forward(figure.Y, value), y.Value, height);

    private static double Cell(double at, (double Low, double High) ends, double cells) => Math.Floor((at - ends.Low) / (ends.High - ends.Low) * cells);

    private static (double Low, double High) Ends(Figure figure, bool horizontal)
    {
        var axis = horizontal ? figure.X : figure.Y;
        var (low, high) = Scales.Range(figure, horizontal);
        return (Scales.Forward(axis, low), Scales.Forward(axis, high));
    }
}

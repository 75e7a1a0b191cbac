using ScottPlot;
using ScottPlot.TickGenerators;

namespace Cai.Figures;

/// <summary>One figure's axes and marks as a ScottPlot plot; title, legend and caption are drawn around it.</summary>
internal static class StaticPlot
{
    public static readonly Color Ink = Color.FromHex("#333333");

    public static readonly Color Faint = Color.FromHex(Palette.Neutral);

    /// <summary>Pixels at the left of a panel whose bars are named in the one before.</summary>
    public const float WithoutNames = 14;

    /// <param name="grid">Of all panels of the picture.</param>
    /// <param name="i">This one's place among them.</param>
    /// <param name="width">Logical pixels of the whole panel.</param>
    /// <param name="height">As the width.</param>
    public static Plot Of(Figure figure, Dashes dashes, PanelGrid grid, int i, bool titled, float width, float height)
    {
        var plot = new Plot();
        var thinning = new StaticPlotThinning(figure, width, height);
        plot.FigureBackground.Color = Colors.White;
        plot.HideLegend();
        plot.Grid.MajorLineColor = Color.FromHex("#E8E8E8");
        var lying = grid.Lies(i);
        var bars = figure.Series.OfType<BarSeries>().ToList();
        var drawn = new StaticBars(plot, figure, grid.Names(i), grid.ShowsNames(i));
        var (covered, bands) = (Overlaps.Of(figure), Bands.Of(figure));
        References(plot, figure, dashes, lying);
        for (var s = 0; s < figure.Series.Count; s++)
        {
            var style = figure.Series[s].Style ?? s;
            switch (figure.Series[s])
            {
                case LineSeries line:
                    Line(plot, figure, line with { Points = thinning.Of(line) }, style, covered[s], bands);
                    break;
                case PointSeries points:
                    Points(plot, figure, points with { Points = thinning.Of(points) }, style, covered[s]);
                    break;
                case BarSeries series:
                    drawn.Add(series, bars.IndexOf(series), bars.Count, style);
                    break;
                case HistogramSeries series:
                    Histogram(plot, figure, series, style);
                    break;
            }
        }
        Axes(plot, figure, grid, i, width, height);
        if (figure.Categories.Count > 0)
            drawn.Axis();
        if (titled)
            plot.Title(SafeText.Cut(SafeText.Line(figure.Title), Scales.LongestPanelTitle), 13);
        plot.Font.Set(FigureFont.Name);
        return plot;
    }

    public static MarkerShape Shape(MarkerKind kind) => kind switch
    {
        MarkerKind.Square => MarkerShape.FilledSquare,
        MarkerKind.TriangleUp => MarkerShape.FilledTriangleUp,
        MarkerKind.Diamond => MarkerShape.FilledDiamond,
        MarkerKind.TriangleDown => MarkerShape.FilledTriangleDown,
        MarkerKind.OpenCircle => MarkerShape.OpenCircle,
        MarkerKind.OpenSquare => MarkerShape.OpenSquare,
        _ => MarkerShape.FilledCircle,
    };

    /// <summary>A straight line in the axes' own coordinates.</summary>
    public static void Line(Plot plot, (double X1, double Y1, double X2, double Y2) ends, Color color, float width)
    {
        var line = plot.Add.Line(ends.X1, ends.Y1, ends.X2, ends.Y2);
        line.LineColor = color;
        line.LineWidth = width;
        line.MarkerSize = 0;
    }

    private static void Axes(Plot plot, Figure figure, PanelGrid grid, int panel, float width, float height)
    {
        var lying = grid.Lies(panel);
        var (left, right) = Scales.Range(figure, horizontal: true);
        var (bottom, top) = Scales.Range(figure, horizontal: false);
        if (lying)
            plot.Axes.SetLimits(Scales.Forward(figure.Y, bottom), Scales.Forward(figure.Y, top), -right, -left);
        else
            plot.Axes.SetLimits(
                Scales.Forward(figure.X, left), Scales.Forward(figure.X, right), Scales.Forward(figure.Y, bottom), Scales.Forward(figure.Y, top));
        Style(plot.Axes.Bottom, lying ? figure.Y : figure.X, grid.ShowsX(panel));
        Style(plot.Axes.Left, lying ? new Axis("") : figure.Y, grid.ShowsY(panel));
        Ticks(lying ? plot.Axes.Left : plot.Axes.Bottom, horizontal: true, width - 80);
        Ticks(lying ? plot.Axes.Bottom : plot.Axes.Left, horizontal: false, lying ? width - 80 : height - 60);
        plot.Axes.Left.MinimumSize = grid.ShowsY(panel) ? 62 : 42;
        if (!lying)
            plot.Axes.Bottom.MinimumSize = 14 * grid.TickLines(panel) + 12 + (plot.Axes.Bottom.Label.Text.Length > 0 ? 20 : 0);
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;

        void Ticks(IAxis axis, bool horizontal, double pixels)
        {
            var spec = horizontal ? figure.X : figure.Y;
            if (AxisTicks.Of(figure, horizontal, pixels) is not { } ticks)
            {
                axis.TickGenerator = new NumericAutomatic
                {
                    LabelFormatter = Scales.Short, MinimumTickSpacing = axis == plot.Axes.Bottom ? 45 : 25,
                    IntegerTicksOnly = horizontal && Scales.CountsWhole(figure),
                };
                return;
            }
            axis.TickGenerator = new NumericManual(
                [.. ticks.Select(t => new Tick(Scales.Forward(spec, t.Value), string.Join('\n', AxisTicks.Lines(t.Label))))]);
        }
    }

    private static void Style(IAxis axis, Axis spec, bool labelled)
    {
        axis.Label.Text = labelled ? SafeText.Line(SafeText.Cut(spec.Label, Scales.LongestAxisLabel)) : "";
        axis.Label.FontSize = 13;
        axis.Label.Bold = false;
        axis.Label.ForeColor = Ink;
        axis.TickLabelStyle.FontSize = 11.5f;
        axis.TickLabelStyle.ForeColor = Ink;
        axis.FrameLineStyle.Color = Faint;
        axis.MajorTickStyle.Color = Faint;
        axis.MinorTickStyle.Length = 0;
    }

    private static void Line(Plot plot, Figure figure, LineSeries series, int style, (int Markers, int Line) covered, Bands bands)
    {
        var color = Color.FromHex(Palette.Color(series, style));
        if (series.Banded is { Length: > 0 } banded)
        {
            var band = plot.Add.FillY(banded.Select(
                p => (Scales.Forward(figure.X, p.X), Scales.Forward(figure.Y, p.YLow!.Value), Scales.Forward(figure.Y, p.YHigh!.Value))).ToList());
            band.FillColor = color.WithAlpha(bands.Fill);
            band.LineColor = color.WithAlpha(bands.Edge);
            band.LineWidth = bands.Edge > 0 ? 0.8f : 0;
            band.MarkerSize = 0;
        }
        var line = plot.Add.Scatter(Coordinates(figure, series.Points), color);
        line.LineWidth = 2 + 2.5f * covered.Line;
        line.LinePattern = series.Dashed ? LinePattern.Dashed : LinePattern.Solid;
        line.MarkerShape = Shape(Palette.Marker(style));
        line.MarkerSize = series.Markers ? 7 + 4 * covered.Markers : 0;
        line.MarkerLineWidth = 2;
    }

    private static void Points(Plot plot, Figure figure, PointSeries series, int style, (int Markers, int Line) covered)
    {
        var color = Color.FromHex(Palette.Color(series, style));
        foreach (var p in series.Points)
        {
            var (x, y) = (Scales.Forward(figure.X, p.X), Scales.Forward(figure.Y, p.Y));
            // Crossed bars of many points are lighter than the points.
            var shade = p is { YLow: not null, XLow: not null } ? color.WithAlpha(0.55) : color;
            if (p is { YLow: { } low, YHigh: { } high })
                Line(plot, (x, Scales.Forward(figure.Y, low), x, Scales.Forward(figure.Y, high)), shade, 1.3f + 2 * covered.Markers);
            if (p is { XLow: { } left, XHigh: { } right })
                Line(plot, (Scales.Forward(figure.X, left), y, Scales.Forward(figure.X, right), y), shade, 1.3f + 2 * covered.Markers);
        }
        var points = plot.Add.Scatter(Coordinates(figure, series.Points), color);
        points.LineWidth = series.Connected ? 1.5f + 2 * covered.Line : 0;
        points.MarkerShape = Shape(Palette.Marker(style));
        points.MarkerSize = 9 + 6 * covered.Markers;
        points.MarkerLineWidth = 2;
    }

    private static void Histogram(Plot plot, Figure figure, HistogramSeries series, int style)
    {
        var (start, width, shares) = Scales.Histogram(figure);
        var color = Color.FromHex(Palette.Color(style));
        var share = shares[series];
        for (var i = 0; i < share.Length; i++)
            if (share[i] > 0)
                plot.Add.Bar(new Bar
                {
                    Position = start + (i + 0.5) * width, Value = share[i], Size = width, FillColor = color.WithAlpha(0.45), LineColor = color, LineWidth = 1,
                });
    }

    private static void References(Plot plot, Figure figure, Dashes dashes, bool lying)
    {
        var (left, right) = Scales.Range(figure, horizontal: true);
        var (bottom, top) = Scales.Range(figure, horizontal: false);
        foreach (var reference in figure.References)
        {
            var (from, to) = reference.Kind switch
            {
                ReferenceKind.Horizontal => ((left, reference.Value), (right, reference.Value)),
                ReferenceKind.Vertical => ((reference.Value, bottom), (reference.Value, top)),
                _ => ((Math.Max(left, bottom), Math.Max(left, bottom)), (Math.Min(right, top), Math.Min(right, top))),
            };
            var (x1, y1) = (Scales.Forward(figure.X, from.Item1), Scales.Forward(figure.Y, from.Item2));
            var (x2, y2) = (Scales.Forward(figure.X, to.Item1), Scales.Forward(figure.Y, to.Item2));
            var line = lying ? plot.Add.Line(y1, -x1, y2, -x2) : plot.Add.Line(x1, y1, x2, y2);
            line.LineColor = Faint;
            line.LineWidth = 1.2f;
            line.LinePattern = Pattern(dashes.Of(figure, reference));
            line.MarkerSize = 0;
        }
    }

    private static LinePattern Pattern(Dash dash) => dash == Dash.Solid ? LinePattern.Solid : new LinePattern(Intervals(dash), 0, dash.ToString());

    /// <summary>Pixels of ink and of gaps, in turn.</summary>
    public static float[] Intervals(Dash dash) => dash switch
    {
        Dash.Dotted => [2, 3],
        Dash.DashDot => [9, 3, 2, 3],
        Dash.LongDash => [14, 5],
        _ => [6, 4],
    };

    private static Coordinates[] Coordinates(Figure figure, IReadOnlyList<DataPoint> points) =>
        points.Select(p => new Coordinates(Scales.Forward(figure.X, p.X), Scales.Forward(figure.Y, p.Y))).ToArray();
}

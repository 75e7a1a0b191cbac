using ScottPlot;
using ScottPlot.TickGenerators;

namespace Cai.Figures;

/// <summary>One figure's axes and marks as a ScottPlot plot; title, legend and caption are drawn around it.</summary>
internal static class StaticPlot
{
    public static readonly Color Ink = Color.FromHex("#333333");

    public static readonly Color Faint = Color.FromHex("#8A8A8A");

    /// <param name="titled">Whether the figure's title is drawn above it.</param>
    /// <param name="width">Logical pixels of the whole panel.</param>
    /// <param name="height">As the width.</param>
    public static Plot Of(Figure figure, bool titled, float width, float height)
    {
        var plot = new Plot();
        var thinning = new StaticPlotThinning(figure, width, height);
        plot.FigureBackground.Color = Colors.White;
        plot.HideLegend();
        plot.Grid.MajorLineColor = Color.FromHex("#E8E8E8");
        References(plot, figure);
        var bars = figure.Series.OfType<BarSeries>().ToList();
        for (var i = 0; i < figure.Series.Count; i++)
        {
            var style = figure.Series[i].Style ?? i;
            switch (figure.Series[i])
            {
                case LineSeries line:
                    Line(plot, figure, line with { Points = thinning.Of(line) }, style);
                    break;
                case PointSeries points:
                    Points(plot, figure, points with { Points = thinning.Of(points) }, style);
                    break;
                case BarSeries series:
                    Bars(plot, figure, series, bars.IndexOf(series), bars.Count, style);
                    break;
                case HistogramSeries series:
                    Histogram(plot, figure, series, style);
                    break;
            }
        }
        Axes(plot, figure);
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
        MarkerKind.Cross => MarkerShape.Eks,
        MarkerKind.Plus => MarkerShape.Cross,
        _ => MarkerShape.FilledCircle,
    };

    private static void Axes(Plot plot, Figure figure)
    {
        var (left, right) = Scales.Range(figure, horizontal: true);
        var (bottom, top) = Scales.Range(figure, horizontal: false);
        plot.Axes.SetLimits(Scales.Forward(figure.X, left), Scales.Forward(figure.X, right), Scales.Forward(figure.Y, bottom), Scales.Forward(figure.Y, top));
        foreach (var (axis, spec, low, high) in new (IAxis, Axis, double, double)[] { (plot.Axes.Bottom, figure.X, left, right),
            (plot.Axes.Left, figure.Y, bottom, top) })
        {
            axis.Label.Text = SafeText.Line(SafeText.Cut(spec.Label, Scales.LongestAxisLabel));
            axis.Label.FontSize = 13;
            axis.Label.Bold = false;
            axis.Label.ForeColor = Ink;
            axis.TickLabelStyle.FontSize = 11.5f;
            axis.TickLabelStyle.ForeColor = Ink;
            axis.FrameLineStyle.Color = Faint;
            axis.MajorTickStyle.Color = Faint;
            axis.MinorTickStyle.Length = 0;
            if (spec.Scale == AxisScale.Log)
                axis.TickGenerator = new NumericManual(Scales.LogTicks(low, high).Select(t => new Tick(Math.Log10(t.Value), t.Label)).ToArray());
            else
                axis.TickGenerator = new NumericAutomatic
                {
                    LabelFormatter = Scales.Short, MinimumTickSpacing = axis == plot.Axes.Bottom ? 45 : 25,
                    IntegerTicksOnly = axis == plot.Axes.Bottom && Scales.CountsWhole(figure),
                };
        }
        plot.Axes.Left.MinimumSize = 62;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        if (figure.Categories.Count == 0)
            return;
        plot.Axes.Bottom.TickGenerator = new NumericManual(figure.Categories.Select((name, i) => new Tick(i, Scales.CategoryLabel(name))).ToArray());
        // Long names in narrow slots are slanted so that they do not run into each other.
        if (Scales.Slanted(figure))
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = -30;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
            plot.Axes.Bottom.MinimumSize = 12 + 3.6f * figure.Categories.Max(c => Scales.CategoryLabel(c).Length) + (figure.X.Label.Length > 0 ? 22 : 0);
        }
    }

    private static void Line(Plot plot, Figure figure, LineSeries series, int style)
    {
        var color = Color.FromHex(Palette.Color(style));
        var banded = series.Points.Where(p => p.YLow is not null && p.YHigh is not null).ToArray();
        if (banded.Length > 1)
        {
            var band = plot.Add.FillY(banded.Select(
                p => (Scales.Forward(figure.X, p.X), Scales.Forward(figure.Y, p.YLow!.Value), Scales.Forward(figure.Y, p.YHigh!.Value))).ToList());
            band.FillColor = color.WithAlpha(0.18);
            band.LineWidth = 0;
            band.MarkerSize = 0;
        }
        var line = plot.Add.Scatter(Coordinates(figure, series.Points), color);
        line.LineWidth = 2;
        line.LinePattern = series.Dashed ? LinePattern.Dashed : LinePattern.Solid;
        line.MarkerShape = Shape(Palette.Marker(style));
        line.MarkerSize = series.Markers ? 7 : 0;
    }

    private static void Points(Plot plot, Figure figure, PointSeries series, int style)
    {
        var color = Color.FromHex(Palette.Color(style));
        foreach (var p in series.Points)
        {
            var (x, y) = (Scales.Forward(figure.X, p.X), Scales.Forward(figure.Y, p.Y));
            if (p is { YLow: { } low, YHigh: { } high })
                Whisker(plot, x, Scales.Forward(figure.Y, low), x, Scales.Forward(figure.Y, high), color);
            if (p is { XLow: { } left, XHigh: { } right })
                Whisker(plot, Scales.Forward(figure.X, left), y, Scales.Forward(figure.X, right), y, color);
        }
        var points = plot.Add.Scatter(Coordinates(figure, series.Points), color);
        points.LineWidth = series.Connected ? 1.5f : 0;
        points.MarkerShape = Shape(Palette.Marker(style));
        points.MarkerSize = 9;
    }

    private static void Bars(Plot plot, Figure figure, BarSeries series, int slot, int slots, int style)
    {
        var width = 0.8 / slots;
        for (var i = 0; i < series.Bars.Count; i++)
        {
            if (series.Bars[i] is not { } value)
                continue;
            var x = i + (slot - (slots - 1) / 2.0) * width;
            var ground = figure.Y.Scale == AxisScale.Log ? Scales.Forward(figure.Y, Scales.Range(figure, horizontal: false).Low) : 0;
            plot.Add.Bar(new Bar
            {
                Position = x, ValueBase = ground, Value = Scales.Forward(figure.Y, value.Value), Size = width * 0.92,
                FillColor = Color.FromHex(Palette.Color(style)), LineWidth = 0,
            });
            if (double.IsFinite(value.Low) && double.IsFinite(value.High))
                Whisker(plot, x, Scales.Forward(figure.Y, value.Low), x, Scales.Forward(figure.Y, value.High), Ink);
        }
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

    private static void References(Plot plot, Figure figure)
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
            var line = plot.Add.Line(Scales.Forward(figure.X, from.Item1), Scales.Forward(figure.Y, from.Item2), Scales.Forward(figure.X, to.Item1),
                Scales.Forward(figure.Y, to.Item2));
            line.LineColor = Faint;
            line.LineWidth = 1.2f;
            line.LinePattern = LinePattern.Dashed;
            line.MarkerSize = 0;
        }
    }

    private static void Whisker(Plot plot, double x1, double y1, double x2, double y2, Color color)
    {
        var line = plot.Add.Line(x1, y1, x2, y2);
        line.LineColor = color;
        line.LineWidth = 1.3f;
        line.MarkerSize = 0;
    }

    private static Coordinates[] Coordinates(Figure figure, IReadOnlyList<DataPoint> points) =>
        points.Select(p => new Coordinates(Scales.Forward(figure.X, p.X), Scales.Forward(figure.Y, p.Y))).ToArray();
}

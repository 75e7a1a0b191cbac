namespace Cai.Figures;

/// <summary>Panels on the same axes, so that heights can be compared across them.</summary>
public static class SameScales
{
    /// <summary>The figures with one range of y, that of all of them.</summary>
    public static IReadOnlyList<Figure> Y(params IReadOnlyList<Figure> figures)
    {
        if (figures.Count == 0)
            return [];
        var (low, high) = Ends(figures, horizontal: false);
        return [.. figures.Select(f => f with { Y = f.Y with { Min = low, Max = high } })];
    }

    /// <summary>The same for x and y.</summary>
    public static IReadOnlyList<Figure> Both(params IReadOnlyList<Figure> figures)
    {
        if (figures.Count == 0)
            return [];
        var (low, high) = Ends(figures, horizontal: true);
        return [.. Y(figures).Select(f => f with { X = f.X with { Min = low, Max = high } })];
    }

    /// <summary>One panel a series, all on the axes of the whole, for bands or bars that would hide each other.</summary>
    public static FigurePanel Apart(Figure figure)
    {
        var (left, right) = Scales.Range(figure, horizontal: true);
        var bins = figure.Series.OfType<HistogramSeries>().Select(h => h.Bins).DefaultIfEmpty().Max();
        figure = figure with
        {
            X = figure.X with { Min = figure.X.Min ?? left, Max = figure.X.Max ?? right },
            Series = [.. figure.Series.Select((s, i) => (s is HistogramSeries h ? h with { Bins = bins } : s) with { Style = s.Style ?? i })],
        };
        var (bottom, top) = Scales.Range(figure, horizontal: false);
        return new FigurePanel(figure.Title, [.. figure.Series.Select(series => figure with
        {
            Title = series.Name, Y = figure.Y with { Min = figure.Y.Min ?? bottom, Max = figure.Y.Max ?? top }, Series = [series], Caption = "",
        })])
        {
            Caption = figure.Caption,
        };
    }

    private static (double Low, double High) Ends(IReadOnlyList<Figure> figures, bool horizontal)
    {
        var ranges = figures.Select(f => Scales.Range(f, horizontal)).ToList();
        return (ranges.Min(r => r.Low), ranges.Max(r => r.High));
    }
}

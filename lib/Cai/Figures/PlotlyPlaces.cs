using Plotly.NET;
using Plotly.NET.LayoutObjects;

namespace Cai.Figures;

/// <summary>Domains and axes of the panels of a figure.</summary>
internal sealed class PlotlyPlaces
{
    // Pixels that notebooks and pages give to a figure at least; of a row of panels, and between two rows.
    private const int Width = 640, Alone = 330, Between = 46, Labelled = 28;

    private readonly IReadOnlyList<Figure> figures;
    private readonly PanelGrid grid;
    private readonly int[] heights;
    private readonly (double From, double To)[] across;
    private readonly (double From, double To)[] down;

    public PlotlyPlaces(IReadOnlyList<Figure> figures, PanelGrid grid)
    {
        (this.figures, this.grid) = (figures, grid);
        heights = [.. Enumerable.Range(0, grid.Rows).Select(row => grid.Height(row, Alone, Alone))];
        int[] gaps = [.. Enumerable.Range(0, grid.Rows - 1).Select(row => Between + (grid.ShowsX(row * grid.Columns) ? Labelled : 0) + Lines(row))];
        Height = heights.Sum() + gaps.Sum();
        across = [.. figures.Select((_, i) => Across(i % grid.Columns, grid.Lies(i)))];
        down = [.. figures.Select((_, i) => Down(i / grid.Columns))];

        (double, double) Across(int column, bool lies)
        {
            // Room between panels for the next one's axis; lying bars have it at the left of the first alone.
            var gap = (lies ? 0.08 : 0.22) / grid.Columns;
            var width = (1 - (grid.Columns - 1) * gap) / grid.Columns;
            return (Math.Round(column * (width + gap), 4), Math.Round(column * (width + gap) + width, 4));
        }

        (double, double) Down(int row)
        {
            var above = heights.Take(row).Sum() + gaps.Take(row).Sum();
            return (Math.Round(Math.Max(0, 1 - (above + heights[row]) / (double)Height), 4), Math.Round(1 - above / (double)Height, 4));
        }
    }

    /// <summary>Pixels of all rows and what is between them.</summary>
    public int Height { get; }

    /// <summary>Pixels that names of several lines take below the last row.</summary>
    public int Below => Lines(grid.Rows - 1);

    /// <summary>Axis titles that a neighbour says already, by axis, for pages that set the panels otherwise; null when all are drawn.</summary>
    public object? Hidden => figures.Select((figure, i) => new[]
        {
            (Key: "xaxis" + Suffix(i), Shown: grid.ShowsX(i), figure.X.Label), (Key: "yaxis" + Suffix(i), Shown: grid.ShowsY(i), figure.Y.Label),
        }).SelectMany(axis => axis).Where(axis => !axis.Shown).ToDictionary(axis => axis.Key, axis => Title(axis.Label)) is { Count: > 0 } hidden
        ? hidden : null;

    /// <summary>Middle of a panel, for its title.</summary>
    public double Middle(int i) => (across[i].From + across[i].To) / 2;

    /// <summary>Upper end of a panel.</summary>
    public double Top(int i) => down[i].To;

    /// <summary>The horizontal axis of a panel.</summary>
    public LinearAxis X(int i, string anchor)
    {
        var axis = Axis(i, horizontal: !grid.Lies(i), grid.ShowsX(i), anchor);
        if (figures[i].Categories.Count > 0 && !grid.Lies(i))
            axis.With(
                ("tickvals", figures[i].Categories.Select((_, index) => index).ToArray()),
                ("ticktext", grid.Names(i).Labels.Select(SafeText.Plotly).ToArray()), ("automargin", true), ("tickangle", 0));
        return axis.With(("domain", figures.Count > 1 ? new[] { across[i].From, across[i].To } : null));
    }

    /// <summary>The vertical axis of a panel.</summary>
    public LinearAxis Y(int i, string anchor)
    {
        var axis = grid.Lies(i)
            ? PlotlyBars.Names(new LinearAxis().With(("anchor", anchor), ("zeroline", false)), grid.Names(i), grid.ShowsNames(i))
            : Axis(i, horizontal: false, grid.ShowsY(i), anchor);
        return axis.With(("domain", grid.Rows > 1 ? new[] { down[i].From, down[i].To } : null));
    }

    private LinearAxis Axis(int i, bool horizontal, bool shown, string anchor)
    {
        var figure = figures[i];
        var axis = horizontal ? figure.X : figure.Y;
        var (low, high) = Scales.Range(figure, horizontal);
        // Plotly's own ticks say 2 and 5 between powers of ten; these say the number, as the picture does.
        var ticks = AxisTicks.Of(figure, horizontal, horizontal ? Width / grid.Columns * 0.8 : heights[i / grid.Columns]);
        return new LinearAxis().With(
            ("title", shown ? new Title().With(("text", Title(axis.Label))) : null), ("anchor", anchor), ("zeroline", false),
            ("type", axis.Scale == AxisScale.Log ? "log" : null),
            ("tickvals", ticks?.Select(tick => Math.Round(tick.Value, 12)).ToArray()),
            ("ticktext", ticks?.Select(tick => string.Join("<br>", AxisTicks.Lines(tick.Label).Select(SafeText.Plotly))).ToArray()),
            ("range", axis.Min is null && axis.Max is null ? null : new[] { End(axis.Min, low), End(axis.Max, high) }));

        double? End(double? wanted, double value) => wanted is null ? null : Math.Round(Scales.Forward(axis, value), 6);
    }

    private int Lines(int row) => 14 * (grid.TickLines(row * grid.Columns) - 1);

    private static string Title(string label) => SafeText.Plotly(SafeText.Cut(label, Scales.LongestAxisLabel));

    private static string Suffix(int i) => i == 0 ? "" : (i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
}

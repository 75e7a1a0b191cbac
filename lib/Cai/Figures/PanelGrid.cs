namespace Cai.Figures;

/// <summary>Where the panels of a figure stand, how high they are, and which repeat what a neighbour says already.</summary>
internal sealed class PanelGrid
{
    private readonly IReadOnlyList<Figure> figures;
    private readonly IReadOnlyList<CategoryNames> names;

    /// <param name="columns">Wished for; 0 is one row. Lying bars with different names stand one below the other: they need the width.</param>
    public PanelGrid(IReadOnlyList<Figure> figures, int columns)
    {
        this.figures = figures;
        var wished = Math.Max(1, columns <= 0 ? figures.Count : Math.Min(columns, figures.Count));
        names = [.. figures.Select(f => new CategoryNames(f, wished))];
        Columns = names.Any(n => n.Lie) && !figures.All(f => f.Categories.SequenceEqual(figures[0].Categories)) ? 1 : wished;
        if (Columns != wished)
            names = [.. figures.Select(f => new CategoryNames(f, 1))];
    }

    public int Columns { get; }

    public int Rows => (figures.Count + Columns - 1) / Columns;

    public CategoryNames Names(int i) => names[i];

    /// <summary>Whether the bars lie.</summary>
    public bool Lies(int i) => names[i].Lie && figures[i].Categories.Count > 0;

    /// <summary>Lying bars share the names of the panel at their left.</summary>
    public bool ShowsNames(int i) => !Lies(i) || i % Columns == 0;

    /// <summary>Whether the label of the x axis is drawn: the panel below may say the same.</summary>
    public bool ShowsX(int i) => Lies(i) || i + Columns >= figures.Count || figures[i + Columns].X.Label != figures[i].X.Label;

    /// <summary>Whether the label of the y axis is drawn: the panel at the left may say the same.</summary>
    public bool ShowsY(int i) => Lies(i) || i % Columns == 0 || figures[i - 1].Y.Label != figures[i].Y.Label;

    /// <summary>Lines of the tallest name under the panels of this one's row: their axes stand on one height.</summary>
    public int TickLines(int i) => Row(i / Columns).Max(panel => Lies(panel) ? 1
        : Math.Max(names[panel].Rows, figures[panel].X.Ticks.Select(tick => AxisTicks.Lines(tick.Label).Count()).DefaultIfEmpty(1).Max()));

    private IEnumerable<int> Row(int row) => Enumerable.Range(row * Columns, Math.Min(Columns, figures.Count - row * Columns));

    /// <summary>Pixels of a row of panels without their axes.</summary>
    /// <param name="alone">Of a figure of one panel.</param>
    /// <param name="beside">Of one row of several.</param>
    public int Height(int row, int alone, int beside)
    {
        var own = Row(row).ToList();
        if (own.Exists(Lies))
            return own.Max(i => 10 + figures[i].Categories.Count * Math.Max(14 * names[i].Rows + 8, 13 * figures[i].Series.OfType<BarSeries>().Count() + 8));
        return figures.Count == 1 ? alone : Rows == 1 ? beside : Rows == 2 ? beside - 50 : beside - 90;
    }
}

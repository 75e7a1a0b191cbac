namespace Cai.Figures;

/// <summary>The names of bars: on a few lines under them, or at their left where they lie.</summary>
internal sealed class CategoryNames
{
    private const int Room = 100; // letters under the bars of a figure that stands alone
    private const int Longest = 90, MostLines = 3, Lying = 34;
    private const float Letter = 6.4f;

    /// <param name="columns">Panels beside each other.</param>
    public CategoryNames(Figure figure, int columns)
    {
        var names = figure.Categories.Select(name => SafeText.Cut(SafeText.Line(name), Longest)).ToList();
        var room = columns <= 1 ? Room : 900 / columns / 7 - 11;
        var slot = names.Count == 0 ? room : room / names.Count - 1;
        Lie = names.Exists(name => Array.Exists(name.Split(' '), word => word.Length > slot)
            || Figures.Lines.Wrap(name, Math.Max(1, slot), 9).Count > MostLines);
        Labels = [.. names.Select(name => string.Join('\n', Figures.Lines.Wrap(name, Lie ? Lying : Math.Max(1, slot), MostLines)))];
    }

    /// <summary>Whether the names fit only beside bars that lie.</summary>
    public bool Lie { get; }

    /// <summary>The names, broken into lines.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Pixels that the names take beside lying bars.</summary>
    public float Width => 16 + Letter * Labels.SelectMany(label => label.Split('\n')).Select(line => line.Length).DefaultIfEmpty().Max();

    /// <summary>Lines of the tallest name.</summary>
    public int Rows => Labels.Select(label => label.Count(c => c == '\n') + 1).DefaultIfEmpty(1).Max();
}

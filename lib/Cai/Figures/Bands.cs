namespace Cai.Figures;

/// <summary>How bands are filled: lighter the more there are, and with an edge in the line's colour, so that they can be told apart where they cross.</summary>
/// <param name="Fill">Opacity of the area.</param>
/// <param name="Edge">Opacity of its outline; 0 is none.</param>
internal readonly record struct Bands(double Fill, double Edge)
{
    private const int MostWithEdge = 60; // points: noisy curves have enough edges

    public static Bands Of(Figure figure)
    {
        var banded = figure.Series.OfType<LineSeries>().Select(line => line.Banded.Length).Where(points => points > 0).ToList();
        var edge = banded.Count < 2 || banded.Max() > MostWithEdge ? 0 : 0.5;
        return banded.Count switch { <= 2 => new(0.18, edge), 3 => new(0.13, edge), _ => new(0.09, edge) };
    }
}

namespace Cai.Figures;

/// <summary>
/// Which series lie on others. What is drawn first is drawn larger there, so that it shows round what is drawn over it: points keep their places, and
/// no series is hidden.
/// </summary>
internal static class Overlaps
{
    private const int Deepest = 3, MostPoints = 60;
    private const double Near = 0.012; // of the axis' length: less than a marker

    /// <summary>For each series, how many later ones cover a fifth of its markers, and how many half of its line; at most 3 each.</summary>
    public static IReadOnlyList<(int Markers, int Line)> Of(Figure figure)
    {
        var (left, right) = Ends(figure, horizontal: true);
        var (bottom, top) = Ends(figure, horizontal: false);
        var places = figure.Series.Select(Places).ToArray();
        return
        [
            .. places.Select((own, i) =>
            {
                var shared = places.Skip(i + 1).Select(other => own.Count(p => Array.Exists(other, q => At(p, q))));
                // Curves that only cross are told apart elsewhere.
                return (Most(shared.Count(n => n > 0 && 5 * n >= own.Length)), Most(shared.Count(n => n > 1 && 2 * n >= own.Length)));
            }),
        ];

        bool At((double X, double Y) p, (double X, double Y) q) => Math.Abs(p.X - q.X) < Near && Math.Abs(p.Y - q.Y) < Near;

        int Most(int count) => Math.Min(Deepest, count);

        (double X, double Y)[] Places(Series series)
        {
            var points = series switch { LineSeries { Markers: true } line => line.Points, PointSeries some => some.Points, _ => [] };
            return points.Count > MostPoints ? [] : [.. points.Select(p =>
                ((Scales.Forward(figure.X, p.X) - left) / (right - left), (Scales.Forward(figure.Y, p.Y) - bottom) / (top - bottom)))];
        }
    }

    private static (double Low, double High) Ends(Figure figure, bool horizontal)
    {
        var axis = horizontal ? figure.X : figure.Y;
        var (low, high) = Scales.Range(figure, horizontal);
        return (Scales.Forward(axis, low), Scales.Forward(axis, high));
    }
}

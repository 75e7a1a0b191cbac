namespace Cai.Figures;

/// <summary>Where an axis has ticks, for both renderers: at the data where these are few, so that a point's place can be read off.</summary>
internal static class AxisTicks
{
    private const int MostOwn = 9, Letter = 7, Apart = 6; // values with a tick each; pixels of a letter, and between labels

    // Parameters of models are whole numbers too; nobody counts them.
    private const double LargestCount = 1000;

    /// <summary>Ticks in order; null leaves the choice to the renderer.</summary>
    /// <param name="pixels">Length of the axis; labels that would run into each other are not all drawn.</param>
    public static IReadOnlyList<AxisTick>? Of(Figure figure, bool horizontal, double pixels)
    {
        var axis = horizontal ? figure.X : figure.Y;
        var (low, high) = Scales.Range(figure, horizontal);
        if (axis.Ticks.Count > 0)
            return [.. axis.Ticks.Where(t => t.Value >= low && t.Value <= high).OrderBy(t => t.Value)];
        if (horizontal && figure.Categories.Count == 0 && Scales.CountsWhole(figure) && Counted(figure, axis) is { } counted)
            return counted;
        return axis.Scale == AxisScale.Log ? [.. Scales.LogTicks(low, high).Select(t => new AxisTick(t.Value, t.Label))] : null;

        IReadOnlyList<AxisTick>? Counted(Figure figure, Axis axis)
        {
            if (axis.Scale == AxisScale.Log && high > LargestCount)
                return null;
            var own = Scales.Points(figure).Select(p => p.X).Distinct().Order().Take(MostOwn + 1).ToArray();
            if (own.Length is > 1 and <= MostOwn && Labelled(own) is var ticks && Fit(ticks))
                return ticks;
            if (axis.Scale == AxisScale.Log || high - low > 40)
                return null;
            return new[] { 1, 2, 5, 10 }.Select(step => Labelled(Multiples(step))).FirstOrDefault(Fit);
        }

        IEnumerable<double> Multiples(int step)
        {
            for (var value = Math.Ceiling(low / step) * step + 0.0; value <= high; value += step)
                yield return value;
        }

        bool Fit(IReadOnlyList<AxisTick> ticks) => ticks.Zip(ticks.Skip(1)).All(pair =>
            (At(pair.Second) - At(pair.First)) * pixels >= Letter * (pair.First.Label.Length + pair.Second.Label.Length) / 2.0 + Apart);

        double At(AxisTick tick) => (Scales.Forward(axis, tick.Value) - Scales.Forward(axis, low)) / (Scales.Forward(axis, high) - Scales.Forward(axis, low));
    }

    /// <summary>The lines of a tick's name, safe to show.</summary>
    public static IEnumerable<string> Lines(string label) => label.Split('\n').Take(3).Select(line => SafeText.Cut(SafeText.Line(line), 40));

    private static IReadOnlyList<AxisTick> Labelled(IEnumerable<double> values) => [.. values.Select(value => new AxisTick(value, Scales.Short(value)))];
}

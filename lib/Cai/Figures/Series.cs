using Cai.Evaluation;

namespace Cai.Figures;

/// <summary>A point with optional error bars; both ends of a bar are given or neither.</summary>
public sealed record DataPoint(double X, double Y, double? YLow = null, double? YHigh = null, double? XLow = null, double? XHigh = null)
{
    /// <summary>A measured value at an exact position.</summary>
    public static DataPoint Of(double x, Interval y) => new(x, y.Value, Ends(y).Low, Ends(y).High);

    /// <summary>A point measured in both directions.</summary>
    public static DataPoint Of(Interval x, Interval y) => new(x.Value, y.Value, Ends(y).Low, Ends(y).High, Ends(x).Low, Ends(x).High);

    // A one-sided interval has no bar.
    private static (double? Low, double? High) Ends(Interval value) =>
        double.IsFinite(value.Low) && double.IsFinite(value.High) ? (value.Low, value.High) : (null, null);
}

/// <summary>One named set of marks in a figure.</summary>
public abstract record Series(string Name)
{
    /// <summary>
    /// Which colour and marker of the palette; by default the series' place in the figure. Set it to give a model the same look in every figure.
    /// </summary>
    public int? Style { get; init; }

    /// <summary>Grey: for what is no measured series, as a front drawn through others.</summary>
    public bool Neutral { get; init; }
}

/// <summary>A line through points in the order given; y error bars are drawn as a band.</summary>
public sealed record LineSeries(string Name, IReadOnlyList<DataPoint> Points) : Series(Name)
{
    public bool Dashed { get; init; }

    /// <summary>Off for dense curves.</summary>
    public bool Markers { get; init; } = true;

    /// <summary>Off where the bands of many lines would hide each other, for all but those that are compared.</summary>
    public bool Band { get; init; } = true;

    /// <summary>The points that make the band; empty when there is none.</summary>
    internal DataPoint[] Banded => Band && Points.Where(p => p.YLow is not null && p.YHigh is not null).ToArray() is { Length: > 1 } some ? some : [];
}

/// <summary>Points with error bars in both directions.</summary>
public sealed record PointSeries(string Name, IReadOnlyList<DataPoint> Points) : Series(Name)
{
    /// <summary>Joins the points in order, for snapshots of one training run (paper Fig 2).</summary>
    public bool Connected { get; init; }
}

/// <summary>One bar for each of the figure's categories, side by side with other bar series. Null leaves a gap.</summary>
public sealed record BarSeries(string Name, IReadOnlyList<Interval?> Bars) : Series(Name);

/// <summary>Share of the values in each bin. All histograms of a figure share their bins.</summary>
public sealed record HistogramSeries(string Name, IReadOnlyList<double> Values) : Series(Name)
{
    /// <summary>Number of bins; the figure uses the largest.</summary>
    public int Bins { get; init; } = 20;
}

/// <summary>Where a reference line lies.</summary>
public enum ReferenceKind { Horizontal, Vertical, Diagonal }

/// <summary>A thin grey line to compare with: chance, zero, perfect calibration. Those with different labels have different dashes.</summary>
/// <param name="Value">y of a horizontal, x of a vertical line; unused for the diagonal y = x.</param>
/// <param name="Label">Shown in the legend; null hides it there.</param>
public sealed record ReferenceLine(ReferenceKind Kind, double Value = 0, string? Label = null);

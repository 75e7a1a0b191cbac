namespace Cai.Evaluation;

/// <summary>
/// A share with Wilson's 95 % interval (1927; recommended by Brown, Cai and DasGupta 2001). For counts that may be all or
/// none, where a bootstrap sees no variation and gives an interval without width.
/// </summary>
public static class Proportion
{
    private const double Z = 1.959964;

    /// <summary>
    /// The far end of the interval when all of <paramref name="n"/> independent trials went one way, as a distance from that way: exact (Clopper and Pearson
    /// 1934), 1 - (half of what is left out)^(1/n).
    /// </summary>
    internal static double Reach(int n, double level) => 1 - Math.Pow((1 - level) / 2, 1.0 / n);

    /// <summary>The share of <paramref name="successes"/> in <paramref name="n"/> independent trials; NaN throughout for none.</summary>
    public static Interval Of(int successes, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfLessThan(n, successes);
        if (n == 0)
            return new Interval(double.NaN, double.NaN, double.NaN, 0, 0);
        var share = (double)successes / n;
        var centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n);
        var half = Z / (1 + Z * Z / n) * Math.Sqrt(share * (1 - share) / n + Z * Z / (4.0 * n * n));
        return new Interval(share, Math.Max(0, centre - half), Math.Min(1, centre + half), n, n);
    }
}

namespace Cai.Evaluation;

/// <summary>How intervals are drawn.</summary>
public sealed record BootstrapOptions
{
    /// <summary>
    /// Resamples. 2,000 keep the Monte-Carlo error of a 95 % end below a tenth of its width (Efron and Tibshirani 1993, ch. 13: at least 1,000).
    /// </summary>
    public int Resamples { get; init => field = InRange.Whole(value, 1, nameof(BootstrapOptions)); } = 2000;

    /// <summary>Share of the resamples inside the interval; 0.95 throughout the kit.</summary>
    public double Level
    {
        get;
        init => field = value is > 0 and < 1 ? value
            : throw new CaiException($"The level of an interval is {value}, but must lie between 0 and 1.", "Use 0.95 for 95 %.", nameof(Level));
    } = 0.95;

    /// <summary>
    /// Whether values are outcomes of trials, so that all 0, or all 1, says no more than that of the clusters seen. Not for quantities that can be 0
    /// as a matter of fact: a distance, a share within each cluster.
    /// </summary>
    public bool Outcomes { get; init; } = true;

    /// <summary>Seed of the resampling. The same data and seed give the same interval, in whatever order the rows come.</summary>
    public long Seed { get; init; }
}

/// <summary>
/// Percentile bootstrap that resamples whole clusters (Davison and Hinkley 1997, 3.8): answers to one prompt resemble each
/// other, so treating them as independent would make every interval too narrow. Where all values are 0, or all 1, resamples cannot differ, and
/// the interval is that of a share of independent prompts (<see cref="Proportion"/>). Where the statistic leans, so that the value lies outside its
/// resamples' percentiles, these are moved by that bias.
/// </summary>
public static class Bootstrap
{
    /// <summary>Mean of <paramref name="value"/> over all items.</summary>
    /// <param name="cluster">The prompt an item belongs to.</param>
    /// <exception cref="CaiException">No items, or a value that is not finite.</exception>
    public static Interval Mean<T>(IEnumerable<T> items, Func<T, double> value, Func<T, string> cluster, BootstrapOptions? options = null)
    {
        var groups = Sums(items, value, cluster);
        RequireAny(groups.Count);
        var mean = Resample([.. groups.Keys], groups.Values.ToArray(), groups.Values.Sum(g => g.Count), MeanOf, options);
        if (groups.Count < 2 || options is { Outcomes: false } || Certain(groups.Values) is not { } share)
            return mean;
        // As many trials as there are clusters, all of one outcome.
        var reach = Proportion.Reach(groups.Count, (options ?? new()).Level);
        return share == 0 ? mean.Between(0, reach) : mean.Between(1 - reach, 1);
    }

    /// <summary>
    /// Mean over <paramref name="a"/> minus mean over <paramref name="b"/>. Prompts that both sides answered are resampled
    /// together, so that what makes a prompt hard cancels out; prompts of one side only are resampled as they are. Where no prompt tells the sides apart,
    /// resamples cannot differ, and the interval says how rare prompts that do may be.
    /// </summary>
    /// <exception cref="CaiException">A side is empty, or a value is not finite.</exception>
    public static Interval Difference<T>(IEnumerable<T> a, IEnumerable<T> b, Func<T, double> value, Func<T, string> cluster, BootstrapOptions? options = null)
    {
        var left = Sums(a, value, cluster);
        var right = Sums(b, value, cluster);
        RequireAny(Math.Min(left.Count, right.Count));
        string[] keys = [.. left.Keys.Union(right.Keys).Order(StringComparer.Ordinal)];
        var pairs = Array.ConvertAll(keys, key => (A: left.GetValueOrDefault(key), B: right.GetValueOrDefault(key)));
        var n = pairs.Sum(p => p.A.Count + p.B.Count);
        var difference = Resample(keys, pairs, n, drawn => MeanOf(drawn.Select(p => p.A)) - MeanOf(drawn.Select(p => p.B)), options);
        if (difference.Low != difference.High)
            return difference;
        var level = (options ?? new()).Level;
        // Newcombe (1998), his method 10: the ends of two shares, put together as squares.
        var (mine, theirs) = (Certain(left.Values), Certain(right.Values));
        if (mine is not { } p1 || theirs is not { } p2)
            return difference.Value != 0 || options is { Outcomes: false } ? difference.Between(difference.Low, difference.High)
                : Unmoved(difference, [.. left.Values, .. right.Values], level);
        double Below(double p, int clusters) => p == 1 ? Proportion.Reach(clusters, level) : 0;
        double Above(double p, int clusters) => p == 0 ? Proportion.Reach(clusters, level) : 0;
        return difference.Between(
            difference.Value - double.Hypot(Below(p1, left.Count), Above(p2, right.Count)),
            difference.Value + double.Hypot(Above(p1, left.Count), Below(p2, right.Count)));
    }

    /// <summary>Any statistic of the items, for example an ECE. Resamples on which it is NaN are left out.</summary>
    /// <param name="statistic">Sees the items of the drawn clusters, an item as often as its cluster was drawn.</param>
    /// <exception cref="CaiException">No items.</exception>
    public static Interval Statistic<T>(
        IEnumerable<T> items, Func<T, string> cluster, Func<IReadOnlyList<T>, double> statistic, BootstrapOptions? options = null)
    {
        var byKey = items.GroupBy(cluster, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToArray();
        var groups = Array.ConvertAll(byKey, g => g.ToArray());
        RequireAny(groups.Length);
        var keys = Array.ConvertAll(byKey, g => g.Key);
        return Resample(keys, groups, groups.Sum(g => g.Length), drawn => statistic(drawn.SelectMany(g => g).ToArray()), options);
    }

    /// <summary>
    /// As <see cref="Mean{T}"/>; null of nothing. At a small scale a model may give no answer of some kind, and a figure then leaves a gap instead of failing.
    /// </summary>
    public static Interval? TryMean<T>(IReadOnlyCollection<T> items, Func<T, double> value, Func<T, string> cluster) =>
        items.Count == 0 ? null : Mean(items, value, cluster);

    /// <summary>As <see cref="Difference{T}"/>; null when a side is empty.</summary>
    public static Interval? TryDifference<T>(IReadOnlyCollection<T> a, IReadOnlyCollection<T> b, Func<T, double> value, Func<T, string> cluster) =>
        a.Count == 0 || b.Count == 0 ? null : Difference(a, b, value, cluster);

    /// <summary>As <see cref="Statistic{T}"/>; null of nothing, and when the statistic of the whole is not a number.</summary>
    public static Interval? TryStatistic<T>(IReadOnlyCollection<T> items, Func<T, string> cluster, Func<IReadOnlyList<T>, double> statistic) =>
        items.Count == 0 || Statistic(items, cluster, statistic) is not { } interval || !double.IsFinite(interval.Value) ? null : interval;

    /// <summary>The ends that hold <paramref name="level"/> of the values; NaN values are left out, NaN ends when none is left.</summary>
    public static (double Low, double High) Percentiles(IEnumerable<double> values, double level)
    {
        var sorted = values.Where(v => !double.IsNaN(v)).Order().ToArray();
        return sorted.Length == 0 ? (double.NaN, double.NaN) : (Quantile(sorted, (1 - level) / 2), Quantile(sorted, (1 + level) / 2));
    }

    /// <summary>The percentiles of a value's resamples; where it lies outside, they are moved by the resamples' bias.</summary>
    internal static (double Low, double High) Around(double value, IReadOnlyList<double> resamples, double level)
    {
        var (low, high) = Percentiles(resamples, level);
        var bias = value < low || value > high ? resamples.Where(r => !double.IsNaN(r)).Average() - value : 0;
        return (Math.Min(low - bias, value), Math.Max(high - bias, value));
    }

    /// <summary>Draws as many clusters as there are, with replacement, once a resample; cluster order must not depend on row order.</summary>
    internal static IEnumerable<TGroup[]> Draws<TGroup>(TGroup[] groups, BootstrapOptions options)
    {
        for (var b = 0; b < options.Resamples; b++)
        {
            var rng = Seeds.Rng(options.Seed, "bootstrap", b);
            var drawn = new TGroup[groups.Length];
            for (var i = 0; i < drawn.Length; i++)
                drawn[i] = rng.Pick(groups);
            yield return drawn;
        }
    }

    /// <param name="keys">Of the groups, in their order.</param>
    private static Interval Resample<TGroup>(string[] keys, TGroup[] groups, int n, Func<TGroup[], double> statistic, BootstrapOptions? options)
    {
        options ??= new BootstrapOptions();
        var value = statistic(groups);
        if (groups.Length < 2)
            return new Interval(value, double.NaN, double.NaN, n, groups.Length);
        var resamples = Draws(groups, options).Select(statistic).ToArray();
        var (low, high) = Around(value, resamples, options.Level);
        return new Interval(value, low, high, n, groups.Length) { Resamples = new(keys, options.Seed, resamples) };
    }

    /// <summary>
    /// A difference of which no prompt shows any: up to a share <see cref="Proportion.Reach"/> of all prompts may, by as much as values differ from
    /// prompt to prompt.
    /// </summary>
    private static Interval Unmoved(Interval difference, (double Sum, int Count)[] groups, double level)
    {
        var means = groups.Select(g => g.Sum / g.Count).ToList();
        var reach = Proportion.Reach(difference.Clusters, level) * (means.Max() - means.Min());
        return difference.Between(-reach, reach);
    }

    /// <summary>0 or 1 when every value of every cluster is that; else null. Means of a cluster within 0 and 1 can be that only so.</summary>
    private static double? Certain(IReadOnlyCollection<(double Sum, int Count)> groups) =>
        groups.All(g => g.Sum == 0) ? 0 : groups.All(g => g.Sum == g.Count) ? 1 : null;

    private static SortedDictionary<string, (double Sum, int Count)> Sums<T>(IEnumerable<T> items, Func<T, double> value, Func<T, string> cluster)
    {
        var sums = new SortedDictionary<string, (double Sum, int Count)>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            var key = cluster(item);
            var v = value(item);
            if (!double.IsFinite(v))
                throw new CaiException($"A value to average is {v}, but must be a finite number.",
                    "Leave the row out or find where the number became non-finite.", key);
            var (sum, count) = sums.GetValueOrDefault(key);
            sums[key] = (sum + v, count + 1);
        }
        return sums;
    }

    private static double MeanOf(IEnumerable<(double Sum, int Count)> groups)
    {
        double sum = 0;
        var count = 0;
        foreach (var group in groups)
        {
            sum += group.Sum;
            count += group.Count;
        }
        return count == 0 ? double.NaN : sum / count;
    }

    // Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, the default of R and NumPy).
    private static double Quantile(double[] sorted, double q)
    {
        var position = q * (sorted.Length - 1);
        var below = (int)Math.Floor(position);
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }

    private static void RequireAny(int groups)
    {
        if (groups == 0)
            throw new CaiException("There is nothing to average: at least one observation was expected.", "Check the filter on prompt kind or model name.");
    }
}

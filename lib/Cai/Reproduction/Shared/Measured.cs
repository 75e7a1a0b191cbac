using System.Globalization;
using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>
/// Measurements of groups that may be empty: at a small scale a model may give no answer of some kind, and a figure then
/// leaves a gap instead of failing. Null means that there was nothing to measure.
/// </summary>
public static class Measured
{
    /// <inheritdoc cref="Bootstrap.Mean{T}"/>
    public static Interval? Mean<T>(IReadOnlyCollection<T> items, Func<T, double> value, Func<T, string> cluster) =>
        items.Count == 0 ? null : Bootstrap.Mean(items, value, cluster);

    /// <inheritdoc cref="Bootstrap.Difference{T}"/>
    public static Interval? Difference<T>(IReadOnlyCollection<T> a, IReadOnlyCollection<T> b, Func<T, double> value, Func<T, string> cluster) =>
        a.Count == 0 || b.Count == 0 ? null : Bootstrap.Difference(a, b, value, cluster);

    /// <summary>As <see cref="Bootstrap.Statistic{T}"/>; null also when the statistic of the whole is not a number.</summary>
    public static Interval? Statistic<T>(IReadOnlyCollection<T> items, Func<T, string> cluster, Func<IReadOnlyList<T>, double> statistic) =>
        items.Count == 0 || Bootstrap.Statistic(items, cluster, statistic) is not { } interval || !double.IsFinite(interval.Value) ? null : interval;

    /// <summary>As <see cref="Evaluation.Claim.FromInterval"/>; without a measurement the claim is stated and does not hold.</summary>
    public static Claim Claim(string id, string source, string text, string paper, Interval? interval, Direction direction, double nullValue,
        long seed, string? baseline = null, string? note = null) => interval is null
        ? new Claim(id, source, text, paper, null, null, null, 0, [seed], false, baseline, note is null ? "nothing to measure at this scale" : note + "; nothing to measure at this scale")
        : Evaluation.Claim.FromInterval(id, source, text, paper, interval, direction, nullValue, [seed], baseline, note);

    /// <summary>Standard deviation of values as they are (divided by n): the unit of scores, which have no absolute meaning (HH B.2).</summary>
    public static double Deviation(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }

    /// <summary>Bins for a reliability diagram of n predictions: ten as usual, fewer while a bin would hold under twelve.</summary>
    public static int Bins(int n) => Math.Clamp(n / 12, 2, 10);

    /// <summary>A number for a table of mixed quantities.</summary>
    public static string Number(double? value) => value is { } v ? v.ToString("0.####", CultureInfo.InvariantCulture) : "missing";
}

using Cai.Evaluation;

namespace Cai.Experiments;

/// <summary>Means and claims that may find nothing to measure: small scales leave groups empty, and an empty group is shown as a gap, never as 0.</summary>
internal static class Measured
{
    /// <summary>Mean with its 95 % interval, bootstrap clustered by <paramref name="cluster"/>; null without items.</summary>
    public static Interval? Mean<T>(IReadOnlyCollection<T> items, Func<T, double> value, Func<T, string> cluster) =>
        items.Count == 0 ? null : Bootstrap.Mean(items, value, cluster);

    /// <summary>As <see cref="Evaluation.Claim.FromInterval"/>; without an interval the claim is listed as not measured and does not hold.</summary>
    public static Claim Claim(string id, string source, string text, string paper, Interval? interval, Direction direction, double nullValue, long seed, string? baseline = null, string? note = null) =>
        interval is null
            ? new Claim(id, source, text, paper, null, null, null, 0, [seed], false, baseline, note is null ? "no observations at this scale" : $"no observations at this scale; {note}")
            : Evaluation.Claim.FromInterval(id, source, text, paper, interval, direction, nullValue, [seed], baseline, note);
}

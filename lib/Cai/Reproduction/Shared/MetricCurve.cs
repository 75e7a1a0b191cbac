using System.Globalization;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>A training's log as a curve that has intervals: the log keeps one number a step, so neighbouring steps are drawn as their mean.</summary>
public static class MetricCurve
{
    /// <summary>Points of a curve.</summary>
    public const int Stretches = 12;

    /// <summary>What the captions say of such a curve.</summary>
    /// <param name="steps">What a row of the log is: `steps`, `iterations`.</param>
    /// <param name="stretches">As many as the curve has.</param>
    public static string Caption(string steps, int stretches = Stretches) =>
        $"Points are means over up to {stretches} stretches of {steps}, bands 95 % intervals (bootstrap over {steps})";

    /// <summary>
    /// Means of a metric over stretches of equally many steps, with intervals; steps where it is NaN are left out. A stretch of one step has no interval.
    /// </summary>
    public static IReadOnlyList<DataPoint> Of(IReadOnlyList<MetricRow> rows, string x, string y, int stretches = Stretches) =>
        [.. Chunks(rows, r => Value(r, y), stretches).Select(chunk => DataPoint.Of(chunk.Average(r => r.Values[x]), Mean(chunk, r => Value(r, y))))];

    /// <summary>The same where x is measured too, and has an interval of its own.</summary>
    public static IReadOnlyList<DataPoint> Of(IReadOnlyList<MetricRow> rows, Func<MetricRow, double> x, Func<MetricRow, double> y, int stretches = Stretches) =>
        [.. Chunks(rows, r => x(r) + y(r), stretches).Select(chunk => DataPoint.Of(Mean(chunk, x), Mean(chunk, y)))];

    /// <summary>A metric of a step; NaN where it was not logged.</summary>
    public static double Value(MetricRow row, string name) => row.Values.GetValueOrDefault(name, double.NaN);

    private static IEnumerable<MetricRow[]> Chunks(IReadOnlyList<MetricRow> rows, Func<MetricRow, double> value, int stretches)
    {
        var finite = rows.Where(r => double.IsFinite(value(r))).ToList();
        // Stretches differ by one step at most: a last one of what is left over would be a point from a sliver of the data.
        var count = finite.Count == 0 ? 0 : finite.Count / ((finite.Count + stretches - 1) / stretches);
        return Enumerable.Range(0, count).Select(i => finite[Start(i)..Start(i + 1)].ToArray());

        int Start(int i) => (i * finite.Count + count - 1) / count;
    }

    private static Interval Mean(MetricRow[] chunk, Func<MetricRow, double> value) =>
        Bootstrap.Mean(chunk, value, r => r.Step.ToString(CultureInfo.InvariantCulture), new() { Outcomes = false });
}

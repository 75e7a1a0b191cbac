using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>
/// A reliability report as a line (paper Fig 9). The line leaves out what is too small to say anything; the report and its calibration error keep every label.
/// </summary>
public static class ReliabilityLine
{
    /// <summary>
    /// A bin of fewer labels is not drawn: equal probabilities share a bin, so labels that pile up (clamped ones) leave bins of one or two between the piles.
    /// </summary>
    public const int FewestLabels = 5;

    private const double Joined = 0.02; // of probability

    /// <summary>Observed against stated, bin by bin.</summary>
    public static LineSeries Of(string name, int style, CalibrationReport report) =>
        new(name, [.. report.Rows.Where(Drawn).Select(row => DataPoint.Of(row.Predicted, row.Observed))]) { Style = style };

    /// <summary>
    /// The same with bins joined whose means lie within 0.02: of labels that pile up at 0 or 1 several bins stand at one place, and a line through them
    /// goes up and down there.
    /// </summary>
    /// <param name="stated">What the report is of.</param>
    public static LineSeries Of(string name, int style, CalibrationReport report, IReadOnlyList<Prediction> stated)
    {
        var piles = new List<List<ReliabilityRow>>();
        foreach (var row in report.Rows)
            if (piles.Count > 0 && row.Predicted - piles[^1][0].Predicted < Joined)
                piles[^1].Add(row);
            else
                piles.Add([row]);
        return Of(name, style, report with { Rows = [.. piles.Select(pile => pile.Count == 1 ? pile[0] : Whole(pile))] });

        // Bins never part equal probabilities, so a pile's labels are those between its ends.
        ReliabilityRow Whole(List<ReliabilityRow> pile)
        {
            var own = stated.Where(p => p.Probability >= pile[0].From && p.Probability <= pile[^1].To).ToList();
            return new(pile[0].From, pile[^1].To, own.Average(p => p.Probability), Bootstrap.Mean(own, p => p.Label, p => p.PromptId), own.Count);
        }
    }

    /// <summary>Says so.</summary>
    public static string Piles => FormattableString.Invariant($"Bins whose means lie within {Joined} are drawn as one.");

    /// <summary>A sentence for the caption about the labels that are not in the lines, with a blank before it; empty when all are.</summary>
    public static string LeftOut(IEnumerable<(string Name, CalibrationReport Report)> reports)
    {
        var words = reports.Select(r => (r.Name, Labels: r.Report.Rows.Where(row => !Drawn(row)).Sum(row => row.Count), r.Report.N)).Where(r => r.Labels > 0)
            .Select(r => $"{r.Name} {r.Labels} of {r.N} labels").ToList();
        return words.Count == 0 ? "" : $" Bins of fewer than {FewestLabels} labels are not drawn ({string.Join(", ", words)}); the ECE counts them.";
    }

    private static bool Drawn(ReliabilityRow row) => row.Count >= FewestLabels;
}

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

    /// <summary>Observed against stated, bin by bin.</summary>
    public static LineSeries Of(string name, int style, CalibrationReport report) =>
        new(name, [.. report.Rows.Where(Drawn).Select(row => DataPoint.Of(row.Predicted, row.Observed))]) { Style = style };

    /// <summary>A sentence for the caption about the labels that are not in the lines, with a blank before it; empty when all are.</summary>
    public static string LeftOut(IEnumerable<(string Name, CalibrationReport Report)> reports)
    {
        var words = reports.Select(r => (r.Name, Labels: r.Report.Rows.Where(row => !Drawn(row)).Sum(row => row.Count), r.Report.N)).Where(r => r.Labels > 0)
            .Select(r => $"{r.Name} {r.Labels} of {r.N} labels").ToList();
        return words.Count == 0 ? "" : $" Bins of fewer than {FewestLabels} labels are not drawn ({string.Join(", ", words)}); the ECE counts them.";
    }

    private static bool Drawn(ReliabilityRow row) => row.Count >= FewestLabels;
}

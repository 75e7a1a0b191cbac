using System.Globalization;
using Cai.Figures;
using Cai.Preferences;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What a preference model is trained on: the loss of a soft label, by hand and drawn (paper 4.1, HH App. A.2).</summary>
public static class LossWalkthrough
{
    /// <summary>
    /// A soft-labelled comparison that shows the loss well: both answers can be understood, and the label takes sides without being sure. Failing that,
    /// any labelled one.
    /// </summary>
    /// <exception cref="CaiException">No comparison has a label.</exception>
    public static Comparison Example(Pipeline pipeline, IReadOnlyList<Comparison> comparisons) =>
        comparisons.FirstOrDefault(c => c.ProbabilityA is > 0.6 and < 0.99 && JudgedAnswer.Coherent(pipeline.Oracle, c))
        ?? comparisons.FirstOrDefault(c => c.ProbabilityA is > 0.6 and < 0.99)
        ?? comparisons.FirstOrDefault(c => c.ProbabilityA is not null)
        ?? throw new CaiException("No comparison has a label.", "Look at the label report for why.");

    /// <summary>The loss of one comparison with every intermediate number.</summary>
    public static Table LossByHand(PreferenceModel model, Comparison comparison)
    {
        var scores = model.Score([(comparison.Prompt, comparison.ResponseA), (comparison.Prompt, comparison.ResponseB)]);
        var label = comparison.ProbabilityA ?? throw new CaiException("The comparison has no label.", "Choose one with a label.", comparison.Id);
        return LossByHand(label, scores[0], scores[1]);
    }

    /// <summary>The same from the numbers alone.</summary>
    public static Table LossByHand(double label, double scoreA, double scoreB)
    {
        var (gap, floor) = (scoreA - scoreB, label is 0 or 1 ? 0 : PreferenceLoss.SoftLabel(Best(label), label));
        return Table.Of<(string Name, string Formula, object Value)>(
        [
            ("label", "p", label),
            ("score of A", "r_A", scoreA),
            ("score of B", "r_B", scoreB),
            ("gap", "d = r_A - r_B", gap),
            ("what the model says", "σ(d)", PreferenceLoss.Probability(gap)),
            ("loss, nats", "-[p log σ(d) + (1-p) log σ(-d)]", PreferenceLoss.SoftLabel(gap, label)),
            ("gradient by the gap", "σ(d) - p", PreferenceLoss.Probability(gap) - label),
            ("the gap at which it is least", "log(p / (1-p))", label is 0 or 1 ? "none: the loss falls for ever" : Best(label)),
            ("the least loss", "entropy of p", floor),
        ],
            new("quantity", r => r.Name), new("formula", r => r.Formula), new("value", r => r.Value is double d ? Measures.Number(d) : r.Value));
    }

    /// <summary>
    /// The loss as a function of the gap for several labels: soft labels have a floor at a finite gap, so scores stop growing; clamped ones keep it under 0.41.
    /// </summary>
    public static Figure LossShape(double label)
    {
        double[] labels = [.. new[] { 1, 0.6, 0.5, label }.Distinct()];
        var gaps = Enumerable.Range(0, 81).Select(i => -4 + 0.1 * i).ToArray();
        return new Figure("The loss of a comparison", new Axis("gap d = score of A - score of B"), new Axis("loss, nats", Min: 0),
        [
            .. labels.Select((p, i) => new LineSeries(Name(p), Curve(p)) { Markers = false, Style = i }),
        ])
        {
            References =
            [
                new(ReferenceKind.Horizontal, Math.Log(2), "no opinion: log 2"),
                .. label is > 0 and < 1 ? [new(ReferenceKind.Vertical, Best(label), "best gap of our pair")] : Array.Empty<ReferenceLine>(),
            ],
            Caption = "A formula, not a measurement (soft-label cross-entropy, paper 4.1). A hard label pulls the gap up without end; "
                + "a soft label has its least loss where σ(d) equals the label.",
        };

        IReadOnlyList<DataPoint> Curve(double p) => [.. gaps.Select(d => new DataPoint(d, PreferenceLoss.SoftLabel(d, p)))];

        string Name(double p) => string.Create(CultureInfo.InvariantCulture, $"label {p:0.###}{Note(p)}");

        string Note(double p) => p == label ? " (our pair)" : p == 0.6 ? " (clamp)" : p == 1 ? " (hard)" : "";
    }

    private static double Best(double label) => Math.Log(label / (1 - label));
}

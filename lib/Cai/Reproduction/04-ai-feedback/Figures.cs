using System.Globalization;
using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class FeedbackStudy
{
    private LabelVariant[] Drawn => [Soft, Cot, Clamped];

    /// <summary>Reliability diagrams (paper Fig 9): stated probability against how often A is the better one.</summary>
    public FigurePanel Reliability()
    {
        var reports = Drawn.Where(v => v.AgainstVerdict() is not null).Select(v => (v.Name, v.AgainstVerdict()!));
        return new FigurePanel("How far a stated probability can be trusted",
        [
            Diagram("against the oracle's verdict", "share with A better", v => v.AgainstVerdict(), v => v.Predictions(p => p.Verdict)),
            Diagram("against the corpus' probabilities", "mean P(A better) of the corpus", v => v.AgainstCorpus(), v => v.Predictions(p => p.Corpus)),
        ])
        {
            Caption = string.Create(CultureInfo.InvariantCulture, $"{Soft.Decided.Count} decided pairs of SL-CAI answers (CoT: {Cot.Decided.Count}), ")
                + "bins of equal count, bands are 95 % intervals, bootstrap by prompt. Baseline: the diagonal is perfect calibration. "
                + $"ECE against verdicts: {EachDrawn(v => v.AgainstVerdict()?.Ece)}.{ReliabilityLine.LeftOut(reports)} {ReliabilityLine.Piles}",
        };
    }

    /// <summary>Accuracy of the judges beside what needs no judge.</summary>
    public Figure Accuracies()
    {
        var soft = Soft.Accuracy();
        (string Name, Interval? Value)[] bars =
        [
            ("soft (pretrained)", soft?.Judge), ("CoT (helpful-only)", Cot.Accuracy()?.Judge), ("both orders", BothOrders.Accuracy()?.Judge),
            ("always A", soft?.AlwaysA), ("longer", soft?.Longer), ("shorter", soft?.Shorter),
        ];
        return new Figure("The judge against judges that do not read", new Axis("judge"), new Axis("agreement with the oracle", Min: 0, Max: 1),
            [new BarSeries("agreement", [.. bars.Select(b => b.Value)])])
        {
            Categories = [.. bars.Select(b => b.Name)],
            References = [new ReferenceLine(ReferenceKind.Horizontal, 0.5, "chance")],
            Caption = string.Create(CultureInfo.InvariantCulture, $"n = {Soft.Decided.Count} decided pairs (both orders: {BothOrders.Decided.Count}); ")
                + "baselines on the pairs of the soft labels; 95 % intervals, bootstrap by prompt. Paper Fig 4: chance below about 13 B parameters, "
                + "since real models must learn right and wrong from the web; ours reads it in its corpus.",
        };
    }

    /// <summary>Where the labels lie: hard ones only at the ends, clamped ones only in the middle.</summary>
    public FigurePanel Histogram() => SameScales.Apart(new("Labels before and after clamping",
        new Axis("label P(A is better)", Min: 0, Max: 1), new Axis("share of labels"),
        [.. Drawn.Where(v => v.Pairs.Count > 0).Select(v => new HistogramSeries(v.Name, [.. v.Pairs.Select(p => p.Probability)]) { Style = v.Style })])
    {
        References = [new ReferenceLine(ReferenceKind.Vertical, 0.4), new ReferenceLine(ReferenceKind.Vertical, 0.6, "ends of the clamp")],
        Caption = string.Create(CultureInfo.InvariantCulture, $"n = {Soft.Pairs.Count} soft and {Cot.Pairs.Count} CoT labels of the same pairs. ")
            + $"Mean |p - 1/2|: {EachDrawn(v => v.Extremeness())} (95 % intervals, bootstrap by prompt); "
            + "baseline: 0 for a judge without opinion, 0.5 for hard labels.",
    });

    /// <summary>How the answer depends on which response is shown first: nothing the paper mentions, and large in small judges (Lee et al. 2023).</summary>
    public Figure PositionBias()
    {
        var read = Orders.Where(c => c.PositionBias is not null).ToList();
        var mean = Bootstrap.TryMean(read, c => c.PositionBias!.Value, c => c.PromptId);
        var flips = Bootstrap.TryMean(read, c => Reproduction.BothOrders.Of(c)!.Flips ? 1 : 0, c => c.PromptId);
        return new Figure("Position bias", new Axis("P(A | A shown first) - P(A | B shown first)", Min: -1, Max: 1), new Axis("share of pairs"),
            read.Count == 0 ? [] : [new HistogramSeries("bias of a pair", [.. read.Select(c => c.PositionBias!.Value)]) { Bins = 25 }])
        {
            References = [new ReferenceLine(ReferenceKind.Vertical, 0, "no bias")],
            Caption = $"n = {read.Count} pairs asked in both orders. Mean bias {mean?.ToString("0.000") ?? "not measured"}, "
                + $"share of pairs whose verdict turns with the order {flips?.ToString("0.00") ?? "not measured"} "
                + "(95 % intervals, bootstrap by prompt); baseline: 0 and 0 for a judge that reads contents only.",
        };
    }

    private string EachDrawn(Func<LabelVariant, Interval?> value) =>
        string.Join(", ", Drawn.Select(v => $"{v.Name} {value(v)?.ToString("0.00") ?? "not measured"}"));

    private Figure Diagram(string title, string y, Func<LabelVariant, CalibrationReport?> report, Func<LabelVariant, IReadOnlyList<Prediction>> stated) =>
        new(title, new Axis("label P(A better)", Min: 0, Max: 1), new Axis(y, Min: 0, Max: 1),
            [.. Drawn.Where(v => report(v) is not null).Select(v => ReliabilityLine.Of(v.Name, v.Style, report(v)!, stated(v)))])
        {
            References = [new ReferenceLine(ReferenceKind.Diagonal, Label: "perfect calibration")],
        };
}

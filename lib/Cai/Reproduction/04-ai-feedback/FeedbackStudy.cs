using System.Globalization;
using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Feedback;
using Cai.Figures;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// AI feedback against ground truth (paper 4.1, 4.3, Fig 9): the label types on the same pairs of SL-CAI answers under the
/// same drawn principles, and what asking both orders and averaging over principles changes.
/// </summary>
public sealed class FeedbackStudy
{
    /// <summary>Pairs on which the dearer ways to ask are tried: enough for an interval, cheap enough for a laptop.</summary>
    private const int OptionPairs = 160;

    private readonly long seed;

    private FeedbackStudy(Pipeline pipeline, IReadOnlyList<Comparison> soft, IReadOnlyList<Comparison> cot, IReadOnlyList<Comparison> orders, IReadOnlyList<Comparison> averaged)
    {
        (seed, SoftLabels, ReasonedLabels, Orders) = (pipeline.Seed, soft, cot, orders);
        var principles = pipeline.Constitution.Comparison.Select(p => p.Id).ToList();
        LabelVariant Variant(string name, int style, IReadOnlyList<Comparison> labels, Func<Comparison, double?>? probability = null) =>
            LabelVariant.Of(name, style, pipeline.Oracle, principles, labels, probability);
        Soft = Variant("soft", 0, soft);
        Hard = Variant("hard", 3, soft, c => c.ProbabilityA is { } p ? LabelledPair.Side(p) : null);
        Cot = Variant("CoT, unclamped", 1, cot, c => c.Unclamped);
        Clamped = Variant("CoT, clamped 40-60", 6, cot);
        var asked = orders.Select(c => c.Id).ToHashSet();
        OneOrder = Variant("one principle drawn, one order (paper)", 0, [.. soft.Where(c => asked.Contains(c.Id))]);
        BothOrders = Variant("one principle drawn, both orders", 2, orders);
        Averaged = Variant(string.Create(CultureInfo.InvariantCulture, $"mean over {averaged.FirstOrDefault()?.PrincipleIds.Count ?? 0} principles, one order"), 4, averaged);
    }

    /// <summary>Soft labels of the pretrained model, as they train the preference model.</summary>
    public IReadOnlyList<Comparison> SoftLabels { get; }

    /// <summary>Labels of the helpful-only model after a chain of thought.</summary>
    public IReadOnlyList<Comparison> ReasonedLabels { get; }

    /// <summary>Soft labels with both orders asked.</summary>
    public IReadOnlyList<Comparison> Orders { get; }

    public LabelVariant Soft { get; }

    /// <summary>The same readings, argmax only.</summary>
    public LabelVariant Hard { get; }

    public LabelVariant Cot { get; }

    public LabelVariant Clamped { get; }

    public LabelVariant OneOrder { get; }

    public LabelVariant BothOrders { get; }

    public LabelVariant Averaged { get; }

    private IReadOnlyList<LabelVariant> Types => [Soft, Hard, Cot, Clamped];

    /// <summary>Labels the pairs in every way, or loads the labels.</summary>
    public static async Task<FeedbackStudy> RunAsync(Pipeline pipeline)
    {
        var (soft, cot) = (await pipeline.Feedback.AiLabelsAsync(), await pipeline.Feedback.AiLabelsAsync(LabelKind.ChainOfThought));
        IReadOnlyList<ResponsePair> some = [.. (await pipeline.Feedback.HarmlessPairsAsync()).Take(OptionPairs)];
        var options = pipeline.Feedback.Options(LabelKind.Soft);
        var orders = await pipeline.Feedback.LabelAsync(pipeline.Pretrained, some, options with { BothOrders = true }, "labels-both-orders");
        var k = Math.Min(4, pipeline.Constitution.Comparison.Count);
        var averaged = await pipeline.Feedback.LabelAsync(pipeline.Pretrained, some, options with { Principle = PrincipleSelector.Averaged(k) }, "labels-averaged");
        return new FeedbackStudy(pipeline, soft, cot, orders, averaged);
    }

    /// <summary>The label types on the same pairs: how often right, how well calibrated, how extreme.</summary>
    public Table LabelTypes() => Table.Of(Types,
        new("label", v => v.Name), new("n", v => v.Pairs.Count), new("missing", v => v.Missing), new("decided", v => v.Decided.Count),
        new("accuracy", v => v.Accuracy()?.Judge), new("ECE, verdict", v => v.AgainstVerdict()?.Ece), new("ECE, corpus", v => v.AgainstCorpus()?.Ece),
        new("Brier, corpus", v => v.AgainstCorpus()?.Brier), new("mean |p - 1/2|", v => v.Extremeness()))
        .Titled("Label types on the same pairs", "Accuracy and calibration over the decided pairs, those on which the oracle prefers one answer under the principle asked about; verdict = the oracle's better side, corpus = the probability with which careful annotators prefer A. 95 % intervals, bootstrap by prompt; ECE leans upward on small samples.");

    /// <summary>Reliability diagrams (paper Fig 9): stated probability against how often A is the better one.</summary>
    public FigurePanel Reliability() => new("How far a stated probability can be trusted",
    [
        Diagram("against the oracle's verdict", "share with A better", v => v.AgainstVerdict()),
        Diagram("against the corpus' probabilities", "mean P(A better) of the corpus", v => v.AgainstCorpus()),
    ])
    {
        Caption = string.Create(CultureInfo.InvariantCulture, $"{Soft.Decided.Count} decided pairs of SL-CAI answers (CoT: {Cot.Decided.Count}), bins of equal count, bands are 95 % intervals, bootstrap by prompt. Baseline: the diagonal is perfect calibration. ECE against verdicts: {string.Join(", ", new[] { Soft, Cot, Clamped }.Select(v => $"{v.Name} {v.AgainstVerdict()?.Ece.ToString("0.00") ?? "not measured"}"))}.{ReliabilityLine.LeftOut(AgainstVerdict)}"),
    };

    /// <summary>Accuracy of the judges beside what needs no judge.</summary>
    public Figure Accuracies()
    {
        var soft = Soft.Accuracy();
        (string Name, Interval? Value)[] bars =
        [
            ("soft (pretrained)", soft?.Judge), ("CoT (helpful-only)", Cot.Accuracy()?.Judge), ("both orders", BothOrders.Accuracy()?.Judge),
            ("always A", soft?.AlwaysA), ("longer", soft?.Longer), ("shorter", soft?.Shorter),
        ];
        return new Figure("The judge against judges that do not read", new Axis("judge"), new Axis("agreement with the oracle", Min: 0, Max: 1), [new BarSeries("agreement", [.. bars.Select(b => b.Value)])])
        {
            Categories = [.. bars.Select(b => b.Name)],
            References = [new ReferenceLine(ReferenceKind.Horizontal, 0.5, "chance")],
            Caption = string.Create(CultureInfo.InvariantCulture, $"n = {Soft.Decided.Count} decided pairs (both orders: {BothOrders.Decided.Count}); baselines on the pairs of the soft labels; 95 % intervals, bootstrap by prompt. Paper Fig 4: chance below about 13 B parameters, since real models must learn right and wrong from the web; ours reads it in its corpus."),
        };
    }

    /// <summary>Where the labels lie: hard ones only at the ends, clamped ones only in the middle.</summary>
    public Figure Histogram() => new("Labels before and after clamping", new Axis("label P(A is better)", Min: 0, Max: 1), new Axis("share of labels"),
        [.. new[] { Soft, Cot, Clamped }.Where(v => v.Pairs.Count > 0).Select(v => new HistogramSeries(v.Name, [.. v.Pairs.Select(p => p.Probability)]) { Style = v.Style })])
    {
        References = [new ReferenceLine(ReferenceKind.Vertical, 0.4), new ReferenceLine(ReferenceKind.Vertical, 0.6, "clamp")],
        Caption = string.Create(CultureInfo.InvariantCulture, $"n = {Soft.Pairs.Count} soft and {Cot.Pairs.Count} CoT labels of the same pairs. Mean |p - 1/2|: {string.Join(", ", new[] { Soft, Cot, Clamped }.Select(v => $"{v.Name} {v.Extremeness()?.ToString("0.00") ?? "not measured"}"))} (95 % intervals, bootstrap by prompt); baseline: 0 for a judge without opinion, 0.5 for hard labels."),
    };

    /// <summary>How the answer depends on which response is shown first: nothing the paper mentions, and large in small judges (Lee et al. 2023).</summary>
    public Figure PositionBias()
    {
        var read = Orders.Where(c => c.PositionBias is not null).ToList();
        var mean = Bootstrap.TryMean(read, c => c.PositionBias!.Value, c => c.PromptId);
        var flips = Bootstrap.TryMean(read, c => Flips(c.ProbabilityA!.Value, c.PositionBias!.Value) ? 1 : 0, c => c.PromptId);
        return new Figure("Position bias", new Axis("P(A | A shown first) - P(A | B shown first)", Min: -1, Max: 1), new Axis("share of pairs"),
            read.Count == 0 ? [] : [new HistogramSeries("bias of a pair", [.. read.Select(c => c.PositionBias!.Value)]) { Bins = 25 }])
        {
            References = [new ReferenceLine(ReferenceKind.Vertical, 0, "no bias")],
            Caption = $"n = {read.Count} pairs asked in both orders. Mean bias {mean?.ToString("0.000") ?? "not measured"}, share of pairs whose verdict turns with the order {flips?.ToString("0.00") ?? "not measured"} (95 % intervals, bootstrap by prompt); baseline: 0 and 0 for a judge that reads contents only.",
        };
    }

    /// <summary>What asking twice and averaging over principles buys, against the principle asked about and against the whole constitution.</summary>
    public Table Options() => Table.Of(new[] { OneOrder, BothOrders, Averaged },
        new("way of asking", v => v.Name), new("n", v => v.Pairs.Count), new("accuracy, principles asked", v => v.Accuracy()?.Judge),
        new("accuracy, whole constitution", v => v.AccuracyOverall()), new("Brier, whole constitution", v => v.BrierOverall()), new("mean |p - 1/2|", v => v.Extremeness()))
        .Titled("Ways of asking, same pairs", "Whole constitution: the oracle's probability averaged over all principles, which is what a preference model trained on labels with drawn principles learns. 95 % intervals, bootstrap by prompt.");

    /// <summary>The claims of 4.1 and 4.3 that concern labels.</summary>
    public IEnumerable<Claim> Claims()
    {
        yield return Measured.Claim("fb-1", "2, Fig 4", "The feedback model identifies the better answer more often than always A, the longer or the shorter one (accuracy minus the best of these)",
            "0.676 pretrained, 0.725 CoT at 52 B on 438 HHH comparisons; always A 0.521, longer 0.562", Soft.Margin(), Direction.Greater, 0, seed, "0 for the best of the three");
        yield return Measured.Claim("fb-2", "4.1, Fig 9", "Soft labels are better calibrated than unclamped chain-of-thought labels (ECE against the oracle's verdict, CoT minus soft)",
            "Fig 9: soft labels reasonably well-calibrated; 4.1: CoT labels are not", Cot.EceMinus(Soft), Direction.Greater, 0, seed, "0 if equally calibrated");
        yield return Measured.Claim("fb-3", "4.1", "Unclamped labels after a chain of thought are more extreme than soft labels (mean |p - 1/2|, CoT minus soft)",
            "CoT probabilities are typically close to 0 or 1", Cot.ExtremenessMinus(Soft), Direction.Greater, 0, seed, "0 if equally extreme, 0.5 at most");
        yield return Measured.Claim("fb-4", "Fig 9", "Soft labels are reasonably well calibrated (ECE against the oracle's verdict below 0.15)",
            "reasonably well-calibrated; no number printed", Soft.AgainstVerdict()?.Ece, Direction.Less, 0.15, seed, "0.5 for a judge that is sure and right half the time", "the bound is ours");
    }

    /// <summary>Whether the two orders of a pair were answered with opposite verdicts.</summary>
    /// <param name="mean">The mean of P(A) over the orders.</param>
    /// <param name="bias">P(A | A first) - P(A | B first).</param>
    public static bool Flips(double mean, double bias) => (mean + bias / 2 - 0.5) * (mean - bias / 2 - 0.5) < 0;

    private Figure Diagram(string title, string y, Func<LabelVariant, CalibrationReport?> report) => new(title, new Axis("label P(A better)", Min: 0, Max: 1), new Axis(y, Min: 0, Max: 1),
        [.. new[] { Soft, Cot, Clamped }.Where(v => report(v) is not null).Select(v => ReliabilityLine.Of(v.Name, v.Style, report(v)!))])
    {
        References = [new ReferenceLine(ReferenceKind.Diagonal, Label: "perfect calibration")],
    };

    private IEnumerable<(string Name, CalibrationReport Report)> AgainstVerdict =>
        new[] { Soft, Cot, Clamped }.Where(v => v.AgainstVerdict() is not null).Select(v => (v.Name, v.AgainstVerdict()!));
}

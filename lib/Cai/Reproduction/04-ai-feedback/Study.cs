using System.Globalization;
using Cai.Constitutions;
using Cai.Feedback;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// AI feedback against ground truth (paper 4.1, 4.3, Fig 9): the label types on the same pairs of SL-CAI answers under the
/// same drawn principles, and what asking both orders and averaging over principles changes.
/// </summary>
public sealed partial class FeedbackStudy : IStudy<FeedbackStudy>
{
    /// <summary>Pairs on which the dearer protocols are tried: enough for an interval, cheap enough for a laptop.</summary>
    private const int OptionPairs = 160;

    private FeedbackStudy(
        Pipeline pipeline, IReadOnlyList<Comparison> soft, IReadOnlyList<Comparison> cot, IReadOnlyList<Comparison> orders, IReadOnlyList<Comparison> averaged)
    {
        (SoftLabels, ReasonedLabels, Orders) = (soft, cot, orders);
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
        var drawn = averaged.FirstOrDefault()?.PrincipleIds.Count ?? 0;
        Averaged = Variant(string.Create(CultureInfo.InvariantCulture, $"mean over {drawn} principles, one order"), 4, averaged);
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

    /// <summary>Labels the pairs under every protocol, or loads the labels.</summary>
    public static async Task<FeedbackStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var soft = await pipeline.Feedback.AiLabelsAsync(cancel: cancel);
        var cot = await pipeline.Feedback.AiLabelsAsync(LabelKind.ChainOfThought, cancel);
        IReadOnlyList<ResponsePair> some = [.. (await pipeline.Feedback.HarmlessPairsAsync(cancel)).Take(OptionPairs)];
        var options = pipeline.Feedback.Options(LabelKind.Soft);
        var orders = await pipeline.Feedback.LabelAsync(pipeline.Pretrained, some, options with { BothOrders = true }, "labels-both-orders", cancel: cancel);
        var k = Math.Min(4, pipeline.Constitution.Comparison.Count);
        var averaged = await pipeline.Feedback.LabelAsync(
            pipeline.Pretrained, some, options with { Principle = PrincipleSelector.Averaged(k) }, "labels-averaged", cancel: cancel);
        return new FeedbackStudy(pipeline, soft, cot, orders, averaged);
    }

    /// <summary>What 4.1 and Fig 9 say of labels: how often right, how well calibrated, how extreme.</summary>
    public IEnumerable<Measurement> Measure()
    {
        yield return new("fb-1", Soft.Margin());
        yield return new("fb-2", Cot.EceMinus(Soft));
        yield return new("fb-3", Cot.ExtremenessMinus(Soft));
        yield return new("fb-4", Soft.AgainstVerdict()?.Ece);
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "comparisons", SoftLabels }, { "reasoned", ReasonedLabels }, { "both-orders", Orders },
        { "labels", "Variant", new[] { Soft, Hard, Cot, Clamped, OneOrder, BothOrders, Averaged }.Select(v => (v.Name, v.Pairs.AsEnumerable())) },
    };
}

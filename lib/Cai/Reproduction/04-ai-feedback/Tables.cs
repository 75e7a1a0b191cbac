using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class FeedbackStudy
{
    /// <summary>The label types on the same pairs: how often right, how well calibrated, how extreme.</summary>
    public Table LabelTypes() => Table.Of(new[] { Soft, Hard, Cot, Clamped },
        new("label", v => v.Name), new("n", v => v.Pairs.Count), new("missing", v => v.Missing), new("decided", v => v.Decided.Count),
        new("accuracy", v => v.Accuracy()?.Judge), new("ECE, verdict", v => v.AgainstVerdict()?.Ece), new("ECE, corpus", v => v.AgainstCorpus()?.Ece),
        new("Brier, corpus", v => v.AgainstCorpus()?.Brier), new("mean |p - 1/2|", v => v.Extremeness()))
        .Titled("Label types on the same pairs",
            "Accuracy and calibration over the decided pairs, those on which the oracle prefers one answer under the principle asked about; "
            + "verdict = the oracle's better side, corpus = the probability with which careful annotators prefer A. "
            + "95 % intervals, bootstrap by prompt; ECE leans upward on small samples.");

    /// <summary>What asking twice and averaging over principles buys, against the principle asked about and against the whole constitution.</summary>
    public Table Options() => Table.Of(new[] { OneOrder, BothOrders, Averaged },
        new("way of asking", v => v.Name), new("n", v => v.Pairs.Count), new("accuracy, principles asked", v => v.Accuracy()?.Judge),
        new("accuracy, whole constitution", v => v.AccuracyOverall()), new("Brier, whole constitution", v => v.BrierOverall()),
        new("mean |p - 1/2|", v => v.Extremeness()))
        .Titled("Ways of asking, same pairs",
            "Whole constitution: the oracle's probability averaged over all principles, "
            + "which is what a preference model trained on labels with drawn principles learns. 95 % intervals, bootstrap by prompt.");
}

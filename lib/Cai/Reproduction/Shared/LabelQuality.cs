using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>A label beside the truth.</summary>
/// <param name="Probability">The label: the judge's P(A is better).</param>
/// <param name="Corpus">
/// The probability with which the corpus' careful annotators prefer A under the principles that were asked about: what a
/// perfectly calibrated judge says.
/// </param>
/// <param name="Constitution">The same, averaged over every principle of the constitution: what labels with drawn principles say on average.</param>
/// <param name="LengthA">Characters.</param>
public sealed record LabelledPair(string Id, string PromptId, double Probability, double Corpus, double Constitution, int LengthA, int LengthB)
{
    /// <summary>1 when A scores higher under the principles asked about, 0 when B does, 0.5 in a tie.</summary>
    public double Verdict => Side(Corpus);

    /// <summary>Whether the oracle prefers one of the two.</summary>
    public bool Decided => Corpus != 0.5;

    /// <summary>What the label earns towards accuracy. Only for decided pairs.</summary>
    public double Credit => Cai.Credit.Of(Probability, Verdict);

    /// <summary>The label as a judgement of the verdict.</summary>
    public PredictedPair Prediction => new(PromptId, Probability, Verdict, LengthA, LengthB);

    /// <summary>1 above one half, 0 below it, one half at it.</summary>
    internal static double Side(double probability) => probability > 0.5 ? 1 : probability < 0.5 ? 0 : 0.5;
}

/// <summary>One protocol of labelling, applied to a set of pairs.</summary>
/// <param name="Style">For figures.</param>
/// <param name="Missing">Labels that could not be read; they are left out.</param>
public sealed record LabelVariant(string Name, int Style, IReadOnlyList<LabelledPair> Pairs, int Missing)
{
    /// <summary>Comparisons beside the oracle's view.</summary>
    /// <param name="probability">Which number of the record is the label; by default <see cref="Comparison.ProbabilityA"/>.</param>
    /// <exception cref="CaiException">A comparison is not of the miniature world, or names a principle that the world does not know.</exception>
    public static LabelVariant Of(
        string name, int style, Oracle oracle, IReadOnlyList<string> constitution, IReadOnlyList<Comparison> comparisons,
        Func<Comparison, double?>? probability = null)
    {
        probability ??= c => c.ProbabilityA;
        var pairs = new List<LabelledPair>();
        foreach (var c in comparisons)
        {
            if (probability(c) is not { } p)
                continue;
            var prompt = new Prompt(c.PromptId, c.Prompt);
            var (a, b) = (oracle.Judge(prompt, c.ResponseA), oracle.Judge(prompt, c.ResponseB));
            pairs.Add(new LabelledPair(c.Id, c.PromptId, p, Mean(c.PrincipleIds, a, b), Mean(constitution, a, b), c.ResponseA.Length, c.ResponseB.Length));
        }
        return new LabelVariant(name, style, pairs, comparisons.Count - pairs.Count);

        double Mean(IReadOnlyList<string> principles, Verdict a, Verdict b) => principles.Average(id => oracle.PreferenceProbability(id, a, b));
    }

    /// <summary>Pairs on which the oracle prefers one answer.</summary>
    public IReadOnlyList<LabelledPair> Decided { get; } = [.. Pairs.Where(p => p.Decided)];

    // Tables, figures and claims ask for the same reports, and each is thousands of resamples.
    private AccuracyReport? accuracy;
    private CalibrationReport? againstVerdict, againstCorpus;

    /// <summary>Accuracy against the oracle's verdict with its baselines; null without a decided pair.</summary>
    public AccuracyReport? Accuracy() => accuracy ??= Decided.Count == 0 ? null : Evaluation.Accuracy.Of([.. Pairs.Select(p => p.Prediction)]);

    /// <summary>Accuracy against the verdict of the whole constitution; null without a decided pair.</summary>
    public Interval? AccuracyOverall() => Pairs.All(p => p.Constitution == 0.5) ? null
        : Evaluation.Accuracy.Of([.. Pairs.Select(p => p.Prediction with { Label = LabelledPair.Side(p.Constitution) })]).Judge;

    /// <summary>Reliability against the oracle's verdicts, ties left out; null without any.</summary>
    public CalibrationReport? AgainstVerdict() => againstVerdict ??= Reliability(p => p.Verdict);

    /// <summary>Reliability against the corpus' own probabilities, of the same pairs; null without any.</summary>
    public CalibrationReport? AgainstCorpus() => againstCorpus ??= Reliability(p => p.Corpus);

    /// <summary>Mean squared distance to the constitution's mean probability, ties included.</summary>
    public Interval? BrierOverall() => Bootstrap.TryMean(Pairs, p => (p.Probability - p.Constitution) * (p.Probability - p.Constitution), p => p.PromptId);

    /// <summary>Mean of |p - 1/2|: 0 never takes sides, 0.5 is always sure.</summary>
    public Interval? Extremeness() => Bootstrap.TryMean(Pairs, p => Math.Abs(p.Probability - 0.5), p => p.PromptId);

    /// <summary>Accuracy minus that of the best of always A, longer and shorter on the same pairs, the best chosen anew in each resample.</summary>
    public Interval? Margin() => Baselines.Margin([.. Pairs.Select(p => p.Prediction)]);

    /// <summary>Accuracy, this variant minus another on the decided pairs that both labelled.</summary>
    public Interval? AccuracyMinus(LabelVariant other)
    {
        var both = Both(other, decidedOnly: true);
        return Bootstrap.TryDifference([.. both.Select(b => b.Mine)], [.. both.Select(b => b.Theirs)], p => p.Credit, p => p.PromptId);
    }

    /// <summary>ECE against the verdicts, this variant minus another on the pairs that both labelled.</summary>
    public Interval? EceMinus(LabelVariant other) => Joined(other,
        both => Ece([.. both.Select(b => b.Mine)]) - Ece([.. both.Select(b => b.Theirs)]), decidedOnly: true);

    /// <summary><see cref="Extremeness"/>, this variant minus another on the pairs that both labelled.</summary>
    public Interval? ExtremenessMinus(LabelVariant other) => Joined(other,
        both => both.Average(b => Math.Abs(b.Mine.Probability - 0.5) - Math.Abs(b.Theirs.Probability - 0.5)), decidedOnly: false);

    private Interval? Joined(LabelVariant other, Func<IReadOnlyList<(LabelledPair Mine, LabelledPair Theirs)>, double> statistic, bool decidedOnly) =>
        Bootstrap.TryStatistic(Both(other, decidedOnly), b => b.Mine.PromptId, statistic);

    private (LabelledPair Mine, LabelledPair Theirs)[] Both(LabelVariant other, bool decidedOnly)
    {
        var theirs = other.Pairs.ToDictionary(p => p.Id);
        return [.. Pairs.Where(p => theirs.ContainsKey(p.Id) && (p.Decided || !decidedOnly)).Select(p => (p, theirs[p.Id]))];
    }

    /// <summary>The decided pairs' labels beside a truth about them.</summary>
    public IReadOnlyList<Prediction> Predictions(Func<LabelledPair, double> label) => Predictions(Decided, label);

    private CalibrationReport? Reliability(Func<LabelledPair, double> label) =>
        Decided.Count == 0 ? null : Calibration.Of(Predictions(Decided, label), Calibration.BinsFor(Decided.Count));

    private static double Ece(IReadOnlyList<LabelledPair> pairs) => Calibration.Ece(Predictions(pairs, p => p.Verdict), Calibration.BinsFor(pairs.Count));

    private static Prediction[] Predictions(IEnumerable<LabelledPair> pairs, Func<LabelledPair, double> label) =>
        [.. pairs.Select(p => new Prediction(p.PromptId, p.Probability, label(p)))];
}

/// <summary>The judges that need no judge: always A, the longer and the shorter answer.</summary>
public static class Baselines
{
    /// <summary>
    /// Accuracy minus that of the best baseline on the same decided pairs; null without any. Choosing the best in each resample makes the margin a
    /// little too small, never too large.
    /// </summary>
    public static Interval? Margin(IReadOnlyCollection<PredictedPair> pairs) =>
        Bootstrap.TryStatistic([.. pairs.Where(p => p.Label != 0.5)], p => p.PromptId, OverBest);

    private static double OverBest(IReadOnlyList<PredictedPair> drawn)
    {
        double judge = 0, alwaysA = 0, longer = 0, shorter = 0;
        foreach (var p in drawn)
        {
            judge += Credit.Of(p.ProbabilityA, p.Label);
            alwaysA += Credit.Of(1, p.Label);
            longer += Credit.OfMargin(p.LengthA - p.LengthB, p.Label);
            shorter += Credit.OfMargin(p.LengthB - p.LengthA, p.Label);
        }
        return (judge - Math.Max(alwaysA, Math.Max(longer, shorter))) / drawn.Count;
    }
}

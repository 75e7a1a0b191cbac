namespace Cai.Evaluation;

/// <summary>A stated probability and what turned out to be true.</summary>
/// <param name="PromptId">The cluster for intervals.</param>
/// <param name="Probability">Stated, 0 to 1.</param>
/// <param name="Label">True outcome: 0, 1, or a known probability in between.</param>
public sealed record Prediction(string PromptId, double Probability, double Label);

/// <summary>One bin of a reliability diagram (paper Fig 9).</summary>
/// <param name="From">Smallest stated probability in the bin.</param>
/// <param name="To">Largest.</param>
/// <param name="Predicted">Mean stated probability.</param>
/// <param name="Observed">Mean label, with its interval.</param>
public sealed record ReliabilityRow(double From, double To, double Predicted, Interval Observed, int Count);

/// <summary>How well stated probabilities match what happens.</summary>
/// <param name="Ece">
/// Expected calibration error: mean over predictions of |predicted - observed| of their bin. Its resamples lean upward on small samples; where they leave
/// the value itself behind, the interval is corrected for it (<see cref="Bootstrap"/>).
/// </param>
/// <param name="Brier">Mean squared distance between probability and label.</param>
/// <param name="Nll">Mean cross-entropy in nats; probabilities are kept 1e-7 away from 0 and 1.</param>
public sealed record CalibrationReport(IReadOnlyList<ReliabilityRow> Rows, Interval Ece, Interval Brier, Interval Nll, int N);

/// <summary>Reliability over bins of equal count, as in Kadavath et al. 2022 (the paper's calibration practice, 4.1 and Fig 9).</summary>
public static class Calibration
{
    /// <summary>Bins, ECE, Brier score and log loss.</summary>
    /// <param name="bins">Bins wished for. Equal probabilities never part, so that row order cannot matter; there may be fewer bins.</param>
    /// <exception cref="CaiException">No predictions, or a probability or label outside 0 to 1.</exception>
    public static CalibrationReport Of(IReadOnlyList<Prediction> predictions, int bins = 10, BootstrapOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        foreach (var p in predictions)
            if (!(p.Probability is >= 0 and <= 1 && p.Label is >= 0 and <= 1))
                throw new CaiException($"A probability of {p.Probability} with label {p.Label}: both must lie between 0 and 1.",
                    "Leave missing labels out before calling.", p.PromptId);
        var rows = Bins(predictions, bins).Select(bin => new ReliabilityRow(
            bin[0].Probability, bin[^1].Probability, bin.Average(p => p.Probability),
            Bootstrap.Mean(bin, p => p.Label, p => p.PromptId, options), bin.Count)).ToArray();
        return new CalibrationReport(rows,
            NotNegative(Bootstrap.Statistic(predictions, p => p.PromptId, drawn => Ece(drawn, bins), options)),
            Bootstrap.Mean(predictions, p => (p.Probability - p.Label) * (p.Probability - p.Label), p => p.PromptId, options),
            Bootstrap.Mean(predictions, CrossEntropy, p => p.PromptId, options),
            predictions.Count);
    }

    /// <summary>Expected calibration error over bins of equal count.</summary>
    public static double Ece(IReadOnlyList<Prediction> predictions, int bins = 10) =>
        Bins(predictions, bins).Sum(bin => Math.Abs(bin.Sum(p => p.Probability - p.Label))) / predictions.Count;

    /// <summary>Bins for a reliability diagram of n predictions: ten as usual, fewer while a bin would hold under twelve.</summary>
    public static int BinsFor(int n) => Math.Clamp(n / 12, 2, 10);

    private static Interval NotNegative(Interval interval) => double.IsNaN(interval.Low) ? interval : interval with { Low = Math.Max(0, interval.Low) };

    private static double CrossEntropy(Prediction prediction)
    {
        var p = Math.Clamp(prediction.Probability, 1e-7, 1 - 1e-7);
        return -prediction.Label * Math.Log(p) - (1 - prediction.Label) * Math.Log(1 - p);
    }

    private static List<List<Prediction>> Bins(IReadOnlyList<Prediction> predictions, int bins)
    {
        var sorted = predictions.OrderBy(p => p.Probability).ToArray();
        var result = new List<List<Prediction>>();
        var bin = new List<Prediction>();
        for (var i = 0; i < sorted.Length; i++)
        {
            bin.Add(sorted[i]);
            var last = i == sorted.Length - 1;
            var full = (i + 1) * (long)bins >= (result.Count + 1) * (long)sorted.Length;
            if (!last && !(full && sorted[i + 1].Probability != sorted[i].Probability))
                continue;
            result.Add(bin);
            bin = [];
        }
        return result;
    }
}

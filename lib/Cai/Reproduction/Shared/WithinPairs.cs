using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>A judge's answer about a pair under one principle or constitution, beside that of the corpus' annotators.</summary>
/// <param name="Pair">Answers about one pair are compared with each other.</param>
public readonly record struct PairAnswer(string Pair, double Annotators, double Judge);

/// <summary>
/// How a judge's answers move with the annotators' when the pair stays and the principle changes: each answer less the mean of its pair, so that what the two
/// answers are worth in themselves is out. 95 % intervals by bootstrap over pairs; null where no pair was asked about twice.
/// </summary>
public static class WithinPairs
{
    /// <summary>1 reads the principle perfectly, 0 gives one answer under all.</summary>
    public static Interval? Slope(IEnumerable<PairAnswer> answers) => Of(answers, (xy, xx, _) => xy / Math.Max(1e-9, xx));

    /// <summary>1 when all answers lie on a rising line, however steep.</summary>
    public static Interval? Correlation(IEnumerable<PairAnswer> answers) => Of(answers, (xy, xx, yy) => xy / Math.Sqrt(Math.Max(1e-9, xx * yy)));

    private static Interval? Of(IEnumerable<PairAnswer> answers, Func<double, double, double, double> statistic)
    {
        var centred = answers.GroupBy(a => a.Pair).Where(g => g.Count() > 1).SelectMany(pair =>
        {
            var (x, y) = (pair.Average(a => a.Annotators), pair.Average(a => a.Judge));
            return pair.Select(a => (a.Pair, X: a.Annotators - x, Y: a.Judge - y));
        }).ToList();
        return Bootstrap.TryStatistic(centred, c => c.Pair,
            drawn => statistic(drawn.Sum(c => c.X * c.Y), drawn.Sum(c => c.X * c.X), drawn.Sum(c => c.Y * c.Y)));
    }
}

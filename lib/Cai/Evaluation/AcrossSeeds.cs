namespace Cai.Evaluation;

/// <summary>
/// One number measured in several runs that differ in their seed alone. Seeds are a random effect: what is claimed is the
/// mean over all seeds that could have been drawn, so the spread between runs is part of the error.
/// </summary>
public static class AcrossSeeds
{
    // Two-sided 95 % points of Student's t for 1 to 10 degrees of freedom.
    private static readonly double[] Student = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281];

    /// <summary>
    /// The mean of the runs' estimates with a 95 % interval. Its half-width is sqrt(a² + b²): a = t(k-1) · s / sqrt(k), Student's
    /// interval on the k estimates, covers what differs between seeds; b covers what they share.
    /// </summary>
    /// <param name="estimates">
    /// One a seed: a value with its own 95 % interval over prompts. To compare two kinds of run, give the differences within each seed.
    /// </param>
    /// <param name="samePrompts">
    /// Whether runs were measured on the same prompts, wholly or in part. Then their luck with these is shared, and more seeds do not average it out. Where
    /// the runs' intervals were drawn from the same clusters, b is what they share and no more (crossed random effects; the subtraction is that of
    /// Cameron, Gelbach and Miller 2011): with half-widths h of single runs and H of the mean on common resamples, b² = (k · H² - mean of h²) / (k - 1),
    /// towards either side. Else b² is the mean of h², times the share of clusters that two runs have in common: that counts sampling noise, which is in a as
    /// well, twice, so the interval errs to the wide side. Runs whose clusters are not known count as having all in common. False: b is 0.
    /// </param>
    /// <returns>
    /// Ends are NaN for a single seed, or when shared prompts have no interval of their own. N sums observations; Clusters is the number of seeds.
    /// </returns>
    /// <exception cref="CaiException">No estimates, or one that is not finite.</exception>
    public static Interval Combine(IReadOnlyList<Interval> estimates, bool samePrompts = true)
    {
        if (estimates.Count == 0)
            throw new CaiException("There is no seed to combine.", "Run at least one seed; two for an interval.");
        if (estimates.FirstOrDefault(e => !double.IsFinite(e.Value)) is { } bad)
            throw new CaiException($"A seed's estimate is {bad.Value}, but must be a finite number.",
                "Leave the seed out and say so, or find why it could not be measured.");
        var k = estimates.Count;
        var mean = estimates.Average(e => e.Value);
        var between = k == 1 ? double.NaN
            : Quantile(k - 1) * Math.Sqrt(estimates.Sum(e => (e.Value - mean) * (e.Value - mean)) / (k - 1) / k);
        var joint = samePrompts && k > 1 ? Joint(estimates, mean) : null;
        var inCommon = samePrompts && joint is null ? InCommon(estimates) : 0;
        return new Interval(mean, mean - Half(e => e.Value - e.Low), mean + Half(e => e.High - e.Value), estimates.Sum(e => e.N), k);

        double Half(Func<Interval, double> side) => Math.Sqrt(between * between + (samePrompts ? Shared(side) : 0));

        double Shared(Func<Interval, double> side)
        {
            var single = estimates.Average(e => side(e) * side(e));
            return joint is null ? single * inCommon : Math.Max(0, (k * side(joint) * side(joint) - single) / (k - 1));
        }
    }

    /// <summary>The clusters that two runs have in common beside those that each has (geometric mean), on average over all pairs of runs.</summary>
    private static double InCommon(IReadOnlyList<Interval> estimates)
    {
        if (estimates.Count < 2 || estimates.Any(e => e.Resamples is null))
            return 1;
        var clusters = estimates.Select(e => e.Resamples!.Clusters.ToHashSet(StringComparer.Ordinal)).ToList();
        var pairs = from i in Enumerable.Range(0, clusters.Count)
                    from j in Enumerable.Range(0, i)
                    select clusters[i].Count(clusters[j].Contains) / Math.Sqrt((double)clusters[i].Count * clusters[j].Count);
        return pairs.Average();
    }

    /// <summary>The mean's own interval, all runs resampled together; null where their intervals are not of the same draws.</summary>
    private static Interval? Joint(IReadOnlyList<Interval> estimates, double mean)
    {
        if (estimates[0].Resamples is not { } first || !estimates.All(e => e.Resamples?.DrewAs(first) == true))
            return null;
        var drawn = first.Values.Select((_, b) => estimates.Average(e => e.Resamples!.Values[b])).ToArray();
        var (low, high) = Bootstrap.Around(mean, drawn, 0.95);
        return new Interval(mean, low, high, estimates.Sum(e => e.N), first.Clusters.Count);
    }

    /// <summary>
    /// Two-sided 95 % point of Student's t: the table up to 10 degrees of freedom, then Cornish and Fisher's expansion to the third order, good to 0.0002.
    /// </summary>
    public static double Quantile(int degrees)
    {
        if (degrees <= Student.Length)
            return Student[degrees - 1];
        const double z = 1.959964;
        var (z3, z5, z7, n) = (Math.Pow(z, 3), Math.Pow(z, 5), Math.Pow(z, 7), (double)degrees);
        return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
    }
}

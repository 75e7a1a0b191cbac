using Cai.Reinforcement;

namespace Cai.Tests.Reinforcement;

/// <summary>
/// PPO's formulas a second time, in plain loops over the doubles of one response or one list of tokens, written from the
/// papers' definitions and not from the library: no tensors, no masks, no recursion where the definition is a sum.
/// </summary>
internal static class NaivePpo
{
    public static double Kl(double logP, double logQ, KlEstimator estimator) => estimator switch
    {
        KlEstimator.K1 => logP - logQ,
        KlEstimator.K2 => 0.5 * Math.Pow(logP - logQ, 2),
        _ => Math.Exp(logQ) / Math.Exp(logP) - 1 - (logQ - logP),
    };

    /// <summary>log softmax(logits / temperature)[token].</summary>
    public static double LogProb(double[] logits, int token, double temperature) =>
        logits[token] / temperature - Math.Log(logits.Sum(l => Math.Exp(l / temperature)));

    public static double Entropy(double[] logits, double temperature) =>
        -logits.Select((_, token) => LogProb(logits, token, temperature)).Sum(l => Math.Exp(l) * l);

    /// <param name="cells">Cells of the response that have a value: its tokens, and perhaps one more for the score.</param>
    public static double[] Rewards(double[] kl, int cells, double coefficient, double score, int column)
    {
        var rewards = new double[cells];
        for (var t = 0; t < kl.Length; t++)
            rewards[t] -= coefficient * kl[t];
        rewards[column] += score;
        return rewards;
    }

    /// <summary>
    /// A_t = sum over l of (gamma lambda)^l delta_{t+l}, delta_t = r_t + gamma V_{t+1} - V_t, V after the end 0 (Schulman et al. 2016, eq. 16).
    /// </summary>
    public static double[] Advantages(double[] rewards, double[] values, double gamma, double lambda)
    {
        var advantages = new double[rewards.Length];
        for (var t = 0; t < rewards.Length; t++)
            for (var l = 0; t + l < rewards.Length; l++)
            {
                var after = t + l + 1 < values.Length ? values[t + l + 1] : 0;
                advantages[t] += Math.Pow(gamma * lambda, l) * (rewards[t + l] + gamma * after - values[t + l]);
            }
        return advantages;
    }

    public static double Variance(IReadOnlyList<double> x, bool bessel)
    {
        double mean = 0, sum = 0;
        foreach (var value in x)
            mean += value / x.Count;
        foreach (var value in x)
            sum += Math.Pow(value - mean, 2);
        return sum / (bessel ? x.Count - 1 : x.Count);
    }

    public static double[] Whiten(IReadOnlyList<double> x, bool shiftMean, bool bessel)
    {
        var (mean, deviation) = (x.Sum() / x.Count, Math.Sqrt(Variance(x, bessel) + 1e-8));
        return [.. x.Select(value => (value - mean) / deviation + (shiftMean ? 0 : mean))];
    }

    /// <summary>-min(r A, clip(r) A) told by cases: a good action counts up to ratio 1 + range, a bad one down to 1 - range.</summary>
    public static (double Loss, double Ratio, bool Clipped) Policy(double logProb, double old, double advantage, double range)
    {
        var ratio = Math.Exp(logProb) / Math.Exp(old);
        var held = advantage >= 0 ? Math.Min(ratio, 1 + range) : Math.Max(ratio, 1 - range);
        return (-advantage * held, ratio, held != ratio && advantage != 0);
    }

    public static (double Loss, bool Clipped) Value(double value, double old, double target, double range)
    {
        var held = value > old + range ? old + range : value < old - range ? old - range : value;
        var (free, clipped) = (Math.Pow(value - target, 2), Math.Pow(held - target, 2));
        return (0.5 * (clipped > free ? clipped : free), clipped > free);
    }
}

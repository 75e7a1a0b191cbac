using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>
/// The formulas of PPO for language models, one function each. Tensors are [batch, time] over response tokens unless
/// said otherwise; masks are bool, true at tokens that count. What lies outside a mask, even NaN, never reaches a result.
/// </summary>
public static class PpoMath
{
    /// <summary>Mean over the masked tokens; NaN when there is none. A scalar.</summary>
    public static Tensor MaskedMean(Tensor x, Tensor mask)
    {
        using var scope = NewDisposeScope();
        return (Masked(x, mask).sum() / mask.sum()).MoveToOuterDisposeScope();
    }

    /// <summary>x inside the mask, 0 outside. (A product would keep NaN.)</summary>
    public static Tensor Masked(Tensor x, Tensor mask) => x.MaskedFill(mask.logical_not(), 0);

    /// <summary>
    /// KL(policy || reference) per token, estimated from the token that the policy drew (Schulman 2020). k3 is exp(-x) - 1 + x; near 0 its first two terms
    /// cancel, also with expm1, and in float32 no digit would be left below 1e-4: there it is its series. Nothing is clamped, since that biases it.
    /// </summary>
    public static Tensor Kl(Tensor logProbs, Tensor refLogProbs, KlEstimator estimator = KlEstimator.K1)
    {
        using var scope = NewDisposeScope();
        var k1 = logProbs - refLogProbs;
        return (estimator switch
        {
            KlEstimator.K2 => k1.Square().Div(2),
            KlEstimator.K3 when k1.dtype == ScalarType.Float64 => (-k1).expm1().Add(k1),
            KlEstimator.K3 => where(k1.Clamp(-SeriesWithin, SeriesWithin).eq(k1), Series(k1), (-k1).expm1().Add(k1)),
            _ => k1,
        }).MoveToOuterDisposeScope();
    }

    private const double SeriesWithin = 0.2; // the first term left out, x^7/5040, is less than 1e-7 of the sum

    /// <summary>exp(-x) - 1 + x for small x: x²/2 - x³/6 + x⁴/24 - x⁵/120 + x⁶/720.</summary>
    private static Tensor Series(Tensor x)
    {
        var sum = x.Mul(1.0 / 720).Sub(1.0 / 120);
        foreach (var term in (double[])[1.0 / 24, -1.0 / 6, 1.0 / 2])
            sum = (sum * x).Add(term);
        return sum * x * x;
    }

    /// <summary>
    /// The KL weight of the next iteration (Ziegler et al. 2019, 2.2): coefficient · (1 + clip(kl/target - 1, ±errorClip) · episodes/horizon),
    /// never below 0.
    /// </summary>
    public static double NextKlCoefficient(double coefficient, double kl, double target, double horizon, double errorClip, int episodes) =>
        coefficient * Math.Max(0, 1 + Math.Clamp(kl / target - 1, -errorClip, errorClip) * episodes / horizon);

    /// <summary>The unit of scores under <see cref="PpoOptions.ScaleScores"/>: their standard deviation, by n; 1 when they do not differ.</summary>
    public static double ScoreUnit(IReadOnlyCollection<double> scores)
    {
        var mean = scores.Average();
        var deviation = Math.Sqrt(scores.Average(s => (s - mean) * (s - mean)));
        return deviation > 1e-8 ? deviation : 1;
    }

    /// <summary>A score as the missing-EOS rule leaves it.</summary>
    public static double ScoreWithRule(double score, bool hasEos, MissingEos rule, double value) => hasEos ? score : rule switch
    {
        MissingEos.Replace => value,
        MissingEos.Subtract => score - Math.Abs(value),
        _ => score,
    };

    /// <summary>The column that carries the score of a response of <paramref name="ids"/>, end token included.</summary>
    /// <param name="maxNewTokens">Columns there can be: one after the last is used only when it exists.</param>
    /// <param name="endIds">Every token that ends a response.</param>
    public static int ScoreColumn(IReadOnlyList<int> ids, IReadOnlyCollection<int> endIds, ScorePosition position, int maxNewTokens)
    {
        var last = ids.Count - 1;
        if (position == ScorePosition.EosPlusOne)
            return last + 1 < maxNewTokens ? last + 1 : last;
        if (position == ScorePosition.Eos)
            for (var t = 0; t < last; t++)
                if (endIds.Contains(ids[t]))
                    return t;
        return last;
    }

    /// <inheritdoc cref="ScoreColumn(IReadOnlyList{int}, IReadOnlyCollection{int}, ScorePosition, int)"/>
    public static int ScoreColumn(IReadOnlyList<int> ids, int eosId, ScorePosition position, int maxNewTokens) =>
        ScoreColumn(ids, [eosId], position, maxNewTokens);

    /// <summary>Per-token rewards: -coefficient · kl at every response token, plus each row's score at its column.</summary>
    /// <param name="scores">[batch]</param>
    /// <param name="columns">[batch], int64.</param>
    public static Tensor Rewards(Tensor kl, Tensor mask, double coefficient, Tensor scores, Tensor columns)
    {
        using var scope = NewDisposeScope();
        return Masked(kl.Mul(-coefficient), mask).scatter_add_(1, columns.unsqueeze(1), scores.unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Generalised advantage estimation (Schulman et al. 2016, eq. 16) and returns = advantages + values, 0 outside the mask.
    /// The sums run over masked tokens only, so gaps and padding may hold anything; after the last one comes value 0.
    /// </summary>
    public static (Tensor Advantages, Tensor Returns) Gae(Tensor rewards, Tensor values, Tensor mask, double gamma, double lambda)
    {
        using var scope = NewDisposeScope();
        var advantages = zeros_like(values);
        var next = zeros_like(values[TensorIndex.Colon, 0]);
        var carry = next;
        for (var t = values.shape[1] - 1; t >= 0; t--)
        {
            var (value, here) = (values.select(1, t), mask.select(1, t));
            var advantage = (rewards.select(1, t).Add(next.Mul(gamma)) - value).Add(carry.Mul(gamma * lambda));
            carry = where(here, advantage, carry);
            next = where(here, value, next);
            advantages.select(1, t).copy_(Masked(advantage, here));
        }
        return (advantages.MoveToOuterDisposeScope(), Masked(advantages.Add(values), mask).MoveToOuterDisposeScope());
    }

    /// <summary>
    /// (x - mean) / sqrt(variance + 1e-8) over the masked tokens, 0 outside; with <paramref name="shiftMean"/> off the mean
    /// is added back. One token alone has no n - 1 variance: it is whitened as if by n.
    /// </summary>
    public static Tensor Whiten(Tensor x, Tensor mask, bool shiftMean = true, bool bessel = false)
    {
        using var scope = NewDisposeScope();
        var mean = MaskedMean(x, mask);
        var count = mask.sum().ReadInt64();
        var variance = MaskedMean((x - mean).Square(), mask).Mul(bessel && count > 1 ? (double)count / (count - 1) : 1);
        var white = (x - mean) * variance.Add(1e-8).rsqrt();
        return Masked(shiftMean ? white : white.Add(mean), mask).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// PPO's clipped loss per token, max(-A·r, -A·clip(r, 1 ± range)) (Schulman et al. 2017, eq. 7), its ratio r, and where
    /// the clipped term is the larger. Any shape.
    /// </summary>
    public static (Tensor Loss, Tensor Ratio, Tensor Clipped) PolicyLoss(Tensor logProbs, Tensor oldLogProbs, Tensor advantages, double range)
    {
        using var scope = NewDisposeScope();
        var ratio = (logProbs - oldLogProbs).exp();
        var plain = -advantages * ratio;
        var clipped = -advantages * ratio.Clamp(1 - range, 1 + range);
        return (maximum(plain, clipped).MoveToOuterDisposeScope(), ratio.MoveToOuterDisposeScope(), (clipped > plain).MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Half the larger of the squared errors of the value and of the value held within range of the old one, per token,
    /// and where the latter is the larger. Any shape.
    /// </summary>
    public static (Tensor Loss, Tensor Clipped) ValueLoss(Tensor values, Tensor oldValues, Tensor returns, double range)
    {
        using var scope = NewDisposeScope();
        var held = oldValues.Add((values - oldValues).Clamp(-range, range));
        var plain = (values - returns).Square();
        var clipped = (held - returns).Square();
        return (maximum(plain, clipped).Div(2).MoveToOuterDisposeScope(), (clipped > plain).MoveToOuterDisposeScope());
    }
}

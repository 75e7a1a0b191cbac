namespace Cai.Reinforcement;

/// <summary>What the policy's pass over a micro-batch adds up to, over its response tokens.</summary>
/// <param name="Loss">Of the clipped policy loss.</param>
/// <param name="ApproxKl">Of half the squared difference between new and old log-probability.</param>
/// <param name="Clipped">Tokens whose clipped term is the larger.</param>
/// <param name="Entropy">Of the entropy of the next-token distribution, nats.</param>
/// <param name="Ratio">Of the probability ratio.</param>
/// <param name="SquaredDeviation">Of (ratio - 1)².</param>
internal sealed record PolicySums(double Loss, double ApproxKl, double Clipped, double Entropy, double Ratio, double SquaredDeviation);

/// <summary>What the critic's pass over a micro-batch adds up to, over its value cells.</summary>
/// <param name="Loss">Of the clipped value loss.</param>
/// <param name="Value">Of the values.</param>
/// <param name="SquaredError">Of (value - return)².</param>
/// <param name="Clipped">Cells whose clipped error is the larger.</param>
internal sealed record CriticSums(double Loss, double Value, double SquaredError, double Clipped);

/// <summary>Statistics of the updates on one rollout: each is a mean over a minibatch, summed here over the updates done so far.</summary>
internal sealed record UpdateStatistics
{
    private int Updates { get; init; }
    private double PolicyLoss { get; init; }
    private double ApproxKl { get; init; }
    private double PolicyClipped { get; init; }
    private double Entropy { get; init; }
    private double ValueLoss { get; init; }
    private double Value { get; init; }
    private double ValueError { get; init; }
    private double ValueClipped { get; init; }
    private double Ratio { get; init; }
    private double RatioVariance { get; init; }
    private double PolicyGradNorm { get; init; }
    private double CriticGradNorm { get; init; }

    /// <summary>With the policy's share of one micro-batch.</summary>
    /// <param name="tokens">Response tokens of the whole minibatch.</param>
    public UpdateStatistics With(PolicySums sums, double tokens) => this with
    {
        PolicyLoss = PolicyLoss + sums.Loss / tokens,
        ApproxKl = ApproxKl + sums.ApproxKl / tokens,
        PolicyClipped = PolicyClipped + sums.Clipped / tokens,
        Entropy = Entropy + sums.Entropy / tokens,
    };

    /// <summary>With the critic's share of one micro-batch.</summary>
    /// <param name="cells">Value cells of the whole minibatch.</param>
    public UpdateStatistics With(CriticSums sums, double cells) => this with
    {
        ValueLoss = ValueLoss + sums.Loss / cells,
        Value = Value + sums.Value / cells,
        ValueError = ValueError + sums.SquaredError / cells,
        ValueClipped = ValueClipped + sums.Clipped / cells,
    };

    /// <summary>With the ratios of a whole minibatch, as their variance is not a sum over micro-batches.</summary>
    /// <param name="mean">Mean ratio.</param>
    /// <param name="squaredDeviation">Mean of (ratio - 1)²: deviations from 1, not from 0, so that a variance of 1e-8 survives.</param>
    public UpdateStatistics WithRatios(double mean, double squaredDeviation) => this with
    {
        Ratio = Ratio + mean,
        RatioVariance = RatioVariance + Math.Max(0, squaredDeviation - (mean - 1) * (mean - 1)),
    };

    /// <summary>With the step of both networks that ends an update.</summary>
    /// <param name="policyNorm">L2 norm of the policy's gradient before clipping.</param>
    /// <param name="criticNorm">The critic's.</param>
    public UpdateStatistics WithStep(double policyNorm, double criticNorm) => this with
    {
        Updates = Updates + 1,
        PolicyGradNorm = PolicyGradNorm + policyNorm,
        CriticGradNorm = CriticGradNorm + criticNorm,
    };

    /// <summary>Means over the updates under OpenAI's names, in the order in which `metrics.jsonl` has them.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Metrics =>
    [
        new("loss/policy", PolicyLoss / Updates),
        new("policy/approxkl", ApproxKl / Updates),
        new("policy/clipfrac", PolicyClipped / Updates),
        new("policy/entropy", Entropy / Updates),
        new("loss/value", ValueLoss / Updates),
        new("val/vpred", Value / Updates),
        new("val/error", ValueError / Updates),
        new("val/clipfrac", ValueClipped / Updates),
        new("val/ratio", Ratio / Updates),
        new("val/ratio_var", RatioVariance / Updates),
        new("policy/grad_norm", PolicyGradNorm / Updates),
        new("val/grad_norm", CriticGradNorm / Updates),
    ];
}

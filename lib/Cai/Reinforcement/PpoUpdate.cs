using Cai.Models;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>Gradients and statistics of the updates on one rollout. Losses are means over the tokens of a whole minibatch, however it is cut.</summary>
internal sealed class PpoUpdate(Decoder policy, ScalarModel critic, Rollout rollout, PpoOptions options)
{
    /// <summary>Of the updates so far.</summary>
    public UpdateStatistics Statistics { get; private set; } = new();

    public PpoTrace NewTrace() => new(rollout.ResponseMask.shape[0], rollout.ResponseMask.shape[1], policy.Device);

    /// <summary>Adds the gradients of one minibatch, policy and critic side by side; both networks' are zero before.</summary>
    /// <param name="policyAdded">Called when those of a micro-batch have been added to the policy's; <paramref name="criticAdded"/> likewise.</param>
    public void Accumulate(int[] rows, PpoTrace? trace, Action policyAdded, Action criticAdded)
    {
        double tokens = rows.Sum(r => rollout.Responses[r].Ids.Length);
        double cells = rows.Sum(r => MicroBatch.Values(rollout.Responses[r], options));
        using var shared = NewDisposeScope();
        var batches = MicroBatch.Cut(rollout.Responses, rows, options.TokensPerMicroBatch)
            .Select(part => MicroBatch.Of(rollout.Responses, part, rollout.ResponseMask.shape[1], options, policy.Device)).ToList();
        var (ofPolicy, ofCritic) = (new PolicySums[batches.Count], new CriticSums[batches.Count]);
        void Each(Action<int, MicroBatch> learn)
        {
            foreach (var (i, batch) in batches.Index())
            {
                using var scope = NewDisposeScope();
                learn(i, batch);
            }
        }
        void Policies() => Each((i, batch) =>
        {
            ofPolicy[i] = Policy(batch, tokens, trace);
            policyAdded();
        });
        void Critics() => Each((i, batch) =>
        {
            ofCritic[i] = Critic(batch, cells, trace);
            criticAdded();
        });
        Workers.Run(policy.IsSmall, Policies, Critics);
        for (var i = 0; i < batches.Count; i++)
            Statistics = Statistics.With(ofPolicy[i], tokens).With(ofCritic[i], cells);
        Statistics = Statistics.WithRatios(ofPolicy.Sum(p => p.Ratio / tokens), ofPolicy.Sum(p => p.SquaredDeviation / tokens));
    }

    /// <summary>Closes one update of both networks.</summary>
    public void Count(double policyNorm, double criticNorm) => Statistics = Statistics.WithStep(policyNorm, criticNorm);

    private PolicySums Policy(MicroBatch batch, double tokens, PpoTrace? trace)
    {
        var old = rollout.LogProbs.flatten().index_select(0, batch.Cells);
        var advantages = rollout.Advantages.flatten().index_select(0, batch.Cells);
        var (logProbs, entropy) = batch.Policy(policy, options.Temperature, options.EntropyBonus != 0);
        var (loss, ratio, clipped) = PpoMath.PolicyLoss(logProbs, old, advantages, options.ClipRange);
        var total = options.EntropyBonus == 0 ? loss.sum() : (loss - entropy.Mul(options.EntropyBonus)).sum();
        total.Div(tokens).backward();
        using var guard = no_grad();
        trace?.SetPolicy(batch.Cells, logProbs, ratio, clipped, loss, entropy);
        var sums = Numbers(loss.sum(), (logProbs - old).Square().sum().Div(2), clipped.sum(), entropy.sum(), ratio.sum(), ratio.Sub(1).Square().sum());
        return new(Loss: sums[0], ApproxKl: sums[1], Clipped: sums[2], Entropy: sums[3], Ratio: sums[4], SquaredDeviation: sums[5]);
    }

    private CriticSums Critic(MicroBatch batch, double cells, PpoTrace? trace)
    {
        var old = rollout.Values.flatten().index_select(0, batch.ValueCells);
        var returns = rollout.Returns.flatten().index_select(0, batch.ValueCells);
        var values = batch.Critic(critic);
        var (loss, clipped) = PpoMath.ValueLoss(values, old, returns, options.ValueClipRange);
        loss.sum().Mul(options.ValueCoefficient / cells).backward();
        using var guard = no_grad();
        trace?.SetCritic(batch.ValueCells, values, clipped, loss);
        var sums = Numbers(loss.sum(), values.sum(), (values - returns).Square().sum(), clipped.sum());
        return new(Loss: sums[0], Value: sums[1], SquaredError: sums[2], Clipped: sums[3]);
    }

    // Stacked, they leave an accelerator in one transfer.
    private static double[] Numbers(params Tensor[] scalars) =>
        [.. stack(scalars.Select(s => s.detach().to(ScalarType.Float32))).cpu().data<float>().ToArray().Select(x => (double)x)];
}

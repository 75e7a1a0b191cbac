using Cai.Models;
using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>Gradients and statistics of the updates on one rollout. Losses are means over the tokens of a whole minibatch, however it is cut.</summary>
internal sealed class PpoUpdate(Decoder policy, ScalarModel critic, Rollout rollout, PpoOptions options)
{
    private readonly Dictionary<string, double> sums = [];
    private int updates;

    public PpoTrace NewTrace() => new(rollout.ResponseMask.shape[0], rollout.ResponseMask.shape[1], policy.Device);

    /// <summary>Adds the gradients of one minibatch; both networks' are zero before.</summary>
    /// <param name="added">Called when those of a piece have been added.</param>
    public void Accumulate(int[] rows, PpoTrace? trace, Action added)
    {
        double tokens = rows.Sum(r => rollout.Responses[r].Ids.Length);
        double values = rows.Sum(r => MicroBatch.Values(rollout.Responses[r], options));
        double ratio = 0, ratioSquares = 0;
        foreach (var piece in MicroBatch.Cut(rollout.Responses, rows, options.TokensPerMicroBatch))
        {
            using var scope = NewDisposeScope();
            var batch = MicroBatch.Of(rollout.Responses, piece, rollout.ResponseMask.shape[1], options, policy.Device);
            var p = Policy(batch, tokens, trace);
            var v = Critic(batch, values, trace);
            added();
            Add("loss/policy", p[0] / tokens);
            Add("policy/approxkl", p[1] / tokens);
            Add("policy/clipfrac", p[2] / tokens);
            Add("policy/entropy", p[3] / tokens);
            ratio += p[4] / tokens;
            ratioSquares += p[5] / tokens;
            Add("loss/value", v[0] / values);
            Add("val/vpred", v[1] / values);
            Add("val/error", v[2] / values);
            Add("val/clipfrac", v[3] / values);
        }
        Add("val/ratio", ratio);
        // Deviations from 1, not from 0, so that a variance of 1e-8 survives.
        Add("val/ratio_var", Math.Max(0, ratioSquares - (ratio - 1) * (ratio - 1)));
    }

    /// <summary>Closes one update of both networks.</summary>
    public void Count(double policyNorm, double criticNorm)
    {
        updates++;
        Add("policy/grad_norm", policyNorm);
        Add("val/grad_norm", criticNorm);
    }

    /// <summary>Each statistic's mean over the updates.</summary>
    public IEnumerable<KeyValuePair<string, double>> Means() => sums.Select(s => KeyValuePair.Create(s.Key, s.Value / updates));

    private double[] Policy(MicroBatch batch, double tokens, PpoTrace? trace)
    {
        var old = rollout.LogProbs.flatten().index_select(0, batch.Cells);
        var advantages = rollout.Advantages.flatten().index_select(0, batch.Cells);
        var (logProbs, entropy) = batch.Policy(policy, options.Temperature, options.EntropyBonus != 0);
        var (loss, ratio, clipped) = PpoMath.PolicyLoss(logProbs, old, advantages, options.ClipRange);
        var total = options.EntropyBonus == 0 ? loss.sum() : (loss - entropy.Mul(options.EntropyBonus)).sum();
        total.Div(tokens).backward();
        using var guard = no_grad();
        trace?.Set("log_probs", batch.Cells, logProbs);
        trace?.Set("ratio", batch.Cells, ratio);
        trace?.Set("clipped", batch.Cells, clipped);
        trace?.Set("policy_loss", batch.Cells, loss);
        trace?.Set("entropy", batch.Cells, entropy);
        return Numbers(loss.sum(), (logProbs - old).Square().sum().Div(2), clipped.sum(), entropy.sum(), ratio.sum(), ratio.Sub(1).Square().sum());
    }

    private double[] Critic(MicroBatch batch, double count, PpoTrace? trace)
    {
        var old = rollout.Values.flatten().index_select(0, batch.ValueCells);
        var returns = rollout.Returns.flatten().index_select(0, batch.ValueCells);
        var values = batch.Critic(critic);
        var (loss, clipped) = PpoMath.ValueLoss(values, old, returns, options.ValueClipRange);
        loss.sum().Mul(options.ValueCoefficient / count).backward();
        using var guard = no_grad();
        trace?.Set("values", batch.ValueCells, values);
        trace?.Set("value_clipped", batch.ValueCells, clipped);
        trace?.Set("value_loss", batch.ValueCells, loss);
        return Numbers(loss.sum(), values.sum(), (values - returns).Square().sum(), clipped.sum());
    }

    private static double[] Numbers(params Tensor[] scalars) =>
        [.. stack(scalars.Select(s => s.detach().to(ScalarType.Float32))).cpu().data<float>().ToArray().Select(x => (double)x)];

    private void Add(string name, double value) => sums[name] = sums.GetValueOrDefault(name) + value;
}

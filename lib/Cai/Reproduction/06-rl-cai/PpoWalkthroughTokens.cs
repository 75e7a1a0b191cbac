using Cai.Reinforcement;
using static TorchSharp.torch;

namespace Cai.Reproduction;

/// <summary>One token of a response with everything that PPO computed about it.</summary>
/// <param name="LogProb">Of the policy that drew it, nats.</param>
/// <param name="RefLogProb">Of the frozen reference, nats.</param>
/// <param name="Kl">LogProb - RefLogProb: the one-sample estimate of KL.</param>
/// <param name="Reward">-KL weight · Kl, plus the response's score on the token that carries it.</param>
/// <param name="Value">The critic's guess, before this token, of all rewards to come.</param>
/// <param name="Delta">Reward + gamma · next value - value: by how much this token surprised the critic.</param>
/// <param name="RawAdvantage">Sum of (gamma · lambda)^k times the k-th delta from here on, worked out once more in plain doubles.</param>
/// <param name="Return">RawAdvantage + Value: what the critic should have said.</param>
/// <param name="Advantage">RawAdvantage after whitening over the whole batch.</param>
public sealed record TracedToken(
    int Place, string Token, double LogProb, double RefLogProb, double Kl, double Reward, double Value, double Delta, double RawAdvantage, double Return,
    double Advantage);

/// <summary>What the update did to one token.</summary>
/// <param name="FirstRatio">New over old probability in the first minibatch: 1, as nothing has changed yet.</param>
/// <param name="LastRatio">In the last minibatch of the last epoch.</param>
/// <param name="Clipped">Whether the clip held the token's loss in the last minibatch.</param>
public sealed record UpdatedToken(int Place, string Token, double Advantage, double FirstRatio, double LastRatio, bool Clipped);

public sealed partial class PpoWalkthrough
{
    /// <summary>The first response that ended by itself, which is easier to read than one that was cut off; 0 when none did.</summary>
    public static int FirstEnded(Rollout rollout) => Math.Max(0, rollout.Responses.ToList().FindIndex(r => r.Finished));

    /// <summary>One response token by token. Delta and the raw advantage are computed here anew, from rewards and values.</summary>
    /// <param name="row">Which response of the rollout.</param>
    public IReadOnlyList<TracedToken> Tokens(Rollout rollout, int row)
    {
        var ids = rollout.Responses[row].Ids;
        double[] Row(Tensor tensor) => Numbers(tensor, row, ids.Length);
        var (logProbs, reference, kl, rewards) = (Row(rollout.LogProbs), Row(rollout.RefLogProbs), Row(rollout.Kl), Row(rollout.Rewards));
        var (values, returns, advantages) = (Row(rollout.Values), Row(rollout.Returns), Row(rollout.Advantages));
        var deltas = ids.Select((_, t) => rewards[t] + options.Gamma * (t + 1 < ids.Length ? values[t + 1] : 0) - values[t]).ToArray();
        var raw = new double[ids.Length];
        for (var t = ids.Length - 1; t >= 0; t--)
            raw[t] = deltas[t] + options.Gamma * options.Lambda * (t + 1 < ids.Length ? raw[t + 1] : 0);
        return
        [
            .. ids.Select((id, t) => new TracedToken(
                t, TokenText(id), logProbs[t], reference[t], kl[t], rewards[t], values[t], deltas[t], raw[t], returns[t], advantages[t])),
        ];
    }

    /// <summary>Largest distance between the returns that PPO computed and value + raw advantage as worked out here.</summary>
    public static double LargestDisagreement(IEnumerable<TracedToken> tokens) => tokens.Max(t => Math.Abs(t.Return - t.Value - t.RawAdvantage));

    /// <summary>What the update did to the same response.</summary>
    public IReadOnlyList<UpdatedToken> Updated(Rollout rollout, PpoStep step, int row)
    {
        var ids = rollout.Responses[row].Ids;
        double[] Row(Tensor tensor) => Numbers(tensor, row, ids.Length);
        var (advantages, first) = (Row(rollout.Advantages), Row(step.First.Ratio));
        var (last, clipped) = (Row(step.Last.Ratio), Row(step.Last.Clipped));
        return [.. ids.Select((id, t) => new UpdatedToken(t, TokenText(id), advantages[t], first[t], last[t], clipped[t] > 0))];
    }
}

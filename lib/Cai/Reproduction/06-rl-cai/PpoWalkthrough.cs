using Cai.Evaluation;
using Cai.Figures;
using Cai.Reinforcement;
using Cai.Text;
using Cai.Torch;
using TorchSharp;
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
public sealed record TracedToken(int Place, string Token, double LogProb, double RefLogProb, double Kl, double Reward, double Value, double Delta, double RawAdvantage, double Return, double Advantage);

/// <summary>What the update did to one token.</summary>
/// <param name="FirstRatio">New over old probability in the first minibatch: 1, as nothing has changed yet.</param>
/// <param name="LastRatio">In the last minibatch of the last epoch.</param>
/// <param name="Clipped">Whether the clip held the token's loss in the last minibatch.</param>
public sealed record UpdatedToken(int Place, string Token, double Advantage, double FirstRatio, double LastRatio, bool Clipped);

/// <summary>Makes the tensors of a rollout and of an update readable: one response, token by token (paper 4.1; Schulman et al. 2017).</summary>
public static class PpoWalkthrough
{
    private const double LargestShown = 3;

    /// <summary>The settings that shape an iteration.</summary>
    public static Table Settings(PpoOptions options) => Table.Of<(string Name, double Value)>(
    [
        ("responses in an iteration", options.RolloutsPerIteration), ("passes over them (epochs)", options.Epochs), ("longest response (tokens)", options.MaxNewTokens),
        ("learning rate of the policy", options.LearningRate), ("learning rate of the critic", options.CriticLearningRate), ("clip range", options.ClipRange),
        ("KL weight", options.KlCoefficient), ("scores in standard deviations of the first rollout (1: yes)", options.ScaleScores ? 1 : 0), ("gamma", options.Gamma), ("lambda", options.Lambda), ("score of a response that does not end", options.MissingEosValue),
    ],
        new("setting", r => r.Name), new("value", r => r.Value, "0.######"));

    /// <summary>The first response that ended by itself, which is easier to read than one that was cut off; 0 when none did.</summary>
    public static int FirstEnded(Rollout rollout) => Math.Max(0, rollout.Responses.ToList().FindIndex(r => r.Finished));

    /// <summary>The numbers of an update under OpenAI's names: means over all passes.</summary>
    public static Table Metrics(PpoStep step) => Table.Of(step.Metrics.Where(m => m.Key.StartsWith("loss/", StringComparison.Ordinal) || m.Key.StartsWith("policy/", StringComparison.Ordinal) || m.Key.StartsWith("val/", StringComparison.Ordinal))
            .OrderBy(m => m.Key, StringComparer.Ordinal),
        new Column<KeyValuePair<string, double>>("metric", m => m.Key), new Column<KeyValuePair<string, double>>("value", m => m.Value, "0.######"));

    /// <summary>Every named tensor of a rollout with its shape, and its mean over response tokens (over responses for scores).</summary>
    public static Table Tensors(Rollout rollout)
    {
        using var scope = NewDisposeScope();
        var mask = rollout.ResponseMask;
        return Table.Of(rollout.Tensors,
            new Column<KeyValuePair<string, Tensor>>("Tensor", t => t.Key),
            new Column<KeyValuePair<string, Tensor>>("Shape", t => $"[{string.Join(", ", t.Value.shape)}]"),
            new Column<KeyValuePair<string, Tensor>>("Type", t => t.Value.dtype.ToString()),
            new Column<KeyValuePair<string, Tensor>>("Mean", t => t.Key is "tokens" or "response_mask" or "value_mask" or "score_columns" ? null
                : t.Value.dim() == 1 ? t.Value.mean().ReadDouble() : PpoMath.MaskedMean(t.Value, mask).ReadDouble()));
    }

    /// <summary>Each response with its score, its KL and what it is rewarded in all.</summary>
    public static Table Responses(Rollout rollout, int count = 6)
    {
        var rows = PpoTrainer.Examples(rollout, count).Zip(rollout.Responses);
        return Table.Of(rows,
            new Column<(PpoExample Numbers, PolicyResponse Response)>("Prompt", r => r.Response.Prompt.Dialogue.LastHuman()),
            new Column<(PpoExample Numbers, PolicyResponse Response)>("Response", r => r.Response.Text),
            new Column<(PpoExample Numbers, PolicyResponse Response)>("Ended", r => r.Response.Finished),
            new Column<(PpoExample Numbers, PolicyResponse Response)>("Score", r => r.Numbers.Score),
            new Column<(PpoExample Numbers, PolicyResponse Response)>("KL", r => r.Numbers.Kl),
            new Column<(PpoExample Numbers, PolicyResponse Response)>("Rewarded", r => r.Numbers.Total));
    }

    /// <summary>One response token by token. Delta and the raw advantage are computed here anew, from rewards and values.</summary>
    /// <param name="row">Which response of the rollout.</param>
    /// <param name="options">Those of the trainer: gamma and lambda.</param>
    public static IReadOnlyList<TracedToken> Tokens(Rollout rollout, int row, ITokenizer tokenizer, PpoOptions options)
    {
        var ids = rollout.Responses[row].Ids;
        double[] Row(Tensor tensor) => Numbers(tensor, row, ids.Length);
        var (logProbs, reference, kl, rewards) = (Row(rollout.LogProbs), Row(rollout.RefLogProbs), Row(rollout.Kl), Row(rollout.Rewards));
        var (values, returns, advantages) = (Row(rollout.Values), Row(rollout.Returns), Row(rollout.Advantages));
        var deltas = ids.Select((_, t) => rewards[t] + options.Gamma * (t + 1 < ids.Length ? values[t + 1] : 0) - values[t]).ToArray();
        var raw = new double[ids.Length];
        for (var t = ids.Length - 1; t >= 0; t--)
            raw[t] = deltas[t] + options.Gamma * options.Lambda * (t + 1 < ids.Length ? raw[t + 1] : 0);
        return [.. ids.Select((id, t) => new TracedToken(t, TokenText(tokenizer, id), logProbs[t], reference[t], kl[t], rewards[t], values[t], deltas[t], raw[t], returns[t], advantages[t]))];
    }

    /// <summary>Largest distance between the returns that PPO computed and value + raw advantage as worked out here.</summary>
    public static double LargestDisagreement(IEnumerable<TracedToken> tokens) => tokens.Max(t => Math.Abs(t.Return - t.Value - t.RawAdvantage));

    /// <summary>What the update did to the same response.</summary>
    public static IReadOnlyList<UpdatedToken> Update(Rollout rollout, PpoStep step, int row, ITokenizer tokenizer)
    {
        var ids = rollout.Responses[row].Ids;
        double[] Row(Tensor tensor) => Numbers(tensor, row, ids.Length);
        var (advantages, first) = (Row(rollout.Advantages), Row(step.First.Ratio));
        var (last, clipped) = (Row(step.Last.Ratio), Row(step.Last.Clipped));
        return [.. ids.Select((id, t) => new UpdatedToken(t, TokenText(tokenizer, id), advantages[t], first[t], last[t], clipped[t] > 0))];
    }

    /// <summary>Tokens coloured by one of their numbers.</summary>
    public static TokenStrip Strip(IEnumerable<TracedToken> tokens, Func<TracedToken, double> value, string label) => new([.. tokens.Select(t => new TokenValue(t.Token, value(t)))], label);

    /// <summary>Ratios of all response tokens in the last minibatch, against those of the first; the axis ends at 3, where larger ones are counted.</summary>
    public static Figure Ratios(Rollout rollout, PpoStep step, PpoOptions options)
    {
        var last = Masked(step.Last.Ratio, rollout.ResponseMask);
        var outside = last.Average(r => Math.Abs(r - 1) > options.ClipRange ? 1.0 : 0);
        return new Figure("How far one iteration moved the probability of each token", new Axis("new probability / old probability"), new Axis("share of tokens"),
        [
            new HistogramSeries($"last of {options.Epochs} epochs", [.. last.Select(r => Math.Min(r, LargestShown))]) { Style = 0, Bins = 40 },
        ])
        {
            References = [new(ReferenceKind.Vertical, 1, "first minibatch: every ratio is 1"), new(ReferenceKind.Vertical, 1 - options.ClipRange, "clip range"), new(ReferenceKind.Vertical, 1 + options.ClipRange)],
            Caption = FormattableString.Invariant($"All {last.Length} response tokens of {rollout.Responses.Count} responses of one iteration (no sample is drawn from them, so there is no interval). {100 * outside:0} % lie outside the clip range; the loss ignores those that already moved the way their advantage asks. {last.Count(r => r > LargestShown)} ratios beyond {LargestShown} are counted there."),
        };
    }

    /// <summary>
    /// Largest |ratio - 1| over all response tokens of the first minibatch. The update recomputes log-probabilities as the
    /// rollout did; were they off, PPO would clip and weigh tokens for a change that never happened.
    /// </summary>
    public static Claim FirstRatioClaim(Rollout rollout, PpoStep step, IReadOnlyList<long> seeds)
    {
        var ratios = Masked(step.First.Ratio, rollout.ResponseMask);
        var worst = ratios.Max(r => Math.Abs(r - 1));
        return new Claim("rl-1", "4.1 (PPO)", "Before its first update PPO sees the policy that wrote the responses: the probability ratio of every token is 1 (largest |ratio - 1|, at most 1e-5)",
            "1 by definition (Schulman et al. 2017)", worst, null, null, ratios.Length, seeds, worst <= 1e-5, Note: "an identity, so there is no interval");
    }

    private static string TokenText(ITokenizer tokenizer, int id) => id == tokenizer.EosId ? "<end>" : tokenizer.TokenText(id);

    private static double[] Numbers(Tensor tensor, int row, int count)
    {
        using var scope = NewDisposeScope();
        return [.. tensor.select(0, row).detach().to(ScalarType.Float64).cpu().contiguous().data<double>().Take(count)];
    }

    private static double[] Masked(Tensor tensor, Tensor mask)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().masked_select(mask).to(ScalarType.Float64).cpu().data<double>().ToArray();
    }
}

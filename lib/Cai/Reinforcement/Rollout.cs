using Cai.Text;
using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>What the policy answered.</summary>
/// <param name="PromptIds">The prompt's tokens, begin token included.</param>
/// <param name="Ids">The sampled tokens, end token or stop string included when there is one; never tokenised anew.</param>
/// <param name="Text">The decoded tokens, up to the stop string when there is one.</param>
/// <param name="Finished">Whether the end token was drawn.</param>
public sealed record PolicyResponse(Prompt Prompt, int[] PromptIds, int[] Ids, string Text, bool Finished)
{
    /// <summary>How many tokens of a stop string, or of a token that runs into it, stand at the end of <see cref="Ids"/>; 0 without.</summary>
    public int StopTokens { get; init; }

    /// <summary><see cref="Ids"/> without the stop string: what a preference model reads.</summary>
    public int[] AnswerIds => StopTokens == 0 ? Ids : Ids[..^StopTokens];
}

/// <summary>
/// The reward: a score for each response, higher is better. A preference model is one: pass
/// `responses => pm.ScoreTokens(…PromptIds, …AnswerIds)`; any function of text or tokens is another.
/// </summary>
public delegate IReadOnlyList<double> RewardFunction(IReadOnlyList<PolicyResponse> responses);

/// <summary>
/// Responses and everything computed about them before the policy changes. Tensors are [batch, time] over response
/// tokens, left-aligned, unless said otherwise.
/// </summary>
public sealed record Rollout : IDisposable
{
    public required IReadOnlyList<PolicyResponse> Responses { get; init; }

    /// <summary>int64; 0 at padding.</summary>
    public required Tensor Tokens { get; init; }

    /// <summary>bool: response tokens.</summary>
    public required Tensor ResponseMask { get; init; }

    /// <summary>bool: where a value counts. Equals <see cref="ResponseMask"/>, or has one more token under <see cref="ScorePosition.EosPlusOne"/>.</summary>
    public required Tensor ValueMask { get; init; }

    /// <summary>As the sampler reported them while drawing.</summary>
    public required Tensor SamplerLogProbs { get; init; }

    /// <summary>The policy's, recomputed as the update computes them: the first ratio is exactly 1.</summary>
    public required Tensor LogProbs { get; init; }

    /// <summary>The reference model's.</summary>
    public required Tensor RefLogProbs { get; init; }

    /// <summary>Entropy of the policy's distribution at each token, nats.</summary>
    public required Tensor Entropy { get; init; }

    /// <summary>The critic's value of the state before each token.</summary>
    public required Tensor Values { get; init; }

    /// <summary>k1, LogProbs - RefLogProbs.</summary>
    public required Tensor Kl { get; init; }

    /// <summary>[batch], as the reward gave them.</summary>
    public required Tensor RawScores { get; init; }

    /// <summary>[batch], over <see cref="ScoreUnit"/> and after the missing-EOS rule.</summary>
    public required Tensor Scores { get; init; }

    /// <summary>[batch], int64: the column that carries the score.</summary>
    public required Tensor ScoreColumns { get; init; }

    /// <summary>-KL weight · KL, plus the score at its column.</summary>
    public required Tensor Rewards { get; init; }

    /// <summary>Whitened when the options say so.</summary>
    public required Tensor Advantages { get; init; }

    /// <summary>What the critic should have said.</summary>
    public required Tensor Returns { get; init; }

    /// <summary>What the raw scores were divided by: 1, or see <see cref="PpoOptions.ScaleScores"/>.</summary>
    public required double ScoreUnit { get; init; }

    /// <summary>The weight of KL in <see cref="Rewards"/>.</summary>
    public required double KlCoefficient { get; init; }

    /// <summary>`objective/*`, `returns/*`, `val/num_eos_tokens`, `val/sampler_mismatch` and the seconds of each phase.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>All tensors by name, for tables and plots.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => new Dictionary<string, Tensor>
    {
        ["tokens"] = Tokens, ["response_mask"] = ResponseMask, ["value_mask"] = ValueMask, ["sampler_log_probs"] = SamplerLogProbs,
        ["log_probs"] = LogProbs, ["ref_log_probs"] = RefLogProbs, ["entropy"] = Entropy, ["values"] = Values, ["kl"] = Kl,
        ["raw_scores"] = RawScores, ["scores"] = Scores, ["score_columns"] = ScoreColumns, ["rewards"] = Rewards,
        ["advantages"] = Advantages, ["returns"] = Returns,
    };

    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
            tensor.Dispose();
    }
}

using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>Step 1 of a rollout: what the policy answered.</summary>
/// <param name="Responses">One a prompt, in the order of the prompts.</param>
/// <param name="LogProbs">Of each response, the log-probability of each of its tokens under the distribution that it was drawn from.</param>
internal sealed record SampledResponses(IReadOnlyList<PolicyResponse> Responses, IReadOnlyList<IReadOnlyList<float>> LogProbs);

/// <summary>
/// Step 3 of a rollout: the tokens as the networks read them. All are [batch, time], 0 outside the responses, and belong to the
/// collection's dispose scope.
/// </summary>
/// <param name="Tokens">int64: the sampled ids.</param>
/// <param name="ResponseMask">bool: response tokens.</param>
/// <param name="ValueMask">bool: where a value counts.</param>
/// <param name="SamplerLogProbs">As the sampler reported them.</param>
/// <param name="LogProbs">The policy's, recomputed as the update computes them.</param>
/// <param name="RefLogProbs">The reference's.</param>
/// <param name="Entropy">Of the policy's next-token distribution, nats.</param>
/// <param name="Values">The critic's, of the state before each token.</param>
internal sealed record NetworkOutputs(
    Tensor Tokens, Tensor ResponseMask, Tensor ValueMask, Tensor SamplerLogProbs, Tensor LogProbs, Tensor RefLogProbs, Tensor Entropy, Tensor Values);

/// <summary>
/// Step 4 of a rollout: what policy and critic learn from. Tensors are [batch, time] unless said otherwise, and belong to the
/// collection's dispose scope.
/// </summary>
/// <param name="ScoreUnit">What raw scores were divided by.</param>
/// <param name="Scores">[batch], after the missing-EOS rule.</param>
/// <param name="ScoreColumns">[batch], int64: the column that carries the score.</param>
/// <param name="Kl">k1.</param>
/// <param name="Rewards">-KL weight · Kl, plus the score at its column.</param>
/// <param name="Advantages">Whitened when the options say so; 0 outside the responses.</param>
/// <param name="Returns">Advantages before whitening, plus values.</param>
internal sealed record LearningTargets(double ScoreUnit, Tensor Scores, Tensor ScoreColumns, Tensor Kl, Tensor Rewards, Tensor Advantages, Tensor Returns);

/// <summary>How long the phases of a rollout took, seconds.</summary>
/// <param name="Old">Steps 3 and 4: everything that is computed under the old policy.</param>
internal sealed record PhaseSeconds(double Sample, double Score, double Old);

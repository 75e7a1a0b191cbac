using System.Text.Json.Serialization;
using Cai.Models;
using Cai.Torch;

namespace Cai.Reinforcement;

/// <summary>Which token of a response carries the score.</summary>
public enum ScorePosition
{
    /// <summary>The end token; the last token when there is none (the majority convention).</summary>
    Eos,

    /// <summary>The last token (OpenAI's lm-human-preferences).</summary>
    Last,

    /// <summary>One after the last token where that is within MaxNewTokens (TRL and summarize_from_feedback_details, for parity).</summary>
    EosPlusOne,
}

/// <summary>What happens to the score of a response without an end token.</summary>
public enum MissingEos
{
    /// <summary>The score is <see cref="PpoOptions.MissingEosValue"/>, whatever the reward said (lm-human-preferences: -1).</summary>
    Replace,

    /// <summary>The magnitude of <see cref="PpoOptions.MissingEosValue"/> is taken off the score (TRL's missing_eos_penalty: 1).</summary>
    Subtract,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>Estimators of KL(policy || reference) from one sampled token (Schulman 2020).</summary>
public enum KlEstimator
{
    /// <summary>log p - log q: unbiased, may be negative.</summary>
    K1,

    /// <summary>Half the square of k1: biased, low variance.</summary>
    K2,

    /// <summary>q/p - 1 - log(q/p): unbiased, never negative.</summary>
    K3,
}

/// <summary>
/// Settings of PPO. Unless a field says otherwise, defaults are those of OpenAI's lm-human-preferences and of
/// summarize_from_feedback_details, so that curves compare.
/// </summary>
public sealed record PpoOptions
{
    /// <summary>Iterations of collecting and updating; the linear schedule ends here.</summary>
    public int Iterations { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); } = 100;

    /// <summary>Responses collected in an iteration, one a prompt (lm-human-preferences: 512; ours is smaller for a CPU).</summary>
    public int RolloutsPerIteration { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); } = 128;

    /// <summary>Longest response in tokens, end token included (HH App. B.1: 128; the miniature's answers are shorter).</summary>
    public int MaxNewTokens { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); } = 48;

    /// <summary>
    /// Strings that end a response besides the end token, for example the format's <see cref="Text.IPromptFormat.Stops"/>; none when
    /// null (the kit's models are taught the end token). A response that stops so counts as one without end token: <see cref="MissingEos"/>
    /// applies, the reward reads the text before the string, and every sampled token, the string's too, is learned from.
    /// </summary>
    public IReadOnlyList<string>? Stops { get; init => field = InRange.NoneEmpty(value, nameof(PpoOptions)); }

    /// <summary>Sampling temperature; policy and reference log-probabilities use the same (paper: 1).</summary>
    public double Temperature { get; init => field = InRange.Temperature(value, nameof(PpoOptions), greedy: false); } = 1;

    /// <summary>Discount (HH App. B.1: 1).</summary>
    public double Gamma { get; init => field = InRange.Number(value, 0, 1, nameof(PpoOptions)); } = 1;

    /// <summary>GAE's lambda (Schulman 2016; 0.95 in lm-human-preferences, the paper names none).</summary>
    public double Lambda { get; init => field = InRange.Number(value, 0, 1, nameof(PpoOptions)); } = 0.95;

    /// <summary>Policy ratios count only within 1 ± this (HH App. B.1: 0.2).</summary>
    public double ClipRange { get; init => field = InRange.Number(value, 0, 100, nameof(PpoOptions)); } = 0.2;

    /// <summary>New values count only within this of the old (0.2).</summary>
    public double ValueClipRange { get; init => field = InRange.Number(value, 0, 1e9, nameof(PpoOptions)); } = 0.2;

    /// <summary>Weight of the value loss (0.1). With a critic of its own it acts through gradient clipping and Adam's epsilon alone.</summary>
    public double ValueCoefficient { get; init => field = InRange.Number(value, 0, 1e9, nameof(PpoOptions)); } = 0.1;

    /// <summary>Weight of the entropy bonus (HH App. B.1: none).</summary>
    public double EntropyBonus { get; init => field = InRange.Number(value, 0, 1e9, nameof(PpoOptions)); }

    /// <summary>Weight of KL in the reward, at the start when adaptive (summarize_from_feedback_details: 0.05; the paper: 0.001).</summary>
    public double KlCoefficient { get; init => field = InRange.Number(value, 0, 1e9, nameof(PpoOptions)); } = 0.05;

    /// <summary>Steer the KL weight towards <see cref="KlTarget"/> (lm-human-preferences' controller); off, it is fixed.</summary>
    public bool AdaptiveKl { get; init; }

    /// <summary>KL per response to steer to, nats (6).</summary>
    public double KlTarget { get; init => field = InRange.Positive(value, nameof(PpoOptions)); } = 6;

    /// <summary>Episodes over which the controller acts (10,000).</summary>
    public double KlHorizon { get; init => field = InRange.Positive(value, nameof(PpoOptions), 1e18); } = 10000;

    /// <summary>The controller's relative error is cut to ± this (0.2).</summary>
    public double KlErrorClip { get; init => field = InRange.Positive(value, nameof(PpoOptions)); } = 0.2;

    /// <summary>Estimator of the logged KL, which the controller sees. The reward always uses k1, as its gradient is the right one.</summary>
    public KlEstimator KlEstimator { get; init; } = KlEstimator.K1;

    /// <summary>Where the score sits.</summary>
    public ScorePosition ScorePosition { get; init; } = ScorePosition.Eos;

    /// <summary>What a response without end token gets.</summary>
    public MissingEos MissingEos { get; init; } = MissingEos.Replace;

    /// <summary>See <see cref="Reinforcement.MissingEos"/>; with a preference model of another scale choose one near its worst score.</summary>
    public double MissingEosValue { get; init => field = InRange.Finite(value, nameof(PpoOptions)); } = -1;

    /// <summary>Give advantages mean 0 and variance 1 over the response tokens of the rollout.</summary>
    public bool WhitenAdvantages { get; init; } = true;

    /// <summary>Give rewards variance 1, mean kept (off since summarize_from_feedback_details).</summary>
    public bool WhitenRewards { get; init; }

    /// <summary>
    /// Divide scores by their standard deviation in the run's first rollout, before the missing-EOS rule. Scores of a preference model have no
    /// unit of their own (HH B.2), so one KL weight means something else for each; in this unit it means the same (trlx's `scale_reward="ref"`).
    /// </summary>
    public bool ScaleScores { get; init; }

    /// <summary>Divide variances by n - 1 as TRL does; off, by n as OpenAI did.</summary>
    public bool Bessel { get; init; }

    /// <summary>Passes over a rollout (4; the paper used 1 to 4).</summary>
    public int Epochs { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); } = 4;

    /// <summary>Updates in a pass (1).</summary>
    public int Minibatches { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); } = 1;

    /// <summary>Peak learning rate of the policy. Ours for the miniature; the paper takes a hundredth of the pretraining rate (HH App. B.1).</summary>
    public double LearningRate { get; init => field = InRange.Number(value, 0, 1e6, nameof(PpoOptions)); } = 1e-4;

    /// <summary>Peak learning rate of the critic; ours (OpenRLHF: about ten times the policy's).</summary>
    public double CriticLearningRate { get; init => field = InRange.Number(value, 0, 1e6, nameof(PpoOptions)); } = 3e-4;

    /// <summary>Linear to zero.</summary>
    public Schedule Schedule { get; init; } = Schedule.Linear;

    /// <summary>Train adapters of policy and critic instead of all their weights, or save memory; null trains all weights plainly.</summary>
    public TuningOptions? Tuning { get; init; }

    /// <summary>AdamW of both networks; epsilon 1e-5 in PyTorch's form.</summary>
    public AdamWOptions AdamW { get; init; } = new();

    /// <summary>An update is computed in micro-batches of at most this many tokens, padding included; it changes memory and speed, not the result.</summary>
    [JsonPropertyName("tokensPerPiece")] // as in the names of earlier runs
    public int TokensPerMicroBatch { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); } = 2048;

    /// <summary>Rows sampled together; no sample depends on it.</summary>
    public int SampleBatch { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); } = 128;

    /// <summary>
    /// Largest allowed difference between the sampler's log-probabilities and recomputed ones, nats: more means that the two disagree about the model.
    /// </summary>
    public double SamplerTolerance { get; init => field = InRange.Positive(value, nameof(PpoOptions)); } = 1e-3;

    /// <summary>Decides prompt order, samples and minibatches.</summary>
    public long Seed { get; init; }

    /// <summary>Iterations between checkpoints, when a folder is given.</summary>
    public int CheckpointEvery { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); } = 1;

    /// <summary>Iterations between snapshots, policies kept along the run for the paper's trajectories (Figs 2, 8, 10); none when null.</summary>
    public int? SnapshotEvery { get; init => field = InRange.Whole(value, 1, nameof(PpoOptions)); }

    /// <summary>Without what changes no result: a run may be resumed with other memory, checkpoints, snapshots or tolerance.</summary>
    internal PpoOptions Deciding => this with { CheckpointEvery = 1, SnapshotEvery = null, TokensPerMicroBatch = 1, SampleBatch = 1, SamplerTolerance = 1 };
}

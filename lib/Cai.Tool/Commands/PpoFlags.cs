using Cai.Reinforcement;
using Cai.Reproduction;

namespace Cai.Tool.Commands;

/// <summary>The settings of PPO; without flags those of the reproduction's policies.</summary>
internal static class PpoFlags
{
    /// <summary>The sampler's tolerance for bf16.</summary>
    // Sampler and update do the same sums in another order, and bf16 keeps 8 bits of each: tenths of a nat on unlikely tokens.
    // A wrong position or weight shows as several nats.
    public const double NarrowTolerance = 1;

    public static OptionFlags<PpoOptions> Create() => new OptionFlags<PpoOptions>(seed => Recipes.Ppo(Scale.Quick, seed))
        .Count("iterations", o => o.Iterations, (o, v) => o with { Iterations = v },
            "Rounds of answering and learning; the learning rate's schedule ends with them.")
        .Count("batch", o => o.RolloutsPerIteration, (o, v) => o with { RolloutsPerIteration = v }, "Answers of an iteration.")
        .Count("epochs", o => o.Epochs, (o, v) => o with { Epochs = v }, "Passes over an iteration's answers.")
        .Count("minibatches", o => o.Minibatches, (o, v) => o with { Minibatches = v }, "Updates in a pass.")
        .Number("lr", o => o.LearningRate, (o, v) => o with { LearningRate = v }, "Peak learning rate of the policy; the default suits the miniature.")
        .Number("critic-lr", o => o.CriticLearningRate, (o, v) => o with { CriticLearningRate = v }, "Peak learning rate of the critic.")
        .Choice("schedule", o => o.Schedule, (o, v) => o with { Schedule = v }, "Course of both rates: linear to 0, cosine to a tenth.")
        .Number("kl", o => o.KlCoefficient, (o, v) => o with { KlCoefficient = v }, "Weight of KL to the starting policy in the reward.")
        .Switch("adaptive-kl", o => o.AdaptiveKl, (o, v) => o with { AdaptiveKl = v }, "Steer that weight towards --kl-target.")
        .Number("kl-target", o => o.KlTarget, (o, v) => o with { KlTarget = v }, "Nats of KL per answer to steer to.")
        .Number("kl-horizon", o => o.KlHorizon, (o, v) => o with { KlHorizon = v }, "Answers over which the weight is steered.")
        .Number("kl-error-clip", o => o.KlErrorClip, (o, v) => o with { KlErrorClip = v }, "Most relative error that steering sees.")
        .Choice("kl-estimator", o => o.KlEstimator, (o, v) => o with { KlEstimator = v }, "Estimator of the logged KL (Schulman 2020).")
        .Switch("scale-scores", o => o.ScaleScores, (o, v) => o with { ScaleScores = v }, "Divide scores by their standard deviation in the first iteration.")
        .Choice("score-position", o => o.ScorePosition, (o, v) => o with { ScorePosition = v }, "Token that carries the score.")
        .Number("missing-eos", o => o.MissingEosValue, (o, v) => o with { MissingEosValue = v },
            "For an answer that does not end by itself: what is taken off its score, or its score.")
        .Choice("missing-eos-rule", o => o.MissingEos, (o, v) => o with { MissingEos = v }, "Whether that is taken off the answer's score or replaces it.")
        .Count("max-tokens", o => o.MaxNewTokens, (o, v) => o with { MaxNewTokens = v }, "Most tokens of an answer.")
        .Number("temperature", o => o.Temperature, (o, v) => o with { Temperature = v }, "Sampling temperature. The paper samples at 1.")
        .Words("stops", "TEXT", (o, v) => o with { Stops = Stops(v) }, @"Strings that end an answer besides the end token; \n is a line's end. Default: none.")
        .Number("gamma", o => o.Gamma, (o, v) => o with { Gamma = v }, "Discount of rewards.")
        .Number("lambda", o => o.Lambda, (o, v) => o with { Lambda = v }, "Generalised advantage estimation's lambda.")
        .Number("clip", o => o.ClipRange, (o, v) => o with { ClipRange = v }, "Policy ratios count within 1 ± this.")
        .Number("value-clip", o => o.ValueClipRange, (o, v) => o with { ValueClipRange = v }, "New values count within this of the old.")
        .Number("value-coefficient", o => o.ValueCoefficient, (o, v) => o with { ValueCoefficient = v }, "Weight of the value loss.")
        .Number("entropy-bonus", o => o.EntropyBonus, (o, v) => o with { EntropyBonus = v }, "Weight of the entropy bonus.")
        .Switch("whiten-advantages", o => o.WhitenAdvantages, (o, v) => o with { WhitenAdvantages = v }, "Give advantages mean 0 and variance 1.")
        .Switch("whiten-rewards", o => o.WhitenRewards, (o, v) => o with { WhitenRewards = v }, "Give rewards variance 1.")
        .Switch("bessel", o => o.Bessel, (o, v) => o with { Bessel = v }, "Divide variances by n - 1 instead of n.")
        .AdamW(o => o.AdamW, (o, v) => o with { AdamW = v })
        .Count("tokens-per-micro-batch", o => o.TokensPerMicroBatch, (o, v) => o with { TokensPerMicroBatch = v },
            "Most tokens computed at once: memory and speed, not the result.")
        .Count("sample-batch", o => o.SampleBatch, (o, v) => o with { SampleBatch = v }, "Answers sampled at once: memory and speed.")
        .Number("sampler-tolerance", o => o.SamplerTolerance, (o, v) => o with { SamplerTolerance = v },
            FormattableString.Invariant($"Most nats between a token's log-probabilities, sampled and recomputed; {NarrowTolerance} for bf16, unless given."))
        .Count("checkpoint-every", o => o.CheckpointEvery, (o, v) => o with { CheckpointEvery = v }, "Iterations between checkpoints.")
        .CountOrNone("snapshot-every", o => o.SnapshotEvery, (o, v) => o with { SnapshotEvery = v },
            "Keep the policy after every N iterations too, in OUT/snapshots.");

    private static IReadOnlyList<string>? Stops(IReadOnlyList<string> given) =>
        given is [OptionFlags<PpoOptions>.None] ? null : [.. given.Select(text => text.Replace("\\n", "\n", StringComparison.Ordinal))];
}

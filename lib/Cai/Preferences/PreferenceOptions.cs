using System.Text.Json.Serialization;
using Cai.Models;
using Cai.Torch;

namespace Cai.Preferences;

/// <summary>How to train a preference model.</summary>
public sealed record PreferenceOptions
{
    /// <summary>Passes over the comparisons (HH App. A.2: one; more overfits).</summary>
    public int Epochs { get; init => field = InRange.Whole(value, 1, nameof(PreferenceOptions)); } = 1;

    /// <summary>Peak learning rate. Ours for the miniature; HH uses a hundredth of the pretraining rate (App. A.2).</summary>
    public double LearningRate { get; init => field = InRange.Number(value, 0, 1e6, nameof(PreferenceOptions)); } = 5e-4;

    /// <summary>Linear to zero (OpenAI's lm-human-preferences).</summary>
    public Schedule Schedule { get; init; } = Schedule.Linear;

    /// <summary>Steps over which the rate rises from zero; no source names any.</summary>
    public int WarmupSteps { get; init => field = InRange.Whole(value, 0, nameof(PreferenceOptions)); }

    /// <summary>A step takes comparisons until both their sides have this many tokens together (ours).</summary>
    public int TokensPerBatch { get; init => field = InRange.Whole(value, 1, nameof(PreferenceOptions)); } = 4096;

    /// <summary>A step is computed in micro-batches of at most this many tokens, padding included; it changes memory and speed, not the result.</summary>
    [JsonPropertyName("tokensPerPiece")] // as in the names of earlier runs
    public int TokensPerMicroBatch { get; init => field = InRange.Whole(value, 1, nameof(PreferenceOptions)); } = 2048;

    /// <summary>Longest prompt with response and end token (HH App. A.2: 1,024); at most the model's context.</summary>
    public int MaxLength { get; init => field = InRange.Whole(value, 2, nameof(PreferenceOptions)); } = 512;

    /// <summary>Leave longer comparisons out and count them. Off: one is an error that names it.</summary>
    public bool SkipLong { get; init; }

    /// <summary>
    /// Weight of a comparison by its axis; axes not named weigh 1 (HH B.2 tries 2-3 on harmlessness; the default is the paper's plain mixture).
    /// </summary>
    public IReadOnlyDictionary<string, double> AxisWeights
    {
        get;
        init
        {
            foreach (var (axis, weight) in value)
                InRange.Number(weight, 0, 1e6, nameof(PreferenceOptions), $"{nameof(AxisWeights)}[{axis}]");
            field = value;
        }
    } = new Dictionary<string, double>();

    /// <summary>Train an adapter and the head instead of all weights, or save memory; null trains all weights plainly.</summary>
    public TuningOptions? Tuning { get; init; }

    /// <summary>AdamW's settings.</summary>
    public AdamWOptions AdamW { get; init; } = new();

    /// <summary>Decides the order: each epoch is shuffled by (Seed, epoch).</summary>
    public long Seed { get; init; }

    /// <summary>Steps between checkpoints, when a checkpoint file is given.</summary>
    public int CheckpointEvery { get; init => field = InRange.Whole(value, 1, nameof(PreferenceOptions)); } = 200;

    /// <summary>Without what changes no result: a run may be resumed with other memory or other checkpoints.</summary>
    internal PreferenceOptions Deciding => this with { CheckpointEvery = 1, TokensPerMicroBatch = 1 };
}

/// <summary>The numbers of one step, before its update.</summary>
/// <param name="Loss">Weighted mean soft-label cross-entropy, nats.</param>
/// <param name="Accuracy">
/// Share of the step's decided comparisons (label other than 0.5) on whose better side the model agrees; null when none is decided.
/// </param>
/// <param name="Margin">Mean of |score A - score B|.</param>
/// <param name="Pairs">Comparisons read so far.</param>
/// <param name="GradNorm">L2 norm before clipping.</param>
public sealed record PreferenceStep(long Step, double Loss, double? Accuracy, double Margin, long Pairs, double LearningRate, double GradNorm)
{
    /// <summary>The numbers by name, as `metrics.jsonl` has them.</summary>
    public IReadOnlyDictionary<string, double> Values => new Dictionary<string, double>
    {
        ["loss"] = Loss, ["accuracy"] = Accuracy ?? double.NaN, ["margin"] = Margin, ["pairs"] = Pairs, ["lr"] = LearningRate, ["grad_norm"] = GradNorm,
    };
}

/// <summary>What a run did in all, resumed parts included.</summary>
/// <param name="Pairs">Comparisons trained on in an epoch.</param>
/// <param name="Unlabelled">Comparisons left out because their label is missing.</param>
/// <param name="TooLong">Comparisons left out because they are longer than <see cref="PreferenceOptions.MaxLength"/>.</param>
/// <param name="EqualAnswers">Comparisons left out because both answers are the same to the model: they teach nothing.</param>
public sealed record PreferenceSummary(long Steps, int Pairs, int Unlabelled, int TooLong, int EqualAnswers = 0);

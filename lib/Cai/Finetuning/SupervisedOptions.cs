using System.Text.Json.Serialization;
using Cai.Models;
using Cai.Torch;

namespace Cai.Finetuning;

/// <summary>How to train a language model on texts.</summary>
public sealed record SupervisedOptions
{
    /// <summary>Passes over the texts (paper 3.2: one). A stream is read once, whatever this says.</summary>
    public int Epochs { get; init => field = InRange.Whole(value, 1, nameof(SupervisedOptions)); } = 1;

    /// <summary>Peak learning rate. Ours for the miniature; the paper fine-tunes at half the pretraining rate (3.2).</summary>
    public double LearningRate { get; init => field = InRange.Number(value, 0, 1e6, nameof(SupervisedOptions)); } = 1e-3;

    /// <summary>Constant as in the paper's fine-tuning (3.2).</summary>
    public Schedule Schedule { get; init; } = Schedule.Constant;

    /// <summary>Steps over which the rate rises from zero; the paper names none.</summary>
    public int WarmupSteps { get; init => field = InRange.Whole(value, 0, nameof(SupervisedOptions)); }

    /// <summary>A step takes texts until they have this many tokens (ours: the paper's batch is 1,024 sequences, far more than the miniature needs).</summary>
    public int TokensPerBatch { get; init => field = InRange.Whole(value, 1, nameof(SupervisedOptions)); } = 8192;

    /// <summary>A step is computed in micro-batches of at most this many tokens, padding included; it changes memory and speed, not the result.</summary>
    [JsonPropertyName("tokensPerPiece")] // as in the names of earlier runs
    public int TokensPerMicroBatch { get; init => field = InRange.Whole(value, 1, nameof(SupervisedOptions)); } = 4096;

    /// <summary>Longest text in tokens; at most the model's context.</summary>
    public int MaxLength { get; init => field = InRange.Whole(value, 2, nameof(SupervisedOptions)); } = 512;

    /// <summary>Cut longer texts at <see cref="MaxLength"/>. Off: a longer text is an error that names it, since cutting removes the end token.</summary>
    public bool Truncate { get; init; }

    /// <summary>Learn responses only (the paper does not say; OpenAI's and Hugging Face's recipes mask).</summary>
    public bool MaskPrompt { get; init; } = true;

    /// <summary>
    /// Several texts in one row, each seeing itself alone, instead of padded rows. Exact either way; it pays on
    /// accelerators, and hardly on a CPU, where rows of similar length waste little.
    /// </summary>
    public bool Packing { get; init; }

    /// <summary>Train an adapter instead of all weights, or save memory; null trains all weights plainly.</summary>
    public TuningOptions? Tuning { get; init; }

    /// <summary>AdamW's settings.</summary>
    public AdamWOptions AdamW { get; init; } = new();

    /// <summary>Decides the order of the texts: each epoch is shuffled by (Seed, epoch).</summary>
    public long Seed { get; init; }

    /// <summary>Stop after this many steps; 0 is no limit. A stream needs this or <see cref="MaxTokens"/>.</summary>
    public long MaxSteps { get; init => field = InRange.Whole(value, 0, nameof(SupervisedOptions)); }

    /// <summary>Stop when this many tokens have been read; 0 is no limit.</summary>
    public long MaxTokens { get; init => field = InRange.Whole(value, 0, nameof(SupervisedOptions)); }

    /// <summary>Steps between checkpoints, when a checkpoint file is given.</summary>
    public int CheckpointEvery { get; init => field = InRange.Whole(value, 1, nameof(SupervisedOptions)); } = 200;

    /// <summary>Without what changes no result: a run may be resumed with other memory or other checkpoints.</summary>
    internal SupervisedOptions Deciding => this with { CheckpointEvery = 1, TokensPerMicroBatch = 1 };
}

/// <summary>The numbers of one step.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Loss">Mean negative log-likelihood of the step's target tokens before the update, nats.</param>
/// <param name="Tokens">Tokens read so far.</param>
/// <param name="GradNorm">L2 norm before clipping.</param>
public sealed record TrainStep(long Step, double Loss, long Tokens, double LearningRate, double GradNorm, double TokensPerSecond)
{
    /// <summary>The numbers by name, as `metrics.jsonl` has them.</summary>
    public IReadOnlyDictionary<string, double> Values => new Dictionary<string, double>
    {
        ["loss"] = Loss, ["tokens"] = Tokens, ["lr"] = LearningRate, ["grad_norm"] = GradNorm, ["tokens_per_second"] = TokensPerSecond,
    };
}

/// <summary>What a run did in all, resumed parts included.</summary>
/// <param name="Texts">Texts read, repeats counted.</param>
public sealed record TrainSummary(long Steps, long Tokens, long Texts);

/// <summary>Loss on held-out texts.</summary>
/// <param name="MeanNll">Mean negative log-likelihood of a target token, nats.</param>
/// <param name="Tokens">Target tokens.</param>
public sealed record HeldOut(double MeanNll, long Tokens, int Texts);

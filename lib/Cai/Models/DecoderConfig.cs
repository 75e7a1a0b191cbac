namespace Cai.Models;

/// <summary>How activations are normalised.</summary>
public enum NormKind
{
    /// <summary>RMSNorm: scale by the root mean square (Zhang and Sennrich 2019; Llama).</summary>
    Rms,

    /// <summary>LayerNorm with mean, variance, weight and bias (GPT-2, GPT-NeoX).</summary>
    Layer,
}

/// <summary>The non-linearity of the MLP.</summary>
public enum Activation
{
    /// <summary>x σ(x) (`silu`).</summary>
    Silu,

    /// <summary>x Φ(x), exact (`gelu`).</summary>
    Gelu,

    /// <summary>Its tanh approximation (`gelu_new`, `gelu_pytorch_tanh`).</summary>
    GeluTanh,
}

/// <summary>How rotary frequencies are changed to reach beyond the context of pretraining.</summary>
public enum RopeScalingKind
{
    /// <summary>All frequencies are divided by the factor (Chen et al. 2023, position interpolation).</summary>
    Linear,

    /// <summary>Slow frequencies are divided, fast ones kept, those between blended (Llama 3.1, `llama3`).</summary>
    Llama3,
}

/// <summary>Rotary scaling; the fields after the factor are read by <see cref="RopeScalingKind.Llama3"/> alone.</summary>
/// <param name="LowFrequencyFactor">Wavelengths above OriginalPositions / this are divided.</param>
/// <param name="HighFrequencyFactor">Wavelengths below OriginalPositions / this are kept.</param>
/// <param name="OriginalPositions">Context of pretraining.</param>
public sealed record RopeScaling(
    RopeScalingKind Kind, double Factor, double LowFrequencyFactor = 1, double HighFrequencyFactor = 4, int OriginalPositions = 8192)
{
    public double Factor { get; init => field = InRange.Positive(value, nameof(RopeScaling)); } = InRange.Positive(Factor, nameof(RopeScaling));
}

/// <summary>The shape of a decoder. One record and one decoder serve all families; a family is a way to read this from its config.json.</summary>
public sealed record DecoderConfig
{
    public required int VocabularySize { get; init => field = InRange.Whole(value, 1, nameof(DecoderConfig)); }

    /// <summary>
    /// How many tokens can be predicted: rows of the matrices beyond them are padding, which no tokenizer spells, and have no probability. 0: all. Known once a
    /// tokenizer is, so not from config.json.
    /// </summary>
    public int SpeltTokens { get; init; }

    /// <summary>Width of the predictions.</summary>
    public int Predicted => SpeltTokens > 0 ? SpeltTokens : VocabularySize;

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init => field = InRange.Whole(value, 1, nameof(DecoderConfig)); }

    public required int Layers { get; init => field = InRange.Whole(value, 1, nameof(DecoderConfig)); }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init => field = InRange.Whole(value, 1, nameof(DecoderConfig)); }

    /// <summary>Key and value heads; fewer than <see cref="Heads"/> is grouped-query attention.</summary>
    public required int KvHeads { get; init => field = InRange.Whole(value, 1, nameof(DecoderConfig)); }

    /// <summary>Width of the MLP's hidden layer.</summary>
    public required int IntermediateSize { get; init => field = InRange.Whole(value, 1, nameof(DecoderConfig)); }

    /// <summary>Longest sequence.</summary>
    public required int MaxPositions { get; init => field = InRange.Whole(value, 1, nameof(DecoderConfig)); }

    /// <summary>Width of a head.</summary>
    public int HeadSize { get; init => field = InRange.Whole(value, 0, nameof(DecoderConfig)); }

    /// <summary>RMSNorm everywhere, or LayerNorm everywhere.</summary>
    public NormKind Norm { get; init; } = NormKind.Rms;

    /// <summary>The norms' epsilon (Llama: 1e-5 or 1e-6).</summary>
    public double NormEpsilon { get; init => field = InRange.Number(value, 0, 1, nameof(DecoderConfig)); } = 1e-5;

    /// <summary>RMSNorm of each query and key head before its rotation (Qwen3).</summary>
    public bool QkNorm { get; init; }

    /// <summary>The MLP's non-linearity.</summary>
    public Activation Activation { get; init; } = Activation.Silu;

    /// <summary>down(act(gate x) · up x) (SwiGLU, Shazeer 2020); off, down(act(up x)).</summary>
    public bool GatedMlp { get; init; } = true;

    /// <summary>Attention and MLP read the same residual stream and are added together (GPT-J, GPT-NeoX).</summary>
    public bool ParallelResidual { get; init; }

    /// <summary>Positions are a learned table added to the embeddings (GPT-2) instead of rotations.</summary>
    public bool LearnedPositions { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init => field = InRange.Positive(value, nameof(DecoderConfig), 1e15); } = 10000;

    /// <summary>Share of a head's width that is rotated, from its beginning (Pythia: 0.25).</summary>
    public double RotaryShare { get; init => field = InRange.Positive(value, nameof(DecoderConfig), 1); } = 1;

    /// <summary>Change of the rotary frequencies; null is none.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>A token sees itself and this many less one before it (Mistral's sliding window); 0 is all.</summary>
    public int Window { get; init => field = InRange.Whole(value, 0, nameof(DecoderConfig)); }

    /// <summary>First layer with the window; those before see all (Qwen2's max_window_layers).</summary>
    public int WindowFrom { get; init => field = InRange.Whole(value, 0, nameof(DecoderConfig)); }

    /// <summary>Whether the output matrix is the embedding matrix.</summary>
    public bool TiedHead { get; init; } = true;

    /// <summary>Biases on query, key and value (Qwen2).</summary>
    public bool AttentionBias { get; init; }

    /// <summary>A bias on attention's output projection.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Biases in the MLP.</summary>
    public bool MlpBias { get; init; }

    /// <summary>The model family as config.json calls it (`model_type`).</summary>
    public string Family { get; init; } = "llama";

    /// <summary>Heads whose width is not stated share the hidden size.</summary>
    public int HeadWidth => HeadSize > 0 ? HeadSize : HiddenSize / Heads;

    /// <summary>Rotated part of a head.</summary>
    public int RotaryWidth => LearnedPositions ? 0 : (int)(HeadWidth * RotaryShare);

    /// <summary>Whether a layer has the sliding window.</summary>
    public bool IsWindowed(int layer) => Window > 0 && layer >= WindowFrom;
}

namespace Cai.Models;

/// <summary>The shape of a decoder. One record and one decoder serve all families; a family is a way to read this from its config.json.</summary>
public sealed record DecoderConfig
{
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; fewer than <see cref="Heads"/> is grouped-query attention.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of the SwiGLU hidden layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Longest sequence.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Width of a head.</summary>
    public int HeadSize { get; init; }

    /// <summary>RMSNorm's epsilon (Llama: 1e-5 or 1e-6).</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Whether the output matrix is the embedding matrix.</summary>
    public bool TiedHead { get; init; } = true;

    /// <summary>Biases on query, key and value (Qwen2).</summary>
    public bool AttentionBias { get; init; }

    /// <summary>The model family as config.json calls it (`model_type`).</summary>
    public string Family { get; init; } = "llama";

    /// <summary>Heads whose width is not stated share the hidden size.</summary>
    public int HeadWidth => HeadSize > 0 ? HeadSize : HiddenSize / Heads;
}

namespace Cai.Models;

/// <summary>How a family stores a weight that is not simply rows of ours.</summary>
public enum WeightLayout
{
    /// <summary>Theirs are rows of ours, one after the other.</summary>
    Rows,

    /// <summary>Matrices are transposed (GPT-2's Conv1D); biases are not.</summary>
    Transposed,

    /// <summary>Rows run head by head, each with its query, key and value (GPT-NeoX).</summary>
    PerHead,
}

/// <summary>One of our modules and the Hugging Face modules that it consists of, concatenated along dimension 0. `*` stands for the layer.</summary>
public sealed record WeightRow(string Ours, IReadOnlyList<string> Theirs, WeightLayout Layout = WeightLayout.Rows);

/// <summary>
/// Where config.json keeps what <see cref="DecoderConfig"/> says. A list names several
/// spellings, the one to write first; null or empty: the family has no such key.
/// </summary>
public sealed record ConfigKeys
{
    public string VocabularySize { get; init; } = "vocab_size";

    public string HiddenSize { get; init; } = "hidden_size";

    public string Layers { get; init; } = "num_hidden_layers";

    public string Heads { get; init; } = "num_attention_heads";

    public string? KvHeads { get; init; } = "num_key_value_heads";

    public string IntermediateSize { get; init; } = "intermediate_size";

    public string MaxPositions { get; init; } = "max_position_embeddings";

    public string? HeadSize { get; init; } = "head_dim";

    public string NormEpsilon { get; init; } = "rms_norm_eps";

    public string Activation { get; init; } = "hidden_act";

    public IReadOnlyList<string> RopeTheta { get; init; } = ["rope_theta"];

    public IReadOnlyList<string> RotaryShare { get; init; } = [];

    public string? ParallelResidual { get; init; }

    /// <summary>Biases of query, key and value, and of the output projection.</summary>
    public string? AttentionBias { get; init; }

    public string? MlpBias { get; init; }

    public string? Window { get; init; }

    /// <summary>The flag without which <see cref="Window"/> is ignored.</summary>
    public string? UseWindow { get; init; }

    public string? WindowFrom { get; init; }

    /// <summary>Every key that is read.</summary>
    internal IEnumerable<string> All => ((string?[])
    [
        VocabularySize, HiddenSize, Layers, Heads, KvHeads, IntermediateSize, MaxPositions, HeadSize, NormEpsilon, Activation, .. RopeTheta, .. RotaryShare,
        ParallelResidual, AttentionBias, MlpBias, Window, UseWindow, WindowFrom,
    ]).OfType<string>();
}

/// <summary>
/// How a family of models names its settings and weights in a Hugging Face folder, and what it is when config.json is
/// silent. The families differ in nothing else: all of them are one <see cref="DecoderConfig"/> and one <see cref="Decoder"/>.
/// </summary>
/// <param name="ModelType">`model_type` in config.json.</param>
/// <param name="LanguageModel">Its entry in `architectures`.</param>
/// <param name="ScalarModel">The same with a scalar head.</param>
/// <param name="Prefix">What all weights but the heads begin with; files of the bare model leave it out.</param>
/// <param name="Weights">The table of weights.</param>
public sealed record ModelFamily(string ModelType, string LanguageModel, string ScalarModel, string Prefix, IReadOnlyList<WeightRow> Weights)
{
    public ConfigKeys Keys { get; init; } = new();

    /// <summary>What a model of the family is where no key says otherwise; its sizes are not read.</summary>
    public DecoderConfig Default { get; init; } = new()
    {
        VocabularySize = 1, HiddenSize = 1, Layers = 1, Heads = 1, KvHeads = 1, IntermediateSize = 1, MaxPositions = 1, NormEpsilon = 1e-6, TiedHead = false,
    };

    /// <summary>Width of the MLP in hidden sizes when its key is absent; 0: it must be there.</summary>
    public int DefaultWidening { get; init; }

    /// <summary>Keys that ask for what the decoder does not compute, unless they have this value or are absent.</summary>
    public IReadOnlyDictionary<string, bool> Required { get; init; } = new Dictionary<string, bool>();

    /// <summary>Endings of tensors that old checkpoints stored although config.json decides them: masks and rotary frequencies.</summary>
    public IReadOnlyList<string> Derived { get; init; } = ["rotary_emb.inv_freq"];

    public static IReadOnlyList<ModelFamily> All => FamilyTable.All;

    /// <summary>The family of a `model_type`; null when it is not known.</summary>
    public static ModelFamily? Find(string modelType) => All.FirstOrDefault(f => f.ModelType == modelType);

    /// <summary>The full name of one of our modules' only Hugging Face tensor: the embedding's, a head's.</summary>
    public string NameOf(string ours) => Weights.First(r => r.Ours == ours).Theirs[0] + ".weight";
}

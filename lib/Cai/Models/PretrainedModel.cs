using Cai.Text;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>How to load a model folder.</summary>
public sealed record LoadOptions
{
    /// <summary>Where the weights go, and where the model is trained and run (<see cref="Cai.Torch.Devices.Named"/>); null is the CPU.</summary>
    public Device? Device { get; init; }

    /// <summary>Type of the weights in memory, whatever the file's. Default float32: exact for every stored type, and the type to train in.</summary>
    public ScalarType DType
    {
        get;
        init => field = value is ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Float64 ? value
            : throw new CaiException($"DType is {value}; a floating-point type was expected.", "Take Float32, BFloat16 or Float16.", nameof(LoadOptions));
    } = ScalarType.Float32;

    /// <summary>
    /// Round the matrices of bfloat16 weights to a byte a number: each row to multiples of a power of two of its own. A model that answers alone on a CPU with
    /// AVX-512 then reads half as much for a token; everywhere else it computes with the same rounded weights. Not for training. Default off.
    /// </summary>
    public bool EightBit { get; init; }

    /// <summary>What records call weights that results depend on; null for float32, which goes without saying.</summary>
    public string? Weights => EightBit ? nameof(ScalarType.Int8) : DType == ScalarType.Float32 ? null : DType.ToString();

    /// <summary>Refuse weights with NaN or infinities. Default on: it costs one pass, and such a model fails later and less clearly.</summary>
    public bool CheckFinite { get; init; } = true;

    /// <summary>Layout of dialogues; null is the paper's HH layout.</summary>
    public IPromptFormat? Format { get; init; }

    /// <summary>
    /// Lay dialogues out by the folder's own chat template, and end responses with the token that it ends a turn with. Default off: the paper's layout.
    /// </summary>
    public bool ChatTemplate { get; init; }
}

/// <summary>A language model with all that is needed to talk to it.</summary>
/// <param name="Format">How a dialogue is laid out for it.</param>
/// <param name="Folder">Where it was loaded from; its tokenizer files are copied when a model trained from it is saved.</param>
public sealed record PretrainedModel(Decoder Decoder, ITokenizer Tokenizer, IPromptFormat Format, string Folder) : IDisposable
{
    /// <summary>Id of the token that ends a response.</summary>
    public int EosId => Tokenizer.EosId;

    public void Dispose() => Decoder.Dispose();
}

/// <summary>A scalar model (preference model or critic) with its tokenizer.</summary>
/// <inheritdoc cref="PretrainedModel"/>
public sealed record PretrainedScalarModel(ScalarModel Model, ITokenizer Tokenizer, IPromptFormat Format, string Folder) : IDisposable
{
    public void Dispose() => Model.Dispose();
}

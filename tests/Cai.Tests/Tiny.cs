using Cai.Models;
using Cai.Text;
using Cai.Torch;

namespace Cai.Tests;

/// <summary>The smallest models and texts that still have every part.</summary>
public static class Tiny
{
    public static readonly DecoderConfig Config = new()
    {
        VocabularySize = 24, HiddenSize = 16, Layers = 2, Heads = 4, KvHeads = 2, IntermediateSize = 24, MaxPositions = 64,
    };

    /// <summary>A random model; the scale is large enough for its predictions to be far from uniform.</summary>
    public static Decoder Model(long seed = 1, DecoderConfig? config = null)
    {
        var model = Decoder.Create(config ?? Config, seed);
        using var guard = TorchSharp.torch.no_grad();
        model.Parameters.Flat.mul_(4);
        return model;
    }

    /// <summary>Gives a model's biases, which begin as zeros, numbers of size 1.</summary>
    public static void DrawBiases(Decoder model)
    {
        using var guard = TorchSharp.torch.no_grad();
        using var scope = TorchSharp.torch.NewDisposeScope();
        foreach (var shape in model.Parameters.Shapes.Where(s => s.Name.EndsWith(".bias", StringComparison.Ordinal)))
            model.Parameters[shape.Name].copy_(TorchSharp.torch.randn(shape.Shape, generator: new TorchSharp.torch.Generator(4, TorchSharp.torch.CPU)));
    }

    /// <summary>The same model in bf16.</summary>
    public static Decoder Narrow(Decoder model)
    {
        var parameters = new ParameterSet(model.Parameters.Shapes, TorchSharp.torch.ScalarType.BFloat16);
        parameters.CopyFrom(model.Parameters);
        return new Decoder(model.Config, parameters);
    }

    /// <summary>Random token ids from 2 up (1 is the end token of <see cref="Letters"/>).</summary>
    public static int[] Ids(int length, long seed) => [.. Enumerable.Range(0, length).Select(i => 2 + Seeds.Rng(seed, i).Next(Config.VocabularySize - 2))];

    public static double[] Numbers(TorchSharp.torch.Tensor tensor) =>
        [.. tensor.detach().cpu().to(TorchSharp.torch.ScalarType.Float64).contiguous().data<double>()];

    /// <summary>A tokenizer of one token a character: 0 begins, 1 ends, the others are characters folded into the vocabulary.</summary>
    public sealed class Letters(int? bos = null) : ITokenizer
    {
        public int VocabularySize => Config.VocabularySize;
        public int? BosId => bos;
        public int EosId => 1;
        public int[] Encode(string text, bool parseSpecial = false) => [.. text.Select(c => 2 + c % (Config.VocabularySize - 2))];
        public string Decode(IReadOnlyList<int> ids) => string.Concat(ids.Where(i => i > 1).Select(i => (char)('`' + i)));
        public string TokenText(int id) => Decode([id]);
    }
}

/// <summary>Progress that keeps what it is told, at once and in order.</summary>
public sealed class Log<T>(Action<T>? also = null) : IProgress<T>
{
    public List<T> Items { get; } = [];

    public void Report(T value)
    {
        Items.Add(value);
        also?.Invoke(value);
    }
}

using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>A tensor in a Hugging Face file that is a part of one of our weights.</summary>
/// <param name="Shape">As it is in the file.</param>
/// <param name="Keys">The keys of config.json that decide its shape, for messages.</param>
/// <param name="Rows">How many rows of ours it becomes.</param>
internal sealed record SourceTensor(string Name, long[] Shape, string Keys, long Rows);

/// <summary>One of our weights and the Hugging Face tensors that it consists of, in the order of its rows.</summary>
internal sealed record WeightSource(string Ours, IReadOnlyList<SourceTensor> Theirs, WeightLayout Layout);

/// <summary>The weights of one model in both worlds: which file tensors make up each of ours, and how they turn into one another.</summary>
internal static class WeightTable
{
    /// <summary>All weights in the order of <see cref="Decoder.Shapes"/> or <see cref="ScalarModel.Shapes"/>.</summary>
    public static List<WeightSource> Of(DecoderConfig config, bool scalar)
    {
        var family = ModelFamily.Find(config.Family)!;
        return [.. (scalar ? ScalarModel.Shapes(config) : Decoder.Shapes(config)).Select(s => Source(family, config, s))];
    }

    /// <summary>A view of ours whose elements run in the order of the file's tensor, to be copied from or to; its shape may have more dimensions.</summary>
    public static Tensor InTheirOrder(Tensor ours, WeightLayout layout, DecoderConfig config) => layout switch
    {
        WeightLayout.Transposed when ours.dim() == 2 => ours.t(),
        WeightLayout.PerHead => ours.view(3, config.Heads, config.HeadWidth, -1).transpose(0, 1),
        _ => ours,
    };

    /// <summary>The row of the table for one of our weights, and the layer's number in place of `*`.</summary>
    public static (WeightRow Row, string Layer) Find(ModelFamily family, string module)
    {
        var parts = module.Split('.');
        var layer = parts[0] == "layers" ? parts[1] : "";
        var pattern = layer.Length > 0 ? $"layers.*.{parts[2]}" : module;
        return (family.Weights.FirstOrDefault(r => r.Ours == pattern) ?? throw new CaiException(
            $"The family '{family.ModelType}' has no weights for '{pattern}'.", "Set the configuration's Family to one that has."), layer);
    }

    /// <summary>How many rows of ours each part of a module has.</summary>
    public static long[] Split(DecoderConfig c, string module, int parts, long rows) => parts switch
    {
        1 => [rows],
        2 => [rows / 2, rows / 2], // gate, up
        _ => [(long)c.Heads * c.HeadWidth, (long)c.KvHeads * c.HeadWidth, (long)c.KvHeads * c.HeadWidth],
    };

    private static WeightSource Source(ModelFamily family, DecoderConfig config, ParameterShape shape)
    {
        var dot = shape.Name.LastIndexOf('.');
        var (module, suffix) = (shape.Name[..dot], shape.Name[dot..]);
        var (row, layer) = Find(family, module);
        var sizes = Split(config, module, row.Theirs.Count, shape.Shape[0]);
        var theirs = row.Theirs.Select((name, part) =>
        {
            long[] size = [sizes[part], .. shape.Shape[1..]];
            string[] keys = [.. KeysOf(family.Keys, row, part).Take(size.Length)];
            if (row.Layout == WeightLayout.Transposed)
            {
                Array.Reverse(size);
                Array.Reverse(keys);
            }
            return new SourceTensor(name.Replace("*", layer) + suffix, size, string.Join(", ", keys), sizes[part]);
        });
        return new(shape.Name, [.. theirs], row.Layout);
    }

    /// <summary>The keys that decide the rows and columns of a part of a module.</summary>
    private static string[] KeysOf(ConfigKeys keys, WeightRow row, int part)
    {
        var width = keys.HeadSize ?? $"({keys.HiddenSize} / {keys.Heads})";
        var queries = $"{keys.Heads} × {width}";
        var pairs = $"{keys.KvHeads ?? keys.Heads} × {width}";
        return row.Ours[(row.Ours.LastIndexOf('.') + 1)..] switch
        {
            "embed" or "head" => [keys.VocabularySize, keys.HiddenSize],
            "positions" => [keys.MaxPositions, keys.HiddenSize],
            "qkv" when row.Theirs.Count == 1 => [$"{queries} + 2 × {pairs}", keys.HiddenSize],
            "qkv" => [part == 0 ? queries : pairs, keys.HiddenSize],
            "q_norm" or "k_norm" => [width],
            "out" => [keys.HiddenSize, queries],
            "gate_up" when row.Theirs.Count == 1 => [$"2 × {keys.IntermediateSize}", keys.HiddenSize],
            "gate_up" or "up" => [keys.IntermediateSize, keys.HiddenSize],
            "down" => [keys.HiddenSize, keys.IntermediateSize],
            "score" => ["num_labels, which must be 1, and " + keys.HiddenSize],
            _ => [keys.HiddenSize],
        };
    }
}

using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>Reads the weights of a folder into one <see cref="ParameterSet"/>, having checked that every one of them is there and has its place.</summary>
internal static class WeightLoader
{
    /// <summary>The weights of a model; nothing is drawn anew, whatever is missing.</summary>
    /// <exception cref="CaiException">Weights are missing, have no place or another shape, differ where they are tied, or are not finite.</exception>
    public static ParameterSet Load(string folder, DecoderConfig config, bool scalar, LoadOptions options)
    {
        if (options is { EightBit: true, DType: not ScalarType.BFloat16 })
            throw new CaiException($"EightBit with weights of {options.DType}; bfloat16 was expected, which holds numbers of eight bits.",
                "Set DType to BFloat16 as well.", nameof(LoadOptions));
        using var files = new WeightFiles(folder);
        var family = ModelFamily.Find(config.Family)!;
        // Before anything is made for each layer, however many a damaged file asks for.
        if (config.Layers > files.Names.Count())
            throw new CaiException($"config.json asks for {config.Layers} layers, but there are {files.Names.Count()} weights in all.",
                $"Correct {family.Keys.Layers} in config.json, or download the model again.", files.Folder);
        var sources = Named(WeightTable.Of(config, scalar), family, files);
        if (!scalar && config.TiedHead)
            sources[0] = TiedMatrix(sources[0], family.NameOf("head"), files);
        Check(sources, files, family, config, scalar);
        var parameters = new ParameterSet(scalar ? ScalarModel.Shapes(config) : Decoder.Shapes(config), options.DType, options.Device);
        try
        {
            using var guard = no_grad();
            foreach (var source in sources)
                Copy(source, parameters[source.Ours], files, config, options.CheckFinite || options.EightBit);
            if (options.EightBit)
                ByteWeights.Round(parameters, config);
            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    private static void Copy(WeightSource source, Tensor ours, WeightFiles files, DecoderConfig config, bool checkFinite)
    {
        using var scope = NewDisposeScope();
        long row = 0;
        foreach (var part in source.Theirs)
        {
            files.CopyTo(part.Name, WeightTable.InTheirOrder(ours.narrow(0, row, part.Rows), source.Layout, config), checkFinite);
            row += part.Rows;
        }
    }

    /// <summary>Files of the bare model, without a head, leave out what all its names begin with.</summary>
    private static List<WeightSource> Named(List<WeightSource> sources, ModelFamily family, WeightFiles files)
    {
        if (files.Names.Any(n => n.StartsWith(family.Prefix, StringComparison.Ordinal)))
            return sources;
        string Bare(string name) =>
            name.StartsWith(family.Prefix, StringComparison.Ordinal) && files.Contains(name[family.Prefix.Length..]) ? name[family.Prefix.Length..] : name;
        return [.. sources.Select(s => s with { Theirs = [.. s.Theirs.Select(t => t with { Name = Bare(t.Name) })] })];
    }

    /// <summary>A tied matrix is stored once, as either of its names; stored twice it must be the same.</summary>
    private static WeightSource TiedMatrix(WeightSource embedding, string head, WeightFiles files)
    {
        var name = embedding.Theirs[0].Name;
        if (!files.Contains(head))
            return embedding;
        if (!files.Contains(name))
            return embedding with { Theirs = [embedding.Theirs[0] with { Name = head }] };
        return files.Same(name, head)
            ? embedding
            : throw new CaiException($"'{head}' and '{name}' differ although config.json says tie_word_embeddings.",
                "Set tie_word_embeddings to false, or save the model with its head tied.", files.PathOf(head));
    }

    private static void Check(List<WeightSource> sources, WeightFiles files, ModelFamily family, DecoderConfig config, bool scalar)
    {
        const string remedy = "Check num_hidden_layers, tie_word_embeddings and architectures in config.json";
        var wanted = sources.SelectMany(s => s.Theirs).ToList();
        var names = wanted.Select(t => t.Name).ToHashSet();
        var missing = wanted.Where(t => !files.Contains(t.Name)).Select(t => t.Name).ToList();
        if (missing.Count > 0)
            throw new CaiException($"{missing.Count} weights that config.json asks for are missing: {List(missing)}.",
                remedy.Replace("num_hidden_layers", family.Keys.Layers) + ", or download the model again.", files.Folder);
        var tied = config.TiedHead && !scalar;
        var unexpected = files.Names.Where(n => !names.Contains(n) && !family.Derived.Any(end => n.EndsWith(end, StringComparison.Ordinal))
            && !(tied && (n == family.NameOf("head") || n == family.NameOf("embed")))).ToList();
        if (unexpected.Count > 0)
            throw new CaiException($"{unexpected.Count} weights have no place in the model that config.json describes: {List(unexpected)}.",
                remedy.Replace("num_hidden_layers", family.Keys.Layers) + ".", files.Folder);
        if (wanted.FirstOrDefault(t => !files.Shape(t.Name).SequenceEqual(t.Shape)) is { } wrong)
            throw new CaiException($"Tensor '{wrong.Name}' has shape [{string.Join(", ", files.Shape(wrong.Name))}], but config.json ({wrong.Keys}) asks for "
                + $"[{string.Join(", ", wrong.Shape)}].", "Correct that key in config.json, or take the weights that belong to it.", files.PathOf(wrong.Name));
    }

    private static string List(List<string> names) => string.Join(", ", names.Take(12)) + (names.Count > 12 ? $" and {names.Count - 12} more" : "");
}

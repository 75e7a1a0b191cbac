using System.Text.Json.Nodes;
using Cai.Storage;
using Cai.Text;
using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// Models as Hugging Face folders: config.json, model.safetensors (or shards), tokenizer.json. What is saved here loads
/// in Hugging Face's libraries, and the other way round for the families of <see cref="ModelFamily"/>.
/// </summary>
public static class HuggingFaceFolder
{
    private static readonly string[] TokenizerFiles =
        ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model", "chat_template.jinja"];

    /// <summary>Loads a language model and its tokenizer.</summary>
    /// <exception cref="CaiException">Anything missing, unknown or contradictory; the message names file, key or tensor.</exception>
    public static PretrainedModel Load(string folder, LoadOptions? options = null)
    {
        var tokenizer = LoadTokenizer(folder); // before the weights, which would have to be released if it failed
        return new(LoadDecoder(folder, options), tokenizer, options?.Format ?? HhFormat.Instance, folder);
    }

    /// <summary>Loads a scalar model (LlamaForSequenceClassification with one label) and its tokenizer. The head must be in the file.</summary>
    /// <inheritdoc cref="Load"/>
    public static PretrainedScalarModel LoadScalar(string folder, LoadOptions? options = null)
    {
        var tokenizer = LoadTokenizer(folder);
        return new(LoadScalarModel(folder, options), tokenizer, options?.Format ?? HhFormat.Instance, folder);
    }

    /// <summary>Loads the weights of a language model alone.</summary>
    /// <exception cref="CaiException">Anything missing, unknown or contradictory; the message names file, key or tensor.</exception>
    public static Decoder LoadDecoder(string folder, LoadOptions? options = null)
    {
        var (config, scalar) = ConfigJson.Read(folder);
        if (scalar)
            throw new CaiException("This is a scalar model (a preference model or critic); a language model was expected.", "Name the folder of a language model.", folder);
        return new Decoder(config, LoadWeights(folder, config, scalar: false, options ?? new()));
    }

    /// <summary>Loads the weights of a scalar model alone.</summary>
    /// <inheritdoc cref="LoadDecoder"/>
    public static ScalarModel LoadScalarModel(string folder, LoadOptions? options = null)
    {
        var (config, scalar) = ConfigJson.Read(folder);
        if (!scalar)
            throw new CaiException("This is a language model and has no scalar head; a preference model was expected.", "Train one first (its head is never made up on loading), or name the folder of one.", folder);
        config = config with { TiedHead = true };
        return new ScalarModel(config, LoadWeights(folder, config, scalar: true, options ?? new()));
    }

    /// <summary>Writes a language model. Files in the folder are replaced one by one, config.json last.</summary>
    /// <param name="tokenizerFolder">Folder whose tokenizer files are copied; null leaves the folder's own alone.</param>
    /// <param name="dtype">Float32, BFloat16 or Float16. A bf16 file is half as big and rounds every weight to 8 bits of mantissa.</param>
    /// <exception cref="CaiException">A file cannot be written, or the family is unknown.</exception>
    public static void Save(string folder, Decoder model, ITokenizer tokenizer, string? tokenizerFolder = null, ScalarType dtype = ScalarType.Float32) =>
        Save(folder, model.Config, model.Parameters, scalar: false, tokenizer, tokenizerFolder, dtype);

    /// <summary>Writes a language model with the tokenizer files of the folder it came from.</summary>
    /// <inheritdoc cref="Save(string, Decoder, ITokenizer, string?, ScalarType)"/>
    public static void Save(string folder, PretrainedModel model, ScalarType dtype = ScalarType.Float32) =>
        Save(folder, model.Decoder, model.Tokenizer, model.Folder, dtype);

    /// <summary>Writes a scalar model.</summary>
    /// <inheritdoc cref="Save(string, Decoder, ITokenizer, string?, ScalarType)"/>
    public static void SaveScalar(string folder, ScalarModel model, ITokenizer tokenizer, string? tokenizerFolder = null, ScalarType dtype = ScalarType.Float32) =>
        Save(folder, model.Decoder.Config, model.Parameters, scalar: true, tokenizer, tokenizerFolder, dtype);

    private static void Save(string folder, DecoderConfig config, ParameterSet parameters, bool scalar, ITokenizer tokenizer, string? tokenizerFolder, ScalarType dtype)
    {
        var name = dtype switch
        {
            ScalarType.Float32 => "float32",
            ScalarType.BFloat16 => "bfloat16",
            ScalarType.Float16 => "float16",
            _ => throw new CaiException($"Weights cannot be saved as {dtype}.", "Choose Float32, BFloat16 or Float16.", folder),
        };
        var json = ConfigJson.Write(config, scalar, name, tokenizer.BosId, tokenizer.EosId);
        using var scope = NewDisposeScope();
        Safetensors.Write(Path.Combine(folder, WeightFiles.Single), Exported(config, parameters, scalar), dtype, new Dictionary<string, string> { ["format"] = "pt" });
        if (tokenizerFolder is not null && Path.GetFullPath(tokenizerFolder) != Path.GetFullPath(folder))
            foreach (var file in TokenizerFiles.Where(f => File.Exists(Path.Combine(tokenizerFolder, f))))
                AtomicFile.Write(Path.Combine(folder, file), File.ReadAllBytes(Path.Combine(tokenizerFolder, file)));
        var generation = new JsonObject { ["bos_token_id"] = tokenizer.BosId, ["eos_token_id"] = tokenizer.EosId };
        AtomicFile.Write(Path.Combine(folder, "generation_config.json"), generation.ToJsonString(CaiJson.Indented) + "\n");
        AtomicFile.Write(Path.Combine(folder, ConfigJson.FileName), json);
    }

    private static List<KeyValuePair<string, Tensor>> Exported(DecoderConfig config, ParameterSet parameters, bool scalar)
    {
        List<KeyValuePair<string, Tensor>> all = [];
        foreach (var source in ModelFamily.Sources(config, scalar))
        {
            long row = 0;
            foreach (var part in source.Theirs)
            {
                all.Add(new(part.Name, parameters[source.Ours].detach().narrow(0, row, part.Shape[0])));
                row += part.Shape[0];
            }
        }
        return all;
    }

    private static ParameterSet LoadWeights(string folder, DecoderConfig config, bool scalar, LoadOptions options)
    {
        using var files = new WeightFiles(folder);
        var sources = ModelFamily.Sources(config, scalar).ToList();
        if (!scalar && config.TiedHead)
            sources[0] = TiedMatrix(sources[0], files);
        Check(sources, files, config, scalar);
        var parameters = new ParameterSet(scalar ? ScalarModel.Shapes(config) : Decoder.Shapes(config), options.DType, options.Device);
        try
        {
            using var guard = no_grad();
            foreach (var source in sources)
            {
                using var scope = NewDisposeScope();
                long row = 0;
                foreach (var part in source.Theirs)
                {
                    files.CopyTo(part.Name, parameters[source.Ours].narrow(0, row, part.Shape[0]), options.CheckFinite);
                    row += part.Shape[0];
                }
            }
            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    /// <summary>A tied matrix is stored once, as either of its names; stored twice it must be the same.</summary>
    private static WeightSource TiedMatrix(WeightSource embedding, WeightFiles files)
    {
        if (!files.Contains(ModelFamily.Head))
            return embedding;
        if (!files.Contains(ModelFamily.Embedding))
            return embedding with { Theirs = [embedding.Theirs[0] with { Name = ModelFamily.Head }] };
        using var scope = NewDisposeScope();
        if (!files.Shape(ModelFamily.Head).SequenceEqual(files.Shape(ModelFamily.Embedding)) || !files.Read(ModelFamily.Head).eq(files.Read(ModelFamily.Embedding)).all().ToBoolean())
            throw new CaiException($"'{ModelFamily.Head}' and '{ModelFamily.Embedding}' differ although config.json says tie_word_embeddings.", "Set tie_word_embeddings to false, or save the model with its head tied.", files.PathOf(ModelFamily.Head));
        return embedding;
    }

    private static void Check(List<WeightSource> sources, WeightFiles files, DecoderConfig config, bool scalar)
    {
        var wanted = sources.SelectMany(s => s.Theirs).ToList();
        var names = wanted.Select(t => t.Name).ToHashSet();
        var missing = wanted.Where(t => !files.Contains(t.Name)).Select(t => t.Name).ToList();
        if (missing.Count > 0)
            throw new CaiException($"{missing.Count} weights that config.json asks for are missing: {List(missing)}.", "Check num_hidden_layers, tie_word_embeddings and architectures in config.json, or download the model again.", files.Folder);
        var unexpected = files.Names.Where(n => !names.Contains(n) && !Ignorable(n, config, scalar)).ToList();
        if (unexpected.Count > 0)
            throw new CaiException($"{unexpected.Count} weights have no place in the model that config.json describes: {List(unexpected)}.", "Check num_hidden_layers, tie_word_embeddings and architectures in config.json.", files.Folder);
        if (wanted.FirstOrDefault(t => !files.Shape(t.Name).SequenceEqual(t.Shape)) is { } wrong)
            throw new CaiException($"Tensor '{wrong.Name}' has shape [{string.Join(", ", files.Shape(wrong.Name))}], but config.json ({wrong.Keys}) asks for [{string.Join(", ", wrong.Shape)}].", "Correct that key in config.json, or take the weights that belong to it.", files.PathOf(wrong.Name));
    }

    // Old checkpoints stored the rotary frequencies, which config.json decides; a tied head may be stored a second time.
    private static bool Ignorable(string name, DecoderConfig config, bool scalar) =>
        name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)
        || config.TiedHead && !scalar && name is ModelFamily.Head or ModelFamily.Embedding;

    private static string List(List<string> names) => string.Join(", ", names.Take(12)) + (names.Count > 12 ? $" and {names.Count - 12} more" : "");

    private static BpeTokenizer LoadTokenizer(string folder)
    {
        var tokenizer = TokenizerJson.Load(folder);
        var size = ConfigJson.Read(folder).Config.VocabularySize;
        return tokenizer.VocabularySize <= size
            ? tokenizer
            : throw new CaiException($"The tokenizer has {tokenizer.VocabularySize} tokens but vocab_size in config.json is {size}.", "Take the tokenizer that belongs to these weights.", folder);
    }
}

using System.Text.Json.Nodes;
using Cai.Storage;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Cai.Text.Tokenizers;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// Models as Hugging Face folders: config.json, model.safetensors (or shards), tokenizer.json. What is saved here loads
/// in Hugging Face's libraries, and the other way round for the families of <see cref="FamilyTable"/>.
/// </summary>
public static class HuggingFaceFolder
{
    private const string GenerationConfig = "generation_config.json";
    private const string OtherTemplates = "additional_chat_templates";

    private static readonly string[] TokenizerFiles =
        ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model",
            "chat_template.jinja"];

    /// <summary>Loads a language model and its tokenizer.</summary>
    /// <exception cref="CaiException">Anything missing, unknown or contradictory; the message names file, key or tensor.</exception>
    public static PretrainedModel Load(string folder, LoadOptions? options = null)
    {
        var (tokenizer, format) = LoadTexts(folder, options); // before the weights, which would have to be released if it failed
        return new(LoadSpelt(folder, options, tokenizer), tokenizer, format, folder);
    }

    /// <summary>Loads a scalar model (LlamaForSequenceClassification with one label) and its tokenizer. The head must be in the file.</summary>
    /// <inheritdoc cref="Load"/>
    public static PretrainedScalarModel LoadScalar(string folder, LoadOptions? options = null)
    {
        var (tokenizer, format) = LoadTexts(folder, options);
        return new(LoadScalarModel(folder, options), tokenizer, format, folder);
    }

    /// <summary>Loads the weights of a language model alone.</summary>
    /// <exception cref="CaiException">Anything missing, unknown or contradictory; the message names file, key or tensor.</exception>
    public static Decoder LoadDecoder(string folder, LoadOptions? options = null) => LoadSpelt(folder, options, tokenizer: null);

    private static Decoder LoadSpelt(string folder, LoadOptions? options, BpeTokenizer? tokenizer)
    {
        var (config, scalar) = ConfigJson.Read(folder);
        if (scalar)
            throw new CaiException("This is a scalar model (a preference model or critic); a language model was expected.",
                "Name the folder of a language model.", folder);
        if (tokenizer is not null && tokenizer.VocabularySize < config.VocabularySize)
            config = config with { SpeltTokens = tokenizer.VocabularySize };
        var decoder = new Decoder(config, WeightLoader.Load(folder, config, scalar: false, options ?? new()));
        if (options?.EightBit == true)
            decoder.KeepBytes(ByteWeights.Of(decoder.Parameters, config));
        return decoder;
    }

    /// <summary>Loads the weights of a scalar model alone.</summary>
    /// <inheritdoc cref="LoadDecoder"/>
    public static ScalarModel LoadScalarModel(string folder, LoadOptions? options = null)
    {
        var (config, scalar) = ConfigJson.Read(folder);
        if (!scalar)
            throw new CaiException("This is a language model and has no scalar head; a preference model was expected.",
                "Train one first (its head is never made up on loading), or name the folder of one.", folder);
        config = config with { TiedHead = true };
        return new ScalarModel(config, WeightLoader.Load(folder, config, scalar: true, options ?? new()));
    }

    /// <summary>Writes a language model, an adapter's updates merged in. Files in the folder are replaced one by one, config.json last.</summary>
    /// <param name="tokenizerFolder">Folder whose tokenizer files are copied; null leaves the folder's own alone.</param>
    /// <param name="dtype">Float32, BFloat16 or Float16. A bf16 file is half as big and rounds every weight to 8 bits of mantissa.</param>
    /// <param name="shardBytes">Larger models are written as several files of at most this size with an index (transformers' 5 GB).</param>
    /// <exception cref="CaiException">A file cannot be written, or the family is unknown.</exception>
    public static void Save(string folder, Decoder model, ITokenizer tokenizer, string? tokenizerFolder = null, ScalarType dtype = ScalarType.Float32,
        long shardBytes = WeightSaver.DefaultShardBytes) =>
        Save(folder, model, model.Parameters, scalar: false, tokenizer, tokenizerFolder, dtype, shardBytes);

    /// <summary>Writes a language model with the tokenizer files of the folder it came from.</summary>
    /// <inheritdoc cref="Save(string, Decoder, ITokenizer, string?, ScalarType, long)"/>
    public static void Save(string folder, PretrainedModel model, ScalarType dtype = ScalarType.Float32, long shardBytes = WeightSaver.DefaultShardBytes) =>
        Save(folder, model.Decoder, model.Tokenizer, model.Folder, dtype, shardBytes);

    /// <summary>Writes a scalar model.</summary>
    /// <inheritdoc cref="Save(string, Decoder, ITokenizer, string?, ScalarType, long)"/>
    public static void SaveScalar(string folder, ScalarModel model, ITokenizer tokenizer, string? tokenizerFolder = null, ScalarType dtype = ScalarType.Float32,
        long shardBytes = WeightSaver.DefaultShardBytes) =>
        Save(folder, model.Decoder, model.Parameters, scalar: true, tokenizer, tokenizerFolder, dtype, shardBytes);

    /// <summary>
    /// Names a model by the contents of all files that decide what it says: configuration, tokenizer, chat templates, end tokens, weights; hex.
    /// </summary>
    /// <exception cref="CaiException">The folder or one of these files is missing.</exception>
    public static string Hash(string folder)
    {
        if (!Directory.Exists(folder))
            throw new CaiException("The model folder does not exist.",
                "Check the path; shipped models lie in data/miniature/SIZE/pretrained and helpful.", folder);
        var weights = Directory.GetFiles(folder, "*.safetensors").Order(StringComparer.Ordinal).ToList();
        if (weights.Count == 0)
            throw new CaiException("The folder holds no *.safetensors.", "Name the folder of a model in Hugging Face's format.", folder);
        string[] texts = File.Exists(Path.Combine(folder, "vocab.json")) && !File.Exists(Path.Combine(folder, TokenizerJson.FileName))
            ? ["vocab.json", "merges.txt"]
            : [TokenizerJson.FileName];
        var others = TokenizerFiles.Append(GenerationConfig).Except(texts).Where(name => File.Exists(Path.Combine(folder, name)));
        IEnumerable<string> templates = Directory.Exists(Path.Combine(folder, OtherTemplates))
            ? Directory.GetFiles(Path.Combine(folder, OtherTemplates), "*.jinja").Order(StringComparer.Ordinal) : [];
        // With their names: a text may move from one file to another and then mean another thing.
        return ContentHash.OfTexts(
            texts.Prepend(ConfigJson.FileName).Concat(others).Select(name => Path.Combine(folder, name)).Concat(templates).Concat(weights)
            .SelectMany(path => new[] { Path.GetRelativePath(folder, path).Replace('\\', '/'), ContentHash.OfFile(path) }));
    }

    private static void Save(
        string folder, Decoder model, ParameterSet parameters, bool scalar, ITokenizer tokenizer, string? tokenizerFolder, ScalarType dtype, long shardBytes)
    {
        var name = dtype switch
        {
            ScalarType.Float32 => "float32",
            ScalarType.BFloat16 => "bfloat16",
            ScalarType.Float16 => "float16",
            _ => throw new CaiException($"Weights cannot be saved as {dtype}.", "Choose Float32, BFloat16 or Float16.", folder),
        };
        var json = ConfigJson.Write(model.Config, scalar, name, tokenizer.BosId, tokenizer.EndIds);
        WeightSaver.Save(folder, model, parameters, scalar, dtype, shardBytes);
        if (tokenizerFolder is not null && Path.GetFullPath(tokenizerFolder) != Path.GetFullPath(folder))
            foreach (var file in TokenizerFiles.Where(f => File.Exists(Path.Combine(tokenizerFolder, f))))
                AtomicFile.Write(Path.Combine(folder, file), File.ReadAllBytes(Path.Combine(tokenizerFolder, file)));
        if (tokenizerFolder is not null && Path.GetFullPath(tokenizerFolder) != Path.GetFullPath(folder)
            && Path.Combine(tokenizerFolder, OtherTemplates) is var more && Directory.Exists(more))
            foreach (var file in Directory.GetFiles(more, "*.jinja"))
                AtomicFile.Write(Path.Combine(folder, OtherTemplates, Path.GetFileName(file)), File.ReadAllBytes(file));
        // How the start model is to be sampled stays said.
        var start = Path.Combine(tokenizerFolder ?? folder, GenerationConfig);
        var generation = File.Exists(start) ? CaiJson.ReadFile<JsonObject>(start, "Remove it, or fetch the model again.") : [];
        generation["bos_token_id"] = tokenizer.BosId;
        generation["eos_token_id"] = ConfigJson.Ends(tokenizer.EndIds);
        AtomicFile.Write(Path.Combine(folder, GenerationConfig), generation.ToJsonString(CaiJson.Indented) + "\n");
        AtomicFile.Write(Path.Combine(folder, ConfigJson.FileName), json);
    }

    private static (BpeTokenizer Tokenizer, IPromptFormat Format) LoadTexts(string folder, LoadOptions? options)
    {
        var tokenizer = LoadTokenizer(folder);
        if (options?.ChatTemplate != true)
            return (tokenizer, options?.Format ?? HhFormat.Instance);
        var format = ChatTemplateFormat.Load(folder, tokenizer);
        // What ends a turn is often not the token that ends a document.
        return (format.EndOfTurn is { } end && tokenizer.PieceId(end) is { } id ? tokenizer.EndingWith(id) : tokenizer, format);
    }

    private static BpeTokenizer LoadTokenizer(string folder)
    {
        var tokenizer = TokenizerJson.Load(folder);
        var size = ConfigJson.Read(folder).Config.VocabularySize;
        return tokenizer.VocabularySize <= size
            ? tokenizer
            : throw new CaiException($"The tokenizer has {tokenizer.VocabularySize} tokens but vocab_size in config.json is {size}.",
                "Take the tokenizer that belongs to these weights.", folder);
    }
}

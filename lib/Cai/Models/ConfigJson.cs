using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Models;

/// <summary>A Hugging Face config.json: read into a <see cref="DecoderConfig"/> and written from one.</summary>
internal static class ConfigJson
{
    public const string FileName = "config.json";

    /// <summary>Reads the shape of a model and says whether it has a scalar head.</summary>
    /// <exception cref="CaiException">Missing, not JSON, an unknown architecture, a key absent or asking for what the decoder does not compute.</exception>
    public static (DecoderConfig Config, bool Scalar) Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!Directory.Exists(folder))
            throw new CaiException("The model folder does not exist.", "Check the path; a model is a folder with config.json, model.safetensors and tokenizer.json.", folder);
        var keys = new Keys(path, CaiJson.ReadFile<JsonObject>(path, "A model is a folder with config.json, model.safetensors and tokenizer.json."));
        var (family, scalar) = Architecture(keys);
        Refuse(keys, family);
        var heads = keys.Int("num_attention_heads");
        var config = new DecoderConfig
        {
            VocabularySize = keys.Int("vocab_size"),
            HiddenSize = keys.Int("hidden_size"),
            Layers = keys.Int("num_hidden_layers"),
            Heads = heads,
            KvHeads = keys.Int("num_key_value_heads", heads),
            IntermediateSize = keys.Int("intermediate_size"),
            MaxPositions = Positions(keys, family),
            HeadSize = keys.Int("head_dim", 0),
            NormEpsilon = keys.Number("rms_norm_eps", 1e-6),
            RopeTheta = RopeTheta(keys),
            TiedHead = keys.Flag("tie_word_embeddings", false),
            AttentionBias = family.BiasByDefault,
            Family = family.ModelType,
        };
        if (config.Heads % config.KvHeads != 0)
            throw keys.Error("num_key_value_heads", $"is {config.KvHeads}, which does not divide num_attention_heads {config.Heads}");
        if (config.HeadSize == 0 && config.HiddenSize % config.Heads != 0)
            throw keys.Error("num_attention_heads", $"is {config.Heads}, which does not divide hidden_size {config.HiddenSize}");
        if (config.HeadWidth % 2 != 0)
            throw keys.Error("head_dim", $"is {config.HeadWidth}; rotary positions need an even number");
        return (config, scalar);
    }

    /// <summary>The config.json of a model, readable by Hugging Face's libraries.</summary>
    /// <exception cref="CaiException">The family is unknown, or has no weights for what the model computes.</exception>
    public static string Write(DecoderConfig c, bool scalar, string dtype, int? bosId, int eosId)
    {
        var family = ModelFamily.All.FirstOrDefault(f => f.ModelType == c.Family)
            ?? throw new CaiException($"A model of family '{c.Family}' cannot be saved.", $"Known families: {string.Join(", ", ModelFamily.All.Select(f => f.ModelType))}.");
        if (family.BiasByDefault != c.AttentionBias)
            throw new CaiException($"A model {(c.AttentionBias ? "with" : "without")} attention biases is not of family '{c.Family}'.", "Set the configuration's Family to llama (no biases) or qwen2 (biases).");
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(scalar ? family.ScalarModel : family.LanguageModel),
            ["model_type"] = c.Family,
            ["vocab_size"] = c.VocabularySize,
            ["hidden_size"] = c.HiddenSize,
            ["intermediate_size"] = c.IntermediateSize,
            ["num_hidden_layers"] = c.Layers,
            ["num_attention_heads"] = c.Heads,
            ["num_key_value_heads"] = c.KvHeads,
            ["head_dim"] = c.HeadWidth,
            ["max_position_embeddings"] = c.MaxPositions,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = c.NormEpsilon,
            ["rope_theta"] = c.RopeTheta,
            ["tie_word_embeddings"] = c.TiedHead,
            ["bos_token_id"] = bosId,
            ["eos_token_id"] = eosId,
            ["torch_dtype"] = dtype,
        };
        if (c.Family == "mistral")
            json["sliding_window"] = null;
        if (scalar)
        {
            // No pad token: readers that know one would take the end token, where the score lies, for padding.
            json["id2label"] = new JsonObject { ["0"] = "score" };
            json["label2id"] = new JsonObject { ["score"] = 0 };
        }
        return json.ToJsonString(CaiJson.Indented) + "\n";
    }

    private static (ModelFamily Family, bool Scalar) Architecture(Keys keys)
    {
        var name = keys.Json["architectures"] is JsonArray { Count: > 0 } list ? list[0]?.ToString() : null;
        foreach (var family in ModelFamily.All)
        {
            if (name == family.LanguageModel)
                return (family, false);
            if (name == family.ScalarModel)
                return (family, true);
        }
        throw new CaiException($"The architecture {(name is null ? "is not stated" : $"'{name}' is not known")}.",
            $"Known: {string.Join(", ", ModelFamily.All.SelectMany(f => new[] { f.LanguageModel, f.ScalarModel }))}.", $"{keys.Path}: architectures");
    }

    /// <summary>What the decoder does not compute must not be loaded as though it did.</summary>
    private static void Refuse(Keys keys, ModelFamily family)
    {
        if (keys.Text("hidden_act", "silu") is var act && act != "silu")
            throw keys.Error("hidden_act", $"is '{act}'; only silu is computed");
        if (keys.Flag("mlp_bias", false))
            throw keys.Error("mlp_bias", "is true; MLP biases are not computed");
        if (!family.BiasByDefault && keys.Flag("attention_bias", false))
            throw keys.Error("attention_bias", $"is true; for {family.ModelType} this includes a bias on o_proj, which is not computed");
        foreach (var key in (string[])["rope_scaling", "rope_parameters"])
            if (keys.Json[key] is JsonObject rope && (rope["rope_type"] ?? rope["type"])?.ToString() is { } type && type != "default")
                throw keys.Error(key, $"asks for '{type}' positions; only plain rotary positions are computed");
        if (keys.Number("partial_rotary_factor", 1) != 1)
            throw keys.Error("partial_rotary_factor", "is not 1; only full rotary positions are computed");
    }

    /// <summary>Up to its window, a sliding-window model is a plain one: its window is taken as the longest sequence.</summary>
    private static int Positions(Keys keys, ModelFamily family)
    {
        var positions = keys.Int("max_position_embeddings");
        var windowed = family.ModelType == "mistral" || keys.Flag("use_sliding_window", false);
        return windowed ? Math.Min(positions, keys.Int("sliding_window", positions)) : positions;
    }

    // Transformers 5 moved the base of the frequencies into rope_parameters.
    private static double RopeTheta(Keys keys) =>
        keys.Json["rope_parameters"] is JsonObject rope && rope.ContainsKey("rope_theta")
            ? new Keys(keys.Path, rope).Number("rope_theta", 10000)
            : keys.Number("rope_theta", 10000);

    private sealed record Keys(string Path, JsonObject Json)
    {
        public int Int(string key, int? absent = null)
        {
            var value = Json[key];
            if (value is null)
                return absent ?? throw Error(key, "is missing; a whole number was expected");
            return value.GetValueKind() == JsonValueKind.Number && value.AsValue().TryGetValue(out int number) && number > 0
                ? number
                : throw Error(key, $"is {value.ToJsonString()}; a whole number above 0 was expected");
        }

        public double Number(string key, double absent) => Json[key] is not { } value
            ? absent
            : value.GetValueKind() == JsonValueKind.Number ? value.GetValue<double>() : throw Error(key, $"is {value.ToJsonString()}; a number was expected");

        public bool Flag(string key, bool absent) => Json[key] is not { } value
            ? absent
            : value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? value.GetValue<bool>() : throw Error(key, $"is {value.ToJsonString()}; true or false was expected");

        public string Text(string key, string absent) => Json[key]?.ToString() ?? absent;

        public CaiException Error(string key, string problem) => new($"The key {problem}.", "Correct config.json, or take a model that this kit computes.", $"{Path}: {key}");
    }
}

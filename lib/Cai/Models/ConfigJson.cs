using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Models;

/// <summary>A Hugging Face config.json: read into a <see cref="DecoderConfig"/> and written from one, by the keys of its <see cref="ModelFamily"/>.</summary>
internal static class ConfigJson
{
    public const string FileName = "config.json";

    // The first spelling of each is the one that is written.
    private static readonly (string Name, Activation Activation)[] Activations =
    [
        ("silu", Activation.Silu), ("swish", Activation.Silu), ("gelu", Activation.Gelu),
        ("gelu_new", Activation.GeluTanh), ("gelu_pytorch_tanh", Activation.GeluTanh), ("gelu_fast", Activation.GeluTanh),
    ];

    /// <summary>Reads the shape of a model and says whether it has a scalar head.</summary>
    /// <exception cref="CaiException">Missing, not JSON, an unknown architecture, a key absent or asking for what the decoder does not compute.</exception>
    public static (DecoderConfig Config, bool Scalar) Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!Directory.Exists(folder))
            throw new CaiException("The model folder does not exist.",
                "Check the path; a model is a folder with config.json, model.safetensors and tokenizer.json.", folder);
        return Read(new ConfigReader(path, CaiJson.ReadFile<JsonObject>(path, "A model is a folder with config.json, model.safetensors and tokenizer.json.")));
    }

    /// <summary>The config.json of a model, readable by Hugging Face's libraries.</summary>
    /// <exception cref="CaiException">The family is unknown, or cannot state what the model computes.</exception>
    public static string Write(DecoderConfig c, bool scalar, string dtype, int? bosId, IReadOnlyList<int> endIds)
    {
        var family = ModelFamily.Find(c.Family)
            ?? throw new CaiException($"A model of family '{c.Family}' cannot be saved.",
                $"Known families: {string.Join(", ", ModelFamily.All.Select(f => f.ModelType))}.");
        var keys = family.Keys;
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(scalar ? family.ScalarModel : family.LanguageModel),
            ["model_type"] = c.Family,
            [keys.VocabularySize] = c.VocabularySize,
            [keys.HiddenSize] = c.HiddenSize,
            [keys.IntermediateSize] = c.IntermediateSize,
            [keys.Layers] = c.Layers,
            [keys.Heads] = c.Heads,
        };
        void Add(string? key, JsonNode? value)
        {
            if (key is not null)
                json[key] = value;
        }
        Add(keys.KvHeads, c.KvHeads);
        Add(keys.HeadSize, c.HeadWidth);
        Add(keys.MaxPositions, c.MaxPositions);
        Add(keys.Activation, Activations.First(a => a.Activation == c.Activation).Name);
        Add(keys.NormEpsilon, c.NormEpsilon);
        Add(keys.RopeTheta.FirstOrDefault(), c.RopeTheta);
        Add(keys.RotaryShare.FirstOrDefault(), c.RotaryShare);
        if (c.RopeScaling is { } scaling)
            Add("rope_scaling", RopeJson.Write(scaling));
        Add(keys.ParallelResidual, c.ParallelResidual);
        if (c.AttentionBias != family.Default.AttentionBias)
            Add(keys.AttentionBias, c.AttentionBias);
        if (c.MlpBias != family.Default.MlpBias)
            Add(keys.MlpBias, c.MlpBias);
        Add(keys.UseWindow, c.Window > 0);
        Add(keys.Window, c.Window > 0 ? c.Window : null);
        if (c.Window > 0)
            Add(keys.WindowFrom, c.WindowFrom);
        Add("tie_word_embeddings", c.TiedHead);
        Add("bos_token_id", bosId);
        Add("eos_token_id", Ends(endIds));
        Add("torch_dtype", dtype);
        if (scalar)
        {
            // No pad token: readers that know one would take the end token, where the score lies, for padding.
            json["id2label"] = new JsonObject { ["0"] = "score" };
            json["label2id"] = new JsonObject { ["score"] = 0 };
        }
        CheckStated(c, Read(new ConfigReader(FileName, json)).Config);
        return json.ToJsonString(CaiJson.Indented) + "\n";
    }

    /// <summary>The tokens that end a text as Hugging Face's files say it: one, or a list.</summary>
    public static JsonNode Ends(IReadOnlyList<int> ids) => ids is [var only] ? only : new JsonArray([.. ids.Select(id => (JsonNode)id)]);

    private static (DecoderConfig Config, bool Scalar) Read(ConfigReader json)
    {
        var (family, scalar) = Architecture(json);
        var (keys, absent) = (family.Keys, family.Default);
        Refuse(json, family);
        KnownKeys.Check(json, family);
        var rope = RopeJson.Of(json);
        var (heads, hidden) = (json.Int(keys.Heads), json.Int(keys.HiddenSize));
        var (attentionBias, outputBias) = keys.AttentionBias is { } key && json.Has(key)
            ? (json.Flag(key, false), json.Flag(key, false))
            : (absent.AttentionBias, absent.OutputBias);
        var config = absent with
        {
            VocabularySize = json.Int(keys.VocabularySize),
            HiddenSize = hidden,
            Layers = json.Int(keys.Layers),
            Heads = heads,
            KvHeads = keys.KvHeads is null ? heads : json.Int(keys.KvHeads, heads),
            IntermediateSize = json.Int(keys.IntermediateSize, family.DefaultWidening > 0 ? family.DefaultWidening * hidden : null),
            MaxPositions = json.Int(keys.MaxPositions),
            HeadSize = keys.HeadSize is null ? 0 : json.Int(keys.HeadSize, absent.HeadSize),
            NormEpsilon = Checked(e => e is >= 0 and <= 1, "a number from 0 to 1", json, [keys.NormEpsilon], json.Number(keys.NormEpsilon, absent.NormEpsilon)),
            Activation = ActivationOf(json, keys.Activation, absent.Activation),
            ParallelResidual = keys.ParallelResidual is { } parallel ? json.Flag(parallel, absent.ParallelResidual) : absent.ParallelResidual,
            RopeTheta = Checked(t => t is > 0 and <= 1e15, "a number above 0", json, keys.RopeTheta, First(json, rope, keys.RopeTheta, absent.RopeTheta)),
            RotaryShare = Checked(s => s is > 0 and <= 1, "above 0 to 1", json, keys.RotaryShare, First(json, rope, keys.RotaryShare, absent.RotaryShare)),
            RopeScaling = absent.LearnedPositions ? null : RopeJson.Scaling(rope),
            TiedHead = json.Flag("tie_word_embeddings", absent.TiedHead),
            AttentionBias = attentionBias,
            OutputBias = outputBias,
            MlpBias = keys.MlpBias is { } mlp ? json.Flag(mlp, absent.MlpBias) : absent.MlpBias,
            Family = family.ModelType,
        };
        config = WithWindow(json, family, config);
        CheckSizes(json, keys, config);
        return (config, scalar);
    }

    private static (ModelFamily Family, bool Scalar) Architecture(ConfigReader json)
    {
        var names = json.Strings("architectures");
        if (names.Count > 1)
            throw json.Error("architectures", $"names {string.Join(" and ", names)}; one was expected");
        var name = names.FirstOrDefault();
        if (ModelFamily.All.FirstOrDefault(f => name == f.LanguageModel || name == f.ScalarModel) is { } family)
            return json.Text("model_type") is { } type && type != family.ModelType
                ? throw json.Error("model_type", $"is '{type}', but architectures names {name}, which is of '{family.ModelType}'")
                : (family, name == family.ScalarModel);
        throw new CaiException($"The architecture {(name is null ? "is not stated" : $"'{name}' is not known")}.",
            $"Known: {string.Join(", ", ModelFamily.All.SelectMany(f => new[] { f.LanguageModel, f.ScalarModel }))}.", $"{json.Path}: architectures");
    }

    /// <summary>What the decoder does not compute must not be loaded as though it did.</summary>
    private static void Refuse(ConfigReader json, ModelFamily family)
    {
        foreach (var (key, value) in family.Required)
            if (json.Flag(key, value) != value)
                throw json.Error(key, $"is {(value ? "false" : "true")}, which is not computed");
        if (family.Keys.AttentionBias is null && json.Flag("attention_bias", false))
            throw json.Error("attention_bias", $"is true; models of family {family.ModelType} have no such key");
        if (family.Keys.MlpBias is null && json.Flag("mlp_bias", false))
            throw json.Error("mlp_bias", $"is true; models of family {family.ModelType} have no such key");
        foreach (var place in (ConfigReader?[])[json, json.Object("rope_parameters"), json.Object("rope_scaling")])
            if (family.Keys.RotaryShare.Count == 0 && place is not null && place.Number("partial_rotary_factor", 1) != 1)
                throw place.Error("partial_rotary_factor", $"is not 1; models of family {family.ModelType} rotate whole heads");
        if (json.Json["quantization_config"] is not null)
            throw json.Error("quantization_config", "says that the weights are quantised; only plain weights are read");
    }

    private static Activation ActivationOf(ConfigReader json, string key, Activation absent) => json.Text(key) is not { } name
        ? absent
        : Activations.FirstOrDefault(a => a.Name == name) is { Name: not null } found
            ? found.Activation
            : throw json.Error(key, $"is '{name}'; computed are {string.Join(", ", Activations.Select(a => a.Name))}");

    private static double First(ConfigReader json, ConfigReader? rope, IReadOnlyList<string> names, double absent)
    {
        var said = (from name in names from place in (ConfigReader?[])[rope, json] where place?.Json[name] is not null
            select (Place: place!, Name: name, Number: place!.Number(name))).ToList();
        foreach (var other in said.Skip(1))
            if (other.Number != said[0].Number)
                throw other.Place.Error(other.Name, string.Create(CultureInfo.InvariantCulture,
                    $"is {other.Number}, but {said[0].Name} in {said[0].Place.Path} is {said[0].Number}"));
        return said.Count > 0 ? said[0].Number : absent;
    }

    /// <summary>A window that is switched off, null, or set for no layer is none.</summary>
    private static DecoderConfig WithWindow(ConfigReader json, ModelFamily family, DecoderConfig config)
    {
        var (keys, absent) = (family.Keys, family.Default);
        var window = 0;
        if (keys.Window is { } key && (keys.UseWindow is null || json.Flag(keys.UseWindow, false)))
            window = json.Has(key) ? json.Int(key, 0) : absent.Window;
        var from = window > 0 && keys.WindowFrom is not null ? json.Count(keys.WindowFrom, absent.WindowFrom) : 0;
        config = config with { Window = from < config.Layers ? window : 0, WindowFrom = from < config.Layers ? from : 0 };
        if (keys.Window is not null && json.Strings("layer_types") is { Count: > 0 } types
            && !types.SequenceEqual(Enumerable.Range(0, config.Layers).Select(i => config.IsWindowed(i) ? "sliding_attention" : "full_attention")))
            throw json.Error("layer_types", $"does not agree with {keys.Window}{(keys.WindowFrom is null ? "" : $", {keys.UseWindow} and {keys.WindowFrom}")}; "
                + "other patterns are not computed");
        return config;
    }

    private static double Checked(Func<double, bool> fits, string expected, ConfigReader json, IReadOnlyList<string> keys, double value) =>
        fits(value) ? value : throw json.Error(keys[0], $"is {value}; {expected} was expected");

    private static void CheckSizes(ConfigReader json, ConfigKeys keys, DecoderConfig config)
    {
        if (config.Heads % config.KvHeads != 0)
            throw json.Error(keys.KvHeads!, $"is {config.KvHeads}, which does not divide {keys.Heads} {config.Heads}");
        if (config.HeadSize == 0 && config.HiddenSize % config.Heads != 0)
            throw json.Error(keys.Heads, $"is {config.Heads}, which does not divide {keys.HiddenSize} {config.HiddenSize}");
        if (!config.LearnedPositions && (config.RotaryWidth % 2 != 0 || config.RotaryWidth < 2))
            throw json.Error(config.RotaryShare == 1 ? keys.HeadSize ?? keys.Heads : keys.RotaryShare[0],
                $"makes {config.RotaryWidth} of each head's {config.HeadWidth} numbers rotary; an even number was expected");
    }

    /// <summary>What is written must say all that the model is: a family without, say, biases cannot.</summary>
    private static void CheckStated(DecoderConfig model, DecoderConfig stated)
    {
        var (wanted, said) = (Node(model), Node(stated));
        foreach (var (name, value) in wanted)
            if (!JsonNode.DeepEquals(value, said[name]))
                throw new CaiException($"A model of family '{model.Family}' cannot have {name} {value?.ToJsonString() ?? "null"}.",
                    $"Set the configuration's Family to one that can ({string.Join(", ", ModelFamily.All.Select(f => f.ModelType))}).");
        static JsonObject Node(DecoderConfig c) => JsonSerializer.SerializeToNode(c with { HeadSize = c.HeadWidth, SpeltTokens = 0 })!.AsObject();
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cai.Storage;

namespace Cai.Models;

/// <summary>
/// An adapter_config.json. Every key is known and means what is computed here, or is switched off; any other is refused by name: PEFT gains kinds of LoRA
/// that keep the tensors' names and change what they mean, or the weights that they belong to.
/// </summary>
internal sealed partial class PeftConfig
{
    // They say where an adapter comes from, or how it was trained or drawn; none changes what its tensors mean.
    private static readonly HashSet<string> Neutral =
    [
        "auto_mapping", "base_model_name_or_path", "revision", "peft_version", "task_type", "inference_mode", "lora_dropout", "fan_in_fan_out",
        "megatron_core", "qalora_group_size", "eva_config", "layers_pattern",
    ];

    private static readonly HashSet<string> Read =
    [
        "peft_type", "r", "lora_alpha", "target_modules", "exclude_modules", "layers_to_transform", "modules_to_save", "bias", "init_lora_weights",
    ];

    private static readonly string[] DrawnBesideTheBase = ["gaussian", "eva", "orthogonal"];

    private readonly ConfigReader config;

    /// <exception cref="CaiException">The file is missing or broken, or asks for what is not computed or not known.</exception>
    public PeftConfig(string path, bool scalar)
    {
        config = new(path, CaiJson.ReadFile<JsonObject>(path, $"An adapter is a folder with {PeftFolder.ConfigFile} and {PeftFolder.WeightFile}."));
        if (config.Text("peft_type") is var type && type != "LORA")
            throw config.Error("peft_type", $"is {type ?? "missing"}; only LORA is computed");
        if (config.Text("bias") is { } bias && bias != "none")
            throw config.Error("bias", $"is '{bias}'; trained biases are not computed");
        if (config.Json["init_lora_weights"] is { } drawn && drawn.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False)
            && !DrawnBesideTheBase.Contains(config.Text("init_lora_weights")))
            throw config.Error("init_lora_weights", $"is {drawn.ToJsonString()}, which may change the base model's weights; known are true, false, "
                + string.Join(", ", DrawnBesideTheBase));
        string[] saved = scalar ? ["score", "classifier"] : [];
        if (config.Strings("modules_to_save").Except(saved).FirstOrDefault() is { } module)
            throw config.Error("modules_to_save", $"names '{module}', which the adapter of a {(scalar ? "scalar" : "language")} model does not train here");
        foreach (var (key, value) in config.Json)
            if (!Neutral.Contains(key) && !Read.Contains(key) && !ConfigReader.IsOff(value))
                throw config.Error(key, $"is {CaiJson.Short(value)}, which is not computed or not known");
        (Rank, Alpha) = (config.Int("r"), config.Number("lora_alpha"));
        if (Alpha == 0)
            throw config.Error("lora_alpha", "is 0, so that the adapter does nothing");
    }

    public int Rank { get; }

    public double Alpha { get; }

    /// <summary>Those of a model's modules that the file says are adapted; null when it does not say (`target_modules` null: PEFT's own choice).</summary>
    /// <exception cref="CaiException">It names modules of the model that have no adapters here, or is malformed.</exception>
    public HashSet<string>? Adapted(DecoderConfig model)
    {
        if (ConfigReader.IsOff(config.Json["target_modules"]))
            return null;
        var family = ModelFamily.Find(model.Family)!;
        var (targets, excluded, layers) = (Named("target_modules"), Named("exclude_modules"), Layers());
        bool Is(string module) => targets(module) && !excluded(module) && (layers is null || layers.Contains(LayerOf(module)));
        foreach (var tensor in new[] { family.NameOf("embed"), family.NameOf("head") })
            if (tensor[..^".weight".Length] is var module && config.Text("target_modules", orList: true) != "all-linear"
                && targets(module) && !excluded(module))
                throw config.Error("target_modules", $"names '{module}'; adapters of embeddings and heads are not computed");
        return [.. LoraAdapter.All(model).Select(part => part.Theirs).Where(Is)];
    }

    /// <summary>PEFT: a text is a pattern for the whole name, each of a list a name or its end.</summary>
    private Func<string, bool> Named(string key)
    {
        if (ConfigReader.IsOff(config.Json[key]))
            return _ => false;
        if (config.Json[key] is JsonArray)
            return config.Strings(key) is var ends
                ? module => ends.Any(end => module == end || module.EndsWith("." + end, StringComparison.Ordinal)) : _ => false;
        var pattern = config.Text(key)!;
        if (pattern == "all-linear")
            return _ => true;
        var regex = OutsideRegex.Make($"^(?:{pattern})$", config.Path, key);
        return module => OutsideRegex.Guarded(() => regex.IsMatch(module), regex);
    }

    private HashSet<int>? Layers() => config.Json["layers_to_transform"] switch
    {
        null => null,
        JsonArray { Count: 0 } => null,
        JsonArray items when items.All(IsWhole) => [.. items.Select(item => item!.GetValue<int>())],
        JsonValue item when IsWhole(item) => [item.GetValue<int>()],
        var other => throw config.Error("layers_to_transform", $"is {CaiJson.Short(other)}; a list of layers was expected"),
    };

    private static bool IsWhole(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out _);

    private static int LayerOf(string module) => int.Parse(Number().Match(module).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\.(\d+)\.")]
    private static partial Regex Number();
}

using System.Text.Json.Nodes;
using Cai.Storage;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// Adapters as Hugging Face's PEFT stores them: adapter_config.json and adapter_model.safetensors. Adapters trained there
/// load here, and the other way round.
/// </summary>
public static class PeftFolder
{
    public const string ConfigFile = "adapter_config.json";
    public const string WeightFile = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";
    private const string Head = "score.weight";

    /// <summary>Writes the adapter of a language model.</summary>
    /// <param name="baseModel">The folder or hub name of the model that it belongs to, for whoever loads it.</param>
    /// <exception cref="CaiException">The model has no adapter, or a file cannot be written.</exception>
    public static void Save(string folder, Decoder model, string baseModel)
    {
        var adapter = model.Adapter
            ?? throw new CaiException("The model has no adapter to save.", "Train it with TuningOptions.Lora, or save the whole model.", folder);
        using (var scope = NewDisposeScope())
        {
            var tensors = adapter.Parts.SelectMany(p => new[]
            {
                KeyValuePair.Create(Prefix + p.Theirs + LoraAdapter.First, adapter.Parameters[p.Theirs + LoraAdapter.First].detach()),
                KeyValuePair.Create(Prefix + p.Theirs + LoraAdapter.Second,
                    RowsInTheirOrder(adapter.Parameters[p.Theirs + LoraAdapter.Second].detach(), p, model.Config).reshape(p.Rows, adapter.Options.Rank)),
            }).ToList();
            if (adapter.ScoreHead is { } head)
                tensors.Add(new(Prefix + Head, head.detach()));
            Safetensors.Write(Path.Combine(folder, WeightFile), tensors, metadata: new Dictionary<string, string> { ["format"] = "pt" });
        }
        var config = new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = adapter.ScoreHead is null ? "CAUSAL_LM" : "SEQ_CLS",
            ["base_model_name_or_path"] = baseModel,
            ["r"] = adapter.Options.Rank,
            ["lora_alpha"] = adapter.Options.Alpha,
            ["lora_dropout"] = 0.0,
            ["target_modules"] =
                new JsonArray([.. adapter.Parts.Select(p => p.Theirs[(p.Theirs.LastIndexOf('.') + 1)..]).Distinct().Select(n => JsonValue.Create(n))]),
            ["bias"] = "none",
            ["fan_in_fan_out"] = adapter.Parts.Any(p => p.Layout == WeightLayout.Transposed),
            ["modules_to_save"] = adapter.ScoreHead is null ? null : new JsonArray("score"),
            ["inference_mode"] = true,
        };
        AtomicFile.Write(Path.Combine(folder, ConfigFile), config.ToJsonString(CaiJson.Indented) + "\n");
    }

    /// <summary>Writes the adapter of a scalar model, its head included.</summary>
    /// <inheritdoc cref="Save(string, Decoder, string)"/>
    public static void Save(string folder, ScalarModel model, string baseModel) => Save(folder, model.Decoder, baseModel);

    /// <summary>Puts a stored adapter on the language model it was trained for.</summary>
    /// <exception cref="CaiException">
    /// A file is missing or broken, the model has an adapter, the adapter is of another kind, or a tensor does not fit the model.
    /// </exception>
    public static LoraAdapter Load(string folder, Decoder model) => Load(folder, model, scalar: false);

    /// <summary>Puts a stored adapter with its head on a scalar model.</summary>
    /// <inheritdoc cref="Load(string, Decoder)"/>
    public static LoraAdapter Load(string folder, ScalarModel model) => Load(folder, model.Decoder, scalar: true);

    private static LoraAdapter Load(string folder, Decoder model, bool scalar)
    {
        if (model.Adapter is not null)
            throw new CaiException("The model has an adapter already.", "Merge it first (Decoder.Merge).", folder);
        var config = new PeftConfig(Path.Combine(folder, ConfigFile), scalar);
        var adapted = config.Adapted(model.Config);
        using var file = Safetensors.Open(Path.Combine(folder, WeightFile));
        var known = LoraAdapter.All(model.Config).ToDictionary(p => p.Theirs);
        var names = file.Entries.Where(e => e.Name.EndsWith(LoraAdapter.First, StringComparison.Ordinal))
            .Select(e => e.Name[..^LoraAdapter.First.Length]).ToList();
        var parts = names.Select(n => n.StartsWith(Prefix, StringComparison.Ordinal) && known.TryGetValue(n[Prefix.Length..], out var part) ? part
            : throw new CaiException($"'{n}' is no module of this model of family '{model.Config.Family}'.",
                "Load the adapter on the model that it was trained for.", file.Path)).ToList();
        parts = Complete(parts, adapted, model.Config, file);
        var options = new LoraOptions
        {
            Rank = config.Rank, Alpha = config.Alpha,
            TargetModules = [.. parts.Select(p => p.Theirs[(p.Theirs.LastIndexOf('.') + 1)..]).Distinct()],
        };
        CheckTensors(LoraAdapter.Shapes(model.Config, parts, options.Rank, scalar), file); // before anything is made, however large the file says it is
        var adapter = LoraAdapter.Of(model, parts, options, scalar);
        try
        {
            Fill(adapter, file, model.Config);
            return model.Adapter = adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>The modules that config and model ask for, all of them and no others.</summary>
    /// <param name="adapted">What the config names; null: the kinds of modules that the file has, in every layer.</param>
    private static List<LoraAdapter.Part> Complete(List<LoraAdapter.Part> parts, HashSet<string>? adapted, DecoderConfig config, Safetensors file)
    {
        const string remedy = "Save the adapter again; nothing of it is made up.";
        var kinds = parts.Select(p => Kind(p.Theirs)).ToHashSet();
        var wanted = LoraAdapter.All(config).Where(p => adapted?.Contains(p.Theirs) ?? kinds.Contains(Kind(p.Theirs))).ToList();
        if (wanted.Count == 0)
            throw new CaiException("The file holds no tensors of an adapter, or its config names no module of this model.", remedy, file.Path);
        var missing = wanted.SelectMany(p => new[] { p.Theirs + LoraAdapter.First, p.Theirs + LoraAdapter.Second })
            .Where(n => !file.Contains(Prefix + n)).ToList();
        if (missing.Count > 0)
            throw new CaiException($"{missing.Count} tensors that the adapter must have are missing: "
                + $"{string.Join(", ", missing.Take(8).Select(n => Prefix + n))}{(missing.Count > 8 ? ", …" : "")}.", remedy, file.Path);
        return parts.FirstOrDefault(p => !wanted.Contains(p)) is { } more
            ? throw new CaiException($"'{Prefix}{more.Theirs}' is adapted in the file, but not by target_modules in {ConfigFile}.",
                "Save the adapter again, so that both say the same.", file.Path)
            : wanted;

        static string Kind(string module) => module[(module.LastIndexOf('.') + 1)..];
    }

    private static void CheckTensors(List<ParameterShape> shapes, Safetensors file)
    {
        foreach (var shape in shapes)
        {
            if (!file.Contains(Prefix + shape.Name))
                throw new CaiException($"The tensor '{Prefix}{shape.Name}' is missing.", "Save the adapter again; nothing of it is made up.", file.Path);
            var entry = file.Entry(Prefix + shape.Name);
            if (!entry.Shape.SequenceEqual(shape.Shape))
                throw new CaiException($"Tensor '{entry.Name}' has shape [{string.Join(", ", entry.Shape)}], but r in {ConfigFile} and the model ask for "
                    + $"[{string.Join(", ", shape.Shape)}].", "Load the adapter on the model that it was trained for.", file.Path);
        }
        var expected = shapes.Select(s => Prefix + s.Name).ToHashSet();
        var unexpected = file.Entries.Where(e => !expected.Contains(e.Name)).Select(e => e.Name).ToList();
        if (unexpected.Count > 0)
            throw new CaiException($"{unexpected.Count} tensors have no place in a LoRA adapter of this model: {string.Join(", ", unexpected.Take(8))}.",
                "Load a scalar model's adapter on a scalar model; other kinds of adapters are not computed.", file.Path);
    }

    private static void Fill(LoraAdapter adapter, Safetensors file, DecoderConfig config)
    {
        using var guard = no_grad();
        var layouts = adapter.Parts.ToDictionary(p => p.Theirs + LoraAdapter.Second);
        foreach (var shape in adapter.Parameters.Shapes)
        {
            using var scope = NewDisposeScope();
            var ours = adapter.Parameters[shape.Name];
            file.CopyTo(Prefix + shape.Name, layouts.TryGetValue(shape.Name, out var part) ? RowsInTheirOrder(ours, part, config) : ours, checkFinite: true);
        }
    }

    /// <summary>The second factor's rows are the weight's rows; Conv1D's transposition is PEFT's fan_in_fan_out and not in the file.</summary>
    private static Tensor RowsInTheirOrder(Tensor factor, LoraAdapter.Part part, DecoderConfig config) =>
        part.Layout == WeightLayout.PerHead ? WeightTable.InTheirOrder(factor, part.Layout, config) : factor;
}

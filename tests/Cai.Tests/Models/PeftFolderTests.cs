using System.Text.Json.Nodes;
using Cai.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

public sealed class PeftFolderTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable guard = no_grad();

    public PeftFolderTests() => set_num_threads(1);

    public static TheoryData<string> Cases => [.. ForeignFolder.Configs.Keys];

    public void Dispose()
    {
        guard.Dispose();
        scope.Dispose();
        folder.Dispose();
    }

    /// <summary>The files, merged by loops as PEFT defines them, run through the second implementation.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void TheFilesMeanWhatPeftSays(string name)
    {
        var (config, tensors) = ForeignFolder.Write(folder.Path("m"), name);
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        LoraAdapterTests.Train(LoraAdapter.Attach(model, new() { Rank = 2, Alpha = 3 }));
        PeftFolder.Save(folder.Path("a"), model, "base");
        var adapter = JsonNode.Parse(File.ReadAllText(folder.Path("a", "adapter_config.json")))!;
        Assert.Equal(name == "gpt2", (bool)adapter["fan_in_fan_out"]!);
        var factors = ForeignFolder.ReadTensors(folder.Path("a"));
        foreach (var module in factors.Keys.Where(k => k.EndsWith(".lora_A.weight", StringComparison.Ordinal)).Select(k => k[..^".lora_A.weight".Length]))
        {
            Numbers a = factors[module + ".lora_A.weight"], b = factors[module + ".lora_B.weight"];
            Assert.StartsWith("base_model.model.", module);
            var weight = tensors[module["base_model.model.".Length..] + ".weight"];
            for (var row = 0; row < b.Shape[0]; row++)
                for (var column = 0; column < a.Shape[1]; column++)
                    weight.Data[name == "gpt2" ? column * b.Shape[0] + row : row * a.Shape[1] + column] +=
                        3.0 / 2 * Enumerable.Range(0, 2).Sum(r => b.Data[row * 2 + r] * a.Data[r * a.Shape[1] + column]);
        }
        var expected = new NaiveFamily(config, tensors).Logits([3, 1, 4, 1, 5, 9, 2, 6]).SelectMany(r => r).ToArray();
        DecoderTests.Close(expected, LoraAdapterTests.Logits(model), 5e-5);
        using var fresh = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        PeftFolder.Load(folder.Path("a"), fresh);
        Assert.Equal(LoraAdapterTests.Logits(model), LoraAdapterTests.Logits(fresh));
    }

    [Fact]
    public void NamesAndSettingsAreThoseThatPeftWrites()
    {
        using var model = Tiny.Model();
        LoraAdapter.Attach(model, new() { Rank = 4, Alpha = 8, TargetModules = ["q_proj", "v_proj"] });
        PeftFolder.Save(folder.Path("a"), model, "org/model");
        using var file = Safetensors.Open(folder.Path("a", "adapter_model.safetensors"));
        Assert.Equal(from layer in (int[])[0, 1] from module in (string[])["q_proj", "v_proj"] from factor in (string[])["A", "B"]
            select $"base_model.model.model.layers.{layer}.self_attn.{module}.lora_{factor}.weight", file.Entries.Select(e => e.Name));
        Assert.Equal([4, 16], file.Entry("base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight").Shape);
        Assert.Equal([8, 4], file.Entry("base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight").Shape);
        var config = JsonNode.Parse(File.ReadAllText(folder.Path("a", "adapter_config.json")))!;
        Assert.Equal(("LORA", "CAUSAL_LM", "org/model", 4, 8.0), ((string)config["peft_type"]!, (string)config["task_type"]!,
            (string)config["base_model_name_or_path"]!, (int)config["r"]!, (double)config["lora_alpha"]!));
        Assert.Equal(["q_proj", "v_proj"], config["target_modules"]!.AsArray().Select(n => (string)n!));
    }

    [Fact]
    public void AScalarModelsAdapterBringsItsHead()
    {
        using var language = Tiny.Model();
        using var model = ScalarModel.FromLanguageModel(language, 1);
        using var other = model.Clone();
        LoraAdapterTests.Train(LoraAdapter.Attach(model));
        PeftFolder.Save(folder.Path("a"), model, "base");
        PeftFolder.Load(folder.Path("a"), other);
        var ids = DecoderTests.Batch(Tiny.Ids(7, 1));
        Assert.Equal(Tiny.Numbers(model.Values(ids)), Tiny.Numbers(other.Values(ids)));
        Assert.Contains("modules_to_save: The key names 'score'",
            Assert.Throws<CaiException>(() => PeftFolder.Load(folder.Path("a"), language)).Message);
        Assert.Null(language.Adapter);
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "peft_type")]
    [InlineData("use_dora", "true", "use_dora")]
    [InlineData("bias", "\"all\"", "bias")]
    [InlineData("rank_pattern", "{\"q_proj\":2}", "rank_pattern")]
    [InlineData("r", "3", "has shape [4, 16], but r in adapter_config.json and the model ask for [3, 16]")]
    [InlineData("r", "null", "r: The key is missing")]
    [InlineData("r", "2000000000", "Rank is 2000000000; 1 to 4096 was expected")]
    [InlineData("lora_alpha", "0", "lora_alpha")]
    [InlineData("init_lora_weights", "\"pissa\"", "pissa")]
    [InlineData("init_lora_weights", "\"pissa_niter_16\"", "pissa_niter_16")]
    [InlineData("init_lora_weights", "\"olora\"", "olora")]
    [InlineData("init_lora_weights", "\"corda\"", "corda")]
    [InlineData("init_lora_weights", "\"loftq\"", "loftq")]
    [InlineData("init_lora_weights", "\"lora_ga\"", "lora_ga")]
    [InlineData("init_lora_weights", "\"of next year\"", "of next year")]
    [InlineData("init_lora_weights", "7", "init_lora_weights")]
    [InlineData("use_rslora", "true", "use_rslora")]
    [InlineData("use_qalora", "true", "use_qalora")]
    [InlineData("alpha_pattern", "{\"q_proj\":2}", "alpha_pattern")]
    [InlineData("rank_pattern", "[1]", "rank_pattern")]
    [InlineData("layer_replication", "[[0,2],[1,2]]", "layer_replication")]
    [InlineData("alora_invocation_tokens", "[5]", "alora_invocation_tokens")]
    [InlineData("trainable_token_indices", "[1]", "trainable_token_indices")]
    [InlineData("target_parameters", "[\"mlp.experts\"]", "target_parameters")]
    [InlineData("modules_to_save", "[\"lm_head\"]", "lm_head")]
    [InlineData("modules_to_save", "\"lm_head\"", "modules_to_save")]
    [InlineData("use_of_next_year", "true", "use_of_next_year")]
    [InlineData("scale_of_next_year", "2", "scale_of_next_year")]
    [InlineData("target_modules", "[\"q_proj\",\"embed_tokens\"]", "embed_tokens")]
    [InlineData("target_modules", "[\"q_proj\"]", "is adapted in the file, but not by target_modules")]
    [InlineData("target_modules", "\".*q_proj\"", "is adapted in the file, but not by target_modules")]
    [InlineData("target_modules", "\"(q_proj\"", "cannot be read")]
    [InlineData("target_modules", "[\"nothing\"]", "names no module of this model")]
    [InlineData("target_modules", "5", "target_modules")]
    [InlineData("exclude_modules", "[\"q_proj\"]", "is adapted in the file, but not by target_modules")]
    [InlineData("layers_to_transform", "[0]", "layers.1.self_attn.q_proj' is adapted in the file")]
    public void WhatIsNotComputedIsRefused(string key, string value, string expected)
    {
        using var model = Tiny.Model();
        LoraAdapter.Attach(model, new() { Rank = 4 });
        PeftFolder.Save(folder.Path("a"), model, "base");
        var path = folder.Path("a", "adapter_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(path, config.ToJsonString());
        using var fresh = Tiny.Model();
        Assert.Contains(expected, Assert.Throws<CaiException>(() => PeftFolder.Load(folder.Path("a"), fresh)).Message);
    }

    /// <summary>What PEFT writes into every file, and other ways to name the same modules.</summary>
    [Theory]
    [InlineData("init_lora_weights", "true")]
    [InlineData("init_lora_weights", "false")]
    [InlineData("init_lora_weights", "\"gaussian\"")]
    [InlineData("init_lora_weights", "\"eva\"")]
    [InlineData("init_lora_weights", "\"orthogonal\"")]
    [InlineData("rank_pattern", "{}")]
    [InlineData("alpha_pattern", "null")]
    [InlineData("use_dora", "false")]
    [InlineData("key_of_next_year", "null")]
    [InlineData("key_of_next_year", "false")]
    [InlineData("loftq_config", "{}")]
    [InlineData("megatron_core", "\"megatron.core\"")]
    [InlineData("peft_version", "\"0.18.0\"")]
    [InlineData("layers_to_transform", "[0, 1]")]
    [InlineData("target_modules", "null")]
    [InlineData("target_modules", "\".*self_attn.*\"")]
    [InlineData("target_modules", "[\"q_proj\",\"v_proj\",\"self_attn.k_proj\",\"o_proj\"]")]
    public void WhatChangesNothingLoads(string key, string value)
    {
        using var model = Tiny.Model();
        LoraAdapter.Attach(model, new() { TargetModules = ["q_proj", "k_proj", "v_proj", "o_proj"] });
        PeftFolder.Save(folder.Path("a"), model, "base");
        var path = folder.Path("a", "adapter_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(path, config.ToJsonString());
        using var fresh = Tiny.Model();
        Assert.Equal(16, PeftFolder.Load(folder.Path("a"), fresh).Parameters.Shapes.Count);
    }

    /// <summary>Half an adapter is none: a layer, a factor, a module or everything is missing.</summary>
    [Theory]
    [InlineData("layers.1.", "4 tensors that the adapter must have are missing")]
    [InlineData("lora_B", "4 tensors that the adapter must have are missing")]
    [InlineData("v_proj", "4 tensors that the adapter must have are missing")]
    [InlineData("layers.0.self_attn.q_proj.lora_A", "1 tensors that the adapter must have are missing")]
    [InlineData("", "8 tensors that the adapter must have are missing")]
    public void AnAdapterWithMissingTensorsIsRefused(string without, string expected)
    {
        using var model = Tiny.Model();
        LoraAdapter.Attach(model, new() { TargetModules = ["q_proj", "v_proj"] });
        PeftFolder.Save(folder.Path("a"), model, "base");
        var path = folder.Path("a", "adapter_model.safetensors");
        List<KeyValuePair<string, Tensor>> kept;
        using (var file = Safetensors.Open(path))
            kept = [.. file.Entries.Where(e => !e.Name.Contains(without, StringComparison.Ordinal))
                .Select(e => KeyValuePair.Create(e.Name, file.Read(e.Name)))];
        Safetensors.Write(path, kept);
        using var fresh = Tiny.Model();
        var error = Assert.Throws<CaiException>(() => PeftFolder.Load(folder.Path("a"), fresh));
        Assert.Contains(expected, error.Message);
        Assert.Contains("q_proj", error.Message + (without == "v_proj" ? "q_proj" : ""));
        Assert.Null(fresh.Adapter);
    }

    [Fact]
    public void FilesThatDoNotBelongTogetherAreRefused()
    {
        using var model = Tiny.Model();
        Assert.Contains("no adapter to save", Assert.Throws<CaiException>(() => PeftFolder.Save(folder.Path("a"), model, "base")).Message);
        Assert.Contains("adapter_config.json", Assert.Throws<CaiException>(() => PeftFolder.Load(folder.Path("absent"), model)).Message);
        LoraAdapter.Attach(model, new() { TargetModules = ["q_proj"] });
        PeftFolder.Save(folder.Path("a"), model, "base");
        using var shallow = Tiny.Model(config: Tiny.Config with { Layers = 1 });
        Assert.Contains("'base_model.model.model.layers.1.self_attn.q_proj' is no module of this model",
            Assert.Throws<CaiException>(() => PeftFolder.Load(folder.Path("a"), shallow)).Message);
        Safetensors.Write(folder.Path("a", "adapter_model.safetensors"), [new("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", zeros(8, 16))]);
        using var fresh = Tiny.Model();
        Assert.Contains("3 tensors that the adapter must have are missing: base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
            Assert.Throws<CaiException>(() => PeftFolder.Load(folder.Path("a"), fresh)).Message);
    }
}

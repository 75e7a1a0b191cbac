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
        Assert.Contains("1 tensors have no place in a LoRA adapter of this model: base_model.model.score.weight",
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
        Assert.Contains("q_proj.lora_B.weight' is missing", Assert.Throws<CaiException>(() => PeftFolder.Load(folder.Path("a"), fresh)).Message);
    }
}

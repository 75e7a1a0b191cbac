using System.Text.Json.Nodes;
using Cai.Models;
using Xunit;

namespace Cai.Tests.Models;

/// <summary>A config.json that says a thing twice, or what nobody here computes.</summary>
public sealed class ConfigTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private DecoderConfig Read(string family, Action<JsonObject> change)
    {
        ForeignFolder.Write(folder.Path("m"), family);
        var path = folder.Path("m", "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(config);
        File.WriteAllText(path, config.ToJsonString());
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        return model.Config;
    }

    private const string Linear = """{"rope_type":"linear","factor":4.0}""";

    [Theory]
    [InlineData("""{"factor":4.0}""", "rope_type is missing")]
    [InlineData("""{"type":null,"factor":4.0}""", "rope_type is missing")]
    [InlineData("""{"rope_type":"default","factor":4.0}""", "rope_type is default")]
    [InlineData("""{"type":"linear","rope_type":"llama3","factor":4.0}""", "is 'linear', but rope_type is 'llama3'")]
    [InlineData("""{"type":"linear"}""", "factor: The key is missing")]
    [InlineData("""{"type":"linear","factor":0}""", "from 1 was expected")]
    [InlineData("""{"type":"linear","factor":-2}""", "from 1 was expected")]
    [InlineData("""{"type":"linear","factor":"4"}""", "a number was expected")]
    [InlineData("""{"type":"linear","factor":1e999}""", "a number was expected")]
    [InlineData("""{"rope_type":"dynamic","factor":4.0}""", "'dynamic'")]
    [InlineData("""{"rope_type":"linear","factor":4.0,"attention_factor":2}""", "attention_factor")]
    [InlineData("""{"rope_type":5,"factor":4.0}""", "a text was expected")]
    [InlineData("""{"full_attention":{"rope_type":"linear","factor":4.0}}""", "full_attention")]
    [InlineData("""{"rope_type":"default","partial_rotary_factor":0.5}""", "partial_rotary_factor")]
    [InlineData("""{"rope_type":"default","rope_theta":50000.0}""", "rope_theta")]
    [InlineData("""{"rope_type":"llama3","factor":8.0,"low_freq_factor":4,"high_freq_factor":1,"original_max_position_embeddings":24}""", "high_freq_factor")]
    public void ARotarySettingIsWholeOrRefused(string scaling, string expected)
    {
        foreach (var key in (string[])["rope_scaling", "rope_parameters"])
            Assert.Contains(expected, Assert.Throws<CaiException>(
                () => Read("llama2", c => (c["rope_scaling"], c[key]) = (null, JsonNode.Parse(scaling)))).Message);
    }

    [Theory]
    [InlineData("""{"rope_type":"default"}""")]
    [InlineData("""{"type":"default","factor":1.0}""")]
    [InlineData("""{"rope_theta":100.0}""")]
    [InlineData("{}")]
    public void ARotarySettingThatScalesNothingIsNone(string scaling) =>
        Assert.Null(Read("llama2", c => c["rope_scaling"] = JsonNode.Parse(scaling)).RopeScaling);

    [Fact]
    public void TwoRotarySettingsMustSayTheSame()
    {
        Assert.Equal(4, Read("llama2", c => (c["rope_parameters"], c["rope_scaling"]) = (JsonNode.Parse(Linear), JsonNode.Parse(Linear))).RopeScaling!.Factor);
        foreach (var (now, before) in ((string, string)[])[("""{"rope_type":"default"}""", Linear), (Linear, """{"rope_type":"linear","factor":2.0}""")])
        {
            var error = Assert.Throws<CaiException>(
                () => Read("llama2", c => (c["rope_parameters"], c["rope_scaling"]) = (JsonNode.Parse(now), JsonNode.Parse(before))));
            Assert.Contains("rope_scaling", error.Message);
            Assert.Contains("rope_parameters", error.Message);
        }
    }

    [Theory]
    [InlineData("gpt_neox", "rope_theta", "5000", "rope_theta")]
    [InlineData("gpt_neox", "partial_rotary_factor", "0.5", "partial_rotary_factor")]
    [InlineData("gpt_neox", "rotary_pct", "64", "above 0 to 1")]
    [InlineData("llama2", "rope_theta", "0", "above 0")]
    [InlineData("llama2", "rms_norm_eps", "-1e-5", "rms_norm_eps")]
    [InlineData("llama2", "rms_norm_eps", "2", "a number from 0 to 1")]
    [InlineData("llama2", "model_type", "\"mistral\"", "architectures names LlamaForCausalLM")]
    [InlineData("llama2", "architectures", """["LlamaForCausalLM", "MistralForCausalLM"]""", "one was expected")]
    [InlineData("llama2", "architectures", "\"LlamaForCausalLM\"", "a list of texts")]
    [InlineData("llama2", "hidden_act", "5", "a text was expected")]
    [InlineData("qwen2-window", "layer_types", "\"full_attention\"", "a list of texts")]
    // Of families close to these: each would change what is computed.
    [InlineData("llama2", "attn_logit_softcapping", "50.0", "attn_logit_softcapping")]
    [InlineData("llama2", "final_logit_softcapping", "30.0", "final_logit_softcapping")]
    [InlineData("llama2", "logit_scale", "0.0625", "logit_scale")]
    [InlineData("llama2", "embedding_multiplier", "12", "embedding_multiplier")]
    [InlineData("llama2", "residual_multiplier", "0.22", "residual_multiplier")]
    [InlineData("llama2", "no_rope_layers", "[1, 0]", "no_rope_layers")]
    [InlineData("llama2", "use_qk_norm", "true", "use_qk_norm")]
    [InlineData("llama2", "sliding_window", "4", "sliding_window")]
    [InlineData("llama2", "pruned_heads", """{"0": [1]}""", "pruned_heads")]
    [InlineData("mistral", "num_local_experts", "8", "num_local_experts")]
    [InlineData("gpt2", "rope_scaling", Linear, "rope_scaling")]
    [InlineData("gpt2", "scale_embedding", "true", "scale_embedding")]
    public void WhatSaysTwoThingsOrIsNotKnownIsRefusedByName(string family, string key, string value, string expected)
    {
        var error = Assert.Throws<CaiException>(() => Read(family, c => c[key] = JsonNode.Parse(value)));
        Assert.Contains(key, error.Message);
        Assert.Contains(expected, error.Message);
    }

    /// <summary>What real files have beside the sizes loads, and so do keys of other families that are switched off.</summary>
    [Fact]
    public void WhatChangesNothingLoads() => Assert.Equal(2, Read("llama2", c =>
    {
        foreach (var (key, value) in JsonNode.Parse("""
            {
              "_name_or_path": "x", "_attn_implementation": "sdpa", "transformers_version": "4.41.2", "unsloth_version": "2026.1", "torch_dtype": "bfloat16",
              "dtype": "bfloat16", "use_cache": true, "pretraining_tp": 1, "attention_dropout": 0.1, "initializer_range": 0.02, "pad_token_id": -1,
              "bos_token_id": 1, "eos_token_id": [2, 3], "attention_bias": false, "mlp_bias": false, "sliding_window": null, "layer_types": null,
              "use_qk_norm": false, "pruned_heads": {}, "head_dim": null, "auto_map": {"AutoConfig": "x"}, "id2label": {"0": "a"}, "temperature": 0.6,
              "quantization_config": null, "rope_parameters": null
            }
            """)!.AsObject())
            c[key] = value?.DeepClone();
    }).Layers);

    [Fact]
    public void AFolderWithTwoSetsOfWeightsIsRefused()
    {
        ForeignFolder.Write(folder.Path("m"), "llama2");
        File.Copy(folder.Path("m", "model.safetensors"), folder.Path("m", "model-00001-of-00001.safetensors"));
        folder.File("m/model.safetensors.index.json", """{"weight_map": {"model.norm.weight": "model-00001-of-00001.safetensors"}}""");
        Assert.Contains("holds model.safetensors and also", Assert.Throws<CaiException>(() => HuggingFaceFolder.LoadDecoder(folder.Path("m"))).Message);
    }
}

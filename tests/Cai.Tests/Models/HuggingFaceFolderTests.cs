using System.Text.Json.Nodes;
using Cai.Models;
using Cai.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

public sealed class HuggingFaceFolderTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public HuggingFaceFolderTests() => set_num_threads(1);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("llama", false, true, ScalarType.Float32)]
    [InlineData("llama", false, false, ScalarType.BFloat16)]
    [InlineData("mistral", false, false, ScalarType.Float16)]
    [InlineData("qwen2", true, true, ScalarType.Float32)]
    public void ASavedModelLoadsEqualUpToItsType(string family, bool bias, bool tied, ScalarType dtype)
    {
        var config = Tiny() with { Family = family, AttentionBias = bias, TiedHead = tied, HeadSize = 6, RopeTheta = 5000, NormEpsilon = 1e-6 };
        using var model = Decoder.Create(config, 3);
        model.Parameters.Flat.add_(0.01); // norms and biases away from their initial values
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText(), dtype: dtype);
        using var loaded = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        Assert.Equal(config, loaded.Config);
        Assert.True(loaded.Parameters.Flat.eq(model.Parameters.Flat.to(dtype).to(ScalarType.Float32)).all().ToBoolean());
        using var narrow = HuggingFaceFolder.LoadDecoder(folder.Path("m"), new LoadOptions { DType = ScalarType.BFloat16 });
        Assert.True(narrow.Parameters.Flat.eq(loaded.Parameters.Flat.to(ScalarType.BFloat16)).all().ToBoolean());
    }

    [Fact]
    public void AScalarModelKeepsItsHeadAndNeitherKindLoadsAsTheOther()
    {
        using var language = Decoder.Create(Tiny() with { TiedHead = false }, 3);
        using var model = ScalarModel.FromLanguageModel(language, 5);
        HuggingFaceFolder.SaveScalar(folder.Path("pm"), model, new NoText());
        using var loaded = HuggingFaceFolder.LoadScalarModel(folder.Path("pm"));
        var ids = tensor(new long[] { 1, 4, 2 }).view(1, 3);
        Assert.Equal(model.Values(ids).data<float>().ToArray(), loaded.Values(ids).data<float>().ToArray());
        Assert.Contains("scalar model", Assert.Throws<CaiException>(() => HuggingFaceFolder.LoadDecoder(folder.Path("pm"))).Message);
        HuggingFaceFolder.Save(folder.Path("lm"), language, new NoText());
        Assert.Contains("no scalar head", Assert.Throws<CaiException>(() => HuggingFaceFolder.LoadScalarModel(folder.Path("lm"))).Message);
        Rewrite("lm", config => config["architectures"] = new JsonArray("LlamaForSequenceClassification"));
        Assert.Contains("score.weight", Assert.Throws<CaiException>(() => HuggingFaceFolder.LoadScalarModel(folder.Path("lm"))).Message);
    }

    [Fact]
    public void ATiedMatrixMayBearEitherNameOrBoth()
    {
        using var model = Decoder.Create(Tiny(), 3);
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText());
        Rename("m", tensors => tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]);
        using (var both = HuggingFaceFolder.LoadDecoder(folder.Path("m")))
            Assert.True(both.Parameters.Flat.eq(model.Parameters.Flat).all().ToBoolean());
        Rename("m", tensors => tensors.Remove("model.embed_tokens.weight"));
        using (var head = HuggingFaceFolder.LoadDecoder(folder.Path("m")))
            Assert.True(head.Parameters.Flat.eq(model.Parameters.Flat).all().ToBoolean());
        Rename("m", tensors => tensors["model.embed_tokens.weight"] = zeros(Tiny().VocabularySize, Tiny().HiddenSize));
        Fails("m", "differ");
    }

    [Fact]
    public void ShardsAreReadThroughTheirIndex()
    {
        using var model = Decoder.Create(Tiny(), 3);
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText());
        Dictionary<string, Tensor> tensors;
        using (var file = Safetensors.Open(folder.Path("m", "model.safetensors")))
            tensors = file.Entries.ToDictionary(e => e.Name, e => file.Read(e.Name));
        File.Delete(folder.Path("m", "model.safetensors"));
        var map = new JsonObject();
        foreach (var (shard, part) in tensors.Chunk(5).Select((part, i) => ($"model-{i}.safetensors", part)))
        {
            Safetensors.Write(folder.Path("m", shard), part);
            foreach (var (name, _) in part)
                map[name] = shard;
        }
        var index = folder.Path("m", "model.safetensors.index.json");
        File.WriteAllText(index, new JsonObject { ["weight_map"] = map }.ToJsonString());
        using (var loaded = HuggingFaceFolder.LoadDecoder(folder.Path("m")))
            Assert.True(loaded.Parameters.Flat.eq(model.Parameters.Flat).all().ToBoolean());
        map["phantom"] = "model-0.safetensors";
        File.WriteAllText(index, new JsonObject { ["weight_map"] = map.DeepClone() }.ToJsonString());
        Fails("m", "'phantom'");
        map["phantom"] = "../model-0.safetensors";
        File.WriteAllText(index, new JsonObject { ["weight_map"] = map.DeepClone() }.ToJsonString());
        Fails("m", "plain file name");
        map["phantom"] = "model-9.safetensors";
        File.WriteAllText(index, new JsonObject { ["weight_map"] = map.DeepClone() }.ToJsonString());
        Fails("m", "model-9.safetensors is missing");
        File.WriteAllText(index, "{");
        Fails("m", "not an index of weights");
    }

    [Theory]
    [InlineData("architectures", "[\"OPTForCausalLM\"]", "LlamaForCausalLM")]
    [InlineData("architectures", "null", "is not stated")]
    [InlineData("hidden_size", "\"8\"", "hidden_size")]
    [InlineData("hidden_size", "null", "hidden_size")]
    [InlineData("hidden_act", "\"relu2\"", "hidden_act: The key is 'relu2'")]
    [InlineData("rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8}", "rope_scaling: low_freq_factor: The key is missing")]
    [InlineData("rope_scaling", "{\"type\":\"yarn\",\"factor\":8}", "rope_type: The key is 'yarn'")]
    [InlineData("rope_scaling", "4", "rope_scaling: The key is 4; an object was expected")]
    [InlineData("partial_rotary_factor", "0.5", "partial_rotary_factor")]
    [InlineData("quantization_config", "{\"quant_method\":\"gptq\"}", "quantization_config")]
    [InlineData("attention_bias", "true", "8 weights that config.json asks for are missing: model.layers.0.self_attn.q_proj.bias")]
    [InlineData("head_dim", "3", "head_dim: The key makes 3 of each head's 3 numbers rotary")]
    [InlineData("num_key_value_heads", "3", "num_key_value_heads")]
    [InlineData("num_key_value_heads", "4",
        "'model.layers.0.self_attn.k_proj.weight' has shape [8, 16], but config.json (num_key_value_heads × head_dim, hidden_size) asks for [16, 16]")]
    [InlineData("intermediate_size", "30", "intermediate_size")]
    [InlineData("vocab_size", "12", "vocab_size")]
    [InlineData("num_hidden_layers", "3", "9 weights that config.json asks for are missing: model.layers.2.input_layernorm.weight")]
    [InlineData("num_hidden_layers", "1", "model.layers.1.mlp.up_proj.weight")]
    [InlineData("tie_word_embeddings", "false", "lm_head.weight")]
    public void AConfigThatDoesNotFitNamesKeyOrTensor(string key, string value, string expected)
    {
        using var model = Decoder.Create(Tiny(), 3);
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText());
        Rewrite("m", config => config[key] = JsonNode.Parse(value));
        Fails("m", expected);
    }

    [Theory]
    [InlineData("gpt2", "scale_attn_by_inverse_layer_idx", "true", "is true, which is not computed")]
    [InlineData("gpt2", "scale_attn_weights", "false", "is false, which is not computed")]
    [InlineData("gpt2", "n_positions", "32", "'transformer.wpe.weight' has shape [64, 16], but config.json (n_positions, n_embd) asks for [32, 16]")]
    [InlineData("gpt2", "n_inner", "40", "'transformer.h.0.mlp.c_fc.weight' has shape [16, 64], but config.json (n_embd, n_inner) asks for [16, 40]")]
    [InlineData("gpt_neox", "rotary_pct", "0.4", "rotary_pct: The key makes 3 of each head's 8 numbers rotary")]
    [InlineData("gpt_neox", "num_hidden_layers", "3", "12 weights that config.json asks for are missing: gpt_neox.layers.2.input_layernorm.weight")]
    [InlineData("qwen2-window", "max_window_layers", "0", "layer_types: The key does not agree with sliding_window, use_sliding_window and max_window_layers")]
    [InlineData("qwen3", "architectures", "[\"LlamaForCausalLM\"]", "is 'qwen3', but architectures names LlamaForCausalLM")]
    [InlineData("mistral", "attention_bias", "true", "models of family mistral have no such key")]
    [InlineData("phi3", "num_key_value_heads", "4", "(num_attention_heads × (hidden_size / num_attention_heads) + 2 × num_key_value_heads × (hidden_size / "
        + "num_attention_heads), hidden_size) asks for [48, 16]")]
    [InlineData("phi3", "rope_scaling", "{\"type\":\"longrope\",\"long_factor\":[1],\"short_factor\":[1]}", "rope_type: The key is 'longrope'")]
    public void OtherFamiliesNameTheirOwnKeys(string model, string key, string value, string expected)
    {
        ForeignFolder.Write(folder.Path("m"), model);
        Rewrite("m", config => config[key] = JsonNode.Parse(value));
        Fails("m", expected);
    }

    [Fact]
    public void WhatAFamilyCannotStateIsNotSaved()
    {
        void Refused(DecoderConfig config, string expected)
        {
            using var model = Decoder.Create(config, 1);
            Assert.Contains(expected, Assert.Throws<CaiException>(() => HuggingFaceFolder.Save(folder.Path("m"), model, new NoText())).Message);
            Assert.False(Directory.Exists(folder.Path("m")));
        }
        Refused(Tiny() with { AttentionBias = true }, "A model of family 'llama' cannot have OutputBias false");
        Refused(Tiny() with { Family = "mistral", AttentionBias = true }, "A model of family 'mistral' cannot have AttentionBias true");
        Refused(Tiny() with { Window = 4 }, "A model of family 'llama' cannot have Window 4");
        Refused(Tiny() with { Family = "gpt2" }, "A model of family 'gpt2' cannot have KvHeads 2");
        Refused(Tiny() with { Family = "bert" }, "Known families: llama, mistral, qwen2, qwen3, phi3, gpt2, gpt_neox");
    }

    [Fact]
    public void ShardsAreWrittenWithAnIndexAndReplaceWhatWasThere()
    {
        using var model = Decoder.Create(Tiny(), 3);
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText());
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText(), shardBytes: 5000);
        var shards = Directory.GetFiles(folder.Path("m"), "model-*.safetensors").Select(Path.GetFileName).Order().ToArray();
        Assert.True(shards.Length > 2);
        Assert.Equal($"model-00001-of-{shards.Length:D5}.safetensors", shards[0]);
        Assert.False(File.Exists(folder.Path("m", "model.safetensors")));
        var index = JsonNode.Parse(File.ReadAllText(folder.Path("m", "model.safetensors.index.json")))!;
        Assert.Equal(4 * model.Parameters.Count, (long)index["metadata"]!["total_size"]!);
        foreach (var (name, shard) in index["weight_map"]!.AsObject())
        {
            using var file = Safetensors.Open(folder.Path("m", (string)shard!));
            Assert.True(file.Contains(name));
            Assert.True(file.Entries.Count == 1 || file.Entries.Sum(e => e.Bytes) <= 5000);
        }
        using (var loaded = HuggingFaceFolder.LoadDecoder(folder.Path("m")))
            Assert.True(loaded.Parameters.Flat.eq(model.Parameters.Flat).all().ToBoolean());
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText());
        Assert.Equal(["model.safetensors"], Directory.GetFiles(folder.Path("m"), "model*").Select(Path.GetFileName));
    }

    [Fact]
    public void ADamagedShardNamesItself()
    {
        using var model = Decoder.Create(Tiny(), 3);
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText(), shardBytes: 5000);
        var shard = folder.Path("m", Path.GetFileName(Directory.GetFiles(folder.Path("m"), "model-00002*")[0]));
        var bytes = File.ReadAllBytes(shard);
        void Broken(byte[] content, string expected)
        {
            File.WriteAllBytes(shard, content);
            var error = Assert.Throws<CaiException>(() => HuggingFaceFolder.LoadDecoder(folder.Path("m")));
            Assert.Contains(expected, error.Message);
            Assert.Equal(shard, error.Where);
            Assert.DoesNotContain('\n', error.Message);
        }
        Broken(bytes[..^1], "it is truncated");
        Broken(bytes[..40], "the file is truncated");
        Broken([.. bytes, 0], "1 bytes at the end belong to no tensor");
        Broken([0xFF, 0xFF, 0, 0, 0, 0, 0, 0, .. bytes[8..]], "The header claims 65535 bytes");
        Broken([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, .. bytes[8..]], "not a safetensors file");
        // The second tensor's offsets become those of the first, as if one had been written over the other.
        var header = System.Text.Encoding.Latin1.GetString(bytes);
        var offsets = System.Text.RegularExpressions.Regex.Matches(header, @"\[\d+,\d+\](?=})").Select(m => m.Value).Take(2).ToArray();
        Broken(System.Text.Encoding.Latin1.GetBytes(header.Replace(offsets[1], offsets[0].PadRight(offsets[1].Length))), "Tensor '");
    }

    [Fact]
    public void MissingFilesSayWhatAModelFolderIs()
    {
        Fails("absent", "model folder does not exist");
        Directory.CreateDirectory(folder.Path("m"));
        Fails("m", "config.json");
        using var model = Decoder.Create(Tiny(), 3);
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText());
        File.Delete(folder.Path("m", "model.safetensors"));
        Fails("m", "neither model.safetensors nor model.safetensors.index.json");
    }

    [Fact]
    public void WeightsThatAreNotFiniteAreRefusedUnlessAskedFor()
    {
        using var model = Decoder.Create(Tiny(), 3);
        model.Parameters["norm.weight"][3] = float.NaN;
        HuggingFaceFolder.Save(folder.Path("m"), model, new NoText());
        Fails("m", "'model.norm.weight' holds NaN");
        using var loaded = HuggingFaceFolder.LoadDecoder(folder.Path("m"), new LoadOptions { CheckFinite = false });
        Assert.True(float.IsNaN(loaded.Parameters["norm.weight"][3].ToSingle()));
    }

    internal static DecoderConfig Tiny() => new()
    {
        VocabularySize = 11, HiddenSize = 16, Layers = 2, Heads = 4, KvHeads = 2, IntermediateSize = 24, MaxPositions = 64,
    };

    private void Fails(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<CaiException>(() => HuggingFaceFolder.LoadDecoder(folder.Path(name))).Message);

    private void Rewrite(string name, Action<JsonNode> change)
    {
        var path = folder.Path(name, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }

    private void Rename(string name, Action<Dictionary<string, Tensor>> change)
    {
        var path = folder.Path(name, "model.safetensors");
        Dictionary<string, Tensor> tensors;
        using (var file = Safetensors.Open(path))
            tensors = file.Entries.ToDictionary(e => e.Name, e => file.Read(e.Name));
        change(tensors);
        Safetensors.Write(path, tensors);
    }

    private sealed class NoText : ITokenizer
    {
        public int VocabularySize => 11;
        public int? BosId => 1;
        public int EosId => 2;
        public int[] Encode(string text, bool parseSpecial = false) => throw new NotSupportedException();
        public string Decode(IReadOnlyList<int> ids) => throw new NotSupportedException();
        public string TokenText(int id) => throw new NotSupportedException();
    }
}

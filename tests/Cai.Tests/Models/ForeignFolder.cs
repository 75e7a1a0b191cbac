using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Cai.Tests.Models;

/// <summary>Tiny random models as other programs would store them: config.json and a safetensors file written byte by byte.</summary>
internal static class ForeignFolder
{
    public const int Vocabulary = 13;

    private const string LlamaSizes = """
        "vocab_size": 13, "hidden_size": 16, "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 100.0
        """;

    private const string NeoX = """
        "model_type": "gpt_neox", "architectures": ["GPTNeoXForCausalLM"], "vocab_size": 13, "hidden_size": 32, "intermediate_size": 48,
        "num_hidden_layers": 2, "num_attention_heads": 4,
        "max_position_embeddings": 64, "layer_norm_eps": 1e-5, "hidden_act": "gelu", "rotary_emb_base": 100, "tie_word_embeddings": false
        """;

    /// <summary>config.json by case: every family, and every variant that changes what is computed.</summary>
    public static readonly IReadOnlyDictionary<string, string> Configs = new Dictionary<string, string>
    {
        ["llama2"] =
            $$"""{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], {{LlamaSizes}}, "tie_word_embeddings": false, "rope_scaling": null }""",
        ["llama-linear"] = $$"""{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], {{LlamaSizes}}, "tie_word_embeddings": true,"""
            + $$""" "rope_scaling": { "rope_type": "linear", "factor": 4.0 } }""",
        ["llama3"] = $$"""{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], {{LlamaSizes.Replace("100.0", "10.0")}}, "head_dim": 12,"""
            + $$""" "tie_word_embeddings": true, "rope_scaling": { "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,"""
            + $$""" "original_max_position_embeddings": 24 } }""",
        ["llama-bias"] = $$"""{ "model_type": "llama", "architectures": ["LlamaForCausalLM"], {{LlamaSizes}}, "tie_word_embeddings": false,"""
            + $$""" "attention_bias": true, "mlp_bias": true }""",
        ["mistral"] =
            $$"""{ "model_type": "mistral", "architectures": ["MistralForCausalLM"], {{LlamaSizes}}, "tie_word_embeddings": false, "sliding_window": 5 }""",
        ["qwen2"] = $$"""{ "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], {{LlamaSizes}}, "tie_word_embeddings": true,"""
            + $$""" "use_sliding_window": false, "sliding_window": 4, "max_window_layers": 1 }""",
        ["qwen2-window"] = $$"""{ "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], {{LlamaSizes}}, "tie_word_embeddings": true,"""
            + $$""" "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 1, "layer_types": ["full_attention", "sliding_attention"] }""",
        ["qwen3"] = $$"""{ "model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], {{LlamaSizes}}, "head_dim": 6, "tie_word_embeddings": true,"""
            + $$""" "use_sliding_window": false, "sliding_window": null }""",
        ["phi3"] = $$"""{ "model_type": "phi3", "architectures": ["Phi3ForCausalLM"], {{LlamaSizes}}, "tie_word_embeddings": false, "sliding_window": 6,"""
            + $$""" "partial_rotary_factor": 0.5 }""",
        ["gpt2"] = """{ "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 13, "n_embd": 16, "n_layer": 2, "n_head": 4,"""
            + """ "n_inner": null, "n_positions": 64, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new", "tie_word_embeddings": true }""",
        ["gpt_neox"] = $$"""{ {{NeoX}}, "rotary_pct": 0.25, "use_parallel_residual": true }""",
        ["gpt_neox-sequential"] = $$"""{ {{NeoX}}, "rotary_pct": 1.0, "use_parallel_residual": false }""",
    };

    /// <summary>Writes the case's model and gives what is in it.</summary>
    public static (JsonObject Config, Dictionary<string, Numbers> Tensors) Write(string folder, string name)
    {
        var config = JsonNode.Parse(Configs[name])!.AsObject();
        var tensors = Shapes(config).ToDictionary(s => s.Name, s => Random(s.Name, s.Shape));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        WriteTensors(Path.Combine(folder, "model.safetensors"), tensors);
        return (config, tensors);
    }

    /// <summary>The safetensors format written directly.</summary>
    public static void WriteTensors(string path, IReadOnlyDictionary<string, Numbers> tensors)
    {
        var header = new JsonObject();
        long offset = 0;
        foreach (var (name, tensor) in tensors)
            header[name] = new JsonObject
            {
                ["dtype"] = "F32", ["shape"] = JsonSerializer.SerializeToNode(tensor.Shape),
                ["data_offsets"] = new JsonArray(offset, offset += 4 * tensor.Data.Length),
            };
        var json = Encoding.UTF8.GetBytes(header.ToJsonString());
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        File.WriteAllBytes(path,
            [.. length, .. json, .. tensors.Values.SelectMany(t => MemoryMarshal.AsBytes<float>([.. t.Data.Select(v => (float)v)]).ToArray())]);
    }

    /// <summary>The float32 tensors of all safetensors files of a folder, read directly.</summary>
    public static Dictionary<string, Numbers> ReadTensors(string folder)
    {
        var all = new Dictionary<string, Numbers>();
        foreach (var bytes in Directory.GetFiles(folder, "*.safetensors").Select(File.ReadAllBytes))
        {
            var start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
            foreach (var (name, entry) in JsonNode.Parse(bytes.AsSpan(8, start - 8))!.AsObject().Where(e => e.Key != "__metadata__"))
            {
                Assert.Equal("F32", (string)entry!["dtype"]!);
                int from = (int)entry["data_offsets"]![0]!, to = (int)entry["data_offsets"]![1]!;
                all.Add(name, new(entry["shape"].Deserialize<long[]>()!,
                    [.. MemoryMarshal.Cast<byte, float>(bytes.AsSpan(start + from, to - from)).ToArray().Select(v => (double)v)]));
            }
        }
        return all;
    }

    private static IEnumerable<(string Name, long[] Shape)> Shapes(JsonObject c) => (string)c["model_type"]! switch
    {
        "gpt2" => Gpt2(c),
        "gpt_neox" => NeoXShapes(c),
        _ => Llama(c),
    };

    private static IEnumerable<(string, long[])> Llama(JsonObject c)
    {
        long d = (long)c["hidden_size"]!, f = (long)c["intermediate_size"]!, heads = (long)c["num_attention_heads"]!, kv = (long)c["num_key_value_heads"]!,
            width = (long?)c["head_dim"] ?? d / heads;
        var family = (string)c["model_type"]!;
        bool bias = (bool?)c["attention_bias"] ?? false, mlpBias = (bool?)c["mlp_bias"] ?? false;
        yield return ("model.embed_tokens.weight", [Vocabulary, d]);
        for (var i = 0; i < (int)c["num_hidden_layers"]!; i++)
        {
            var p = $"model.layers.{i}.";
            yield return (p + "input_layernorm.weight", [d]);
            yield return (p + "post_attention_layernorm.weight", [d]);
            (string, long, long, bool)[] dense = family == "phi3"
                ? [("self_attn.qkv_proj", (heads + 2 * kv) * width, d, false), ("self_attn.o_proj", d, heads * width, false),
                    ("mlp.gate_up_proj", 2 * f, d, false), ("mlp.down_proj", d, f, false)]
                :
                [
                    ("self_attn.q_proj", heads * width, d, bias || family == "qwen2"), ("self_attn.k_proj", kv * width, d, bias || family == "qwen2"),
                    ("self_attn.v_proj", kv * width, d, bias || family == "qwen2"),
                    ("self_attn.o_proj", d, heads * width, bias), ("mlp.gate_proj", f, d, mlpBias), ("mlp.up_proj", f, d, mlpBias),
                    ("mlp.down_proj", d, f, mlpBias),
                ];
            foreach (var (name, rows, columns, hasBias) in dense)
            {
                yield return ($"{p}{name}.weight", [rows, columns]);
                if (hasBias)
                    yield return ($"{p}{name}.bias", [rows]);
            }
            if (family == "qwen3")
                foreach (var norm in (string[])["q_norm", "k_norm"])
                    yield return ($"{p}self_attn.{norm}.weight", [width]);
        }
        yield return ("model.norm.weight", [d]);
        if (!(bool)c["tie_word_embeddings"]!)
            yield return ("lm_head.weight", [Vocabulary, d]);
    }

    private static IEnumerable<(string, long[])> Gpt2(JsonObject c)
    {
        var d = (long)c["n_embd"]!;
        yield return ("transformer.wte.weight", [Vocabulary, d]);
        yield return ("transformer.wpe.weight", [(long)c["n_positions"]!, d]);
        for (var i = 0; i < (int)c["n_layer"]!; i++)
            foreach (var (name, shape) in new (string, long[])[] { ("ln_1", [d]), ("ln_2", [d]), ("attn.c_attn", [d, 3 * d]), ("attn.c_proj", [d, d]),
                ("mlp.c_fc", [d, 4 * d]), ("mlp.c_proj", [4 * d, d]) })
            {
                yield return ($"transformer.h.{i}.{name}.weight", shape);
                yield return ($"transformer.h.{i}.{name}.bias", [shape[^1]]);
            }
        yield return ("transformer.ln_f.weight", [d]);
        yield return ("transformer.ln_f.bias", [d]);
    }

    private static IEnumerable<(string, long[])> NeoXShapes(JsonObject c)
    {
        long d = (long)c["hidden_size"]!, f = (long)c["intermediate_size"]!;
        yield return ("gpt_neox.embed_in.weight", [Vocabulary, d]);
        for (var i = 0; i < (int)c["num_hidden_layers"]!; i++)
            foreach (var (name, shape) in new (string, long[])[]
            {
                ("input_layernorm", [d]), ("post_attention_layernorm", [d]), ("attention.query_key_value", [3 * d, d]), ("attention.dense", [d, d]),
                ("mlp.dense_h_to_4h", [f, d]), ("mlp.dense_4h_to_h", [d, f]),
            })
            {
                yield return ($"gpt_neox.layers.{i}.{name}.weight", shape);
                yield return ($"gpt_neox.layers.{i}.{name}.bias", [shape[0]]);
            }
        yield return ("gpt_neox.final_layer_norm.weight", [d]);
        yield return ("gpt_neox.final_layer_norm.bias", [d]);
        yield return ("embed_out.weight", [Vocabulary, d]);
    }

    /// <summary>Matrices and biases within ± 0.5, norms within 0.8 to 1.2, as float32 can state them.</summary>
    private static Numbers Random(string name, long[] shape)
    {
        var rng = Seeds.Rng(1, name);
        var norm = name.EndsWith(".weight", StringComparison.Ordinal) && shape.Length == 1;
        return new(shape, [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b))
            .Select(_ => (double)(float)(norm ? 0.8 + 0.4 * rng.NextDouble() : rng.NextDouble() - 0.5))]);
    }
}

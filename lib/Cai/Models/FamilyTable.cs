namespace Cai.Models;

/// <summary>
/// The families. Sources: the configuration and modelling files of Hugging Face's transformers, one folder a
/// `model_type`.
/// </summary>
internal static class FamilyTable
{
    private const string Layer = "model.layers.*.";

    private static readonly WeightRow[] LlamaWeights =
    [
        new("embed", ["model.embed_tokens"]),
        new("layers.*.attention_norm", [Layer + "input_layernorm"]),
        new("layers.*.qkv", [Layer + "self_attn.q_proj", Layer + "self_attn.k_proj", Layer + "self_attn.v_proj"]),
        new("layers.*.q_norm", [Layer + "self_attn.q_norm"]),
        new("layers.*.k_norm", [Layer + "self_attn.k_norm"]),
        new("layers.*.out", [Layer + "self_attn.o_proj"]),
        new("layers.*.mlp_norm", [Layer + "post_attention_layernorm"]),
        new("layers.*.gate_up", [Layer + "mlp.gate_proj", Layer + "mlp.up_proj"]),
        new("layers.*.down", [Layer + "mlp.down_proj"]),
        new("norm", ["model.norm"]),
        new("head", ["lm_head"]),
        new("score", ["score"]),
    ];

    private static readonly WeightRow[] Phi3Weights =
    [
        .. LlamaWeights.Where(r => r.Ours is not ("layers.*.qkv" or "layers.*.gate_up")),
        new("layers.*.qkv", [Layer + "self_attn.qkv_proj"]),
        new("layers.*.gate_up", [Layer + "mlp.gate_up_proj"]),
    ];

    private static readonly WeightRow[] Gpt2Weights =
    [
        new("embed", ["transformer.wte"]),
        new("positions", ["transformer.wpe"]),
        new("layers.*.attention_norm", ["transformer.h.*.ln_1"]),
        new("layers.*.qkv", ["transformer.h.*.attn.c_attn"], WeightLayout.Transposed),
        new("layers.*.out", ["transformer.h.*.attn.c_proj"], WeightLayout.Transposed),
        new("layers.*.mlp_norm", ["transformer.h.*.ln_2"]),
        new("layers.*.up", ["transformer.h.*.mlp.c_fc"], WeightLayout.Transposed),
        new("layers.*.down", ["transformer.h.*.mlp.c_proj"], WeightLayout.Transposed),
        new("norm", ["transformer.ln_f"]),
        new("head", ["lm_head"]),
        new("score", ["score"]),
    ];

    private static readonly WeightRow[] NeoXWeights =
    [
        new("embed", ["gpt_neox.embed_in"]),
        new("layers.*.attention_norm", ["gpt_neox.layers.*.input_layernorm"]),
        new("layers.*.qkv", ["gpt_neox.layers.*.attention.query_key_value"], WeightLayout.PerHead),
        new("layers.*.out", ["gpt_neox.layers.*.attention.dense"]),
        new("layers.*.mlp_norm", ["gpt_neox.layers.*.post_attention_layernorm"]),
        new("layers.*.up", ["gpt_neox.layers.*.mlp.dense_h_to_4h"]),
        new("layers.*.down", ["gpt_neox.layers.*.mlp.dense_4h_to_h"]),
        new("norm", ["gpt_neox.final_layer_norm"]),
        new("head", ["embed_out"]),
        new("score", ["score"]),
    ];

    private static readonly ModelFamily Llama = new("llama", "LlamaForCausalLM", "LlamaForSequenceClassification", "model.", LlamaWeights)
    {
        Keys = new() { AttentionBias = "attention_bias", MlpBias = "mlp_bias" },
    };

    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        Llama,
        Llama with
        {
            ModelType = "mistral", LanguageModel = "MistralForCausalLM", ScalarModel = "MistralForSequenceClassification",
            Keys = new() { Window = "sliding_window" },
            Default = Llama.Default with { Window = 4096 },
        },
        Llama with
        {
            ModelType = "qwen2", LanguageModel = "Qwen2ForCausalLM", ScalarModel = "Qwen2ForSequenceClassification",
            Keys = new() { Window = "sliding_window", UseWindow = "use_sliding_window", WindowFrom = "max_window_layers" },
            Default = Llama.Default with { AttentionBias = true, Window = 4096, WindowFrom = 28 },
        },
        Llama with
        {
            ModelType = "qwen3", LanguageModel = "Qwen3ForCausalLM", ScalarModel = "Qwen3ForSequenceClassification",
            Keys = new() { AttentionBias = "attention_bias", Window = "sliding_window", UseWindow = "use_sliding_window", WindowFrom = "max_window_layers" },
            Default = Llama.Default with { QkNorm = true, HeadSize = 128, Window = 4096, WindowFrom = 28 },
        },
        Llama with
        {
            ModelType = "phi3", LanguageModel = "Phi3ForCausalLM", ScalarModel = "Phi3ForSequenceClassification", Weights = Phi3Weights,
            Keys = new() { HeadSize = null, Window = "sliding_window", RotaryShare = ["partial_rotary_factor"] },
            Default = Llama.Default with { NormEpsilon = 1e-5 },
        },
        new("gpt2", "GPT2LMHeadModel", "GPT2ForSequenceClassification", "transformer.", Gpt2Weights)
        {
            Keys = new()
            {
                HiddenSize = "n_embd", Layers = "n_layer", Heads = "n_head", KvHeads = null, IntermediateSize = "n_inner", MaxPositions = "n_positions",
                HeadSize = null, NormEpsilon = "layer_norm_epsilon", Activation = "activation_function", RopeTheta = [],
            },
            Default = Llama.Default with
            {
                Norm = NormKind.Layer, NormEpsilon = 1e-5, Activation = Activation.GeluTanh, GatedMlp = false, LearnedPositions = true,
                TiedHead = true, AttentionBias = true, OutputBias = true, MlpBias = true,
            },
            DefaultWidening = 4,
            Required = new Dictionary<string, bool>
            {
                ["scale_attn_weights"] = true, ["scale_attn_by_inverse_layer_idx"] = false, ["add_cross_attention"] = false,
            },
            Derived = [".attn.bias", ".attn.masked_bias"],
        },
        new("gpt_neox", "GPTNeoXForCausalLM", "GPTNeoXForSequenceClassification", "gpt_neox.", NeoXWeights)
        {
            Keys = new()
            {
                KvHeads = null, HeadSize = null, NormEpsilon = "layer_norm_eps", RopeTheta = ["rotary_emb_base", "rope_theta"],
                RotaryShare = ["rotary_pct", "partial_rotary_factor"], ParallelResidual = "use_parallel_residual", AttentionBias = "attention_bias",
            },
            Default = Llama.Default with
            {
                Norm = NormKind.Layer, NormEpsilon = 1e-5, Activation = Activation.Gelu, GatedMlp = false, ParallelResidual = true, RotaryShare = 0.25,
                AttentionBias = true, OutputBias = true, MlpBias = true,
            },
            Derived = ["rotary_emb.inv_freq", ".attention.bias", ".attention.masked_bias"],
        },
    ];
}

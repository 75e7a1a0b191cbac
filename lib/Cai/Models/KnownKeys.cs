using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Models;

/// <summary>
/// The keys of a config.json that are known. A key that nobody reads may say how the model computes, as `attn_logit_softcapping`, `logit_scale` or
/// `embedding_multiplier` do in families close to these: it is refused by name unless it is switched off (null, false, empty).
/// </summary>
internal static class KnownKeys
{
    // Of transformers' PretrainedConfig and of the families' configurations: where a model comes from, how it was trained or is to be sampled.
    private static readonly HashSet<string> Neutral =
    [
        "architectures", "model_type", "transformers_version", "torch_dtype", "dtype", "name_or_path", "auto_map", "tokenizer_class", "prefix",
        "attn_implementation", "use_cache", "use_bfloat16", "return_dict", "return_dict_in_generate", "output_hidden_states", "output_attentions",
        "output_scores", "torchscript", "tf_legacy_loss", "gradient_checkpointing",
        "chunk_size_feed_forward", "pretraining_tp", "reorder_and_upcast_attn", "n_ctx",
        "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "unk_token_id", "cls_token_id", "mask_token_id", "decoder_start_token_id",
        "forced_bos_token_id", "forced_eos_token_id", "id2label", "label2id", "num_labels", "problem_type", "finetuning_task", "task_specific_params",
        "initializer_range", "attention_dropout", "hidden_dropout", "attn_pdrop", "embd_pdrop", "resid_pdrop", "hidden_dropout_prob",
        "attention_probs_dropout_prob", "classifier_dropout", "summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels",
        "summary_first_dropout", "max_length", "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty", "temperature",
        "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids",
        "num_return_sequences", "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens", "is_decoder",
        // Read only with kinds of rotary scaling that are refused.
        "original_max_position_embeddings",
    ];

    private static readonly string[] Read = ["tie_word_embeddings", "attention_bias", "mlp_bias", "quantization_config", "layer_types"];

    private static readonly string[] Rotary = ["rope_scaling", "rope_parameters", "partial_rotary_factor"];

    /// <summary>What may stand in `rope_scaling` and `rope_parameters`.</summary>
    private static readonly HashSet<string> InRope =
    [
        "rope_type", "type", "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings", "rope_theta", "partial_rotary_factor",
    ];

    /// <exception cref="CaiException">A key is not known and asks for something.</exception>
    public static void Check(ConfigReader json, ModelFamily family)
    {
        HashSet<string> read = [.. family.Keys.All, .. family.Required.Keys, .. Read, .. family.Default.LearnedPositions ? [] : Rotary];
        // Keys with a leading underscore are a library's own notes.
        if (json.Json.FirstOrDefault(k => !Neutral.Contains(k.Key) && !read.Contains(k.Key) && !k.Key.StartsWith('_')
            && !k.Key.EndsWith("_version", StringComparison.Ordinal) && !ConfigReader.IsOff(k.Value)) is { Key: { } unknown, Value: var value })
            throw Unknown(json, unknown, value, $"models of family {family.ModelType}");
    }

    /// <exception cref="CaiException">A key of a rotary setting is not known and asks for something.</exception>
    public static void CheckRope(ConfigReader rope)
    {
        if (rope.Json.FirstOrDefault(k => !InRope.Contains(k.Key) && !ConfigReader.IsOff(k.Value)) is { Key: { } unknown, Value: var value })
            throw Unknown(rope, unknown, value, "rotary positions");
    }

    private static CaiException Unknown(ConfigReader json, string key, JsonNode? value, string of) => new(
        $"The key is {CaiJson.Short(value)}, and {of} have no such key here: it may change what the model computes.",
        "If it changes nothing, remove it from the file; else take a model that this kit computes.", $"{json.Path}: {key}");
}

namespace Cai.Models;

/// <summary>A tensor in a Hugging Face file.</summary>
/// <param name="Keys">The keys of config.json that decide its shape, for messages.</param>
public sealed record SourceTensor(string Name, long[] Shape, string Keys);

/// <summary>One of our weights and the Hugging Face tensors that it consists of, concatenated along dimension 0.</summary>
public sealed record WeightSource(string Ours, IReadOnlyList<SourceTensor> Theirs);

/// <summary>
/// How a family of models names its weights in a Hugging Face folder. The families here differ in nothing else that a
/// <see cref="DecoderConfig"/> does not already say.
/// </summary>
/// <param name="ModelType">`model_type` in config.json.</param>
/// <param name="Architecture">Prefix of `architectures`: `Llama` in LlamaForCausalLM.</param>
/// <param name="BiasByDefault">Whether query, key and value have biases when config.json does not say.</param>
public sealed record ModelFamily(string ModelType, string Architecture, bool BiasByDefault)
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string Head = "lm_head.weight";
    public const string Score = "score.weight";

    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        new("llama", "Llama", BiasByDefault: false),
        new("mistral", "Mistral", BiasByDefault: false),
        new("qwen2", "Qwen2", BiasByDefault: true),
    ];

    public string LanguageModel => Architecture + "ForCausalLM";

    public string ScalarModel => Architecture + "ForSequenceClassification";

    /// <summary>The table of weights in the order of <see cref="Decoder.Shapes"/>; a scalar model ends with its head instead of a language-model head.</summary>
    public static IEnumerable<WeightSource> Sources(DecoderConfig c, bool scalar)
    {
        long d = c.HiddenSize, width = c.HeadWidth, f = c.IntermediateSize;
        SourceTensor Norm(string name) => new(name, [d], "hidden_size");
        yield return new("embed.weight", [new(Embedding, [c.VocabularySize, d], "vocab_size, hidden_size")]);
        for (var i = 0; i < c.Layers; i++)
        {
            var theirs = $"model.layers.{i}.";
            var parts = new (string Name, long Rows, string Key)[]
            {
                ("q_proj", c.Heads * width, "num_attention_heads × head_dim"),
                ("k_proj", c.KvHeads * width, "num_key_value_heads × head_dim"),
                ("v_proj", c.KvHeads * width, "num_key_value_heads × head_dim"),
            };
            yield return new($"layers.{i}.attention_norm.weight", [Norm(theirs + "input_layernorm.weight")]);
            yield return new($"layers.{i}.qkv.weight", [.. parts.Select(p => new SourceTensor($"{theirs}self_attn.{p.Name}.weight", [p.Rows, d], $"{p.Key}, hidden_size"))]);
            if (c.AttentionBias)
                yield return new($"layers.{i}.qkv.bias", [.. parts.Select(p => new SourceTensor($"{theirs}self_attn.{p.Name}.bias", [p.Rows], p.Key))]);
            yield return new($"layers.{i}.out.weight", [new(theirs + "self_attn.o_proj.weight", [d, c.Heads * width], "hidden_size, num_attention_heads × head_dim")]);
            yield return new($"layers.{i}.mlp_norm.weight", [Norm(theirs + "post_attention_layernorm.weight")]);
            yield return new($"layers.{i}.gate_up.weight",
            [
                new(theirs + "mlp.gate_proj.weight", [f, d], "intermediate_size, hidden_size"),
                new(theirs + "mlp.up_proj.weight", [f, d], "intermediate_size, hidden_size"),
            ]);
            yield return new($"layers.{i}.down.weight", [new(theirs + "mlp.down_proj.weight", [d, f], "hidden_size, intermediate_size")]);
        }
        yield return new("norm.weight", [Norm("model.norm.weight")]);
        if (scalar)
            yield return new(Score, [new(Score, [1, d], "num_labels, which must be 1, and hidden_size")]);
        else if (!c.TiedHead)
            yield return new("head.weight", [new(Head, [c.VocabularySize, d], "vocab_size, hidden_size")]);
    }
}

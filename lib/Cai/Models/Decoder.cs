using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Models;

/// <summary>
/// A Llama-style decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied or untied head. Query, key and
/// value are one matrix, gate and up are one, because small models are bound by the number of operations.
/// </summary>
public sealed class Decoder : IDisposable
{
    private readonly Tensor cos; // [positions, 1, head width]
    private readonly Tensor sin;
    private readonly bool ownsParameters;

    /// <summary>A decoder over existing weights (named as in <see cref="Shapes"/>); the caller keeps ownership unless <paramref name="owns"/>.</summary>
    public Decoder(DecoderConfig config, ParameterSet parameters, bool owns = true)
    {
        Config = config;
        Parameters = parameters;
        ownsParameters = owns;
        (cos, sin) = Rotary(config, parameters.Flat.device, parameters.Flat.dtype);
    }

    /// <summary>A decoder with freshly drawn weights.</summary>
    public static Decoder Create(DecoderConfig config, long seed, Device? device = null)
    {
        var parameters = new ParameterSet(Shapes(config), device: device);
        parameters.Initialise(seed, config.Layers);
        return new Decoder(config, parameters);
    }

    public DecoderConfig Config { get; }

    public ParameterSet Parameters { get; }

    public Device Device => Parameters.Flat.device;

    /// <summary>The weights of a decoder, in the order of their use.</summary>
    public static List<ParameterShape> Shapes(DecoderConfig c)
    {
        long d = c.HiddenSize, width = c.HeadWidth, f = c.IntermediateSize, qkv = (c.Heads + 2 * c.KvHeads) * width;
        List<ParameterShape> shapes = [new("embed.weight", [c.VocabularySize, d])];
        for (var i = 0; i < c.Layers; i++)
        {
            shapes.Add(new($"layers.{i}.attention_norm.weight", [d], Decay: false));
            shapes.Add(new($"layers.{i}.qkv.weight", [qkv, d]));
            if (c.AttentionBias)
                shapes.Add(new($"layers.{i}.qkv.bias", [qkv], Decay: false));
            shapes.Add(new($"layers.{i}.out.weight", [d, c.Heads * width]));
            shapes.Add(new($"layers.{i}.mlp_norm.weight", [d], Decay: false));
            shapes.Add(new($"layers.{i}.gate_up.weight", [2 * f, d]));
            shapes.Add(new($"layers.{i}.down.weight", [d, f]));
        }
        shapes.Add(new("norm.weight", [d], Decay: false));
        if (!c.TiedHead)
            shapes.Add(new("head.weight", [c.VocabularySize, d]));
        return shapes;
    }

    /// <summary>Final hidden states, after the last norm.</summary>
    /// <param name="ids">[batch, time], int64.</param>
    /// <param name="positions">[batch, time], int64; null counts 0, 1, 2, … in every row.</param>
    /// <param name="mask">
    /// [batch, 1, time, keys], bool, true where a query may look, or numbers to add to the scores; null is plain causal
    /// attention, which is all that right-padded batches need (padding comes after everything that is read). A prefix is
    /// always seen and has no columns here.
    /// </param>
    /// <param name="cache">
    /// Keys and values of earlier tokens; this call's are written at <paramref name="positions"/>. Needs a mask unless it
    /// is empty; as many columns as the mask has are read.
    /// </param>
    /// <param name="prefix">Keys and values of tokens that come before every row, batch 1, filled to its capacity; null positions then count from there.</param>
    /// <returns>[batch, time, hidden]</returns>
    public Tensor Hidden(Tensor ids, Tensor? positions = null, Tensor? mask = null, KvCache? cache = null, KvCache? prefix = null)
    {
        using var scope = NewDisposeScope();
        var time = ids.shape[1];
        var start = prefix?.Capacity ?? 0;
        // [time, 1, width] broadcasts over the batch; with explicit positions it is [batch, time, 1, width].
        var c = positions is null ? cos.narrow(0, start, time) : cos.index_select(0, positions.flatten()).view(positions.shape[0], positions.shape[1], 1, -1);
        var s = positions is null ? sin.narrow(0, start, time) : sin.index_select(0, positions.flatten()).view(positions.shape[0], positions.shape[1], 1, -1);
        var x = Parameters["embed.weight"].index_select(0, ids.flatten()).view(ids.shape[0], time, Config.HiddenSize);
        var columns = positions is null || start == 0 ? positions : positions - start;
        for (var i = 0; i < Config.Layers; i++)
        {
            x = x + Attention(i, RmsNorm(x, Parameters[$"layers.{i}.attention_norm.weight"]), c, s, columns, mask, cache, prefix);
            x = x + Mlp(i, RmsNorm(x, Parameters[$"layers.{i}.mlp_norm.weight"]));
        }
        return RmsNorm(x, Parameters["norm.weight"]).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of the next token: [..., hidden] to [..., vocab].</summary>
    public Tensor Logits(Tensor hidden) => F.linear(hidden, Parameters[Config.TiedHead ? "embed.weight" : "head.weight"]);

    /// <summary>
    /// Log-probability of each token of <paramref name="ids"/> after the first, given those before it; temperature applied
    /// as in sampling, so that a policy's scores match its sampler's.
    /// </summary>
    /// <param name="ids">[batch, time], right-padded.</param>
    /// <returns>[batch, time - 1]; entry t belongs to token t + 1. Values at padding are meaningless and must be masked.</returns>
    public Tensor TokenLogProbs(Tensor ids, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        var time = ids.shape[1];
        var hidden = Hidden(ids.narrow(1, 0, time - 1));
        return GatherLogProbs(Logits(hidden), ids.narrow(1, 1, time - 1), temperature).MoveToOuterDisposeScope();
    }

    /// <summary>log softmax(logits / temperature) at the targets: [..., vocab] and [...] to [...]. Computed in float32.</summary>
    public static Tensor GatherLogProbs(Tensor logits, Tensor targets, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        var scaled = logits.to(ScalarType.Float32);
        if (temperature != 1)
            scaled = scaled / temperature;
        // The fused loss has the cheapest backward pass of the equivalent forms.
        var nll = F.cross_entropy(scaled.reshape(-1, scaled.shape[^1]), targets.reshape(-1), reduction: nn.Reduction.None);
        return nll.neg().view(targets.shape).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        cos.Dispose();
        sin.Dispose();
        if (ownsParameters)
            Parameters.Dispose();
    }

    private Tensor Attention(int layer, Tensor x, Tensor cos, Tensor sin, Tensor? columns, Tensor? mask, KvCache? cache, KvCache? prefix)
    {
        long batch = x.shape[0], time = x.shape[1], heads = Config.Heads, kv = Config.KvHeads, width = Config.HeadWidth;
        var bias = Config.AttentionBias ? Parameters[$"layers.{layer}.qkv.bias"] : null;
        var qkv = F.linear(x, Parameters[$"layers.{layer}.qkv.weight"], bias).view(batch, time, heads + 2 * kv, width);
        var rotated = Rotate(qkv.narrow(2, 0, heads + kv), cos, sin).transpose(1, 2); // [batch, heads + kv, time, width]
        var query = rotated.narrow(1, 0, heads);
        var key = rotated.narrow(1, heads, kv);
        var value = qkv.narrow(2, heads + kv, kv).transpose(1, 2);
        if (cache is not null)
            (key, value) = cache.Append(layer, key, value, columns, mask?.shape[3] ?? time);
        var mixed = prefix is not null
            ? PrefixAttention.Attend(query, key, value, prefix.Keys(layer), prefix.Values(layer), mask)
            : OwnAttention(query, key, value, mask);
        return F.linear(mixed.transpose(1, 2).reshape(batch, time, heads * width), Parameters[$"layers.{layer}.out.weight"]);
    }

    private static Tensor OwnAttention(Tensor query, Tensor key, Tensor value, Tensor? mask)
    {
        long[] q = query.shape, k = key.shape;
        var groups = q[1] / k[1];
        // A single query per head: the heads of a group stand in for time, and the keys need not be repeated.
        if (groups > 1 && q[2] == 1)
            return F.scaled_dot_product_attention(query.reshape(q[0], k[1], groups, q[3]), key, value, attn_mask: mask, p: 0, is_casual: false).reshape(q);
        if (groups > 1)
            (key, value) = (Repeat(key, groups), Repeat(value, groups));
        return F.scaled_dot_product_attention(query, key, value, attn_mask: mask, p: 0, is_casual: mask is null && q[2] > 1);
    }

    private Tensor Mlp(int layer, Tensor x)
    {
        var both = F.linear(x, Parameters[$"layers.{layer}.gate_up.weight"]).chunk(2, -1);
        return F.linear(F.silu(both[0]) * both[1], Parameters[$"layers.{layer}.down.weight"]);
    }

    private Tensor RmsNorm(Tensor x, Tensor weight)
    {
        // Statistics in float32 whatever the weights are, as Hugging Face's LlamaRMSNorm does.
        var wide = x.to(ScalarType.Float32);
        var scale = wide.square().mean([-1], keepdim: true).add_(Config.NormEpsilon).rsqrt_();
        return (wide * scale).to(x.dtype) * weight;
    }

    /// <summary>[batch, kv, time, width] to [batch, kv * times, time, width]: every key-value head serves a run of query heads.</summary>
    private static Tensor Repeat(Tensor x, long times)
    {
        var s = x.shape;
        return x.unsqueeze(2).expand(s[0], s[1], times, s[2], s[3]).reshape(s[0], s[1] * times, s[2], s[3]);
    }

    /// <summary>x cos + (-x2, x1) sin over the two halves of a head (Hugging Face's layout); the minus is in <paramref name="sin"/>.</summary>
    private static Tensor Rotate(Tensor x, Tensor cos, Tensor sin) => addcmul(x * cos, x.roll(x.shape[^1] / 2, -1), sin, 1);

    private static (Tensor Cos, Tensor Sin) Rotary(DecoderConfig c, Device device, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var width = c.HeadWidth;
        var frequencies = pow(c.RopeTheta, arange(0, width, 2, dtype: ScalarType.Float64) / -width);
        var angles = outer(arange(c.MaxPositions, dtype: ScalarType.Float64), frequencies);
        var (cosines, sines) = (angles.cos(), angles.sin());
        var cos = cat([cosines, cosines], -1).unsqueeze(1).to(dtype).to(device);
        var signedSin = cat([-sines, sines], -1).unsqueeze(1).to(dtype).to(device);
        return (cos.DetachFromDisposeScope(), signedSin.DetachFromDisposeScope());
    }
}

using Cai.Torch;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Models;

/// <summary>
/// The decoder of all families: norms, attention with rotary or learned positions, MLP, tied or untied head, each as
/// <see cref="DecoderConfig"/> says. Query, key and value are one matrix, gate and up are one, because small models are
/// bound by the number of operations.
/// </summary>
public sealed class Decoder : IDisposable
{
    private readonly RotaryTable? rotary;
    private readonly bool ownsParameters;
    private readonly long layerWeights;
    private ByteWeights? bytes;

    /// <summary>A decoder over existing weights (named as in <see cref="Shapes"/>); the caller keeps ownership unless <paramref name="owns"/>.</summary>
    public Decoder(DecoderConfig config, ParameterSet parameters, bool owns = true)
    {
        Config = config;
        Parameters = parameters;
        ownsParameters = owns;
        layerWeights = parameters.Shapes.Where(s => s.Name.StartsWith("layers.", StringComparison.Ordinal)).Sum(s => s.Count);
        MultipliesRows = RowProduct.IsFast && parameters.Flat.dtype == ScalarType.BFloat16 && Device.type == DeviceType.CPU;
        rotary = config.LearnedPositions ? null : new RotaryTable(config, parameters.Flat.device, parameters.Flat.dtype);
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

    /// <summary>
    /// Whether batches side by side (<see cref="Workers"/>) are faster than threads within each operation: on a CPU, for a model that is bound by the number
    /// of operations rather than by reading its weights.
    /// </summary>
    internal bool IsSmall => Device.type == DeviceType.CPU && Parameters.Count < 1 << 26;

    /// <summary>
    /// Whether it computes what Llama does, or Qwen2 with its biases of queries, keys and values, without an adapter: <see cref="RowKernels"/> are for such.
    /// </summary>
    internal bool IsLlama => Adapter is null && Config is
    {
        Norm: NormKind.Rms, GatedMlp: true, Activation: Activation.Silu, LearnedPositions: false, QkNorm: false, ParallelResidual: false,
        OutputBias: false, MlpBias: false,
    } && Config.RotaryWidth == Config.HeadWidth;

    /// <summary>Whether it is small and computes in float32 what Llama does, without biases.</summary>
    internal bool IsSmallLlama => IsSmall && IsLlama && Parameters.Flat.dtype == ScalarType.Float32 && !Config.AttentionBias;

    /// <summary>Whether single rows are multiplied by its weights by <see cref="RowProduct"/>: bfloat16 on a CPU with the vectors for it.</summary>
    internal bool MultipliesRows { get; }

    /// <summary>Low-rank updates that are added to the weights; null is none. Disposed of with the decoder.</summary>
    public LoraAdapter? Adapter { get; internal set; }

    /// <summary>Compute each layer again in the backward pass instead of keeping its activations (<see cref="TuningOptions.GradientCheckpointing"/>).</summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>The weights of a decoder, in the order of their use.</summary>
    public static List<ParameterShape> Shapes(DecoderConfig c)
    {
        long d = c.HiddenSize, width = c.HeadWidth, f = c.IntermediateSize, qkv = (c.Heads + 2 * c.KvHeads) * width;
        List<ParameterShape> shapes = [new("embed.weight", [c.VocabularySize, d])];
        void Linear(string name, long rows, long columns, bool bias)
        {
            shapes.Add(new(name + ".weight", [rows, columns]));
            if (bias)
                shapes.Add(new(name + ".bias", [rows], Decay: false));
        }
        void Norm(string name, long size, bool bias)
        {
            shapes.Add(new(name + ".weight", [size], Decay: false));
            if (bias)
                shapes.Add(new(name + ".bias", [size], Decay: false));
        }
        if (c.LearnedPositions)
            shapes.Add(new("positions.weight", [c.MaxPositions, d]));
        for (var i = 0; i < c.Layers; i++)
        {
            Norm($"layers.{i}.attention_norm", d, c.Norm == NormKind.Layer);
            Linear($"layers.{i}.qkv", qkv, d, c.AttentionBias);
            if (c.QkNorm)
            {
                Norm($"layers.{i}.q_norm", width, bias: false);
                Norm($"layers.{i}.k_norm", width, bias: false);
            }
            Linear($"layers.{i}.out", d, c.Heads * width, c.OutputBias);
            Norm($"layers.{i}.mlp_norm", d, c.Norm == NormKind.Layer);
            Linear(c.GatedMlp ? $"layers.{i}.gate_up" : $"layers.{i}.up", c.GatedMlp ? 2 * f : f, d, c.MlpBias);
            Linear($"layers.{i}.down", d, f, c.MlpBias);
        }
        Norm("norm", d, c.Norm == NormKind.Layer);
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
    /// is empty; as many columns as the mask has are read. A token's column is its position, less the prefix.
    /// </param>
    /// <param name="prefix">
    /// Keys and values of tokens that come before every row, batch 1, filled to its capacity; null positions then count from there.
    /// </param>
    /// <returns>[batch, time, hidden]</returns>
    public Tensor Hidden(Tensor ids, Tensor? positions = null, Tensor? mask = null, KvCache? cache = null, KvCache? prefix = null)
    {
        using var scope = NewDisposeScope();
        var time = ids.shape[1];
        var start = prefix?.Capacity ?? 0;
        if (Instruments.Counting)
            Instruments.Count(ids.shape[0] * time, (double)ids.shape[0] * time * layerWeights, is_grad_enabled());
        var x = Parameters["embed.weight"].index_select(0, ids.flatten()).view(ids.shape[0], time, Config.HiddenSize);
        if (Config.LearnedPositions)
            x = x.Add(positions is null
                ? Parameters["positions.weight"].narrow(0, start, time)
                : Parameters["positions.weight"].index_select(0, positions.flatten()).view(x.shape));
        var turn = rotary?.At(start, time, positions);
        var columns = positions is null || start == 0 ? positions : positions.Sub(start);
        var window = SlidingWindow.Of(Config.Window, time, positions, mask, cache is not null, start, ids.device);
        for (var i = 0; i < Config.Layers; i++)
        {
            var windowed = window is not null && Config.IsWindowed(i);
            var view = new View(turn, columns, windowed ? window!.Own : mask, windowed ? window!.Prefix : null, cache, prefix);
            x = GradientCheckpointing && cache is null && prefix is null && is_grad_enabled() ? Checkpointed(i, x, view) : Layer(i, x, view);
        }
        return Norm(x, "norm").MoveToOuterDisposeScope();
    }

    /// <summary>Logits of the next token: [..., hidden] to [..., vocab] (<see cref="DecoderConfig.Predicted"/>).</summary>
    public Tensor Logits(Tensor hidden)
    {
        if (Instruments.Counting)
            Instruments.Count(0, (double)hidden.NumberOfElements * Config.Predicted, is_grad_enabled());
        var name = Config.TiedHead ? "embed.weight" : "head.weight";
        var head = Parameters[name];
        return Product(hidden, name, Config.Predicted < Config.VocabularySize ? head.narrow(0, 0, Config.Predicted) : head);
    }

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
            scaled = scaled.Div(temperature);
        // The fused loss has the cheapest backward pass of the equivalent forms.
        var nll = F.cross_entropy(scaled.reshape(-1, scaled.shape[^1]), targets.reshape(-1), reduction: nn.Reduction.None);
        return nll.neg().view(targets.shape).MoveToOuterDisposeScope();
    }

    /// <summary>Adds the adapter's updates to the weights for good and lets go of it; nothing happens without one.</summary>
    public void Merge()
    {
        if (Adapter is null)
            return;
        KeepBytes(null); // they would be those of before
        Adapter.MergeInto(Parameters);
        Adapter.Dispose();
        Adapter = null;
    }

    /// <summary>The weights as bytes, for products of one row with a matrix; null where there are none, or it is trained and moves away from them.</summary>
    internal ByteWeights? BytesOf(string name) => bytes is not null && Parameters[name].requires_grad ? null : bytes;

    /// <summary>Has products of one row read the weights as bytes; null as they are.</summary>
    internal void KeepBytes(ByteWeights? weights)
    {
        bytes?.Dispose();
        bytes = weights;
    }

    /// <summary>The very same weights with gradients of their own (<see cref="GradientLanes{TModel}"/>).</summary>
    internal (Decoder Model, ParameterSet Parameters) Twin()
    {
        var twin = Parameters.Twin();
        return (new Decoder(Config, twin) { GradientCheckpointing = GradientCheckpointing }, twin);
    }

    public void Dispose()
    {
        rotary?.Dispose();
        bytes?.Dispose();
        Adapter?.Dispose();
        if (ownsParameters)
            Parameters.Dispose();
    }

    /// <summary>Cosines and sines of the first positions, [positions, 1, width] each, for a decoder with rotary ones.</summary>
    internal (Tensor Cos, Tensor Sin) Turns(long positions) => rotary!.At(0, positions, null);

    /// <summary>Tells <see cref="Instruments"/> of a step of <see cref="TokenStep"/>.</summary>
    internal void CountStep(int rows) =>
        Instruments.Count(rows, (double)rows * (layerWeights + (long)Config.VocabularySize * Config.HiddenSize), gradients: false);

    /// <summary>What all layers of one pass share: where tokens stand and what they see.</summary>
    /// <param name="Turn">Cosines and sines; null with learned positions.</param>
    /// <param name="Columns">Of the cache, [batch, time].</param>
    private sealed record View((Tensor Cos, Tensor Sin)? Turn, Tensor? Columns, Tensor? Mask, Tensor? PrefixMask, KvCache? Cache, KvCache? Prefix);

    private Tensor Layer(int layer, Tensor x, View view)
    {
        using var scope = NewDisposeScope();
        if (view is { Turn: var (cos, sin), Columns: null, Mask: null, Cache: null, Prefix: null } && IsSmallLlama && SmallLayer.Fits(Config, x))
            return SmallLayer.Run(Config, x, Weights(layer), cos, sin).MoveToOuterDisposeScope();
        var attended = x.Add(Attention(layer, Norm(x, $"layers.{layer}.attention_norm"), view));
        return attended.Add(Mlp(layer, Norm(Config.ParallelResidual ? x : attended, $"layers.{layer}.mlp_norm"))).MoveToOuterDisposeScope();
    }

    private SmallLayer.Weights Weights(int layer)
    {
        Tensor Of(string name) => Parameters[$"layers.{layer}.{name}.weight"];
        return new(Of("attention_norm"), Of("qkv"), Of("out"), Of("mlp_norm"), Of("gate_up"), Of("down"));
    }

    private Tensor Checkpointed(int layer, Tensor x, View view)
    {
        // The embeddings of a frozen model have no gradient, and what reads no gradient is not computed backwards.
        var input = x.requires_grad ? x : x.detach().requires_grad_(true);
        List<Tensor> others = [];
        if (view.Turn is var (cos, sin))
            others.AddRange([cos, sin]);
        if (view.Mask is not null)
            others.Add(view.Mask);
        return GradientCheckpoint.Run((again, kept) => Layer(layer, again, view with
        {
            Turn = view.Turn is null ? null : (kept[0], kept[1]),
            Mask = view.Mask is null ? null : kept[^1],
        }), input, others);
    }

    private Tensor Attention(int layer, Tensor x, View view)
    {
        long batch = x.shape[0], time = x.shape[1], heads = Config.Heads, kv = Config.KvHeads, width = Config.HeadWidth;
        var qkv = Linear(x, $"layers.{layer}.qkv", Config.AttentionBias).view(batch, time, heads + 2 * kv, width);
        // Split, not narrowed: the gradient of a split is one copy, that of a narrowed part a tensor of zeros as large as the whole.
        var parts = qkv.split([heads + kv, kv], 2);
        var turning = Config.QkNorm
            ? cat([RmsNorm(qkv.narrow(2, 0, heads), Parameters[$"layers.{layer}.q_norm.weight"]),
                RmsNorm(qkv.narrow(2, heads, kv), Parameters[$"layers.{layer}.k_norm.weight"])], 2)
            : parts[0];
        var turned = (view.Turn is var (cos, sin) ? RotaryTable.Rotate(turning, cos, sin) : turning).transpose(1, 2); // [batch, heads + kv, time, width]
        var looking = turned.split([heads, kv], 1);
        var (query, key) = (looking[0], looking[1]);
        var value = parts[1].transpose(1, 2);
        if (view.Cache is not null)
            (key, value) = view.Cache.Append(layer, key, value, view.Columns, view.Mask?.shape[3] ?? time);
        var mixed = view.Prefix is { } prefix
            ? PrefixAttention.Attend(query, key, value, prefix.Keys(layer), prefix.Values(layer), view.Mask, view.PrefixMask)
            : OwnAttention.Attend(query, key, value, view.Mask);
        return Linear(mixed.transpose(1, 2).reshape(batch, time, heads * width), $"layers.{layer}.out", Config.OutputBias);
    }

    private Tensor Mlp(int layer, Tensor x)
    {
        if (!Config.GatedMlp)
            return Linear(Activate(Linear(x, $"layers.{layer}.up", Config.MlpBias)), $"layers.{layer}.down", Config.MlpBias);
        var both = Linear(x, $"layers.{layer}.gate_up", Config.MlpBias).chunk(2, -1);
        return Linear(Activate(both[0]) * both[1], $"layers.{layer}.down", Config.MlpBias);
    }

    private Tensor Activate(Tensor x) => Config.Activation switch
    {
        Activation.Silu => F.silu(x),
        Activation.Gelu => F.gelu(x),
        _ => F.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh),
    };

    private Tensor Linear(Tensor x, string name, bool bias)
    {
        var y = Product(x, name + ".weight", Parameters[name + ".weight"], bias ? Parameters[name + ".bias"] : null);
        return Adapter is null ? y : Adapter.Apply(name, x, y);
    }

    private Tensor Product(Tensor x, string name, Tensor weight, Tensor? bias = null)
    {
        if (BytesOf(name)?.Product(x, name, (int)weight.shape[0], bias) is { } product)
            return product;
        return MultipliesRows && RowProduct.Fits(x, weight) ? RowProduct.Of(x, weight, bias) : F.linear(x, weight, bias);
    }

    private Tensor Norm(Tensor x, string name) => Config.Norm == NormKind.Rms
        ? RmsNorm(x, Parameters[name + ".weight"])
        : F.layer_norm(x, [Config.HiddenSize], Parameters[name + ".weight"], Parameters[name + ".bias"], Config.NormEpsilon);

    private Tensor RmsNorm(Tensor x, Tensor weight)
    {
        // Statistics in float32 whatever the weights are, as Hugging Face's LlamaRMSNorm does.
        var wide = x.to(ScalarType.Float32);
        var scale = wide.Square().mean([-1], keepdim: true).AddInPlace(Config.NormEpsilon).rsqrt_();
        return (wide * scale).to(x.dtype) * weight;
    }
}

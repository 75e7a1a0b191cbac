using System.Runtime.Intrinsics;
using Cai.Torch;
using static Cai.Models.RowKernels;
using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// A layer of Llama's kind as one operation with a gradient of its own: libtorch multiplies by weights, everything in between is plain C#
/// (<see cref="RowKernels"/>, <see cref="CausalAttention"/>). For small models, half of whose time would go to passes over memory between the products.
/// </summary>
internal static class SmallLayer
{
    /// <summary>A layer's weights, named as in <see cref="Decoder.Shapes"/>.</summary>
    public sealed record Weights(Tensor AttentionNorm, Tensor Qkv, Tensor Out, Tensor MlpNorm, Tensor GateUp, Tensor Down);

    /// <summary>Whether the processor has the vectors that <see cref="CausalAttention"/> is written for, and a span can hold what a layer computes.</summary>
    public static bool Fits(DecoderConfig config, Tensor x) => Vector512.IsHardwareAccelerated
        && x.NumberOfElements / config.HiddenSize * Math.Max(2 * config.IntermediateSize, (config.Heads + 2 * config.KvHeads) * config.HeadWidth)
            < int.MaxValue / sizeof(float);

    /// <param name="x">[batch, time, hidden], float32 on the CPU, as all tensors here.</param>
    /// <param name="cos">[time, 1, width], as <paramref name="sin"/> (<see cref="RotaryTable"/>).</param>
    /// <returns>[batch, time, hidden]</returns>
    public static Tensor Run(DecoderConfig config, Tensor x, Weights weights, Tensor cos, Tensor sin)
    {
        if (is_grad_enabled() && (x.requires_grad || weights.Qkv.requires_grad))
            return Function.apply(config, x, weights.AttentionNorm, weights.Qkv, weights.Out, weights.MlpNorm, weights.GateUp, weights.Down, cos, sin);
        using var scope = NewDisposeScope();
        return Forward(config, x, weights, cos, sin).Result.MoveToOuterDisposeScope();
    }

    /// <summary>What the backward pass reads; the rest it computes again.</summary>
    /// <param name="Normed">By the first norm, [tokens, hidden].</param>
    /// <param name="Qkv">Before the rotation, [tokens, (heads + 2 · kv heads) · width].</param>
    /// <param name="Mixed">By attention, [tokens, heads · width].</param>
    /// <param name="Middle">The sum after attention, [tokens, hidden]; <paramref name="MiddleNormed"/> by the second norm.</param>
    /// <param name="Both">Gate and up, [tokens, 2 · inner].</param>
    private sealed record Kept(Tensor Normed, Tensor Qkv, Tensor Mixed, Tensor Middle, Tensor MiddleNormed, Tensor Both, Tensor Result);

    private static Kept Forward(DecoderConfig config, Tensor x, Weights weights, Tensor cos, Tensor sin)
    {
        var epsilon = (float)config.NormEpsilon;
        var flat = x.flatten(0, 1);
        var normed = empty_like(flat);
        Norm(Numbers(flat), Numbers(weights.AttentionNorm), epsilon, Numbers(normed));
        var qkv = normed.mm(weights.Qkv.t());
        var mixed = empty(flat.shape[0], weights.Out.shape[1]);
        ForEachRow(config, x, cos, sin, (attention, rows) => attention.Forward(rows.Of(qkv), rows.Of(mixed)));
        var middle = flat.addmm(mixed, weights.Out.t(), 1, 1);
        var middleNormed = empty_like(middle);
        Norm(Numbers(middle), Numbers(weights.MlpNorm), epsilon, Numbers(middleNormed));
        var both = middleNormed.mm(weights.GateUp.t());
        using var gated = empty(flat.shape[0], config.IntermediateSize);
        Gate(Numbers(both), config.IntermediateSize, Numbers(gated));
        return new(normed, qkv, mixed, middle, middleNormed, both, middle.addmm(gated, weights.Down.t(), 1, 1).view(x.shape));
    }

    private static (Tensor X, Weights Weights) Backward(
        DecoderConfig config, Tensor x, Weights weights, Kept kept, Tensor cos, Tensor sin, Tensor given)
    {
        var epsilon = (float)config.NormEpsilon;
        var flat = x.flatten(0, 1);
        var dy = given.contiguous().view(flat.shape);
        var (gated, dboth) = (empty(flat.shape[0], config.IntermediateSize), empty_like(kept.Both));
        GateBackward(Numbers(kept.Both), config.IntermediateSize, Numbers(dy.mm(weights.Down)), Numbers(dboth), Numbers(gated));
        var (ddown, dgateUp) = (dy.t().mm(gated), dboth.t().mm(kept.MiddleNormed));
        var (dx, dmlpNorm) = (dy.clone(), zeros_like(weights.MlpNorm));
        NormBackward(Numbers(kept.Middle), Numbers(weights.MlpNorm), epsilon, Numbers(dboth.mm(weights.GateUp)), Numbers(dx), Numbers(dmlpNorm));
        var dout = dx.t().mm(kept.Mixed);
        var (dmixed, dqkv) = (dx.mm(weights.Out), empty_like(kept.Qkv));
        ForEachRow(config, x, cos, sin, (attention, rows) => attention.Backward(rows.Of(kept.Qkv), rows.Of(dmixed), rows.Of(dqkv)));
        var dweight = dqkv.t().mm(kept.Normed);
        var dattentionNorm = zeros_like(weights.AttentionNorm);
        NormBackward(Numbers(flat), Numbers(weights.AttentionNorm), epsilon, Numbers(dqkv.mm(weights.Qkv)), Numbers(dx), Numbers(dattentionNorm));
        return (dx.view(x.shape), new(dattentionNorm, dweight, dout, dmlpNorm, dgateUp, ddown));
    }

    /// <summary>Attention of each row of the batch, which is no business of the others.</summary>
    private static void ForEachRow(DecoderConfig config, Tensor x, Tensor cos, Tensor sin, Action<CausalAttention, Row> work) =>
        Workers.Run(true, (int)x.shape[0], row =>
        {
            using var attention = new CausalAttention(config, (int)x.shape[1], cos, sin);
            work(attention, new(row, (int)x.shape[0]));
        });

    /// <summary>One row's part of tensors that have all tokens of a batch.</summary>
    private readonly record struct Row(int Number, int Rows)
    {
        public Span<float> Of(Tensor tensor)
        {
            var all = Numbers(tensor);
            return all.Slice(all.Length / Rows * Number, all.Length / Rows);
        }
    }

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        private const string Key = "config";

        public override string Name => nameof(SmallLayer);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var config = (DecoderConfig)vars[0];
            List<Tensor> given = [.. vars.Skip(1).Cast<Tensor>()];
            var kept = Forward(config, given[0], Six(given, 1), given[7], given[8]);
            ctx.save_data(Key, config);
            ctx.save_for_backward([.. given, kept.Normed, kept.Qkv, kept.Mixed, kept.Middle, kept.MiddleNormed, kept.Both]);
            return kept.Result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = NewDisposeScope();
            var s = ctx.get_saved_variables();
            var kept = new Kept(s[9], s[10], s[11], s[12], s[13], s[14], grad_output);
            var (x, w) = Backward((DecoderConfig)ctx.get_data(Key), s[0], Six(s, 1), kept, s[7], s[8], grad_output);
            List<Tensor> gradients = [x, w.AttentionNorm, w.Qkv, w.Out, w.MlpNorm, w.GateUp, w.Down];
            return [null!, .. gradients.Select(g => g.MoveToOuterDisposeScope()), null!, null!];
        }

        private static Weights Six(List<Tensor> t, int at) => new(t[at], t[at + 1], t[at + 2], t[at + 3], t[at + 4], t[at + 5]);
    }
}

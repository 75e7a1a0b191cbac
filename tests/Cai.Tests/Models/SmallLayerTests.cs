using Cai.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Tests.Models;

/// <summary>A small decoder's own forward and backward pass against libtorch's, which a decoder with an adapter that adds nothing takes.</summary>
public sealed class SmallLayerTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public SmallLayerTests() => set_num_threads(1);

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(4, 4, 3, 7, true, 0)]
    [InlineData(4, 2, 2, 33, false, 0)]
    [InlineData(4, 1, 5, 64, true, 6)]
    [InlineData(2, 2, 1, 45, true, 40)]
    [InlineData(6, 2, 2, 16, false, 16)]
    [InlineData(4, 2, 3, 1, true, 0)]
    [InlineData(4, 4, 1, 1, false, 0)]
    public void HiddenStatesAndAllGradientsEqualThoseOfLibtorchsOperations(int heads, int kvHeads, int batch, int time, bool tied, int headSize)
    {
        var config = Tiny.Config with { HiddenSize = 24, Heads = heads, KvHeads = kvHeads, HeadSize = headSize, TiedHead = tied, IntermediateSize = 44 };
        using var ours = Trainable(config);
        using var theirs = Trainable(config);
        LoraAdapter.Attach(theirs);
        var ids = Batch(batch, time, 1);
        Close(theirs.Hidden(ids), ours.Hidden(ids));
        using (no_grad())
            Close(theirs.Hidden(ids), ours.Hidden(ids));
        foreach (var seed in (long[])[2, 3]) // gradients of two batches add up
            foreach (var model in (Decoder[])[ours, theirs])
                Loss(model, Batch(batch, time, seed)).backward();
        Assert.All(ours.Parameters.Shapes, s => Close(theirs.Parameters[s.Name].grad!, ours.Parameters[s.Name].grad!));
    }

    [Fact]
    public void LossRisesAlongItsGradientAsFastAsTheGradientIsLong()
    {
        using var model = Trainable(Tiny.Config);
        var ids = Batch(3, 19, 1);
        Loss(model, ids).backward();
        using var guard = no_grad();
        var flat = model.Parameters.Flat;
        var gradient = model.Parameters.FlatGrad!.clone();
        var length = gradient.norm().ToDouble();
        var step = gradient * (0.005 / length);
        flat.add_(step);
        var above = Loss(model, ids).ToDouble();
        flat.sub_(step).sub_(step);
        var below = Loss(model, ids).ToDouble();
        Assert.Equal(1, (above - below) / 0.01 / length, 0.01);
    }

    [Fact]
    public void CheckpointedGradientsAreTheSameBits()
    {
        using var plain = Trainable(Tiny.Config);
        using var checkpointed = Trainable(Tiny.Config);
        checkpointed.GradientCheckpointing = true;
        foreach (var model in (Decoder[])[plain, checkpointed])
            Loss(model, Batch(2, 21, 1)).backward();
        Assert.Equal(Tiny.Numbers(plain.Parameters.FlatGrad!), Tiny.Numbers(checkpointed.Parameters.FlatGrad!));
    }

    [Theory]
    [InlineData(2, 2, 40, 45)] // scores in the hundreds: float32 holds so little of them that two right computations are 5e-5 apart
    [InlineData(4, 2, 0, 33)]
    public void GradientsAreAsNearToThoseOfFloat64AsLibtorchsAre(int heads, int kvHeads, int headSize, int time)
    {
        var config = Tiny.Config with { HiddenSize = 24, Heads = heads, KvHeads = kvHeads, HeadSize = headSize, IntermediateSize = 44 };
        using var ours = Trainable(config, scale: 1);
        using var theirs = Trainable(config, scale: 1);
        LoraAdapter.Attach(theirs);
        var ids = Batch(2, time, 4);
        Loss(ours, ids).backward();
        Loss(theirs, ids).backward();
        var weights = ours.Parameters.Shapes.ToDictionary(s => s.Name, s => ours.Parameters[s.Name].detach().to(ScalarType.Float64).requires_grad_(true));
        var logits = F.linear(InFloat64(config, weights, ids), weights["embed.weight"]);
        F.cross_entropy(logits.flatten(0, 1), ids.roll(1, 1).flatten(), reduction: nn.Reduction.Sum).backward();
        double total = 0, totalTheirs = 0;
        foreach (var (name, weight) in weights)
        {
            double Apart(Decoder model) => (model.Parameters[name].grad!.to(ScalarType.Float64) - weight.grad!).norm().ToDouble();
            total += Apart(ours) * Apart(ours);
            totalTheirs += Apart(theirs) * Apart(theirs);
        }
        Assert.True(total > 0);
        Assert.True(Math.Sqrt(total) <= 2 * Math.Sqrt(totalTheirs), $"{Math.Sqrt(total)} from float64, libtorch {Math.Sqrt(totalTheirs)}");
    }

    /// <summary>A Llama's final hidden states, written down once more in float64.</summary>
    private static Tensor InFloat64(DecoderConfig c, Dictionary<string, Tensor> w, Tensor ids)
    {
        long batch = ids.shape[0], time = ids.shape[1], width = c.HeadWidth;
        Tensor Norm(Tensor x, string name) => x * (x.pow(2).mean([-1], keepdim: true) + c.NormEpsilon).rsqrt() * w[name + ".weight"];
        var angles = outer(arange(time, dtype: ScalarType.Float64), pow(c.RopeTheta, arange(width / 2, dtype: ScalarType.Float64) * (-2.0 / width)));
        var (cos, sin) = (angles.cos(), angles.sin());
        Tensor Turn(Tensor x)
        {
            var (first, second) = (x.narrow(-1, 0, width / 2), x.narrow(-1, width / 2, width / 2));
            return cat([first * cos - second * sin, second * cos + first * sin], -1);
        }
        var x = w["embed.weight"].index_select(0, ids.flatten()).view(batch, time, c.HiddenSize);
        var later = ones(time, time, dtype: ScalarType.Bool).triu(1);
        for (var layer = 0; layer < c.Layers; layer++)
        {
            Tensor W(string name) => w[$"layers.{layer}.{name}.weight"];
            var qkv = F.linear(Norm(x, $"layers.{layer}.attention_norm"), W("qkv")).view(batch, time, -1, width).transpose(1, 2);
            var query = Turn(qkv.narrow(1, 0, c.Heads));
            var key = Turn(qkv.narrow(1, c.Heads, c.KvHeads)).repeat_interleave(c.Heads / c.KvHeads, 1);
            var value = qkv.narrow(1, c.Heads + c.KvHeads, c.KvHeads).repeat_interleave(c.Heads / c.KvHeads, 1);
            var scores = (query.matmul(key.transpose(-2, -1)) / Math.Sqrt(width)).masked_fill(later, double.NegativeInfinity);
            x = x + F.linear(scores.softmax(-1).matmul(value).transpose(1, 2).reshape(batch, time, -1), W("out"));
            var both = F.linear(Norm(x, $"layers.{layer}.mlp_norm"), W("gate_up")).chunk(2, -1);
            x = x + F.linear(F.silu(both[0]) * both[1], W("down"));
        }
        return Norm(x, "norm");
    }

    private static Decoder Trainable(DecoderConfig config, double? scale = null)
    {
        var model = Tiny.Model(5, config);
        using (no_grad())
        {
            model.Parameters.Flat.add_(0.02); // norms' weights are not all the same then
            // Scores of wide heads would be so large that float32 holds too little of them for comparing gradients: see the test against float64.
            model.Parameters.Flat.mul_(scale ?? (config.HeadWidth > config.HiddenSize ? 0.5 : 1));
        }
        model.Parameters.EnableGradients();
        return model;
    }

    private static Tensor Batch(int rows, int time, long seed) =>
        TokenBatch.Of([.. Enumerable.Range(0, rows).Select(r => Tiny.Ids(time, seed * 100 + r))]).Ids;

    private static Tensor Loss(Decoder model, Tensor ids) =>
        F.cross_entropy(model.Logits(model.Hidden(ids)).flatten(0, 1), ids.roll(1, 1).flatten(), reduction: nn.Reduction.Sum);

    /// <summary>To 1e-5 of the largest.</summary>
    private static void Close(Tensor expected, Tensor actual)
    {
        var (numbers, others) = (Tiny.Numbers(expected), Tiny.Numbers(actual));
        Assert.Equal(numbers.Length, others.Length);
        var (apart, largest) = (numbers.Zip(others).Max(p => Math.Abs(p.First - p.Second)), Math.Max(1, numbers.Max(Math.Abs)));
        Assert.True(apart <= 1e-5 * largest, $"{apart} apart, the largest is {largest}");
    }
}

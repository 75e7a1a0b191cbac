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

    private static Decoder Trainable(DecoderConfig config)
    {
        var model = Tiny.Model(5, config);
        using (no_grad())
        {
            model.Parameters.Flat.add_(0.02); // norms' weights are not all the same then
            if (config.HeadWidth > config.HiddenSize)
                model.Parameters.Flat.mul_(0.5); // scores of wide heads would be so large that float32 holds too little of them for comparing gradients
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

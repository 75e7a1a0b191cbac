using Cai.Torch;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Torch;

public sealed class GradientCheckpointTests
{
    [Fact]
    public void ASegmentComputedTwiceGivesTheGradientsOfOneComputedOnce()
    {
        set_num_threads(1);
        using var scope = NewDisposeScope();
        var weight = tensor(new[] { 0.5f, -2f, 3f }).requires_grad_(true);
        var computed = 0;
        Tensor Segment(Tensor x, IReadOnlyList<Tensor> others)
        {
            computed++;
            return (x * weight + others[0]).tanh();
        }
        Tensor[] Gradients(bool checkpoint)
        {
            var x = tensor(new[] { 1f, 0.25f, -1f }).requires_grad_(true);
            weight.grad?.zero_();
            Tensor y;
            using (NewDisposeScope()) // the handles of what the segment reads are gone before the backward pass
            {
                var shift = tensor(new[] { 0.1f, 0.2f, 0.3f });
                y = (checkpoint ? GradientCheckpoint.Run(Segment, x, shift) : Segment(x, [shift])).MoveToOuterDisposeScope();
            }
            (y * y).sum().backward();
            return [y.detach(), x.grad!.clone(), weight.grad!.clone()];
        }
        var plain = Gradients(checkpoint: false);
        Assert.Equal(1, computed);
        var twice = Gradients(checkpoint: true);
        Assert.Equal(3, computed);
        foreach (var (expected, actual) in plain.Zip(twice))
            Assert.Equal(expected.data<float>().ToArray(), actual.data<float>().ToArray());
    }
}

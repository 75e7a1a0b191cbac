using static TorchSharp.torch;

namespace Cai.Torch;

/// <summary>
/// Gradient checkpointing (Chen et al. 2016): a segment keeps its inputs instead of its activations and is computed a
/// second time in the backward pass. Gradients are those of the plain computation, bit for bit.
/// </summary>
public static class GradientCheckpoint
{
    /// <summary>What is computed twice: the segment's input and the other tensors that it reads, to its output.</summary>
    public delegate Tensor Segment(Tensor input, IReadOnlyList<Tensor> others);

    /// <summary>Runs a segment.</summary>
    /// <param name="input">Must require a gradient: without one there would be no backward pass to compute anything in.</param>
    /// <param name="others">Tensors without gradient that the segment reads and whose handles may be gone by then; weights need not be here.</param>
    public static Tensor Run(Segment segment, Tensor input, params IReadOnlyList<Tensor> others) =>
        Function.apply([input, segment, .. others]);

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        private const string Key = "segment";

        public override string Name => nameof(GradientCheckpoint);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var segment = (Segment)vars[1];
            List<Tensor> tensors = [(Tensor)vars[0], .. vars.Skip(2).Cast<Tensor>()];
            ctx.save_for_backward(tensors);
            ctx.save_data(Key, segment);
            return segment(tensors[0], tensors[1..]); // recording is off here
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = NewDisposeScope();
            using var recording = enable_grad();
            var saved = ctx.get_saved_variables();
            var input = saved[0].detach().requires_grad_(true);
            var output = ((Segment)ctx.get_data(Key))(input, saved[1..]);
            autograd.backward(output, grad_output);
            return [input.grad!.MoveToOuterDisposeScope(), .. Enumerable.Repeat<Tensor>(null!, saved.Count)];
        }
    }
}

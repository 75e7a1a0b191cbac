using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// What lies between the matrix products of a layer of Llama's kind, forwards and backwards, in plain C# over rows of float32. A row stays in the
/// processor's cache from its first operation to its last, where libtorch passes over the whole batch for each of them.
/// </summary>
internal static class RowKernels
{
    /// <summary>The numbers of a contiguous float32 tensor on the CPU.</summary>
    public static Span<float> Numbers(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>Root mean square norm (Zhang and Sennrich 2019) of each row: y = weight · x / rms(x).</summary>
    /// <param name="x">[rows, length of weight], as <paramref name="y"/> is.</param>
    public static void Norm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        for (var at = 0; at < x.Length; at += weight.Length)
        {
            var row = x.Slice(at, weight.Length);
            var to = y.Slice(at, weight.Length);
            TensorPrimitives.Multiply(row, InverseRms(row, epsilon), to);
            TensorPrimitives.Multiply(to, weight, to);
        }
    }

    /// <summary>
    /// Adds to the gradients of x and of weight, given that of y. With u = x / rms(x) and g = weight · dy: dweight += Σ dy · u over rows,
    /// dx += (g - u · mean(g · u)) / rms(x).
    /// </summary>
    public static void NormBackward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, ReadOnlySpan<float> dy, Span<float> dx, Span<float> dweight)
    {
        var size = weight.Length;
        var unit = new float[size].AsSpan();
        var g = new float[size].AsSpan();
        for (var at = 0; at < x.Length; at += size)
        {
            var row = x.Slice(at, size);
            var from = dy.Slice(at, size);
            var to = dx.Slice(at, size);
            var inverse = InverseRms(row, epsilon);
            TensorPrimitives.Multiply(row, inverse, unit);
            TensorPrimitives.MultiplyAdd(from, unit, dweight, dweight);
            TensorPrimitives.Multiply(from, weight, g);
            TensorPrimitives.MultiplyAdd(unit, -TensorPrimitives.Dot<float>(g, unit) / size, g, g);
            TensorPrimitives.MultiplyAdd(g, inverse, to, to);
        }
    }

    /// <summary>Turns one head's part of a token by its position, as <see cref="RotaryTable"/> does.</summary>
    /// <param name="back">Turns the other way, which is what gradients need: a rotation's inverse is its transpose.</param>
    public static void Rotate(ReadOnlySpan<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, Span<float> turned, bool back = false)
    {
        var half = x.Length / 2; // the first half of sin has the minus
        TensorPrimitives.Multiply(x[half..], back ? sin[half..] : sin[..half], turned[..half]);
        TensorPrimitives.Multiply(x[..half], back ? sin[..half] : sin[half..], turned[half..]);
        TensorPrimitives.MultiplyAdd(x, cos, turned, turned);
    }

    /// <summary>silu(gate) · up = gate · up / (1 + exp(-gate)) (SwiGLU, Shazeer 2020).</summary>
    /// <param name="gateUp">[rows, 2 · inner], each row gate and then up.</param>
    /// <param name="gated">[rows, inner]</param>
    public static void Gate(ReadOnlySpan<float> gateUp, int inner, Span<float> gated)
    {
        for (var (from, to) = (0, 0); to < gated.Length; from += 2 * inner, to += inner)
        {
            var gate = gateUp.Slice(from, inner);
            var y = gated.Slice(to, inner);
            TensorPrimitives.Sigmoid(gate, y);
            TensorPrimitives.Multiply(y, gate, y);
            TensorPrimitives.Multiply(y, gateUp.Slice(from + inner, inner), y);
        }
    }

    /// <summary>
    /// The gradient of gate and up, and once more what <see cref="Gate"/> gave. With s = sigmoid(gate): dup = dy · s · gate,
    /// dgate = dy · up · s · (1 + gate · (1 - s)).
    /// </summary>
    /// <param name="dy">[rows, inner], the gradient of <paramref name="gated"/>.</param>
    public static void GateBackward(ReadOnlySpan<float> gateUp, int inner, ReadOnlySpan<float> dy, Span<float> dgateUp, Span<float> gated)
    {
        var sigmoid = new float[inner].AsSpan();
        for (var (from, to) = (0, 0); to < gated.Length; from += 2 * inner, to += inner)
        {
            var gate = gateUp.Slice(from, inner);
            var up = gateUp.Slice(from + inner, inner);
            var d = dy.Slice(to, inner);
            var y = gated.Slice(to, inner);
            var dgate = dgateUp.Slice(from, inner);
            var dup = dgateUp.Slice(from + inner, inner);
            TensorPrimitives.Sigmoid(gate, sigmoid);
            TensorPrimitives.Multiply(sigmoid, gate, y); // silu
            TensorPrimitives.Multiply(d, y, dup);
            TensorPrimitives.Subtract(1, sigmoid, dgate);
            TensorPrimitives.Multiply(dgate, y, dgate);
            TensorPrimitives.Add(dgate, sigmoid, dgate); // the slope of silu: s + gate · s · (1 - s)
            TensorPrimitives.Multiply(dgate, up, dgate);
            TensorPrimitives.Multiply(dgate, d, dgate);
            TensorPrimitives.Multiply(y, up, y);
        }
    }

    private static float InverseRms(ReadOnlySpan<float> row, float epsilon) => 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares(row) / row.Length + epsilon);
}

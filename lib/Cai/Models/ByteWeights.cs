using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cai.Torch;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// Weights of a byte. Every row of a matrix is rounded to whole multiples, 127 at most, of a power of two of its own. Such numbers are bfloat16 too, so a
/// model has them once as bfloat16, for the products of many rows, and once as bytes, for those of one (<see cref="RowProduct"/>), which are done when half
/// as much is read: both are the same weights.
/// </summary>
/// <remarks>
/// With a scale that is no power of two, as of llama.cpp's Q8_0, a row could be up to twice as fine; but then bfloat16 could not hold it, and a model would
/// read its prompt by other weights than its answer.
/// </remarks>
internal sealed unsafe class ByteWeights : IDisposable
{
    private const int Most = 127;

    private readonly Dictionary<string, (Tensor Multiples, Tensor Steps)> matrices = [];

    private ByteWeights()
    {
    }

    /// <summary>Rounds the matrices of a decoder's products in place; embeddings that are no head, norms and biases stay.</summary>
    /// <param name="parameters">Finite ones.</param>
    public static void Round(ParameterSet parameters, DecoderConfig config)
    {
        using var guard = no_grad();
        foreach (var name in Names(parameters, config))
        {
            using var scope = NewDisposeScope();
            var weight = parameters[name];
            var step = Steps(weight);
            weight.copy_((weight.to(ScalarType.Float32) / step).round_() * step);
        }
    }

    /// <summary>The same weights as bytes; null where products would not be faster for it.</summary>
    /// <param name="parameters">bfloat16 that <see cref="Round"/> has rounded, on the CPU.</param>
    public static ByteWeights? Of(ParameterSet parameters, DecoderConfig config)
    {
        if (!RowProduct.IsFast || parameters.Flat.device.type != TorchSharp.DeviceType.CPU)
            return null;
        using var guard = no_grad();
        var bytes = new ByteWeights();
        foreach (var name in Names(parameters, config))
        {
            using var scope = NewDisposeScope();
            var step = Steps(parameters[name]);
            bytes.matrices.Add(name, ((parameters[name].to(ScalarType.Float32) / step).to(ScalarType.Int8).DetachFromDisposeScope(),
                step.flatten().DetachFromDisposeScope()));
        }
        return bytes;
    }

    /// <summary>x · weightᵀ + bias for one row without a gradient to come; null for others.</summary>
    /// <param name="x">[..., columns], bfloat16.</param>
    /// <param name="rows">Of the matrix, from its first on.</param>
    /// <param name="bias">[rows]</param>
    /// <returns>[..., rows], bfloat16; sums are float32, and rounded once.</returns>
    public Tensor? Product(Tensor x, string name, int rows, Tensor? bias)
    {
        if (!matrices.TryGetValue(name, out var matrix) || !RowProduct.Fits(x, matrix.Multiples.shape[1]))
            return null;
        fixed (byte* multiples = matrix.Multiples.bytes, steps = matrix.Steps.bytes)
            return RowProduct.Of<Stored>(x, multiples, (float*)steps, rows, bias);
    }

    /// <summary>The same with rows of float32 that become others; false where the matrix has no bytes.</summary>
    /// <param name="x">[count, columns of the matrix], whole blocks of them.</param>
    /// <param name="bias">[rows], bfloat16; null is none.</param>
    /// <param name="y">[count, rows]</param>
    public bool Run(float* x, int count, string name, int rows, ushort* bias, float* y)
    {
        if (!matrices.TryGetValue(name, out var matrix))
            return false;
        fixed (byte* multiples = matrix.Multiples.bytes, steps = matrix.Steps.bytes)
            RowProduct.Run<Stored>(x, count, (int)matrix.Multiples.shape[1], multiples, (float*)steps, bias, y, rows);
        return true;
    }

    public void Dispose()
    {
        foreach (var (multiples, steps) in matrices.Values)
        {
            multiples.Dispose();
            steps.Dispose();
        }
    }

    /// <summary>The matrices that activations are multiplied by.</summary>
    private static IEnumerable<string> Names(ParameterSet parameters, DecoderConfig config) => parameters.Shapes.Select(s => s.Name)
        .Where(n => n.StartsWith("layers.", StringComparison.Ordinal) && n.EndsWith(".weight", StringComparison.Ordinal) && parameters[n].dim() == 2
            || n == (config.TiedHead ? "embed.weight" : "head.weight"));

    /// <summary>The least power of two of which 127 reach the largest number of a row; 1 for a row of zeros.</summary>
    /// <returns>[rows, 1]</returns>
    private static Tensor Steps(Tensor weight)
    {
        var largest = weight.to(ScalarType.Float32).abs().amax([1], keepdim: true);
        return where(largest.to(ScalarType.Bool), largest.Div(Most).log2().ceil().exp2(), ones_like(largest));
    }

    private readonly struct Stored : RowProduct.IStored
    {
        public static int Size => sizeof(sbyte);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Read(byte* block, out Vector512<float> first, out Vector512<float> second) =>
            (first, second) = (Wide(block), Wide(block + Vector128<sbyte>.Count));

        public static void ReadOther(float* block, out Vector512<float> first, out Vector512<float> second) =>
            RowProduct.Wide.ReadOther(block, out first, out second);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Wide(byte* numbers) =>
            Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)numbers)));
    }
}

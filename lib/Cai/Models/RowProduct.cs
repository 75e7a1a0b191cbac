using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Cai.Torch;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// One row times bfloat16 weights, the product of a model that answers alone. Every weight is read once, so memory can set the pace, which libtorch's own
/// product of one row does not reach. Sums are float32, and rounded once.
/// </summary>
internal static unsafe class RowProduct
{
    private const int Lanes = 16; // pairs of weights in a vector
    private const long WorthThreads = 1 << 20; // weights

    /// <summary>Whether the processor has the vectors that this is written for.</summary>
    public static bool IsFast => Vector512.IsHardwareAccelerated && BitConverter.IsLittleEndian;

    /// <summary>Whether <paramref name="x"/> is one row without a gradient to come, and a row of weights is whole vectors.</summary>
    /// <param name="x">bfloat16 on the CPU, as <paramref name="weight"/>.</param>
    public static bool Fits(Tensor x, Tensor weight) => weight.shape is [var rows, var columns] && x.NumberOfElements == columns && columns % (2 * Lanes) == 0
        && rows * columns < int.MaxValue / sizeof(ushort) && !is_grad_enabled();

    /// <summary>x · weightᵀ + bias.</summary>
    /// <param name="x">[..., columns], one row in all.</param>
    /// <param name="weight">[rows, columns]</param>
    /// <param name="bias">[rows]</param>
    /// <returns>[..., rows], bfloat16.</returns>
    public static Tensor Of(Tensor x, Tensor weight, Tensor? bias)
    {
        var (rows, columns) = ((int)weight.shape[0], (int)weight.shape[1]);
        using var row = x.contiguous();
        var result = empty([.. x.shape[..^1], rows], ScalarType.BFloat16, x.device);
        // The first and the second of each pair of weights lie in one number of 32 bits, so the row is parted likewise.
        var (even, odd) = (new float[columns / 2], new float[columns / 2]);
        var from = Numbers(row);
        for (var i = 0; i < even.Length; i++)
            (even[i], odd[i]) = (Widen(from[2 * i]), Widen(from[2 * i + 1]));
        fixed (float* first = even, second = odd)
        fixed (ushort* weights = Numbers(weight), added = bias is null ? [] : Numbers(bias), to = Numbers(result))
        {
            var (e, o, w, b, y) = ((nint)first, (nint)second, (nint)weights, (nint)added, (nint)to);
            var pieces = (long)rows * columns < WorthThreads ? 1 : get_num_threads();
            int Cut(int piece) => (int)((long)rows * piece / pieces);
            Workers.Run(sideBySide: true, pieces, piece =>
                Multiply((float*)e, (float*)o, columns / 2, (uint*)w, (ushort*)b, (ushort*)y, Cut(piece), Cut(piece + 1)));
        }
        GC.KeepAlive(weight);
        GC.KeepAlive(bias);
        return result;
    }

    private static void Multiply(float* even, float* odd, int pairs, uint* weights, ushort* bias, ushort* to, int from, int end)
    {
        for (var r = from; r < end; r++)
        {
            var row = weights + (long)r * pairs;
            // Two sums of each kind, so that an addition need not wait for the one before.
            Vector512<float> e0 = Vector512<float>.Zero, o0 = e0, e1 = e0, o1 = e0;
            var i = 0;
            for (; i + 2 * Lanes <= pairs; i += 2 * Lanes)
            {
                Add(row + i, even + i, odd + i, ref e0, ref o0);
                Add(row + i + Lanes, even + i + Lanes, odd + i + Lanes, ref e1, ref o1);
            }
            if (i < pairs)
                Add(row + i, even + i, odd + i, ref e0, ref o0);
            to[r] = Round(Vector512.Sum(e0 + o0 + (e1 + o1)) + (bias is null ? 0 : Widen(bias[r])));
        }
    }

    /// <summary>Adds a vector of pairs, times the row's numbers, to the sums of their first and of their second halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(uint* weights, float* even, float* odd, ref Vector512<float> firsts, ref Vector512<float> seconds)
    {
        var pairs = Vector512.Load(weights);
        firsts = Vector512.FusedMultiplyAdd((pairs << 16).AsSingle(), Vector512.Load(even), firsts);
        seconds = Vector512.FusedMultiplyAdd((pairs & Vector512.Create(0xFFFF0000u)).AsSingle(), Vector512.Load(odd), seconds);
    }

    private static Span<ushort> Numbers(Tensor tensor) => MemoryMarshal.Cast<byte, ushort>(tensor.bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Widen(ushort number) => BitConverter.UInt32BitsToSingle((uint)number << 16);

    /// <summary>The nearest bfloat16, the even one of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Round(float number)
    {
        var bits = BitConverter.SingleToUInt32Bits(number);
        return float.IsNaN(number) ? (ushort)0x7FC0 : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }
}

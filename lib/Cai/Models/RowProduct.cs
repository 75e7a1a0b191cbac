using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cai.Torch;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// One row times stored weights, the product of a model that answers alone. Every weight is read once, so memory can set the pace, which libtorch's own
/// bfloat16 product of one row does not reach; in float32 it does, and with several rows it is faster. Sums are float32, and rounded once.
/// </summary>
internal static unsafe class RowProduct
{
    private const int Lanes = 16;
    private const int Block = 2 * Lanes; // weights that are read at a time
    private const int Ahead = 4096; // bytes: the processor itself reads ahead to the end of a page of memory only
    private const long WorthThreads = 1 << 20; // weights

    /// <summary>A way to store weights.</summary>
    public interface IStored
    {
        /// <summary>Bytes of a weight.</summary>
        static abstract int Size { get; }

        /// <summary>A block of a row of weights, as two vectors.</summary>
        static abstract void Read(byte* block, out Vector512<float> first, out Vector512<float> second);

        /// <summary>A block of the bfloat16 numbers that are multiplied by it, in the same order.</summary>
        static abstract void ReadOther(ushort* block, out Vector512<float> first, out Vector512<float> second);
    }

    /// <summary>Whether the processor has the vectors that this is written for.</summary>
    public static bool IsFast => Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    /// <summary>Whether <paramref name="x"/> is one row without a gradient to come, and a row of weights is whole blocks.</summary>
    /// <param name="x">bfloat16 on the CPU, as <paramref name="weight"/>.</param>
    public static bool Fits(Tensor x, Tensor weight) =>
        weight.shape is [var rows, var columns] && Fits(x, columns) && rows * columns < int.MaxValue / sizeof(ushort);

    /// <inheritdoc cref="Fits(Tensor, Tensor)"/>
    public static bool Fits(Tensor x, long columns) => x.NumberOfElements == columns && columns % Block == 0 && !is_grad_enabled();

    /// <summary>x · weightᵀ + bias.</summary>
    /// <param name="x">[..., columns], one row in all.</param>
    /// <param name="weight">[rows, columns]</param>
    /// <param name="bias">[rows]</param>
    /// <returns>[..., rows], bfloat16.</returns>
    public static Tensor Of(Tensor x, Tensor weight, Tensor? bias)
    {
        fixed (byte* weights = weight.bytes)
        {
            var result = Of<Narrow>(x, weights, null, (int)weight.shape[0], bias);
            GC.KeepAlive(weight);
            return result;
        }
    }

    /// <summary>x · weightᵀ, each row of weights times a step of its own, + bias.</summary>
    /// <param name="x">[..., columns], one row in all, bfloat16.</param>
    /// <param name="weights">[rows, columns]</param>
    /// <param name="steps">[rows]; null is 1.</param>
    /// <param name="bias">[rows]</param>
    /// <returns>[..., rows], bfloat16.</returns>
    public static Tensor Of<TStored>(Tensor x, byte* weights, float* steps, int rows, Tensor? bias) where TStored : IStored
    {
        var columns = (int)x.shape[^1];
        using var given = x.contiguous();
        var result = empty([.. x.shape[..^1], rows], ScalarType.BFloat16, x.device);
        fixed (float* numbers = new float[columns])
        fixed (byte* from = given.bytes, added = bias is null ? [] : bias.bytes, to = result.bytes)
        {
            for (var i = 0; i < columns; i += Block)
            {
                TStored.ReadOther((ushort*)from + i, out var first, out var second);
                first.Store(numbers + i);
                second.Store(numbers + i + Lanes);
            }
            var (n, w, s, b, y) = ((nint)numbers, (nint)weights, (nint)steps, (nint)added, (nint)to);
            var pieces = (long)rows * columns < WorthThreads ? 1 : get_num_threads();
            int Cut(int piece) => (int)((long)rows * piece / pieces);
            Workers.Run(sideBySide: true, pieces, piece =>
                Multiply<TStored>((float*)n, columns, (byte*)w, (float*)s, (ushort*)b, (ushort*)y, Cut(piece), Cut(piece + 1)));
        }
        GC.KeepAlive(bias);
        return result;
    }

    private static void Multiply<TStored>(float* x, int columns, byte* weights, float* steps, ushort* bias, ushort* to, int from, int end)
        where TStored : IStored
    {
        for (var r = from; r < end; r++)
        {
            var sum = Dot<TStored>(x, columns, weights + (long)r * columns * TStored.Size);
            to[r] = Round((steps is null ? sum : sum * steps[r]) + (bias is null ? 0 : Widen(bias[r])));
        }
    }

    /// <summary>A row by a row of weights.</summary>
    private static float Dot<TStored>(float* x, int columns, byte* row) where TStored : IStored
    {
        // Two sums of each kind, so that an addition need not wait for the one before.
        Vector512<float> a = Vector512<float>.Zero, b = a, c = a, d = a;
        var i = 0;
        for (; i + 2 * Block <= columns; i += 2 * Block)
        {
            ReadAhead<TStored>(row + i * TStored.Size);
            TStored.Read(row + i * TStored.Size, out var u, out var v);
            a = Vector512.FusedMultiplyAdd(u, Vector512.Load(x + i), a);
            b = Vector512.FusedMultiplyAdd(v, Vector512.Load(x + i + Lanes), b);
            TStored.Read(row + (i + Block) * TStored.Size, out u, out v);
            c = Vector512.FusedMultiplyAdd(u, Vector512.Load(x + i + Block), c);
            d = Vector512.FusedMultiplyAdd(v, Vector512.Load(x + i + Block + Lanes), d);
        }
        if (i < columns)
        {
            TStored.Read(row + i * TStored.Size, out var u, out var v);
            a = Vector512.FusedMultiplyAdd(u, Vector512.Load(x + i), a);
            b = Vector512.FusedMultiplyAdd(v, Vector512.Load(x + i + Lanes), b);
        }
        return Vector512.Sum(a + b + (c + d));
    }

    /// <summary>Asks for two blocks from further on; an address that is not there does no harm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadAhead<TStored>(byte* block) where TStored : IStored
    {
        for (var line = 0; line < 2 * Block * TStored.Size; line += 64)
            Sse.Prefetch0(block + Ahead + line);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Widen(ushort number) => BitConverter.UInt32BitsToSingle((uint)number << 16);

    /// <summary>The nearest bfloat16, the even one of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Round(float number)
    {
        var bits = BitConverter.SingleToUInt32Bits(number);
        return float.IsNaN(number) ? (ushort)0x7FC0 : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    /// <summary>bfloat16: the first and the second of each pair lie in one number of 32 bits, and are read as two vectors.</summary>
    private readonly struct Narrow : IStored
    {
        public static int Size => sizeof(ushort);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Read(byte* block, out Vector512<float> first, out Vector512<float> second)
        {
            var pairs = Vector512.Load((uint*)block);
            (first, second) = ((pairs << 16).AsSingle(), (pairs & Vector512.Create(0xFFFF0000u)).AsSingle());
        }

        public static void ReadOther(ushort* block, out Vector512<float> first, out Vector512<float> second) => Read((byte*)block, out first, out second);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cai.Torch;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// One row or a few times stored weights, the product of a model that answers alone or a few questions at once. Every weight is read once, so memory can set
/// the pace, which libtorch's own products of few rows do not reach, but for one row in float32. Sums are float32, and rounded once.
/// </summary>
internal static unsafe class RowProduct
{
    /// <summary>Numbers of a vector.</summary>
    public const int Lanes = 16;

    /// <summary>Weights that are read at a time.</summary>
    public const int Block = 2 * Lanes;

    /// <summary>Bytes from which on weights are asked for before they are read: the processor itself reads ahead to the end of a page of memory only.</summary>
    public const int Ahead = 4096;

    private const int Line = 64; // bytes that the cache reads at once, and of a vector: one that lies across two takes twice as long
    private const long Large = 1 << 20; // weights, of which threads are worth their hand-over and which do not stay in the processor

    /// <summary>A way to store weights.</summary>
    public interface IStored
    {
        /// <summary>Bytes of a weight.</summary>
        static abstract int Size { get; }

        /// <summary>A block of a row of weights, as two vectors.</summary>
        static abstract void Read(byte* block, out Vector512<float> first, out Vector512<float> second);

        /// <summary>A block of the numbers that are multiplied by it, in the same order.</summary>
        static abstract void ReadOther(float* block, out Vector512<float> first, out Vector512<float> second);
    }

    /// <summary>Whether the processor has the vectors that this is written for.</summary>
    public static bool IsFast => Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    /// <summary>Whether <paramref name="x"/> is one row without a gradient to come, and a row of weights is whole blocks.</summary>
    /// <param name="x">bfloat16 on the CPU, as <paramref name="weight"/>.</param>
    public static bool Fits(Tensor x, Tensor weight) =>
        weight.shape is [var rows, var columns] && Fits(x, columns) && rows * columns < int.MaxValue / sizeof(ushort);

    /// <inheritdoc cref="Fits(Tensor, Tensor)"/>
    public static bool Fits(Tensor x, long columns) => x.NumberOfElements == columns && columns % Block == 0 && !is_grad_enabled();

    /// <summary>Whether so few rows are multiplied faster by <see cref="Run"/> than by libtorch: what counts then is to read a large matrix once.</summary>
    /// <param name="count">Rows that are multiplied.</param>
    /// <param name="most">From how many on libtorch's product is the faster one.</param>
    public static bool Fits(long count, long most, long columns, long rows) =>
        IsFast && count <= most && columns % Block == 0 && rows * columns is >= Large and < int.MaxValue / sizeof(float);

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
        using var wide = x.to(ScalarType.Float32);
        using var given = wide.contiguous();
        using var result = empty([.. x.shape[..^1], rows], ScalarType.Float32, x.device);
        fixed (byte* from = given.bytes, added = bias is null ? [] : bias.bytes, to = result.bytes)
            Run<TStored>((float*)from, 1, (int)x.shape[^1], weights, steps, (ushort*)added, (float*)to, rows);
        GC.KeepAlive(bias);
        return result.to(ScalarType.BFloat16);
    }

    /// <summary>The same with rows of float32 that become others.</summary>
    /// <param name="x">[count, columns]</param>
    /// <param name="bias">[rows], bfloat16; null is none.</param>
    /// <param name="y">[count, rows]</param>
    /// <inheritdoc cref="Of{TStored}(Tensor, byte*, float*, int, Tensor?)"/>
    public static void Run<TStored>(float* x, int count, int columns, byte* weights, float* steps, ushort* bias, float* y, int rows) where TStored : IStored
    {
        var packed = (nint)NativeMemory.AlignedAlloc((nuint)((count == 1 ? columns : FewRows.Packed(count, columns)) * sizeof(float)), Line);
        try
        {
            if (count == 1)
                Reorder<TStored>(x, (float*)packed, columns);
            else
                FewRows.Pack<TStored>(x, count, columns, (float*)packed);
            var (w, s, b, to) = ((nint)weights, (nint)steps, (nint)bias, (nint)y);
            var pieces = (long)rows * columns < Large ? 1 : get_num_threads();
            int Cut(int piece) => (int)((long)rows * piece / pieces);
            Workers.Run(sideBySide: true, pieces, piece =>
            {
                var (from, end) = (Cut(piece), Cut(piece + 1));
                if (count == 1)
                    for (var r = from; r < end; r++)
                        ((float*)to)[r] = Dot<TStored>((float*)packed, columns, (byte*)w + (long)r * columns * TStored.Size);
                else
                    FewRows.Multiply<TStored>((float*)packed, count, columns, (byte*)w, (float*)to, rows, from, end);
                for (var i = 0; i < count; i++)
                    Finish((float*)s, (ushort*)b, (float*)to + (long)i * rows, from, end);
            });
        }
        finally
        {
            NativeMemory.AlignedFree((void*)packed);
        }
    }

    /// <summary>Numbers in the order in which blocks of weights are read.</summary>
    public static void Reorder<TStored>(float* x, float* to, int count) where TStored : IStored
    {
        for (var i = 0; i < count; i += Block)
        {
            TStored.ReadOther(x + i, out var first, out var second);
            first.Store(to + i);
            second.Store(to + i + Lanes);
        }
    }

    private static void Finish(float* steps, ushort* bias, float* y, int from, int end)
    {
        for (var r = from; r < end; r++)
            y[r] = (steps is null ? y[r] : y[r] * steps[r]) + (bias is null ? 0 : BFloat16.Widen(bias[r]));
    }

    /// <summary>A row by a row of weights.</summary>
    private static float Dot<TStored>(float* x, int columns, byte* row) where TStored : IStored
    {
        // Two sums of each kind, so that an addition need not wait for the one before.
        Vector512<float> a = Vector512<float>.Zero, b = a, c = a, d = a;
        var i = 0;
        for (; i + 2 * Block <= columns; i += 2 * Block)
        {
            ReadAhead(row + i * TStored.Size + Ahead, 2 * Block * TStored.Size);
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

    /// <summary>Asks for weights from further on; an address that is not there does no harm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ReadAhead(byte* from, int bytes)
    {
        for (var line = 0; line < bytes; line += Line)
            Sse.PrefetchNonTemporal(from + line);
    }

    /// <summary>float32, as it is.</summary>
    public readonly struct Wide : IStored
    {
        public static int Size => sizeof(float);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Read(byte* block, out Vector512<float> first, out Vector512<float> second) => ReadOther((float*)block, out first, out second);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void ReadOther(float* block, out Vector512<float> first, out Vector512<float> second) =>
            (first, second) = (Vector512.Load(block), Vector512.Load(block + Lanes));
    }

    /// <summary>bfloat16: the first and the second of each pair lie in one number of 32 bits, and are read as two vectors.</summary>
    public readonly struct Narrow : IStored
    {
        private static readonly Vector512<int> Even = Vector512.CreateSequence(0, 2), Odd = Vector512.CreateSequence(1, 2);

        public static int Size => sizeof(ushort);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Read(byte* block, out Vector512<float> first, out Vector512<float> second)
        {
            var pairs = Vector512.Load((uint*)block);
            (first, second) = ((pairs << 16).AsSingle(), (pairs & Vector512.Create(0xFFFF0000u)).AsSingle());
        }

        public static void ReadOther(float* block, out Vector512<float> first, out Vector512<float> second)
        {
            var (low, high) = (Vector512.Load(block), Vector512.Load(block + Lanes));
            (first, second) = (Avx512F.PermuteVar16x32x2(low, Even, high), Avx512F.PermuteVar16x32x2(low, Odd, high));
        }
    }
}

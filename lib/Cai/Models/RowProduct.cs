using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Cai.Torch;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// A few rows times the weights of a model that is bound by reading them: one answer by itself, or a handful. Every weight is read once, so memory can set
/// the pace, where libtorch copies the weights into another order first or multiplies single rows slowly. Sums are float32, and rounded once.
/// </summary>
internal static unsafe class RowProduct
{
    /// <summary>Most rows that are faster so: with more, arithmetic sets the pace.</summary>
    public const int MostRows = 8;

    private const int Lanes = 16;
    private const int Block = 2 * Lanes; // weights that are read at a time
    private const int Together = 4; // rows that meet a weight while it is in a register
    private const long WorthThreads = 1 << 20; // weights

    /// <summary>A way to store weights.</summary>
    public interface IStored
    {
        /// <summary>Bytes of a weight.</summary>
        static abstract int Size { get; }

        /// <summary>A block of a row, as two vectors. Rows that meet it have their numbers in the same order.</summary>
        static abstract void Read(byte* block, out Vector512<float> first, out Vector512<float> second);
    }

    /// <summary>Whether the processor has the vectors that this is written for.</summary>
    public static bool IsFast => Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    /// <summary>Whether <paramref name="x"/> is few rows without a gradient to come, of whole blocks.</summary>
    /// <param name="x">float32 or bfloat16 on the CPU, as <paramref name="weight"/>.</param>
    public static bool Fits(Tensor x, Tensor weight) =>
        weight.shape is [var rows, var columns] && Fits(x, columns) && rows * columns * sizeof(float) < int.MaxValue;

    /// <inheritdoc cref="Fits(Tensor, Tensor)"/>
    public static bool Fits(Tensor x, long columns) =>
        x.shape[^1] == columns && columns % Block == 0 && x.NumberOfElements <= MostRows * columns && !is_grad_enabled();

    /// <summary>x · weightᵀ + bias.</summary>
    /// <param name="x">[..., columns]</param>
    /// <param name="weight">[rows, columns]</param>
    /// <param name="bias">[rows]</param>
    /// <returns>[..., rows], of their type.</returns>
    public static Tensor Of(Tensor x, Tensor weight, Tensor? bias)
    {
        fixed (byte* weights = weight.bytes)
        {
            var result = x.dtype == ScalarType.BFloat16
                ? Of<Narrow>(x, weights, null, (int)weight.shape[0], bias)
                : Of<Single>(x, weights, null, (int)weight.shape[0], bias);
            GC.KeepAlive(weight);
            return result;
        }
    }

    /// <summary>x · weightᵀ, each row times a step of its own, + bias.</summary>
    /// <param name="x">[..., columns], float32 or bfloat16.</param>
    /// <param name="weights">[rows, columns]</param>
    /// <param name="steps">[rows]; null is 1.</param>
    /// <param name="bias">[rows], of the type of x.</param>
    /// <returns>[..., rows], of the type of x.</returns>
    public static Tensor Of<TStored>(Tensor x, byte* weights, float* steps, int rows, Tensor? bias) where TStored : IStored
    {
        var (columns, narrow) = ((int)x.shape[^1], x.dtype == ScalarType.BFloat16);
        var count = (int)(x.NumberOfElements / columns);
        using var given = x.contiguous();
        var result = empty([.. x.shape[..^1], rows], x.dtype, x.device);
        // Rows that only fill the last group stay zeros.
        var read = new float[(count == 1 ? 1 : (count + Together - 1) / Together * Together) * columns];
        fixed (float* numbers = read)
        fixed (byte* from = given.bytes, added = bias is null ? [] : bias.bytes, to = result.bytes)
        {
            if (narrow)
                InOrder<TStored>(from, numbers, count * columns);
            else
                given.bytes.CopyTo(MemoryMarshal.AsBytes(read.AsSpan()));
            var (n, w, s, b, y) = ((nint)numbers, (nint)weights, (nint)steps, (nint)added, (nint)to);
            var pieces = (long)rows * columns < WorthThreads ? 1 : get_num_threads();
            int Cut(int piece) => (int)((long)rows * piece / pieces);
            Workers.Run(sideBySide: true, pieces, piece =>
                Multiply<TStored>((float*)n, count, columns, (byte*)w, new Finish((float*)s, (byte*)b, (byte*)y, narrow, rows), Cut(piece), Cut(piece + 1)));
        }
        GC.KeepAlive(bias);
        return result;
    }

    /// <summary>Widens bfloat16 numbers into the order in which a block of weights is read.</summary>
    private static void InOrder<TStored>(byte* from, float* to, int count) where TStored : IStored
    {
        if (typeof(TStored) == typeof(Narrow))
        {
            for (var i = 0; i < count; i += Block)
            {
                Narrow.Read(from + i * sizeof(ushort), out var first, out var second);
                first.Store(to + i);
                second.Store(to + i + Lanes);
            }
            return;
        }
        for (var i = 0; i < count; i += Lanes)
            (Avx512F.ConvertToVector512UInt32(Vector256.Load((ushort*)from + i)) << 16).AsSingle().Store(to + i);
    }

    private static void Multiply<TStored>(float* x, int count, int columns, byte* weights, Finish finish, int from, int end) where TStored : IStored
    {
        var stride = (long)columns * TStored.Size;
        if (count == 1)
        {
            for (var r = from; r < end; r++)
                finish.Put(0, r, One<TStored>(x, columns, weights + r * stride));
            return;
        }
        for (var r = from; r < end; r += 2)
        {
            var row = weights + r * stride;
            for (var first = 0; first < count; first += Together)
                Group<TStored>(x + (long)first * columns, columns, row, r + 1 < end ? row + stride : row, finish, first, count - first, r, r + 1 < end);
        }
    }

    /// <summary>A row by a row of weights.</summary>
    private static float One<TStored>(float* x, int columns, byte* row) where TStored : IStored
    {
        // Two sums of each kind, so that an addition need not wait for the one before.
        Vector512<float> a = Vector512<float>.Zero, b = a, c = a, d = a;
        var i = 0;
        for (; i + 2 * Block <= columns; i += 2 * Block)
        {
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

    /// <summary>Four rows by two rows of weights: eight sums, as many as keep both multipliers busy while each waits for its last addition.</summary>
    private static void Group<TStored>(float* x, int columns, byte* row, byte* next, Finish finish, int first, int left, int r, bool both)
        where TStored : IStored
    {
        float* x0 = x, x1 = x + columns, x2 = x1 + columns, x3 = x2 + columns;
        Vector512<float> a0 = Vector512<float>.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (var i = 0; i < columns; i += Block)
        {
            TStored.Read(row + i * TStored.Size, out var u, out var v);
            TStored.Read(next + i * TStored.Size, out var p, out var q);
            Add(u, p, x0 + i, ref a0, ref b0);
            Add(u, p, x1 + i, ref a1, ref b1);
            Add(u, p, x2 + i, ref a2, ref b2);
            Add(u, p, x3 + i, ref a3, ref b3);
            Add(v, q, x0 + i + Lanes, ref a0, ref b0);
            Add(v, q, x1 + i + Lanes, ref a1, ref b1);
            Add(v, q, x2 + i + Lanes, ref a2, ref b2);
            Add(v, q, x3 + i + Lanes, ref a3, ref b3);
        }
        Put(0, a0, b0);
        Put(1, a1, b1);
        Put(2, a2, b2);
        Put(3, a3, b3);

        void Put(int i, Vector512<float> a, Vector512<float> b)
        {
            if (i >= left)
                return;
            finish.Put(first + i, r, Vector512.Sum(a));
            if (both)
                finish.Put(first + i, r + 1, Vector512.Sum(b));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<float> row, Vector512<float> next, float* x, ref Vector512<float> a, ref Vector512<float> b)
    {
        var numbers = Vector512.Load(x);
        a = Vector512.FusedMultiplyAdd(row, numbers, a);
        b = Vector512.FusedMultiplyAdd(next, numbers, b);
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

    /// <summary>What becomes of a sum, and where it goes.</summary>
    private readonly struct Finish(float* steps, byte* bias, byte* to, bool narrow, int rows)
    {
        public void Put(int row, int column, float sum)
        {
            if (steps is not null)
                sum *= steps[column];
            var at = (long)row * rows + column;
            if (narrow)
                ((ushort*)to)[at] = Round(bias is null ? sum : sum + Widen(((ushort*)bias)[column]));
            else
                ((float*)to)[at] = bias is null ? sum : sum + ((float*)bias)[column];
        }
    }

    /// <summary>float32.</summary>
    private readonly struct Single : IStored
    {
        public static int Size => sizeof(float);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Read(byte* block, out Vector512<float> first, out Vector512<float> second) =>
            (first, second) = (Vector512.Load((float*)block), Vector512.Load((float*)block + Lanes));
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
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Cai.Models;

/// <summary>
/// Rows as a decoder stores them, which are read as float32: embeddings, and keys or values of one head in a cache, a row a token. They are float32 or, as
/// ushort, bfloat16. The rows are too short for a call of a library each.
/// </summary>
internal static class StoredRows
{
    private static int Lanes => Vector256<float>.Count;

    /// <summary>Reads a row.</summary>
    public static void Read<T>(ReadOnlySpan<T> row, Span<float> to) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            MemoryMarshal.Cast<T, float>(row).CopyTo(to);
        else
            BFloat16.Widen(MemoryMarshal.Cast<T, ushort>(row), to);
    }

    /// <summary>Writes a row, rounded where it has to be.</summary>
    public static void Write<T>(ReadOnlySpan<float> row, Span<T> to) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            row.CopyTo(MemoryMarshal.Cast<T, float>(to));
        else
            BFloat16.Round(row, MemoryMarshal.Cast<T, ushort>(to));
    }

    /// <summary>The products of x with each of the rows that follow one another, [rows, length of x].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dots<T>(ReadOnlySpan<float> x, ReadOnlySpan<T> rows, Span<float> products) where T : unmanaged
    {
        ref var given = ref MemoryMarshal.GetReference(x);
        var whole = x.Length - x.Length % Lanes;
        for (var t = 0; t < products.Length; t++)
        {
            var row = rows.Slice(t * x.Length, x.Length);
            ref var stored = ref MemoryMarshal.GetReference(row);
            var sums = Vector256<float>.Zero;
            for (var i = 0; i < whole; i += Lanes)
                sums += Vector256.LoadUnsafe(ref given, (nuint)i) * Some(ref Unsafe.Add(ref stored, i));
            var sum = Vector256.Sum(sums);
            for (var i = whole; i < x.Length; i++)
                sum += x[i] * One(row[i]);
            products[t] = sum;
        }
    }

    /// <summary>Adds to y each of the rows that follow one another, [rows, length of y], times its weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddWeighted<T>(ReadOnlySpan<T> rows, ReadOnlySpan<float> weights, Span<float> y) where T : unmanaged
    {
        ref var sums = ref MemoryMarshal.GetReference(y);
        var whole = y.Length - y.Length % Lanes;
        for (var t = 0; t < weights.Length; t++)
        {
            var row = rows.Slice(t * y.Length, y.Length);
            ref var stored = ref MemoryMarshal.GetReference(row);
            for (var i = 0; i < whole; i += Lanes)
                (Vector256.LoadUnsafe(ref sums, (nuint)i) + Some(ref Unsafe.Add(ref stored, i)) * weights[t]).StoreUnsafe(ref sums, (nuint)i);
            for (var i = whole; i < y.Length; i++)
                y[i] += One(row[i]) * weights[t];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One<T>(T number) where T : unmanaged =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<T, float>(number) : BFloat16.Widen(Unsafe.BitCast<T, ushort>(number));

    /// <summary>As many numbers as a vector has lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Some<T>(ref T first) where T : unmanaged => typeof(T) == typeof(float)
        ? Vector256.LoadUnsafe(ref Unsafe.As<T, float>(ref first))
        : BFloat16.Widen(Vector128.LoadUnsafe(ref Unsafe.As<T, ushort>(ref first)));
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cai.Models;

/// <summary>
/// Keys or values of one head in a cache, a row a token, as attention of a single query reads them. They are float32 or, as ushort, bfloat16. The rows are too
/// short for a call of a library each.
/// </summary>
internal static class CachedRows
{
    /// <summary>Writes a row, rounded where it has to be.</summary>
    public static void Write<T>(ReadOnlySpan<float> row, Span<T> to) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            row.CopyTo(MemoryMarshal.Cast<T, float>(to));
        else
            BFloat16.Round(row, MemoryMarshal.Cast<T, ushort>(to));
    }

    /// <summary>The products of x with each of the rows that follow one another, [rows, length of x].</summary>
    public static void Dots<T>(ReadOnlySpan<float> x, ReadOnlySpan<T> rows, Span<float> products) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            Dots(x, MemoryMarshal.Cast<T, float>(rows), products);
        else
            Dots(x, MemoryMarshal.Cast<T, ushort>(rows), products);
    }

    /// <summary>Adds to y each of the rows that follow one another, [rows, length of y], times its weight.</summary>
    public static void AddWeighted<T>(ReadOnlySpan<T> rows, ReadOnlySpan<float> weights, Span<float> y) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            AddWeighted(MemoryMarshal.Cast<T, float>(rows), weights, y);
        else
            AddWeighted(MemoryMarshal.Cast<T, ushort>(rows), weights, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots(ReadOnlySpan<float> x, ReadOnlySpan<float> rows, Span<float> products)
    {
        var whole = MemoryMarshal.Cast<float, Vector<float>>(x);
        for (var t = 0; t < products.Length; t++)
        {
            var row = rows.Slice(t * x.Length, x.Length);
            var vectors = MemoryMarshal.Cast<float, Vector<float>>(row);
            var sums = Vector<float>.Zero;
            for (var i = 0; i < whole.Length; i++)
                sums += whole[i] * vectors[i];
            var sum = Vector.Sum(sums);
            for (var i = whole.Length * Vector<float>.Count; i < x.Length; i++)
                sum += x[i] * row[i];
            products[t] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeighted(ReadOnlySpan<float> rows, ReadOnlySpan<float> weights, Span<float> y)
    {
        var whole = MemoryMarshal.Cast<float, Vector<float>>(y);
        for (var t = 0; t < weights.Length; t++)
        {
            var row = rows.Slice(t * y.Length, y.Length);
            var vectors = MemoryMarshal.Cast<float, Vector<float>>(row);
            for (var i = 0; i < whole.Length; i++)
                whole[i] += vectors[i] * weights[t];
            for (var i = whole.Length * Vector<float>.Count; i < y.Length; i++)
                y[i] += row[i] * weights[t];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots(ReadOnlySpan<float> x, ReadOnlySpan<ushort> rows, Span<float> products)
    {
        var whole = MemoryMarshal.Cast<float, Vector<float>>(x);
        for (var t = 0; t < products.Length; t++)
        {
            var row = rows.Slice(t * x.Length, x.Length);
            var vectors = MemoryMarshal.Cast<ushort, Vector<ushort>>(row);
            Vector<float> even = Vector<float>.Zero, odd = even;
            for (var i = 0; i < vectors.Length; i++)
            {
                BFloat16.Widen(vectors[i], out var first, out var second);
                even += whole[2 * i] * first;
                odd += whole[2 * i + 1] * second;
            }
            var sum = Vector.Sum(even + odd);
            for (var i = vectors.Length * Vector<ushort>.Count; i < x.Length; i++)
                sum += x[i] * BFloat16.Widen(row[i]);
            products[t] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeighted(ReadOnlySpan<ushort> rows, ReadOnlySpan<float> weights, Span<float> y)
    {
        var whole = MemoryMarshal.Cast<float, Vector<float>>(y);
        for (var t = 0; t < weights.Length; t++)
        {
            var row = rows.Slice(t * y.Length, y.Length);
            var vectors = MemoryMarshal.Cast<ushort, Vector<ushort>>(row);
            for (var i = 0; i < vectors.Length; i++)
            {
                BFloat16.Widen(vectors[i], out var first, out var second);
                whole[2 * i] += first * weights[t];
                whole[2 * i + 1] += second * weights[t];
            }
            for (var i = vectors.Length * Vector<ushort>.Count; i < y.Length; i++)
                y[i] += BFloat16.Widen(row[i]) * weights[t];
        }
    }
}

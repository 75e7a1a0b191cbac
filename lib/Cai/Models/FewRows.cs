using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cai.Models;

/// <summary>
/// A few rows times stored weights: each weight is read from memory once and meets all rows, which lie in the processor's first cache meanwhile. Eight rows
/// and two rows of weights at a time, since so many sums fit into registers; what is read serves several products, and memory nearly sets the pace.
/// </summary>
internal static unsafe class FewRows
{
    private const int Group = 8;
    private const int Kept = 28 << 10; // bytes of rows: most of a first cache

    /// <summary>Numbers that <see cref="Pack"/> writes.</summary>
    public static int Packed(int count, int columns) => Padded(count) * columns;

    /// <summary>The rows in the order in which they are read: part by part of the columns, rows of zeros after the last.</summary>
    /// <param name="x">[count, columns]</param>
    /// <param name="to">As many as <see cref="Packed"/> says, from a line of the cache on.</param>
    public static void Pack<TStored>(float* x, int count, int columns, float* to) where TStored : RowProduct.IStored
    {
        for (var start = 0; start < columns; start += Part(count, columns))
        {
            var width = Math.Min(Part(count, columns), columns - start);
            for (var i = 0; i < count; i++, to += width)
                RowProduct.Reorder<TStored>(x + (long)i * columns + start, to, width);
            for (var i = count; i < Padded(count); i++, to += width)
                new Span<float>(to, width).Clear();
        }
    }

    /// <summary>Some rows of x · weightsᵀ.</summary>
    /// <param name="packed">See <see cref="Pack"/>.</param>
    /// <param name="weights">[rows, columns]</param>
    /// <param name="y">[count, rows], of which those from <paramref name="from"/> to <paramref name="end"/> are written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TStored>(float* packed, int count, int columns, byte* weights, float* y, int rows, int from, int end)
        where TStored : RowProduct.IStored
    {
        var sums = stackalloc float[2 * Group];
        var length = (long)columns * TStored.Size;
        for (var start = 0; start < columns; start += Part(count, columns))
        {
            var width = Math.Min(Part(count, columns), columns - start);
            var x = packed + (long)Padded(count) * start;
            var pair = 2 * width * TStored.Size;
            var ahead = (RowProduct.Ahead + pair - 1) / pair * 2 * length; // so many rows of weights further on
            for (var r = from; r < end; r += 2)
            {
                var row = weights + r * length + (long)start * TStored.Size;
                var two = r + 1 < end;
                for (var i = 0; i < count; i += Group)
                {
                    Sums<TStored>(x + (long)i * width, width, row, two ? row + length : row, i == 0 ? ahead : 0, sums);
                    for (var k = 0; k < Group && i + k < count; k++)
                    {
                        var to = y + (long)(i + k) * rows + r;
                        to[0] = sums[2 * k] + (start > 0 ? to[0] : 0);
                        if (two)
                            to[1] = sums[2 * k + 1] + (start > 0 ? to[1] : 0);
                    }
                }
            }
        }
    }

    private static int Padded(int count) => (count + Group - 1) / Group * Group;

    /// <summary>Columns of which a part of the rows fits: as equal parts as whole blocks can be.</summary>
    private static int Part(int count, int columns)
    {
        var parts = (columns * Padded(count) * sizeof(float) + Kept - 1) / Kept;
        return (columns / RowProduct.Block + parts - 1) / parts * RowProduct.Block;
    }

    /// <summary>Eight rows by two rows of weights.</summary>
    /// <param name="x0">[8, columns]</param>
    /// <param name="ahead">From where weights are asked for already; 0 where they are there.</param>
    /// <param name="sums">[8, 2]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums<TStored>(float* x0, int columns, byte* row, byte* next, long ahead, float* sums) where TStored : RowProduct.IStored
    {
        float* x1 = x0 + columns, x2 = x1 + columns, x3 = x2 + columns, x4 = x3 + columns, x5 = x4 + columns, x6 = x5 + columns, x7 = x6 + columns;
        Vector512<float> a0 = Vector512<float>.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        Vector512<float> b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0, c;
        for (var i = 0; i < columns; i += RowProduct.Block)
        {
            if (ahead > 0)
            {
                RowProduct.ReadAhead(row + i * TStored.Size + ahead, RowProduct.Block * TStored.Size);
                RowProduct.ReadAhead(next + i * TStored.Size + ahead, RowProduct.Block * TStored.Size);
            }
            TStored.Read(row + i * TStored.Size, out var u, out var v);
            TStored.Read(next + i * TStored.Size, out var p, out var q);
            // Both halves of a block are written out: a loop over them costs a tenth and more.
            c = Vector512.Load(x0 + i);
            (a0, b0) = (Vector512.FusedMultiplyAdd(u, c, a0), Vector512.FusedMultiplyAdd(p, c, b0));
            c = Vector512.Load(x1 + i);
            (a1, b1) = (Vector512.FusedMultiplyAdd(u, c, a1), Vector512.FusedMultiplyAdd(p, c, b1));
            c = Vector512.Load(x2 + i);
            (a2, b2) = (Vector512.FusedMultiplyAdd(u, c, a2), Vector512.FusedMultiplyAdd(p, c, b2));
            c = Vector512.Load(x3 + i);
            (a3, b3) = (Vector512.FusedMultiplyAdd(u, c, a3), Vector512.FusedMultiplyAdd(p, c, b3));
            c = Vector512.Load(x4 + i);
            (a4, b4) = (Vector512.FusedMultiplyAdd(u, c, a4), Vector512.FusedMultiplyAdd(p, c, b4));
            c = Vector512.Load(x5 + i);
            (a5, b5) = (Vector512.FusedMultiplyAdd(u, c, a5), Vector512.FusedMultiplyAdd(p, c, b5));
            c = Vector512.Load(x6 + i);
            (a6, b6) = (Vector512.FusedMultiplyAdd(u, c, a6), Vector512.FusedMultiplyAdd(p, c, b6));
            c = Vector512.Load(x7 + i);
            (a7, b7) = (Vector512.FusedMultiplyAdd(u, c, a7), Vector512.FusedMultiplyAdd(p, c, b7));
            c = Vector512.Load(x0 + i + RowProduct.Lanes);
            (a0, b0) = (Vector512.FusedMultiplyAdd(v, c, a0), Vector512.FusedMultiplyAdd(q, c, b0));
            c = Vector512.Load(x1 + i + RowProduct.Lanes);
            (a1, b1) = (Vector512.FusedMultiplyAdd(v, c, a1), Vector512.FusedMultiplyAdd(q, c, b1));
            c = Vector512.Load(x2 + i + RowProduct.Lanes);
            (a2, b2) = (Vector512.FusedMultiplyAdd(v, c, a2), Vector512.FusedMultiplyAdd(q, c, b2));
            c = Vector512.Load(x3 + i + RowProduct.Lanes);
            (a3, b3) = (Vector512.FusedMultiplyAdd(v, c, a3), Vector512.FusedMultiplyAdd(q, c, b3));
            c = Vector512.Load(x4 + i + RowProduct.Lanes);
            (a4, b4) = (Vector512.FusedMultiplyAdd(v, c, a4), Vector512.FusedMultiplyAdd(q, c, b4));
            c = Vector512.Load(x5 + i + RowProduct.Lanes);
            (a5, b5) = (Vector512.FusedMultiplyAdd(v, c, a5), Vector512.FusedMultiplyAdd(q, c, b5));
            c = Vector512.Load(x6 + i + RowProduct.Lanes);
            (a6, b6) = (Vector512.FusedMultiplyAdd(v, c, a6), Vector512.FusedMultiplyAdd(q, c, b6));
            c = Vector512.Load(x7 + i + RowProduct.Lanes);
            (a7, b7) = (Vector512.FusedMultiplyAdd(v, c, a7), Vector512.FusedMultiplyAdd(q, c, b7));
        }
        (sums[0], sums[1]) = (Vector512.Sum(a0), Vector512.Sum(b0));
        (sums[2], sums[3]) = (Vector512.Sum(a1), Vector512.Sum(b1));
        (sums[4], sums[5]) = (Vector512.Sum(a2), Vector512.Sum(b2));
        (sums[6], sums[7]) = (Vector512.Sum(a3), Vector512.Sum(b3));
        (sums[8], sums[9]) = (Vector512.Sum(a4), Vector512.Sum(b4));
        (sums[10], sums[11]) = (Vector512.Sum(a5), Vector512.Sum(b5));
        (sums[12], sums[13]) = (Vector512.Sum(a6), Vector512.Sum(b6));
        (sums[14], sums[15]) = (Vector512.Sum(a7), Vector512.Sum(b7));
    }
}

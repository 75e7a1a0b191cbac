using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// Causal attention with rotary positions within one row of a batch, and its gradient, over float32 memory. Weights of a block of queries are computed, used
/// and forgotten, backwards once more (as in FlashAttention, Dao et al. 2022), and what lies after a query is left out. Made for short texts and narrow
/// heads, whose products are too small for calls of a library.
/// </summary>
/// <remarks>
/// All five products are of one form (<see cref="Multiply"/>): a tile of rows stays in registers while a vector of columns is added to it again and again.
/// So that columns lie beside each other, keys and values are kept transposed, too, and widths are filled up with zeros to whole vectors.
/// </remarks>
internal sealed unsafe class CausalAttention : IDisposable
{
    private const int Lanes = 16; // numbers in a vector
    private const int Tile = 8; // rows of a product that are held in registers
    private const int Block = 32; // queries whose weights are held

    private readonly int heads, kv, width, time, columns, places, stride;
    private readonly Tensor memory;
    private readonly float* cos, sin; // [time, width]
    private readonly float* query, key, value, dmixed, dquery, dkey, dvalue; // [places, columns]
    private readonly float* keysAcross, valuesAcross; // [width, places]
    private readonly float* weights, dweights; // [block, places]
    private readonly float* mixed; // [tile, columns]

    /// <param name="cos">[time, 1, width], as <paramref name="sin"/> (<see cref="RotaryTable"/>); both must outlive this.</param>
    public CausalAttention(DecoderConfig config, int time, Tensor cos, Tensor sin)
    {
        (heads, kv, width, this.time) = (config.Heads, config.KvHeads, config.HeadWidth, time);
        this.cos = Address(cos);
        this.sin = Address(sin);
        stride = (heads + 2 * kv) * width;
        columns = (width + Lanes - 1) / Lanes * Lanes;
        places = (time + Block - 1) / Block * Block;
        var (part, across) = (places * columns, width * places);
        memory = zeros(7L * part + 2L * across + 2L * Block * places + Tile * columns).DetachFromDisposeScope();
        var next = Address(memory);
        float* Take(int count) => (next += count) - count;
        query = Take(part);
        key = Take(part);
        value = Take(part);
        dmixed = Take(part);
        dquery = Take(part);
        dkey = Take(part);
        dvalue = Take(part);
        keysAcross = Take(across);
        valuesAcross = Take(across);
        weights = Take(Block * places);
        dweights = Take(Block * places);
        mixed = Take(Tile * columns);
    }

    /// <summary>Values mixed by attention.</summary>
    /// <param name="qkv">[time, (heads + 2 · kv heads) · width], before the rotation.</param>
    /// <param name="to">[time, heads · width]</param>
    public void Forward(ReadOnlySpan<float> qkv, Span<float> to)
    {
        for (var group = 0; group < kv; group++)
        {
            LoadKeysAndValues(qkv, group);
            for (var head = group * heads / kv; head < (group + 1) * heads / kv; head++)
            {
                LoadQueries(qkv, head);
                for (var i = 0; i < time; i += Tile)
                {
                    Weigh(i, weights);
                    Multiply(weights, places, 1, i + Tile, value, columns, mixed, columns, columns, add: false);
                    for (var t = i; t < Math.Min(i + Tile, time); t++)
                        new ReadOnlySpan<float>(mixed + (t - i) * columns, width).CopyTo(to[((t * heads + head) * width)..]);
                }
            }
        }
    }

    /// <summary>The gradient of <paramref name="qkv"/>.</summary>
    /// <param name="given">The gradient of the mixed values, [time, heads · width].</param>
    /// <param name="dqkv">As <paramref name="qkv"/>.</param>
    public void Backward(ReadOnlySpan<float> qkv, ReadOnlySpan<float> given, Span<float> dqkv)
    {
        for (var group = 0; group < kv; group++)
        {
            LoadKeysAndValues(qkv, group);
            Transpose(value, valuesAcross);
            new Span<float>(dkey, places * columns).Clear();
            new Span<float>(dvalue, places * columns).Clear();
            for (var head = group * heads / kv; head < (group + 1) * heads / kv; head++)
            {
                LoadQueries(qkv, head);
                for (var t = 0; t < time; t++)
                    given.Slice((t * heads + head) * width, width).CopyTo(new(dmixed + t * columns, width));
                for (var first = 0; first < time; first += Block)
                    BackwardBlock(first);
                for (var t = 0; t < time; t++)
                {
                    var d = new Span<float>(dquery + t * columns, width);
                    TensorPrimitives.Multiply(d, Scale, d);
                    RowKernels.Rotate(d, Cos(t), Sin(t), dqkv.Slice(t * stride + head * width, width), back: true);
                }
            }
            for (var t = 0; t < time; t++)
            {
                RowKernels.Rotate(new(dkey + t * columns, width), Cos(t), Sin(t), dqkv.Slice(t * stride + (heads + group) * width, width), back: true);
                new ReadOnlySpan<float>(dvalue + t * columns, width).CopyTo(dqkv[(t * stride + (heads + kv + group) * width)..]);
            }
        }
    }

    public void Dispose() => memory.Dispose();

    private float Scale => 1 / MathF.Sqrt(width);

    private ReadOnlySpan<float> Cos(int t) => new(cos + t * width, width);

    private ReadOnlySpan<float> Sin(int t) => new(sin + t * width, width);

    private static float* Address(Tensor tensor) => (float*)Unsafe.AsPointer(ref RowKernels.Numbers(tensor)[0]);

    private void LoadKeysAndValues(ReadOnlySpan<float> qkv, int group)
    {
        for (var t = 0; t < time; t++)
        {
            RowKernels.Rotate(qkv.Slice(t * stride + (heads + group) * width, width), Cos(t), Sin(t), new(key + t * columns, width));
            qkv.Slice(t * stride + (heads + kv + group) * width, width).CopyTo(new(value + t * columns, width));
        }
        Transpose(key, keysAcross);
    }

    private void LoadQueries(ReadOnlySpan<float> qkv, int head)
    {
        for (var t = 0; t < time; t++)
        {
            var turned = new Span<float>(query + t * columns, width);
            RowKernels.Rotate(qkv.Slice(t * stride + head * width, width), Cos(t), Sin(t), turned);
            TensorPrimitives.Multiply(turned, Scale, turned);
        }
    }

    private void Transpose(float* rows, float* across)
    {
        for (var t = 0; t < time; t++)
            for (var c = 0; c < width; c++)
                across[c * places + t] = rows[t * columns + c];
    }

    /// <summary>The weights with which a tile of queries, the first at i, see keys; zero after each query.</summary>
    private void Weigh(int i, float* to)
    {
        var seen = Seen(i);
        Multiply(query + i * columns, columns, 1, width, keysAcross, places, to, places, seen, add: false);
        for (var r = 0; r < Tile; r++)
        {
            var row = new Span<float>(to + r * places, seen);
            row[(i + r + 1)..].Fill(float.NegativeInfinity);
            var top = Vector512.Create(TensorPrimitives.Max<float>(row));
            var sum = Vector512<float>.Zero;
            for (var j = 0; j < seen; j += Lanes)
            {
                var e = VectorExp.Of(Vector512.Load(to + r * places + j) - top);
                e.Store(to + r * places + j);
                sum += e;
            }
            row[(i + r + 1)..].Clear();
            TensorPrimitives.Multiply(row, 1 / Vector512.Sum(sum), row);
        }
    }

    /// <summary>
    /// What a block of queries gives to all gradients. With weights w = softmax(s) and dw = dmixed · values: ds = w · (dw - Σ w · dw),
    /// dquery = ds · keys, dkey = dsᵀ · query, dvalue = wᵀ · dmixed.
    /// </summary>
    private void BackwardBlock(int first)
    {
        for (var i = first; i < first + Block; i += Tile)
        {
            float* w = weights + (i - first) * places, dw = dweights + (i - first) * places;
            Weigh(i, w);
            Multiply(dmixed + i * columns, columns, 1, width, valuesAcross, places, dw, places, Seen(i), add: false);
            for (var r = 0; r < Tile; r++)
            {
                var row = new Span<float>(w + r * places, Seen(i));
                var d = new Span<float>(dw + r * places, Seen(i));
                TensorPrimitives.Subtract(d, TensorPrimitives.Dot<float>(row, d), d);
                TensorPrimitives.Multiply(d, row, d);
            }
            Multiply(dw, places, 1, i + Tile, key, columns, dquery + i * columns, columns, columns, add: false);
        }
        for (var j = 0; j < first + Block; j += Tile)
        {
            var from = Math.Max(first, j); // queries before a key do not see it
            var at = (from - first) * places + j;
            var steps = first + Block - from;
            Multiply(dweights + at, 1, places, steps, query + from * columns, columns, dkey + j * columns, columns, columns, add: true);
            Multiply(weights + at, 1, places, steps, dmixed + from * columns, columns, dvalue + j * columns, columns, columns, add: true);
        }
    }

    /// <summary>How many keys are computed for a tile of queries: what it sees, in whole vectors.</summary>
    private static int Seen(int i) => (i + Tile + Lanes - 1) / Lanes * Lanes;

    /// <summary>c = a · b, or c + a · b: [tile, steps] by [steps, columns] to [tile, columns].</summary>
    /// <param name="rowStep">How far rows of a lie apart; <paramref name="step"/>: how far its columns.</param>
    /// <param name="bStep">How far rows of b lie apart, as <paramref name="cStep"/> for c; numbers of a row are neighbours.</param>
    /// <param name="columns">A multiple of the numbers in a vector.</param>
    private static void Multiply(float* a, int rowStep, int step, int steps, float* b, int bStep, float* c, int cStep, int columns, bool add)
    {
        for (; columns >= 2 * Lanes; columns -= 2 * Lanes, b += 2 * Lanes, c += 2 * Lanes)
            MultiplyTwo(a, rowStep, step, steps, b, bStep, c, cStep, add);
        if (columns > 0)
            MultiplyOne(a, rowStep, step, steps, b, bStep, c, cStep, add);
    }

    // Written out row by row: sums in an array would not stay in registers.

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTwo(float* a, nint rowStep, nint step, int steps, float* b, nint bStep, float* c, nint cStep, bool add)
    {
        nint r2 = 2 * rowStep, r3 = 3 * rowStep, r4 = 4 * rowStep, r5 = 5 * rowStep, r6 = 6 * rowStep, r7 = 7 * rowStep;
        Vector512<float> p0 = Vector512<float>.Zero, p1 = Vector512<float>.Zero, p2 = Vector512<float>.Zero, p3 = Vector512<float>.Zero;
        Vector512<float> p4 = Vector512<float>.Zero, p5 = Vector512<float>.Zero, p6 = Vector512<float>.Zero, p7 = Vector512<float>.Zero;
        Vector512<float> q0 = Vector512<float>.Zero, q1 = Vector512<float>.Zero, q2 = Vector512<float>.Zero, q3 = Vector512<float>.Zero;
        Vector512<float> q4 = Vector512<float>.Zero, q5 = Vector512<float>.Zero, q6 = Vector512<float>.Zero, q7 = Vector512<float>.Zero;
        for (var k = 0; k < steps; k++, a += step, b += bStep)
        {
            Vector512<float> v = Vector512.Load(b), w = Vector512.Load(b + Lanes);
            var x0 = Vector512.Create(a[0]);
            (p0, q0) = (Vector512.FusedMultiplyAdd(x0, v, p0), Vector512.FusedMultiplyAdd(x0, w, q0));
            var x1 = Vector512.Create(a[rowStep]);
            (p1, q1) = (Vector512.FusedMultiplyAdd(x1, v, p1), Vector512.FusedMultiplyAdd(x1, w, q1));
            var x2 = Vector512.Create(a[r2]);
            (p2, q2) = (Vector512.FusedMultiplyAdd(x2, v, p2), Vector512.FusedMultiplyAdd(x2, w, q2));
            var x3 = Vector512.Create(a[r3]);
            (p3, q3) = (Vector512.FusedMultiplyAdd(x3, v, p3), Vector512.FusedMultiplyAdd(x3, w, q3));
            var x4 = Vector512.Create(a[r4]);
            (p4, q4) = (Vector512.FusedMultiplyAdd(x4, v, p4), Vector512.FusedMultiplyAdd(x4, w, q4));
            var x5 = Vector512.Create(a[r5]);
            (p5, q5) = (Vector512.FusedMultiplyAdd(x5, v, p5), Vector512.FusedMultiplyAdd(x5, w, q5));
            var x6 = Vector512.Create(a[r6]);
            (p6, q6) = (Vector512.FusedMultiplyAdd(x6, v, p6), Vector512.FusedMultiplyAdd(x6, w, q6));
            var x7 = Vector512.Create(a[r7]);
            (p7, q7) = (Vector512.FusedMultiplyAdd(x7, v, p7), Vector512.FusedMultiplyAdd(x7, w, q7));
        }
        Put(p0, c, add);
        Put(p1, c + cStep, add);
        Put(p2, c + 2 * cStep, add);
        Put(p3, c + 3 * cStep, add);
        Put(p4, c + 4 * cStep, add);
        Put(p5, c + 5 * cStep, add);
        Put(p6, c + 6 * cStep, add);
        Put(p7, c + 7 * cStep, add);
        Put(q0, c + Lanes, add);
        Put(q1, c + cStep + Lanes, add);
        Put(q2, c + 2 * cStep + Lanes, add);
        Put(q3, c + 3 * cStep + Lanes, add);
        Put(q4, c + 4 * cStep + Lanes, add);
        Put(q5, c + 5 * cStep + Lanes, add);
        Put(q6, c + 6 * cStep + Lanes, add);
        Put(q7, c + 7 * cStep + Lanes, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyOne(float* a, nint rowStep, nint step, int steps, float* b, nint bStep, float* c, nint cStep, bool add)
    {
        nint r2 = 2 * rowStep, r3 = 3 * rowStep, r4 = 4 * rowStep, r5 = 5 * rowStep, r6 = 6 * rowStep, r7 = 7 * rowStep;
        Vector512<float> p0 = Vector512<float>.Zero, p1 = Vector512<float>.Zero, p2 = Vector512<float>.Zero, p3 = Vector512<float>.Zero;
        Vector512<float> p4 = Vector512<float>.Zero, p5 = Vector512<float>.Zero, p6 = Vector512<float>.Zero, p7 = Vector512<float>.Zero;
        for (var k = 0; k < steps; k++, a += step, b += bStep)
        {
            var v = Vector512.Load(b);
            p0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[0]), v, p0);
            p1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[rowStep]), v, p1);
            p2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[r2]), v, p2);
            p3 = Vector512.FusedMultiplyAdd(Vector512.Create(a[r3]), v, p3);
            p4 = Vector512.FusedMultiplyAdd(Vector512.Create(a[r4]), v, p4);
            p5 = Vector512.FusedMultiplyAdd(Vector512.Create(a[r5]), v, p5);
            p6 = Vector512.FusedMultiplyAdd(Vector512.Create(a[r6]), v, p6);
            p7 = Vector512.FusedMultiplyAdd(Vector512.Create(a[r7]), v, p7);
        }
        Put(p0, c, add);
        Put(p1, c + cStep, add);
        Put(p2, c + 2 * cStep, add);
        Put(p3, c + 3 * cStep, add);
        Put(p4, c + 4 * cStep, add);
        Put(p5, c + 5 * cStep, add);
        Put(p6, c + 6 * cStep, add);
        Put(p7, c + 7 * cStep, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> sum, float* to, bool add) => (add ? Vector512.Load(to) + sum : sum).Store(to);
}

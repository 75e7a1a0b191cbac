using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Cai.Models.RowKernels;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// One more token for each row of a batch, as <see cref="Decoder.Hidden"/> and <see cref="Decoder.Logits"/> compute it: libtorch multiplies by weights and
/// reads the shared prefix, everything in between is plain C# over the same memory. A step of a small model consists of hundreds of operations of
/// microseconds, and calling them costs more than computing them. Attention reads each row's own length and no padding.
/// </summary>
internal sealed class TokenStep : IDisposable
{
    private readonly Decoder decoder;
    private readonly DecoderConfig config;
    private readonly KvCache cache;
    private readonly KvCache? prefix;
    private readonly int hidden, heads, kv, width, inner, shared;
    private readonly float epsilon;
    private readonly Tensor cos, sin;
    private readonly Tensor[] weights; // transposed views: qkv, out, gate_up and down of each layer, then the head
    private readonly Tensor[] prefixKeys = []; // views of each layer, [kv heads, width, prefix]
    private readonly Tensor[] prefixValues = []; // views of each layer, [kv heads, prefix, width]
    private readonly float[] scores;
    private Buffers buffers;

    /// <param name="cache">Keys and values of the rows so far.</param>
    /// <param name="prefix">Of tokens that come before every row, or null.</param>
    public TokenStep(Decoder decoder, KvCache cache, KvCache? prefix)
    {
        (this.decoder, this.cache, this.prefix, config) = (decoder, cache, prefix, decoder.Config);
        (hidden, heads, kv, width, inner) = (config.HiddenSize, config.Heads, config.KvHeads, config.HeadWidth, config.IntermediateSize);
        shared = (int)(prefix?.Capacity ?? 0);
        epsilon = (float)config.NormEpsilon;
        using var scope = NewDisposeScope();
        (cos, sin) = decoder.Turns(shared + cache.Capacity);
        (cos, sin) = (cos.DetachFromDisposeScope(), sin.DetachFromDisposeScope());
        weights =
        [
            .. Enumerable.Range(0, config.Layers).SelectMany(i => (string[])[$"layers.{i}.qkv", $"layers.{i}.out", $"layers.{i}.gate_up", $"layers.{i}.down"])
                .Select(name => decoder.Parameters[name + ".weight"].t().DetachFromDisposeScope()),
            decoder.Parameters[config.TiedHead ? "embed.weight" : "head.weight"].narrow(0, 0, config.Predicted).t().DetachFromDisposeScope(),
        ];
        if (prefix is not null)
        {
            prefixKeys = [.. Enumerable.Range(0, config.Layers).Select(i => prefix.Keys(i).squeeze(0).transpose(1, 2).DetachFromDisposeScope())];
            prefixValues = [.. Enumerable.Range(0, config.Layers).Select(i => prefix.Values(i).squeeze(0).DetachFromDisposeScope())];
        }
        scores = new float[cache.Capacity];
        buffers = new Buffers(this, cache.Keys(0).shape[0]);
    }

    /// <summary>
    /// Whether a decoder is one that this class computes: small, in float32, of Llama's kind without biases, with a cache that a span can hold.
    /// </summary>
    public static bool Fits(Decoder decoder, KvCache cache) => cache.Keys(0).NumberOfElements < int.MaxValue / sizeof(float)
        && decoder is { IsSmallLlama: true, Config.Window: 0 };

    /// <summary>Feeds every row a token and gives the logits of the next, [rows, vocab], which live until the next call.</summary>
    /// <param name="places">The rows of the cache that are fed; others rest.</param>
    /// <param name="columns">Column of the cache that each row's keys go to: its length so far, less the prefix.</param>
    public Tensor Logits(ReadOnlySpan<int> tokens, ReadOnlySpan<int> places, ReadOnlySpan<int> columns)
    {
        var rows = tokens.Length;
        if (buffers.Rows != rows)
        {
            buffers.Dispose();
            buffers = new Buffers(this, rows);
        }
        var b = buffers;
        if (Instruments.Counting)
            decoder.CountStep(rows);
        var embeddings = Numbers(decoder.Parameters["embed.weight"]);
        var stream = b.Stream.AsSpan(0, rows * hidden);
        for (var r = 0; r < rows; r++)
            embeddings.Slice(tokens[r] * hidden, hidden).CopyTo(stream[(r * hidden)..]);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            Norm(stream, Numbers(decoder.Parameters[$"layers.{layer}.attention_norm.weight"]), epsilon, Numbers(b.Normed));
            Multiply(b.Qkv, b.Normed, weights[4 * layer]);
            Attend(layer, places, columns, b);
            Multiply(b.Projected, b.Mixed, weights[4 * layer + 1]);
            TensorPrimitives.Add(stream, Numbers(b.Projected), stream);
            Norm(stream, Numbers(decoder.Parameters[$"layers.{layer}.mlp_norm.weight"]), epsilon, Numbers(b.Normed));
            Multiply(b.GateUp, b.Normed, weights[4 * layer + 2]);
            Gate(Numbers(b.GateUp), inner, Numbers(b.Gated));
            Multiply(b.Projected, b.Gated, weights[4 * layer + 3]);
            TensorPrimitives.Add(stream, Numbers(b.Projected), stream);
        }
        Norm(stream, Numbers(decoder.Parameters["norm.weight"]), epsilon, Numbers(b.Normed));
        Multiply(b.Logits, b.Normed, weights[^1]);
        return b.Logits;
    }

    public void Dispose()
    {
        buffers.Dispose();
        foreach (var tensor in (Tensor[])[cos, sin, .. weights, .. prefixKeys, .. prefixValues])
            tensor.Dispose();
    }

    private static void Multiply(Tensor result, Tensor x, Tensor weight) => result.addmm_(x, weight, 0, 1);

    private void Attend(int layer, ReadOnlySpan<int> places, ReadOnlySpan<int> columns, Buffers b)
    {
        var (rows, groups, capacity) = (columns.Length, heads / kv, (int)cache.Capacity);
        Span<float> qkv = Numbers(b.Qkv), queries = Numbers(b.Queries), mixed = Numbers(b.Mixed);
        Span<float> keys = Numbers(cache.Keys(layer)), values = Numbers(cache.Values(layer));
        Span<float> turned = stackalloc float[width];
        Span<float> cosines = Numbers(cos), sines = Numbers(sin);
        for (var r = 0; r < rows; r++)
        {
            var row = qkv.Slice(r * (heads + 2 * kv) * width, (heads + 2 * kv) * width);
            var c = cosines.Slice((shared + columns[r]) * width, width);
            var s = sines.Slice((shared + columns[r]) * width, width);
            for (var h = 0; h < heads; h++)
            {
                Rotate(row.Slice(h * width, width), c, s, turned);
                TensorPrimitives.Multiply(turned, 1 / MathF.Sqrt(width), queries.Slice(Query(r, h) * width, width));
            }
            for (var h = 0; h < kv; h++)
            {
                var at = ((places[r] * kv + h) * capacity + columns[r]) * width;
                Rotate(row.Slice((heads + h) * width, width), c, s, keys.Slice(at, width));
                row.Slice((heads + kv + h) * width, width).CopyTo(values[at..]);
            }
        }
        using var prefixScores = prefix is null ? null : b.Queries.bmm(prefixKeys[layer]); // [kv heads, rows · heads that share keys, prefix]
        Span<float> before = prefixScores is null ? [] : Numbers(prefixScores);
        for (var r = 0; r < rows; r++)
            for (var h = 0; h < heads; h++)
            {
                var query = Query(r, h);
                var own = (places[r] * kv + h / groups) * capacity * width;
                Mix(queries.Slice(query * width, width), keys[own..], values[own..], scores.AsSpan(0, columns[r] + 1),
                    before.Slice(query * shared, shared), mixed.Slice((r * heads + h) * width, width));
            }
        if (prefixScores is null)
            return;
        using var fromPrefix = prefixScores.bmm(prefixValues[layer]);
        var read = Numbers(fromPrefix);
        for (var r = 0; r < rows; r++)
            for (var h = 0; h < heads; h++)
            {
                var y = mixed.Slice((r * heads + h) * width, width);
                TensorPrimitives.Add(y, read.Slice(Query(r, h) * width, width), y);
            }

        // Queries that read the same keys lie together: [kv heads, rows, heads that share keys].
        int Query(int row, int head) => (head / groups * rows + row) * groups + head % groups;
    }

    /// <summary>One head of one row: weights of the prefix, in the place of its scores, and of the own tokens, whose values are mixed.</summary>
    private void Mix(ReadOnlySpan<float> query, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> own, Span<float> before, Span<float> mixed)
    {
        Dots(query, keys, own);
        var top = TensorPrimitives.Max<float>(own);
        if (before.Length > 0)
            top = MathF.Max(top, TensorPrimitives.Max<float>(before));
        var sum = Exponentials(own, top) + (before.Length > 0 ? Exponentials(before, top) : 0);
        TensorPrimitives.Multiply(before, 1 / sum, before);
        TensorPrimitives.Multiply(own, 1 / sum, own);
        mixed.Clear();
        AddWeighted(values, own, mixed);
    }

    // The rows of keys and values are too short for a call of a library each.

    /// <summary>The products of x with each of the rows that follow one another, [rows, length of x].</summary>
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

    /// <summary>Adds to y each of the rows that follow one another, [rows, length of y], times its weight.</summary>
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

    private static float Exponentials(Span<float> x, float top)
    {
        TensorPrimitives.Subtract(x, top, x);
        TensorPrimitives.Exp<float>(x, x);
        return TensorPrimitives.Sum<float>(x);
    }

    /// <summary>What lies between two products, for a number of rows.</summary>
    private sealed class Buffers : IDisposable
    {
        private readonly List<Tensor> all = [];

        public Buffers(TokenStep step, long rows)
        {
            Tensor Blank(params long[] shape)
            {
                var tensor = zeros(shape).DetachFromDisposeScope();
                all.Add(tensor);
                return tensor;
            }
            Rows = (int)rows;
            Stream = new float[rows * step.hidden];
            Normed = Blank(rows, step.hidden);
            Qkv = Blank(rows, (step.heads + 2 * step.kv) * step.width);
            Queries = Blank(step.kv, rows * (step.heads / step.kv), step.width);
            Mixed = Blank(rows, step.heads * step.width);
            Projected = Blank(rows, step.hidden);
            GateUp = Blank(rows, 2 * step.inner);
            Gated = Blank(rows, step.inner);
            Logits = Blank(rows, step.config.Predicted);
        }

        public int Rows { get; }
        public float[] Stream { get; } // [rows, hidden], what the layers add to
        public Tensor Normed { get; }
        public Tensor Qkv { get; }
        public Tensor Queries { get; }
        public Tensor Mixed { get; }
        public Tensor Projected { get; }
        public Tensor GateUp { get; }
        public Tensor Gated { get; }
        public Tensor Logits { get; }

        public void Dispose()
        {
            foreach (var tensor in all)
                tensor.Dispose();
        }
    }
}

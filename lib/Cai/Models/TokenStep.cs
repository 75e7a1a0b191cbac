using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using static Cai.Models.RowKernels;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Cai.Models;

/// <summary>
/// One more token for each row of a batch, as <see cref="Decoder.Hidden"/> and <see cref="Decoder.Logits"/> compute it: libtorch multiplies by weights and
/// reads the shared prefix, everything in between is plain C# over the same memory. A step consists of hundreds of operations of microseconds, and calling
/// them costs more than computing them. Attention reads each row's own length and no padding.
/// </summary>
/// <remarks>
/// With bfloat16 weights everything but the cache is float32 (see <see cref="StepMatrix"/>), where <see cref="Decoder.Hidden"/> rounds after each operation.
/// </remarks>
internal sealed class TokenStep : IDisposable
{
    private readonly Decoder decoder;
    private readonly DecoderConfig config;
    private readonly KvCache cache;
    private readonly KvCache? prefix;
    private readonly bool narrow; // bfloat16
    private readonly int hidden, heads, kv, width, inner, shared;
    private readonly float epsilon;
    private readonly Tensor cos, sin;
    private readonly Tensor[] norms; // those before attention and MLP of each layer, then the last
    private readonly StepMatrix[] matrices; // qkv, out, gate_up and down of each layer, then the head
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
        narrow = decoder.Parameters.Flat.dtype == ScalarType.BFloat16;
        using var scope = NewDisposeScope();
        (cos, sin) = decoder.Turns(shared + cache.Capacity);
        (cos, sin) = (Wide(cos), Wide(sin));
        norms =
        [
            .. Enumerable.Range(0, config.Layers).SelectMany(i => (string[])[$"layers.{i}.attention_norm", $"layers.{i}.mlp_norm"]).Append("norm")
                .Select(name => Wide(decoder.Parameters[name + ".weight"])),
        ];
        matrices =
        [
            .. Enumerable.Range(0, config.Layers).SelectMany(i => (string[])[$"layers.{i}.qkv", $"layers.{i}.out", $"layers.{i}.gate_up", $"layers.{i}.down"])
                .Select(name => new StepMatrix(decoder, name + ".weight", biased: config.AttentionBias && name.EndsWith(".qkv", StringComparison.Ordinal))),
            new(decoder, config.TiedHead ? "embed.weight" : "head.weight", first: config.Predicted),
        ];
        if (prefix is not null)
        {
            prefixKeys = [.. Enumerable.Range(0, config.Layers).Select(i => Wide(prefix.Keys(i).squeeze(0).transpose(1, 2)))];
            prefixValues = [.. Enumerable.Range(0, config.Layers).Select(i => Wide(prefix.Values(i).squeeze(0)))];
        }
        scores = new float[cache.Capacity];
        buffers = new Buffers(this, cache.Keys(0).shape[0]);
    }

    /// <summary>
    /// Whether a decoder is one that this class computes: on a CPU, of Llama's kind, in float32 or, where single rows are multiplied by it fast, bfloat16,
    /// with a cache and embeddings that a span can hold.
    /// </summary>
    public static bool Fits(Decoder decoder, KvCache cache) => decoder is { IsLlama: true, Device.type: TorchSharp.DeviceType.CPU, Config.Window: 0 }
        && (decoder.Parameters.Flat.dtype == ScalarType.Float32 || decoder.MultipliesRows)
        && new[] { cache.Keys(0), decoder.Parameters["embed.weight"] }.All(t => t.NumberOfElements < int.MaxValue / t.ElementSize);

    /// <summary>Feeds every row a token and gives the logits of the next, [rows, vocab], which live until the next call.</summary>
    /// <param name="places">The rows of the cache that are fed; others rest.</param>
    /// <param name="columns">Column of the cache that each row's keys go to: its length so far, less the prefix.</param>
    public Tensor Logits(ReadOnlySpan<int> tokens, ReadOnlySpan<int> places, ReadOnlySpan<int> columns) =>
        narrow ? Logits<ushort>(tokens, places, columns) : Logits<float>(tokens, places, columns);

    public void Dispose()
    {
        buffers.Dispose();
        foreach (var matrix in matrices)
            matrix.Dispose();
        foreach (var tensor in (Tensor[])[cos, sin, .. norms, .. prefixKeys, .. prefixValues])
            tensor.Dispose();
    }

    /// <summary>The same numbers as float32, until they are disposed of.</summary>
    private static Tensor Wide(Tensor tensor) => tensor.to(ScalarType.Float32).DetachFromDisposeScope();

    private static Span<T> Stored<T>(Tensor tensor) where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.bytes);

    /// <typeparam name="T">Of embeddings and cache: float, or ushort for bfloat16.</typeparam>
    private Tensor Logits<T>(ReadOnlySpan<int> tokens, ReadOnlySpan<int> places, ReadOnlySpan<int> columns) where T : unmanaged
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
        var embeddings = Stored<T>(decoder.Parameters["embed.weight"]);
        var stream = b.Stream.AsSpan(0, rows * hidden);
        for (var r = 0; r < rows; r++)
            StoredRows.Read<T>(embeddings.Slice(tokens[r] * hidden, hidden), stream.Slice(r * hidden, hidden));
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var (qkv, mixed, gateUp, down) = (matrices[4 * layer], matrices[4 * layer + 1], matrices[4 * layer + 2], matrices[4 * layer + 3]);
            Norm(stream, Numbers(norms[2 * layer]), epsilon, Numbers(b.Normed));
            qkv.Multiply(b.Normed, b.Qkv);
            Attend<T>(layer, places, columns, b);
            mixed.Multiply(b.Mixed, b.Projected);
            TensorPrimitives.Add(stream, Numbers(b.Projected), stream);
            Norm(stream, Numbers(norms[2 * layer + 1]), epsilon, Numbers(b.Normed));
            gateUp.Multiply(b.Normed, b.GateUp);
            Gate(Numbers(b.GateUp), inner, Numbers(b.Gated));
            down.Multiply(b.Gated, b.Projected);
            TensorPrimitives.Add(stream, Numbers(b.Projected), stream);
        }
        Norm(stream, Numbers(norms[^1]), epsilon, Numbers(b.Normed));
        matrices[^1].Multiply(b.Normed, b.Logits);
        return b.Logits;
    }

    private void Attend<T>(int layer, ReadOnlySpan<int> places, ReadOnlySpan<int> columns, Buffers b) where T : unmanaged
    {
        var (rows, groups, capacity) = (columns.Length, heads / kv, (int)cache.Capacity);
        Span<float> qkv = Numbers(b.Qkv), queries = Numbers(b.Queries), mixed = Numbers(b.Mixed);
        Span<T> keys = Stored<T>(cache.Keys(layer)), values = Stored<T>(cache.Values(layer));
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
                Rotate(row.Slice((heads + h) * width, width), c, s, turned);
                StoredRows.Write(turned, keys.Slice(at, width));
                StoredRows.Write(row.Slice((heads + kv + h) * width, width), values.Slice(at, width));
            }
        }
        using var prefixScores = prefix is null ? null : b.Queries.bmm(prefixKeys[layer]); // [kv heads, rows · heads that share keys, prefix]
        Span<float> before = prefixScores is null ? [] : Numbers(prefixScores);
        for (var r = 0; r < rows; r++)
            for (var h = 0; h < heads; h++)
            {
                var query = Query(r, h);
                var own = (places[r] * kv + h / groups) * capacity * width;
                Mix<T>(queries.Slice(query * width, width), keys[own..], values[own..], scores.AsSpan(0, columns[r] + 1),
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
    private static void Mix<T>(
        ReadOnlySpan<float> query, ReadOnlySpan<T> keys, ReadOnlySpan<T> values, Span<float> own, Span<float> before, Span<float> mixed) where T : unmanaged
    {
        StoredRows.Dots(query, keys, own);
        var top = TensorPrimitives.Max<float>(own);
        if (before.Length > 0)
            top = MathF.Max(top, TensorPrimitives.Max<float>(before));
        var sum = Exponentials(own, top) + (before.Length > 0 ? Exponentials(before, top) : 0);
        TensorPrimitives.Multiply(before, 1 / sum, before);
        TensorPrimitives.Multiply(own, 1 / sum, own);
        mixed.Clear();
        StoredRows.AddWeighted(values, own, mixed);
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

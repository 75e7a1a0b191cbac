using static TorchSharp.torch;

namespace Cai.Models;

/// <summary>
/// Keys and values of the tokens seen so far, per layer [batch, kv heads, capacity, width]. Rows are left-aligned: token t
/// of a row lies at column t whatever the row's length, so a row's numbers never depend on its neighbours' lengths.
/// Inference only.
/// </summary>
public sealed class KvCache : IDisposable
{
    private readonly Tensor[] keys;
    private readonly Tensor[] values;

    public KvCache(DecoderConfig config, long batch, long capacity, Device device, ScalarType dtype = ScalarType.Float32)
    {
        long[] shape = [batch, config.KvHeads, capacity, config.HeadWidth];
        keys = [.. Enumerable.Range(0, config.Layers).Select(_ => zeros(shape, dtype: dtype, device: device).DetachFromDisposeScope())];
        values = [.. Enumerable.Range(0, config.Layers).Select(_ => zeros(shape, dtype: dtype, device: device).DetachFromDisposeScope())];
        Capacity = capacity;
    }

    public long Capacity { get; }

    /// <summary>Keys of a layer, rotated to their positions, [batch, kv heads, capacity, width].</summary>
    public Tensor Keys(int layer) => keys[layer];

    /// <summary>Values of a layer, [batch, kv heads, capacity, width].</summary>
    public Tensor Values(int layer) => values[layer];

    /// <summary>
    /// Writes new keys and values, [batch, kv, time, width], at <paramref name="columns"/> ([batch, time]; null: from
    /// column 0) and returns what attention should look at: the new ones alone for a prompt, the first
    /// <paramref name="read"/> columns of the cache for a token.
    /// </summary>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor key, Tensor value, Tensor? columns, long read)
    {
        if (columns is null)
        {
            var time = key.shape[2];
            keys[layer].narrow(2, 0, time).copy_(key);
            values[layer].narrow(2, 0, time).copy_(value);
            return (key, value);
        }
        var index = columns.unsqueeze(1).unsqueeze(-1).expand(key.shape);
        keys[layer].scatter_(2, index, key);
        values[layer].scatter_(2, index, value);
        return (keys[layer].narrow(2, 0, read), values[layer].narrow(2, 0, read));
    }

    /// <summary>Keeps only these rows ([n], int64), in this order: finished sequences leave the batch.</summary>
    public void Select(Tensor rows)
    {
        foreach (var store in (Tensor[][])[keys, values])
            for (var i = 0; i < store.Length; i++)
            {
                var kept = store[i].index_select(0, rows).DetachFromDisposeScope();
                store[i].Dispose();
                store[i] = kept;
            }
    }

    public void Dispose()
    {
        foreach (var tensor in keys.Concat(values))
            tensor.Dispose();
    }
}

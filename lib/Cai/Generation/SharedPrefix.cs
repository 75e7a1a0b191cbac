using Cai.Models;
using static TorchSharp.torch;

namespace Cai.Generation;

/// <summary>Keys and values of the tokens that several batches begin with: computed by the first batch that asks, freed after the last.</summary>
/// <param name="ids">Of any row of the batches.</param>
/// <param name="length">How many tokens are shared; 0 is no prefix.</param>
/// <param name="batches">How many batches will ask.</param>
internal sealed class SharedPrefix(Decoder decoder, IReadOnlyList<int> ids, int length, int batches)
{
    private readonly Lock gate = new();
    private KvCache? cache;
    private int left = batches;

    /// <summary>Does a batch's work with the prefix; null when there is none. May be called from several threads.</summary>
    public void Use(Action<KvCache?> batch)
    {
        try
        {
            batch(length == 0 ? null : Cache());
        }
        finally
        {
            if (Interlocked.Decrement(ref left) == 0)
                cache?.Dispose();
        }
    }

    private KvCache Cache()
    {
        lock (gate)
            return cache ??= Compute();
    }

    private KvCache Compute()
    {
        using var scope = NewDisposeScope();
        var computed = new KvCache(decoder.Config, 1, length, decoder.Device, decoder.Parameters.Flat.dtype);
        decoder.Hidden(TokenBatch.Of([[.. ids.Take(length)]], decoder.Device).Ids, cache: computed);
        return computed;
    }
}

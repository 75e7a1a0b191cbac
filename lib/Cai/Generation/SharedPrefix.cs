using Cai.Models;
using Cai.Torch;
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

    /// <summary>Does the work of every batch of some groups, given its rows and the prefix of its group; side by side where that pays.</summary>
    /// <param name="prompts">Of the rows that the groups number.</param>
    public static void Run(
        Decoder decoder, IReadOnlyList<IReadOnlyList<int>> prompts, IEnumerable<PrefixGroup> groups, Action<int[], KvCache?> work)
    {
        var batches = groups.SelectMany(group =>
        {
            var prefix = new SharedPrefix(decoder, prompts[group.Batches[0][0]], group.Shared, group.Batches.Count);
            return group.Batches.Select(rows => (Rows: rows, Prefix: prefix));
        }).ToList();
        Workers.Run(decoder.IsSmall, batches.Count, b => batches[b].Prefix.Use(prefix => work(batches[b].Rows, prefix)));
    }

    /// <summary>Does a batch's work with the prefix; null when there is none. May be called from several threads.</summary>
    private void Use(Action<KvCache?> batch)
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

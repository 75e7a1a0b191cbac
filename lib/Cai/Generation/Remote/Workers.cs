namespace Cai.Generation.Remote;

/// <summary>A bounded number of requests under way.</summary>
internal static class Workers
{
    /// <summary>
    /// Results in the order of the items. After a failure no further item is begun, but those under way are finished
    /// before it is thrown: their answers may be paid for, and then they are in the cache.
    /// </summary>
    public static async Task<TResult[]> MapAsync<TItem, TResult>(
        IReadOnlyList<TItem> items, int workers, Func<TItem, CancellationToken, Task<TResult>> work, IProgress<int>? progress, CancellationToken cancel)
    {
        var results = new TResult[items.Count];
        var gate = new Lock();
        var (next, done) = (-1, 0);
        var failed = false;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(workers, items.Count)).Select(_ => WorkAsync())).ConfigureAwait(false);
        return results;

        async Task WorkAsync()
        {
            while (!Volatile.Read(ref failed) && Interlocked.Increment(ref next) is var i && i < items.Count)
            {
                try
                {
                    cancel.ThrowIfCancellationRequested();
                    results[i] = await work(items[i], cancel).ConfigureAwait(false);
                }
                catch
                {
                    Volatile.Write(ref failed, true);
                    throw;
                }
                lock (gate)
                    progress?.Report(++done);
            }
        }
    }
}

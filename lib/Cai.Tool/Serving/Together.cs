namespace Cai.Tool.Serving;

/// <summary>Parts of one answer that are computed at once.</summary>
internal static class Together
{
    /// <summary>Results in order. The first failure ends the others, so that no work goes on for an answer that will not be sent.</summary>
    public static async Task<T[]> AllAsync<T>(int count, Func<int, CancellationToken, Task<T>> part, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Exception? first = null;
        var parts = Enumerable.Range(0, count).Select(async i =>
        {
            try
            {
                return await part(i, stop.Token);
            }
            catch (Exception e)
            {
                if (Interlocked.CompareExchange(ref first, e, null) is null)
                    await stop.CancelAsync();
                throw;
            }
        }).ToList();
        try
        {
            return await Task.WhenAll(parts);
        }
        catch when (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
            throw;
        }
    }
}

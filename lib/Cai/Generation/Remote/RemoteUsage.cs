namespace Cai.Generation.Remote;

/// <summary>What a remote model has been asked, and about what that cost.</summary>
/// <param name="Requests">Answers that came from the server.</param>
/// <param name="Cached">Answers that came from the cache, which cost nothing.</param>
/// <param name="Retries">Attempts that failed and were made again.</param>
/// <param name="PromptTokens">As the server counted them.</param>
/// <param name="CompletionTokens">As the server counted them.</param>
/// <param name="Uncounted">Answers without token counts: the sums are too low by those.</param>
/// <param name="Cost">By the prices of <see cref="RemoteOptions"/>; null without prices.</param>
public sealed record RemoteUsage(long Requests, long Cached, long Retries, long PromptTokens, long CompletionTokens, long Uncounted, double? Cost);

/// <summary>Counts from many threads.</summary>
internal sealed class UsageMeter(RemoteOptions options)
{
    private const double Million = 1e6;

    private long requests, cached, retries, promptTokens, completionTokens, uncounted;

    public void Answered(long? prompt, long? completion)
    {
        Interlocked.Increment(ref requests);
        Interlocked.Add(ref promptTokens, prompt ?? 0);
        Interlocked.Add(ref completionTokens, completion ?? 0);
        if (prompt is null)
            Interlocked.Increment(ref uncounted);
    }

    public void FromCache() => Interlocked.Increment(ref cached);

    public void Retried() => Interlocked.Increment(ref retries);

    public RemoteUsage Snapshot()
    {
        var (prompt, completion) = (Interlocked.Read(ref promptTokens), Interlocked.Read(ref completionTokens));
        double? cost = options.PromptPrice is null && options.CompletionPrice is null
            ? null
            : (prompt * (options.PromptPrice ?? 0) + completion * (options.CompletionPrice ?? 0)) / Million;
        return new RemoteUsage(Interlocked.Read(ref requests), Interlocked.Read(ref cached), Interlocked.Read(ref retries), prompt, completion,
            Interlocked.Read(ref uncounted), cost);
    }
}

using System.Net;
using System.Net.Http.Headers;

namespace Cai.Generation.Remote;

/// <summary>When a failed attempt is made again, and after how long.</summary>
public static class RetryPolicy
{
    /// <summary>A server that asks for a longer wait than this is not waited for.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(10);

    /// <summary>Failures that pass: too early, too many, or the server's own trouble, but nothing that is wrong with the request.</summary>
    public static bool Passes(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500 && status != HttpStatusCode.NotImplemented;

    /// <summary>The wait that the server asked for, as seconds or as a date.</summary>
    public static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, DateTimeOffset now) => header switch
    {
        { Delta: { } wait } => wait,
        { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
        _ => null,
    };

    /// <summary>
    /// Exponential backoff with jitter: uniform between half and one and a half of the doubled delay, so that many
    /// clients that failed together do not return together. Never shorter than what the server asked for.
    /// </summary>
    /// <param name="attempt">Attempts that failed before this one, from 0.</param>
    /// <param name="request">Names the draw.</param>
    public static TimeSpan Delay(RemoteOptions options, int attempt, TimeSpan? retryAfter, string request)
    {
        var doubled = Math.Min(options.FirstDelay.TotalSeconds * Math.Pow(2, attempt), options.LongestDelay.TotalSeconds);
        var backoff = TimeSpan.FromSeconds(doubled * (0.5 + Seeds.Rng(0, "retry", request, attempt).NextDouble()));
        return retryAfter > backoff ? retryAfter.Value : backoff;
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Generation.Remote;

/// <summary>
/// Posts JSON and gets JSON: from the cache, or from the server with retries. Every failure is one typed line that names
/// the address and never the key.
/// </summary>
internal sealed class HttpTransport : IDisposable
{
    private const long LargestAnswer = 64L << 20;
    private const string AddressRemedy = "Check the address: it usually ends in /v1, and no login page or proxy may stand in between.";

    private readonly RemoteOptions options;
    private readonly HttpClient client;
    private readonly ApiKey? key;
    private readonly AnswerCache? cache;
    private readonly SemaphoreSlim slots;
    private readonly TimeProvider time;
    private bool everAnswered;

    public HttpTransport(RemoteOptions options, HttpMessageHandler? handler, TimeProvider time)
    {
        options.Check();
        this.options = options;
        this.time = time;
        Address = options.Address();
        key = ApiKey.Read(options.KeyVariable);
        cache = options.CacheFolder is null ? null : new AnswerCache(options.CacheFolder);
        slots = new SemaphoreSlim(options.MaxConcurrency);
        Usage = new UsageMeter(options);
        // A redirect would turn a POST into a GET, and might lead the key elsewhere.
        client = new HttpClient(handler
            ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !Address.IsLoopback, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each attempt has a time-out of its own
            MaxResponseContentBufferSize = LargestAnswer,
        };
    }

    public Uri Address { get; }

    public UsageMeter Usage { get; }

    /// <summary>Asks, and reads the answer. Only answers that can be read are kept in the cache.</summary>
    /// <param name="path">Below the address, for example `completions`.</param>
    /// <param name="draw">Tells apart requests that are equal but must not share an answer: samples without a seed.</param>
    /// <exception cref="CaiException">The server refuses, cannot be reached, or answers what <paramref name="read"/> cannot read.</exception>
    public async Task<T> PostAsync<T>(string path, JsonObject body, string draw, Func<JsonObject, T> read, CancellationToken cancel)
    {
        var hash = ContentHash.Of(new { Server = options.CacheIdentity ?? Address.AbsoluteUri, Path = path, Body = body, Draw = draw });
        if (cache?.Find(hash) is { } kept && Readable(kept, read, out var known))
        {
            Usage.FromCache();
            return known;
        }
        await slots.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var answer = await AskAsync($"{Address.AbsoluteUri}/{path}", body.ToJsonString(CaiJson.Options), hash, cancel).ConfigureAwait(false);
            var result = read(answer);
            Usage.Answered(WireJson.Integer(answer, "usage", "prompt_tokens"), WireJson.Integer(answer, "usage", "completion_tokens"));
            cache?.Keep(hash, body, answer);
            return result;
        }
        finally
        {
            slots.Release();
        }
    }

    public void Dispose()
    {
        client.Dispose();
        slots.Dispose();
    }

    private static bool Readable<T>(JsonObject answer, Func<JsonObject, T> read, out T result)
    {
        try
        {
            result = read(answer);
            return true;
        }
        catch (CaiException)
        {
            result = default!;
            return false;
        }
    }

    private async Task<JsonObject> AskAsync(string url, string body, string name, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            var (answer, failure) = await TryAsync(url, body, cancel).ConfigureAwait(false);
            if (answer is not null)
                return answer;
            if (!failure!.Passes || attempt == options.Retries)
                throw new RemoteException(attempt == 0 ? failure.Problem + "." : $"{failure.Problem} ({attempt + 1} attempts).", failure.Remedy, url,
                    failure.Status, failure.Inner);
            if (failure.RetryAfter > RetryPolicy.LongestRetryAfter)
                throw new RemoteException($"{failure.Problem} and asks to wait {failure.RetryAfter.Value.TotalMinutes:F0} minutes.",
                    "Run the same command again then: what is done is kept.", url, failure.Status, failure.Inner);
            Usage.Retried();
            await Task.Delay(RetryPolicy.Delay(options, attempt, failure.RetryAfter, name), time, cancel).ConfigureAwait(false);
        }
    }

    private sealed record Failure(string Problem, string Remedy, bool Passes, int? Status = null, TimeSpan? RetryAfter = null, Exception? Inner = null);

    private async Task<(JsonObject? Answer, Failure? Failure)> TryAsync(string url, string body, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            key?.Apply(request);
            using var response = await client.SendAsync(request, both.Token).ConfigureAwait(false);
            var bytes = await response.Content.ReadAsByteArrayAsync(both.Token).ConfigureAwait(false);
            everAnswered = true;
            return response.IsSuccessStatusCode ? Parse(bytes) : (null, Refused(response, Encoding.UTF8.GetString(bytes)));
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            return (null, new Failure($"The server did not answer within {options.Timeout.TotalSeconds:0.###} s",
                "Check that it runs and is not overloaded, lower the concurrency, or raise the time-out.", Passes: true, Inner: e));
        }
        catch (HttpRequestException e)
        {
            return (null, Broken(e));
        }
    }

    private Failure Broken(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => new("The server's name cannot be resolved", "Check the address.", Passes: false, Inner: e),
        HttpRequestError.SecureConnectionError =>
            new("No secure connection can be made", "Check the certificate, or whether the address should begin with http.", Passes: false, Inner: e),
        HttpRequestError.ConfigurationLimitExceeded => new($"The answer is larger than {LargestAnswer >> 20} MB", AddressRemedy, Passes: false, Inner: e),
        // Nobody waits a minute to learn of a wrong port; a server that has answered before may be restarting.
        HttpRequestError.ConnectionError => new("Nothing answers there", "Start the server, or check host and port.", Passes: everAnswered, Inner: e),
        HttpRequestError.InvalidResponse => new("What answers there does not speak HTTP", AddressRemedy, Passes: false, Inner: e),
        _ => new("The connection was dropped", "Check the server's log.", Passes: true, Inner: e),
    };

    private Failure Refused(HttpResponseMessage response, string text)
    {
        var status = (int)response.StatusCode;
        var wait = RetryPolicy.RetryAfter(response.Headers.RetryAfter, time.GetUtcNow());
        // What a server says about a key often repeats part of it.
        if (status is 401 or 403)
            return new Failure($"The server refuses access (status {status})",
                $"Put a valid key into the environment variable {options.KeyVariable ?? ApiKey.StandardVariable}.", Passes: false, status);
        var said = Said(text);
        var remedy = status switch
        {
            404 => $"Check the address, which usually ends in /v1, and that the server has the model '{options.Model}'.",
            429 => "Lower the concurrency, or wait: what is done is kept when there is a cache.",
            >= 300 and < 400 => "Give the address it redirects to.",
            >= 500 => "Check the server's log.",
            _ => "Correct the option that it names.",
        };
        return new Failure($"The server answered {status}{(said.Length == 0 ? "" : ": " + said)}", remedy,
            RetryPolicy.Passes(response.StatusCode), status, wait);
    }

    private static (JsonObject? Answer, Failure? Failure) Parse(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (IsHtml(text))
            return (null, new Failure("The server answered HTML, not JSON", AddressRemedy, Passes: false));
        if (OutsideJson.Read(bytes, out var node) is { } fault)
            return (null, WireJson.IsCutOff(text)
                ? new Failure("The server's answer breaks off in the middle", "Check the server's log.", Passes: true)
                : new Failure($"The server's answer is not JSON: {fault.Problem}", AddressRemedy, Passes: false));
        return node is JsonObject answer
            ? (answer, null)
            : (null, new Failure("The server's answer is not a JSON object", AddressRemedy, Passes: false));
    }

    /// <summary>The server's own words on one line: OpenAI's and vLLM's error objects, FastAPI's detail, or the text itself.</summary>
    private string Said(string text)
    {
        const int Longest = 300;
        if (IsHtml(text))
            return "an HTML page, not JSON";
        OutsideJson.Read(text, out var node); // null: plain text
        var said = WireJson.Text(node, "error", "message") ?? WireJson.Text(node, "error") ?? WireJson.Text(node, "message") ?? WireJson.Text(node, "detail");
        var line = string.Join(' ', (said ?? text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
        line = key?.Redact(line) ?? line;
        return line.Length <= Longest ? line : line[..Longest] + "…";
    }

    private static bool IsHtml(string text) => text.AsSpan().TrimStart().StartsWith("<", StringComparison.Ordinal);
}

using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cai.Tool.Tests.Serving;

/// <summary>What becomes of a request on its way.</summary>
internal enum Fault
{
    None,

    /// <summary>The connection is dropped without a word.</summary>
    Dropped,

    /// <summary>The connection is dropped in the middle of the answer.</summary>
    CutShort,

    /// <summary>429: too many requests.</summary>
    Busy,

    /// <summary>503 with a page of HTML, as proxies send it.</summary>
    Unavailable,

    /// <summary>A whole answer, 200, whose JSON ends too early.</summary>
    Malformed,
}

/// <summary>Stands between a client and a server, passes requests on, and spoils those that it is told to.</summary>
internal sealed class FaultyRelay : IAsyncDisposable
{
    private const int Lost = 9; // bytes missing at the end of a spoilt answer

    private readonly WebApplication app;
    private readonly HttpClient onward = new();
    private readonly string server;
    private readonly Func<int, Fault> fault;
    private int count;

    private FaultyRelay(WebApplication app, string server, Func<int, Fault> fault) => (this.app, this.server, this.fault) = (app, server, fault);

    public string Address => app.Urls.First();

    /// <summary>Requests that have come in.</summary>
    public int Count => count;

    /// <param name="fault">Gets the number of a request, from 0.</param>
    public static async Task<FaultyRelay> StartAsync(string server, Func<int, Fault> fault)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var relay = new FaultyRelay(app, server, fault);
        app.MapFallback((RequestDelegate)relay.PassOnAsync);
        await app.StartAsync();
        return relay;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        onward.Dispose();
    }

    private async Task PassOnAsync(HttpContext context)
    {
        var what = fault(Interlocked.Increment(ref count) - 1);
        switch (what)
        {
            case Fault.Dropped:
                context.Abort();
                return;
            case Fault.Busy:
                context.Response.StatusCode = 429;
                await context.Response.WriteAsync("""{"error": {"message": "slow down"}}""");
                return;
            case Fault.Unavailable:
                context.Response.StatusCode = 503;
                await context.Response.WriteAsync("<html><body>Service Unavailable</body></html>");
                return;
        }
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), server + context.Request.Path);
        if (context.Request.ContentType is { } kind)
            request.Content = new StreamContent(context.Request.Body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(kind) } };
        using var reply = await onward.SendAsync(request, context.RequestAborted);
        var body = await reply.Content.ReadAsByteArrayAsync(context.RequestAborted);
        context.Response.StatusCode = (int)reply.StatusCode;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = what == Fault.Malformed ? body.Length - Lost : body.Length;
        await context.Response.Body.WriteAsync(what == Fault.None ? body : body.AsMemory(0, body.Length - Lost));
        if (what == Fault.CutShort)
        {
            await context.Response.Body.FlushAsync();
            context.Abort();
        }
    }
}

using System.Net;
using System.Text.Json.Nodes;
using Cai.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cai.Tool.Serving;

/// <summary>Where a server listens and what it accepts.</summary>
internal sealed record ServerOptions
{
    /// <summary>Loopback by default: there is no authentication.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Largest request body in bytes. Default 4 MB: more text than any context here holds.</summary>
    public long LargestRequest { get; init; } = 4 << 20;

    /// <summary>Requests without a seed get one derived from this and their number, so that a session can be repeated.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>How long requests under way may take to end when the server is stopped.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>OpenAI's interface in front of local models: /v1/models, /v1/models/NAME, /v1/completions, /v1/chat/completions.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ServerOptions options;
    private readonly IReadOnlyList<ServedModel> models;
    private long requests;

    private ModelServer(WebApplication app, ServerOptions options, IReadOnlyList<ServedModel> models) =>
        (this.app, this.options, this.models) = (app, options, models);

    /// <summary>Where it listens, with the port that was taken, for example `http://127.0.0.1:8000`.</summary>
    public string Address => app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();

    /// <summary>Starts listening. The models and their thread stay the caller's.</summary>
    /// <param name="more">Adds further pages to the same server.</param>
    /// <exception cref="CaiException">The port is taken or may not be used.</exception>
    public static async Task<ModelServer> StartAsync(
        IReadOnlyList<ServedModel> models, ServerOptions options, Action<WebApplication>? more = null, CancellationToken cancel = default)
    {
        // The empty builder: no configuration files, no environment variables, no log on the console, no Ctrl-C handler of its own.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, CallerLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = options.Grace);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.LargestRequest;
            kestrel.Listen(options.Host, options.Port);
        });
        var server = new ModelServer(builder.Build(), options, models);
        server.Map(more);
        try
        {
            await server.app.StartAsync(cancel);
        }
        catch (IOException e)
        {
            await server.app.DisposeAsync();
            throw new CaiException($"Port {options.Port} on {options.Host} cannot be used ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).",
                "Give another --port, or stop what uses it.", inner: e);
        }
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private void Map(Action<WebApplication>? more)
    {
        var completions = new CompletionsEndpoint(NextSeed, TimeProvider.System);
        var chat = new ChatEndpoint(NextSeed, TimeProvider.System);
        app.Use(next => context => Guarded(context, next));
        app.UseRouting();
        more?.Invoke(app);
        app.MapGet("/v1/models", (RequestDelegate)(context => context.Response.WriteAsJsonAsync(List())));
        app.MapGet("/v1/models/{**name}", (RequestDelegate)(context => context.Response.WriteAsJsonAsync(
            Entry(Find(((string)context.Request.RouteValues["name"]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase))))));
        app.MapGet("/health", (RequestDelegate)(_ => Task.CompletedTask));
        app.MapPost("/v1/completions", (RequestDelegate)(context => Asked(context, "cmpl", completions.AnswerAsync)));
        app.MapPost("/v1/chat/completions", (RequestDelegate)(context => Asked(context, "chatcmpl", chat.AnswerAsync)));
        // The pattern without a name for files: a path with a dot gets the same answer.
        app.MapFallback("{**path}", (RequestDelegate)(context => throw new ApiException(404,
            $"There is nothing at {context.Request.Method} {context.Request.Path}.")));
    }

    private long NextSeed() => Seeds.Derive(options.Seed, "request", Interlocked.Increment(ref requests));

    private JsonObject List() => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. models.Select(m => (JsonNode)Entry(m))]),
    };

    private static JsonObject Entry(ServedModel model) => new()
    {
        ["id"] = model.Name, ["object"] = "model", ["created"] = model.Created.ToUnixTimeSeconds(), ["owned_by"] = "cai", ["max_model_len"] = model.Context,
    };

    /// <exception cref="ApiException">There is no such model.</exception>
    private ServedModel Find(string? name) => models.FirstOrDefault(m => name is null || m.Name == name)
        ?? throw new ApiException(404, $"There is no model '{name}' here; GET /v1/models lists what there is.", "model", "model_not_found");

    private async Task Asked(HttpContext context, string prefix, Func<HttpContext, ServedModel, RequestFields, string, Task> answer)
    {
        var body = await BodyAsync(context);
        var fields = new RequestFields(body);
        var model = Find(fields.Text("model"));
        if (fields.Unknown() is { } ignored)
            context.Response.Headers.Append("Warning", $"299 cai \"unknown fields are ignored: {ignored}\"");
        await answer(context, model, fields, $"{prefix}-{Guid.NewGuid():N}");
    }

    /// <summary>The request's JSON object.</summary>
    internal static async Task<JsonObject> BodyAsync(HttpContext context)
    {
        // A web page elsewhere can post a form to loopback without asking, but JSON only with the server's consent.
        if (!context.Request.HasJsonContentType())
            throw new ApiException(415, "The request must be JSON: send the header Content-Type: application/json.");
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (OutsideJson.Read(body.ToArray(), out var node) is { } fault)
            throw new ApiException(400, $"The request is not JSON: {fault.Problem} (line {fault.Line}).");
        return node as JsonObject ?? throw new ApiException(400, "The request must be a JSON object.");
    }

    private async Task Guarded(HttpContext context, RequestDelegate next)
    {
        try
        {
            RequireOwnHost(context);
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            if (context.RequestAborted.IsCancellationRequested)
                return; // nobody listens
            var error = e switch
            {
                ApiException refused => refused,
                CaiException bad => new ApiException(400, bad.Message),
                BadHttpRequestException { StatusCode: 413 } => new ApiException(413, $"The request is larger than {options.LargestRequest} bytes."),
                BadHttpRequestException bad => new ApiException(bad.StatusCode, bad.Message),
                _ => new ApiException(500, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}"),
            };
            if (error.Status >= 500)
                await Console.Error.WriteLineAsync($"cai: {context.Request.Method} {context.Request.Path}: {error.Message}");
            context.Response.StatusCode = error.Status;
            if (error.Status == 429)
                context.Response.Headers.RetryAfter = "1";
            await context.Response.WriteAsJsonAsync(error.Body());
        }
    }

    /// <summary>On loopback, only names of loopback are served: a web page elsewhere could have its own name lead here.</summary>
    private void RequireOwnHost(HttpContext context)
    {
        if (!IPAddress.IsLoopback(options.Host))
            return;
        var name = context.Request.Host.Host;
        if (name != "localhost" && !(IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address)))
            throw new ApiException(403, "This server answers to localhost only.");
    }

    /// <summary>Start and stop are the caller's; the framework's own lifetime would listen for Ctrl-C.</summary>
    private sealed class CallerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

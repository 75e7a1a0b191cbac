using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Cai.Storage;
using Cai.Text;
using Cai.Tool.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Cai.Tool.Playground;

/// <summary>The playground as a web page: static files from the program itself, and two addresses that answer in JSON.</summary>
internal sealed class PlaygroundPage(Arena arena, ArenaOptions options)
{
    private const int MostTurns = 200;

    // Nothing from elsewhere, nothing inline: model text that found its way into the page could still load or run nothing.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly (string Path, string File, string Type)[] Files =
    [
        ("/", "page.html", "text/html; charset=utf-8"),
        ("/page.js", "page.js", "text/javascript; charset=utf-8"),
        ("/page.css", "page.css", "text/css; charset=utf-8"),
    ];

    private long asked;

    public void Map(WebApplication app)
    {
        foreach (var (path, file, type) in Files)
        {
            var content = Resource(file);
            app.MapGet(path, (RequestDelegate)(context =>
            {
                context.Response.ContentType = type;
                context.Response.Headers.ContentSecurityPolicy = Policy;
                context.Response.Headers.XContentTypeOptions = "nosniff";
                context.Response.Headers.CacheControl = "no-store";
                return context.Response.Body.WriteAsync(content).AsTask();
            }));
        }
        app.MapGet("/play/models", (RequestDelegate)(context => context.Response.WriteAsJsonAsync(Setup(), context.RequestAborted)));
        app.MapPost("/play/ask", (RequestDelegate)AskAsync);
    }

    private JsonObject Setup() => new()
    {
        ["models"] = new JsonArray([.. arena.Names.Select(n => (JsonNode)n)]), ["scores"] = arena.HasScores, ["judge"] = arena.HasJudge,
        ["temperature"] = options.Temperature, ["maxTokens"] = options.MaxTokens, ["seed"] = options.Seed,
    };

    private async Task AskAsync(HttpContext context)
    {
        var fields = new RequestFields(await ModelServer.BodyAsync(context));
        var wanted = options with
        {
            Temperature = fields.Number("temperature", 0, 100) ?? options.Temperature,
            MaxTokens = fields.Integer("maxTokens", 1, 1 << 16) ?? options.MaxTokens,
            Seed = fields.Long("seed") ?? options.Seed,
        };
        var id = fields.Integer("number", 0, int.MaxValue)?.ToString(CultureInfo.InvariantCulture) ?? $"page-{Interlocked.Increment(ref asked)}";
        var round = await arena.AskAsync($"chat-{id}", Dialogue(fields.Strings("turns", MostTurns)), wanted, context.RequestAborted);
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(CaiJson.Write(round), context.RequestAborted);
    }

    /// <summary>Texts that the human and the assistant said in turn, the human first and last.</summary>
    private static Dialogue Dialogue(IReadOnlyList<string> texts)
    {
        if (texts.Count % 2 == 0 || texts.Any(string.IsNullOrWhiteSpace))
            throw ApiException.Bad("'turns' must be texts of the human and the assistant in turn, none of them empty, the human's first and last.", "turns");
        return new Dialogue([.. texts.Select((text, i) => i % 2 == 0 ? Turn.Human(text.Trim()) : Turn.Assistant(text.Trim()))]);
    }

    private static byte[] Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Cai.Tool.Playground.{name}")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}

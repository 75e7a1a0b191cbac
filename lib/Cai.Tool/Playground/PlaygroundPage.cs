using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Cai.Storage;
using Cai.Text;
using Cai.Tool.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Cai.Tool.Playground;

/// <summary>The playground as a web page: static files from the program itself, and three addresses that answer in JSON.</summary>
/// <param name="samples">Prompts that the page offers.</param>
internal sealed class PlaygroundPage(Arena arena, ArenaOptions options, IReadOnlyList<SamplePrompts>? samples = null)
{
    private const int MostTurns = 200;
    private const int LongestText = 1 << 16; // characters of a turn: far more than a context holds

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
        app.MapPost("/play/why", (RequestDelegate)WhyAsync);
    }

    private JsonObject Setup() => new()
    {
        ["models"] = new JsonArray([.. arena.Names.Select(n => (JsonNode)n)]), ["scores"] = arena.HasScores, ["judge"] = arena.HasJudge,
        ["temperature"] = options.Temperature, ["maxTokens"] = options.MaxTokens, ["seed"] = options.Seed,
        ["samples"] = JsonNode.Parse(CaiJson.Write(samples ?? [])),
        ["principles"] = new JsonArray(
            [.. arena.Principles.Select(p => (JsonNode)new JsonObject { ["id"] = p.Id, ["request"] = p.CritiqueRequest })]),
    };

    private async Task AskAsync(HttpContext context)
    {
        var fields = new RequestFields(await ModelServer.BodyAsync(context));
        var id = fields.Integer("number", 0, int.MaxValue)?.ToString(CultureInfo.InvariantCulture) ?? $"page-{Interlocked.Increment(ref asked)}";
        await AnswerAsync(context, await arena.AskAsync($"chat-{id}", Dialogue(fields), Wanted(fields), context.RequestAborted));
    }

    /// <summary>A critique of an answer to the turns, and its revision: {turns, model: its number from 0, answer, principle: its id}.</summary>
    private async Task WhyAsync(HttpContext context)
    {
        var fields = new RequestFields(await ModelServer.BodyAsync(context));
        var prompt = Dialogue(fields);
        var model = fields.Integer("model", 0, arena.Names.Count - 1)
            ?? throw ApiException.Bad($"'model' is missing; the number of the model that answered was expected, 0 to {arena.Names.Count - 1}.", "model");
        if (fields.Text("answer") is not { } answer || string.IsNullOrWhiteSpace(answer))
            throw ApiException.Bad("'answer' must be the text that is to be criticised.", "answer");
        RequireShort(answer, "answer");
        var name = fields.Text("principle");
        var principle = arena.Principles.FirstOrDefault(p => p.Id == name)
            ?? throw ApiException.Bad("'principle' must be the id of a critique principle; GET /play/models lists them.", "principle");
        await AnswerAsync(context, await arena.WhyAsync(model, prompt, answer.Trim(), principle.Id, Wanted(fields), context.RequestAborted));
    }

    private ArenaOptions Wanted(RequestFields fields) => options with
    {
        Temperature = fields.Number("temperature", 0, 100) ?? options.Temperature,
        MaxTokens = fields.Integer("maxTokens", 1, 1 << 16) ?? options.MaxTokens,
        Seed = fields.Long("seed") ?? options.Seed,
    };

    private static Task AnswerAsync<T>(HttpContext context, T answer)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.WriteAsync(CaiJson.Write(answer), context.RequestAborted);
    }

    /// <summary>Texts that the human and the assistant said in turn, the human first and last.</summary>
    private static Dialogue Dialogue(RequestFields fields)
    {
        var texts = fields.Strings("turns", MostTurns);
        if (texts.Count % 2 == 0 || texts.Any(string.IsNullOrWhiteSpace))
            throw ApiException.Bad("'turns' must be texts of the human and the assistant in turn, none of them empty, the human's first and last.", "turns");
        foreach (var text in texts)
            RequireShort(text, "turns");
        return new Dialogue([.. texts.Select((text, i) => i % 2 == 0 ? Turn.Human(text.Trim()) : Turn.Assistant(text.Trim()))]);
    }

    private static void RequireShort(string text, string field)
    {
        if (text.Length > LongestText)
            throw ApiException.Bad($"'{field}' has a text of {text.Length} characters; at most {LongestText} were expected.", field);
    }

    private static byte[] Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Cai.Tool.Playground.{name}")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}

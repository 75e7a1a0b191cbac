using System.CommandLine;
using System.Globalization;
using Cai.Generation.Remote;
using Cai.Models;
using Cai.Storage;

namespace Cai.Tool.Commands;

/// <summary>Options that name the model of a command: a folder, or a model on a server.</summary>
internal sealed class ModelOptions
{
    private static readonly string[] Ways = ["auto", "echo", "prompt-logprobs", "next-token", "options"];

    private readonly Option<string?> folder;
    private readonly Option<string?> server = new("--server")
    {
        Description = "Instead of --model: address of an OpenAI-compatible server, for example http://localhost:8000/v1 (vLLM, llama.cpp, `cai serve`).",
        HelpName = "URL",
    };
    private readonly Option<string?> remoteName = new("--remote-model") { Description = "The model's name on that server.", HelpName = "NAME" };
    private readonly Option<bool> chat = new("--chat")
    {
        Description = "Speak to the model in turns: by the chat template of a folder, by the chat endpoint of a server. "
            + "Default: the paper's \"Human: … Assistant: …\" as plain text.",
    };
    private readonly Option<int> concurrency = StageOptions.Number("--concurrency", 8, "Requests to the server under way at a time.");
    private readonly Option<double> timeout = StageOptions.Number("--timeout", 120.0, "Seconds for one request to the server.");
    private readonly Option<string?> keyVariable = new("--key-variable")
    {
        Description = $"Environment variable that holds the server's API key. Default: CAI_API_KEY, if set.",
        HelpName = "NAME",
    };
    private readonly Option<string?> cache = new("--cache")
    {
        Description = "Folder that keeps the server's answers. Default: beside --out.",
        HelpName = "DIR",
    };
    private readonly Option<string?> prices = new("--prices")
    {
        Description = "Prices of a million prompt tokens and of a million sampled ones, for the cost estimate.",
        HelpName = "IN,OUT",
    };
    private readonly Option<string> scoring = new("--scoring")
    {
        Description = "How the server gives log-probabilities. auto finds out. options: from the next tokens, where the answers first differ.",
        DefaultValueFactory = _ => Ways[0],
    };

    private readonly LoadFlags load = new();
    private readonly bool scores;

    /// <param name="description">Of --model.</param>
    /// <param name="scores">Whether the command asks for log-probabilities.</param>
    public ModelOptions(string description = "Folder of the language model (config.json, *.safetensors, tokenizer.json).", bool scores = false)
    {
        this.scores = scores;
        folder = new("--model") { Description = description, HelpName = "DIR" };
        scoring.AcceptOnlyFromAmong(Ways);
    }

    public void AddTo(Command command)
    {
        List<Option> all = [folder, server, remoteName, chat, concurrency, timeout, keyVariable, cache, prices];
        if (scores)
            all.Add(scoring);
        all.AddRange(load.All);
        // First in --help, as in the commands that take a folder only.
        for (var i = 0; i < all.Count; i++)
            command.Options.Insert(i, all[i]);
    }

    /// <summary>What the user named. Nothing is opened yet.</summary>
    /// <param name="product">The command's --out, beside which answers are cached.</param>
    /// <exception cref="CaiException">Neither or both, or an option that is out of range.</exception>
    public ModelReference Read(ParseResult parsed, string product)
    {
        var (path, url, name) = (parsed.GetValue(folder), parsed.GetValue(server), parsed.GetValue(remoteName));
        if (path is not null && url is not null)
            throw new CaiException("--model and --server name two models.", "Give one of them.");
        if (path is not null)
            return new ModelReference(path, null, load.Read(parsed, parsed.GetValue(chat)));
        if (load.All.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } idle)
            throw new CaiException($"{idle.Name} is for a model folder; a server computes in its own way.", $"Leave {idle.Name} out, or give --model DIR.");
        if (url is null)
            throw new CaiException("No model is named.", "Give --model DIR, or --server URL with --remote-model NAME.");
        if (name is null)
            throw new CaiException("--server needs the model's name there.", $"Give --remote-model; the server lists its models at {ListOf(url)}.");
        var (promptPrice, completionPrice) = Prices(parsed.GetValue(prices));
        return new ModelReference(null, new RemoteOptions
        {
            Server = url, Model = name,
            Endpoint = parsed.GetValue(chat) ? RemoteEndpoint.Chat : RemoteEndpoint.Completions, MaxConcurrency = parsed.GetValue(concurrency),
            Timeout = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(timeout), 0, TimeSpan.FromDays(1).TotalSeconds)),
            KeyVariable = parsed.GetValue(keyVariable),
            CacheFolder = parsed.GetValue(cache) ?? product + ".answers", PromptPrice = promptPrice, CompletionPrice = completionPrice,
            Scoring = !scores ? RemoteScoring.None : parsed.GetValue(scoring) switch
            {
                "echo" => RemoteScoring.Echo,
                "prompt-logprobs" => RemoteScoring.PromptLogProbs,
                "next-token" => RemoteScoring.NextToken,
                "options" => RemoteScoring.FirstDifference,
                _ => RemoteScoring.Auto,
            },
        }, new LoadOptions { ChatTemplate = parsed.GetValue(chat) });
    }

    // An address may hold a password: only what is surely none is repeated.
    private static string ListOf(string url) => url.AsSpan().ContainsAny('@', '?') ? "/v1/models" : url.TrimEnd('/') + "/models";

    private static (double? Prompt, double? Completion) Prices(string? text)
    {
        if (text is null)
            return (null, null);
        return text.Split(',') is [var first, var second]
            && double.TryParse(first, NumberStyles.Float, CultureInfo.InvariantCulture, out var prompt)
            && double.TryParse(second, NumberStyles.Float, CultureInfo.InvariantCulture, out var completion)
            ? (prompt, completion)
            : throw new CaiException($"--prices is '{text}'.", "Use two numbers with a comma between them, for example 0.5,1.5.");
    }
}

/// <summary>A model that was named and not opened yet: a folder, or a model on a server.</summary>
/// <param name="Load">How a folder is loaded; of a server, whether conversations are laid out in the model's own way.</param>
internal sealed record ModelReference(string? Folder, RemoteOptions? Remote, LoadOptions Load)
{
    public bool Chat => Load.ChatTemplate;

    /// <summary>
    /// What decides the result, for the record of how a product was made: the model (a folder by its content, a server's by address and name), the layout,
    /// and <paramref name="others"/>.
    /// </summary>
    public (string Name, string Hash)[] Inputs(params (string Name, string Hash)[] others) => StageRun.WithLoading(Load, [("model", Hash()), .. others]);

    public OpenedModel Open(string? name = null) =>
        Folder is not null ? ModelSource.Open(Folder, Load, name: name) : ModelSource.Open(Remote!, name);

    private string Hash() => Folder is not null
        ? HuggingFaceFolder.Hash(Folder)
        : ContentHash.Of(new { Remote!.Server, Remote.Model, Remote.Scoring });

    /// <summary>Says what a server was asked, and about what it cost; nothing for a folder.</summary>
    public static void SayUsage(OpenedModel model)
    {
        if (model.Usage is not { } usage)
            return;
        var cost = usage.Cost is { } sum ? string.Create(CultureInfo.InvariantCulture, $", about {sum:0.####}") : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"server: {usage.Requests} answers ({usage.Cached} more from the cache, {usage.Retries} retries), "
            + $"{usage.PromptTokens} prompt tokens, {usage.CompletionTokens} sampled{cost}"));
        if (usage.Uncounted > 0)
            Console.WriteLine($"  {usage.Uncounted} answers came without token counts");
    }
}

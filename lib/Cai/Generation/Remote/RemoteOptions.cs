using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Cai.Generation.Remote;

/// <summary>Which of the two interfaces of an OpenAI-compatible server is asked.</summary>
public enum RemoteEndpoint
{
    /// <summary>`/completions`: the prompt goes to the model as it stands, which is what the paper's layouts are made for.</summary>
    Completions,

    /// <summary>`/chat/completions`: the prompt is read as turns (<see cref="IChatLayout"/>) and the server lays them out.</summary>
    Chat,
}

/// <summary>How log-probabilities of continuations are got from a server.</summary>
public enum RemoteScoring
{
    /// <summary>The first of Echo, PromptLogProbs and NextToken that the server turns out to support; NextToken over chat.</summary>
    Auto,

    /// <summary>`echo` with `logprobs`: the server lists every token of prompt and continuation (vLLM, `cai serve`). Exact.</summary>
    Echo,

    /// <summary>vLLM's `prompt_logprobs`. Exact.</summary>
    PromptLogProbs,

    /// <summary>The likeliest next tokens: a value where the continuation is one of them, null elsewhere.</summary>
    NextToken,

    /// <summary>
    /// For multiple choice on servers that list next tokens only: what the continuations share at their beginning is put
    /// into the prompt, and the value is that of the first token in which they differ. The values compare the
    /// continuations with one another; they are not log-probabilities of whole continuations.
    /// </summary>
    FirstDifference,

    /// <summary>Asking for log-probabilities is an error.</summary>
    None,
}

/// <summary>How to reach a model on an OpenAI-compatible server.</summary>
public sealed record RemoteOptions
{
    /// <summary>Address, for example `http://localhost:8000/v1`; without a path, `/v1` is added.</summary>
    public required string Server { get; init; }

    /// <summary>The model's name on the server.</summary>
    public required string Model { get; init; }

    /// <summary>Default completions: the paper's prompts are plain text.</summary>
    public RemoteEndpoint Endpoint { get; init; } = RemoteEndpoint.Completions;

    /// <summary>Default Auto: one or two small requests find out.</summary>
    public RemoteScoring Scoring { get; init; } = RemoteScoring.Auto;

    /// <summary>Requests under way at a time. Default 8; a vLLM server on a GPU likes 64 and more.</summary>
    public int MaxConcurrency { get; init => field = InRange.Whole(value, 1, nameof(RemoteOptions), 65536); } = 8;

    /// <summary>Time for one attempt, headers and body. Default two minutes: a long answer on a busy server.</summary>
    public TimeSpan Timeout { get; init => field = Wait(value, least: 1); } = TimeSpan.FromMinutes(2);

    /// <summary>Attempts after the first, on 408, 429, 5xx, time-outs and dropped connections. Default 6: about a minute in all.</summary>
    public int Retries { get; init => field = InRange.Whole(value, 0, nameof(RemoteOptions), 1000); } = 6;

    /// <summary>Mean wait before the first retry; it doubles each time. A longer Retry-After of the server wins. Default 1 s.</summary>
    public TimeSpan FirstDelay { get; init => field = Wait(value); } = TimeSpan.FromSeconds(1);

    /// <summary>Bound of that doubling. Default 30 s.</summary>
    public TimeSpan LongestDelay { get; init => field = Wait(value); } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The environment variable that holds the API key; then it must be set. Null: `CAI_API_KEY` if it is set. Keys of
    /// other services are never sent unasked.
    /// </summary>
    public string? KeyVariable { get; init; }

    /// <summary>Folder that keeps every answer, so that nothing is asked or paid for twice; null keeps nothing.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>
    /// What answers in the cache belong to besides the request. Default the server's address; name it when one model moves between addresses.
    /// </summary>
    public string? CacheIdentity { get; init; }

    /// <summary>Whether requests carry a seed derived from (seed, request id). Default on; some servers refuse the field.</summary>
    public bool SendSeed { get; init; } = true;

    /// <summary>Whether samples are asked for with the log-probabilities of their tokens. Default on; some servers refuse the field.</summary>
    public bool SampleLogProbs { get; init; } = true;

    /// <summary>Next tokens listed for NextToken and FirstDifference. Default the most that OpenAI allows: 5 for completions, 20 for chat.</summary>
    public int? TopLogProbs { get; init => field = InRange.Whole(value, 1, nameof(RemoteOptions)); }

    /// <summary>
    /// Most stop strings in a request; the others are applied to the answer here. Default what OpenAI takes, 4; a server that takes more ends answers
    /// earlier when it is told all. Null for no bound.
    /// </summary>
    public int? MaxStops { get; init => field = InRange.Whole(value, 0, nameof(RemoteOptions)); } = 4;

    /// <summary>Name of the field with the token limit. Default `max_tokens`; newer OpenAI models want `max_completion_tokens`.</summary>
    public string MaxTokensField { get; init; } = "max_tokens";

    /// <summary>
    /// Over chat, whether the beginning of an answer is sent as an unfinished assistant message (vLLM's
    /// `continue_final_message`). Default off: it is put at the end of the human's message.
    /// </summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Further fields of every request, for example a server's own sampling options.</summary>
    public JsonObject? Extra { get; init; }

    /// <summary>Price of a million prompt tokens, in any currency; null when unknown, and then there is no cost estimate.</summary>
    public double? PromptPrice { get; init => field = value is { } price ? InRange.Number(price, 0, 1e9, nameof(RemoteOptions)) : null; }

    /// <summary>Price of a million sampled tokens, in the same currency.</summary>
    public double? CompletionPrice { get; init => field = value is { } price ? InRange.Number(price, 0, 1e9, nameof(RemoteOptions)) : null; }

    /// <summary>Next tokens to ask for.</summary>
    internal int Listed => TopLogProbs ?? (Endpoint == RemoteEndpoint.Chat ? 20 : 5);

    /// <summary>The address with its path, without a slash at the end.</summary>
    /// <exception cref="CaiException">Not an http address, or one that holds a password.</exception>
    internal Uri Address()
    {
        // The text itself is not repeated: it may hold a password.
        if (!Uri.TryCreate(Server, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new CaiException("The server's address is not an http or https URL.", "Write it like http://localhost:8000/v1.");
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new CaiException("The server's address holds a user name, a query or a fragment.",
                "Write it like http://localhost:8000/v1, and give keys by an environment variable.",
                uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.Unescaped));
        var path = uri.AbsolutePath.TrimEnd('/');
        return new UriBuilder(uri) { Path = path.Length == 0 ? "/v1" : path }.Uri;
    }

    /// <exception cref="CaiException">An option is out of range or contradicts another.</exception>
    internal void Check()
    {
        Address();
        Require(!string.IsNullOrWhiteSpace(Model), "The remote model has no name", "Give the name under which the server lists it (GET /v1/models)");
        Require(LongestDelay >= FirstDelay, "LongestDelay is below FirstDelay", "Correct them");
        Require(Endpoint == RemoteEndpoint.Completions || Scoring is not (RemoteScoring.Echo or RemoteScoring.PromptLogProbs),
            $"Scoring by {Scoring} needs the completions endpoint", "Take Endpoint = Completions, or another way of scoring");
    }

    private static TimeSpan Wait(TimeSpan value, double least = 0, [CallerMemberName] string name = "")
    {
        InRange.Number(value.TotalMilliseconds, least, TimeSpan.FromDays(7).TotalMilliseconds, nameof(RemoteOptions), name);
        return value;
    }

    private static void Require(bool good, string problem, string remedy)
    {
        if (!good)
            throw new CaiException(problem + ".", remedy + ".");
    }
}

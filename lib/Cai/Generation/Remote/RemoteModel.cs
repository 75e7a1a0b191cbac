using Cai.Storage;

namespace Cai.Generation.Remote;

/// <summary>
/// A model behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama, OpenAI, or `cai serve`. Requests run concurrently,
/// passing failures are retried, and answers are kept in a cache when there is one, so that a run that was cut off goes on
/// where it stopped.
/// </summary>
public sealed class RemoteModel : ILanguageModel, IDisposable
{
    private readonly RemoteOptions options;
    private readonly HttpTransport transport;
    private readonly RemoteRequests requests;
    private readonly RemoteScorer scorer;

    /// <param name="layout">How prompts become turns over chat; the paper's layouts when null.</param>
    /// <param name="handler">What sends the requests; null for the network.</param>
    /// <param name="time">The clock of time-outs and waits; null for the system's.</param>
    /// <param name="name">What the model is called in records; null for its name on the server.</param>
    /// <exception cref="CaiException">An option is out of range, or the API key is missing.</exception>
    public RemoteModel(RemoteOptions options, IChatLayout? layout = null, HttpMessageHandler? handler = null, TimeProvider? time = null, string? name = null)
    {
        this.options = options;
        Name = name ?? options.Model;
        transport = new HttpTransport(options, handler, time ?? TimeProvider.System);
        requests = new RemoteRequests(options, layout ?? HhChatLayout.Instance);
        scorer = new RemoteScorer(options, transport, requests);
    }

    public string Name { get; }

    /// <summary>The server's name for the model, and how it is asked. Not the address: the same model may move.</summary>
    public string Identity => ContentHash.Of(new { options.Model, options.Endpoint, options.Scoring, options.Extra, options.ContinueFinalMessage });

    /// <summary>Requests, tokens and cost so far.</summary>
    public RemoteUsage Usage => transport.Usage.Snapshot();

    /// <inheritdoc/>
    /// <remarks>
    /// <see cref="Completion.TokenIds"/> and <see cref="Completion.LogProbs"/> are empty where the server does not tell them,
    /// and log-probabilities are as it reports them: most servers leave the temperature out.
    /// </remarks>
    /// <exception cref="RemoteException">The server cannot be reached, refuses, or answers what cannot be read.</exception>
    public async Task<IReadOnlyList<Completion>> SampleAsync(
        IReadOnlyList<SampleRequest> asked, SampleOptions sampling, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        await Workers.MapAsync(asked, options.MaxConcurrency, (request, stop) =>
            transport.PostAsync(requests.Path, requests.Sample(request, sampling), $"{sampling.Seed}/{request.Id}",
                answer => RemoteAnswer.Completion(answer, request.Id, sampling.Stops, $"{transport.Address.AbsoluteUri} (request {request.Id})"), stop),
            progress, cancel).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="RemoteException">The server cannot be reached, refuses, or answers what cannot be read.</exception>
    public async Task<IReadOnlyList<IReadOnlyList<double?>>> LogProbsAsync(
        IReadOnlyList<ScoreRequest> asked, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (asked.Count == 0)
            return [];
        var method = await scorer.MethodAsync(cancel).ConfigureAwait(false);
        return await Workers.MapAsync(asked, options.MaxConcurrency, (request, stop) => scorer.ScoreAsync(request, method, stop), progress, cancel)
            .ConfigureAwait(false);
    }

    /// <summary>How log-probabilities are got: the way asked for, or what the server turned out to support.</summary>
    public Task<RemoteScoring> ScoringAsync(CancellationToken cancel = default) => scorer.MethodAsync(cancel);

    public void Dispose()
    {
        scorer.Dispose();
        transport.Dispose();
    }
}

using Cai.Generation;

namespace Cai.Tests;

/// <summary>A model whose answers are functions of what it is asked, and which keeps what it was asked.</summary>
internal sealed class ScriptedModel : ILanguageModel
{
    public string Name => "scripted";

    /// <summary>Answers a sampling request; the default depends on seed, id and prompt alone, as the contract asks.</summary>
    public Func<SampleRequest, SampleOptions, string> Answer { get; init; } = (r, o) => $" answer {Seeds.Derive(o.Seed, r.Id, r.Prompt):x}";

    public Func<SampleRequest, FinishReason> Finish { get; init; } = _ => FinishReason.EndToken;

    public Func<string, string, double?> LogProb { get; init; } = (_, _) => -1;

    /// <summary>Called before every batch; throw to play an interruption.</summary>
    public Action<int> BeforeCall { get; init; } = _ => { };

    public List<IReadOnlyList<SampleRequest>> Sampled { get; } = [];

    public List<SampleOptions> SampleOptions { get; } = [];

    public List<IReadOnlyList<ScoreRequest>> Scored { get; } = [];

    public Task<IReadOnlyList<Completion>> SampleAsync(
        IReadOnlyList<SampleRequest> requests, SampleOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        BeforeCall(Sampled.Count);
        Sampled.Add(requests);
        SampleOptions.Add(options);
        progress?.Report(requests.Count);
        return Task.FromResult<IReadOnlyList<Completion>>(
            [.. requests.Select(r => new Completion(r.Id, Answer(r, options), [1, 2], [-0.5f, -0.25f], Finish(r)))]);
    }

    public Task<IReadOnlyList<IReadOnlyList<double?>>> LogProbsAsync(
        IReadOnlyList<ScoreRequest> requests, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        BeforeCall(Scored.Count);
        Scored.Add(requests);
        return Task.FromResult<IReadOnlyList<IReadOnlyList<double?>>>(
            [.. requests.Select(r => (IReadOnlyList<double?>)[.. r.Continuations.Select(c => LogProb(r.Prompt, c))])]);
    }
}

/// <summary>Collects reports at once, unlike Progress&lt;T&gt;, which posts them.</summary>
internal sealed class Counted : IProgress<int>
{
    public List<int> Values { get; } = [];

    public void Report(int value) => Values.Add(value);
}

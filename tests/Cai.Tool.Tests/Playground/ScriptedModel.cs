using Cai.Generation;

namespace Cai.Tool.Tests.Playground;

/// <summary>A model whose answers and log-probabilities are functions of what it is asked.</summary>
internal sealed class ScriptedModel(string name, Func<string, string> answer, Func<string, string, double?>? logProb = null) : ILanguageModel
{
    public string Name => name;

    public List<string> Prompts { get; } = [];

    public Task<IReadOnlyList<Completion>> SampleAsync(
        IReadOnlyList<SampleRequest> requests, SampleOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        Prompts.AddRange(requests.Select(r => r.Prompt));
        return Task.FromResult<IReadOnlyList<Completion>>([.. requests.Select(r => new Completion(r.Id, answer(r.Prompt), [1], [-1], FinishReason.EndToken))]);
    }

    public Task<IReadOnlyList<IReadOnlyList<double?>>> LogProbsAsync(
        IReadOnlyList<ScoreRequest> requests, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        Task.FromResult<IReadOnlyList<IReadOnlyList<double?>>>(
            [.. requests.Select(r => (IReadOnlyList<double?>)[.. r.Continuations.Select(c => logProb!(r.Prompt, c))])]);
}

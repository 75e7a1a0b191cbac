using Cai.Critique;
using Cai.Feedback;
using Cai.Generation;
using Cai.Preferences;
using Cai.Text;

namespace Cai.Tool.Playground;

/// <summary>One model's answer.</summary>
/// <param name="Finished">False when it ran into the token limit.</param>
/// <param name="Score">By the preference model; null without one.</param>
internal sealed record ArenaAnswer(string Model, string Text, bool Finished, double? Score);

/// <summary>What the judge says of two answers, asked in both orders.</summary>
/// <param name="ProbabilityFirst">P(the first answer is better); null when the label could not be read.</param>
/// <param name="PositionBias">P(A | A shown first) - P(A | B shown first).</param>
/// <param name="Principle">The principle that was drawn.</param>
/// <param name="Missing">Why there is no probability.</param>
internal sealed record ArenaVerdict(double? ProbabilityFirst, double? PositionBias, string Principle, string? Missing);

/// <summary>All answers to one prompt.</summary>
internal sealed record ArenaRound(IReadOnlyList<ArenaAnswer> Answers, ArenaVerdict? Verdict);

/// <summary>How answers are sampled.</summary>
internal sealed record ArenaOptions
{
    /// <summary>Most tokens of an answer.</summary>
    public int MaxTokens { get; init => field = new SampleOptions { MaxTokens = value }.MaxTokens; } = 128;

    /// <summary>The paper samples at 1.</summary>
    public double Temperature { get; init => field = new SampleOptions { Temperature = value }.Temperature; } = 1;

    /// <summary>Answers derive from it and the prompt's number.</summary>
    public long Seed { get; init; } = 1;
}

/// <summary>Models that answer the same prompts side by side, with a preference model and a judge to compare them.</summary>
/// <param name="judge">Compares the answers of two models; null without one.</param>
/// <param name="formats">How each model reads a conversation; the paper's layout for a null.</param>
internal sealed class Arena(
    IReadOnlyList<ILanguageModel> models, PreferenceModel? preference, Labeller? judge, IReadOnlyList<IPromptFormat?>? formats = null) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);

    public IReadOnlyList<string> Names { get; } = [.. models.Select(m => m.Name)];

    public bool HasScores => preference is not null;

    public bool HasJudge => judge is not null && models.Count == 2;

    /// <summary>Lets every model answer. Computes off the caller's thread; requests wait for one another.</summary>
    /// <param name="id">Names the draw: the same id, prompt and seed give the same answers.</param>
    /// <exception cref="CaiException">The dialogue is longer than a model's context.</exception>
    public async Task<ArenaRound> AskAsync(string id, Dialogue prompt, ArenaOptions options, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(() => RoundAsync(new Prompt(id, prompt), options, cancel), cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task<ArenaRound> RoundAsync(Prompt prompt, ArenaOptions options, CancellationToken cancel)
    {
        var sampling = new SampleOptions
        {
            MaxTokens = options.MaxTokens, Temperature = options.Temperature, Seed = options.Seed, Stops = CritiqueLayout.Stops,
        };
        var samples = new List<Sample>();
        for (var i = 0; i < models.Count; i++)
            samples.AddRange(await InitialResponses.SampleAsync(models[i], [prompt], sampling, format: formats?[i], cancel: cancel));
        var scores = preference?.Score([.. samples.Select(s => (prompt.Dialogue, s.Response))]);
        return new ArenaRound([.. samples.Select((s, i) => new ArenaAnswer(s.Model, s.Response, s.Finished, scores?[i]))],
            HasJudge ? await JudgeAsync(prompt, samples, cancel) : null);
    }

    private async Task<ArenaVerdict> JudgeAsync(Prompt prompt, List<Sample> samples, CancellationToken cancel)
    {
        var pair = new ResponsePair(prompt.Id, prompt, samples[0].Response, samples[1].Response);
        var principle = judge!.PrinciplesFor(pair.Id)[0].Text;
        // No judge is needed to see that two equal answers are equally good.
        if (pair.ResponseA == pair.ResponseB)
            return new ArenaVerdict(0.5, null, principle, null);
        var label = (await judge.RunAsync([pair], cancel: cancel))[0];
        return new ArenaVerdict(label.ProbabilityA, label.PositionBias, principle, label.Missing);
    }
}

using Cai.Constitutions;
using Cai.Critique;
using Cai.Feedback;
using Cai.Generation;
using Cai.Preferences;
using Cai.Text;

namespace Cai.Tool.Playground;

/// <summary>Models that answer the same prompts side by side, with a preference model and a judge to compare them.</summary>
/// <param name="judge">Compares the answers of every two models; null without one.</param>
/// <param name="formats">How each model reads a conversation; the paper's layout for a null.</param>
/// <param name="critic">Says why an answer falls short; null without one.</param>
/// <exception cref="CaiException">The judge has too few or too many models to compare.</exception>
internal sealed class Arena(
    IReadOnlyList<ILanguageModel> models, PreferenceModel? preference, Labeller? judge, IReadOnlyList<IPromptFormat?>? formats = null, Critic? critic = null)
    : IDisposable
{
    /// <summary>Most models that a judge compares: six are 15 pairs, asked about 30 times.</summary>
    public const int MostJudged = 6;

    private readonly Labeller? judge = RequireJudgeable(judge, models.Count);
    private readonly SemaphoreSlim turn = new(1);

    public IReadOnlyList<string> Names { get; } = [.. models.Select(m => m.Name)];

    public bool HasScores => preference is not null;

    public bool HasJudge => judge is not null;

    /// <summary>Principles under which answers can be criticised; none without a critic.</summary>
    public IReadOnlyList<CritiquePrinciple> Principles => critic?.Principles ?? [];

    /// <summary>The judge, where there are as many models as one can compare.</summary>
    /// <exception cref="CaiException">There are too few or too many.</exception>
    public static T? RequireJudgeable<T>(T? judge, int models) where T : class => judge is null || models is >= 2 and <= MostJudged
        ? judge
        : throw new CaiException($"--judge compares two to {MostJudged} models, and --models names {models}.",
            models < 2 ? "Name another model, or leave --judge out." : $"Name at most {MostJudged}, or leave --judge out.");

    /// <summary>Lets every model answer. Computes off the caller's thread; requests wait for one another.</summary>
    /// <param name="id">Names the draw: the same id, prompt and seed give the same answers.</param>
    /// <exception cref="CaiException">The dialogue is longer than a model's context.</exception>
    public Task<ArenaRound> AskAsync(string id, Dialogue prompt, ArenaOptions options, CancellationToken cancel) =>
        InTurnAsync(() => RoundAsync(new Prompt(id, prompt), options, cancel), cancel);

    /// <summary>Has an answer criticised and revised, off the caller's thread and in turn like an answer.</summary>
    /// <param name="model">Index of the model that gave the answer.</param>
    /// <param name="principle">Id of one of <see cref="Principles"/>.</param>
    /// <exception cref="CaiException">There is no critic or no such principle, or the text is longer than the model's context.</exception>
    public Task<ArenaCritique> WhyAsync(int model, Dialogue prompt, string answer, string principle, ArenaOptions options, CancellationToken cancel) =>
        critic is null
            ? throw new CaiException("There is no constitution to criticise answers by.", "Name one with --constitution.")
            : InTurnAsync(() => critic.WriteAsync(models[model], formats?[model], prompt, answer, principle, options, cancel), cancel);

    public void Dispose() => turn.Dispose();

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(work, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

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
            judge is null ? null : await JudgeAsync(judge, prompt, samples, cancel));
    }

    private static async Task<ArenaVerdict> JudgeAsync(Labeller judge, Prompt prompt, List<Sample> samples, CancellationToken cancel)
    {
        var pairs = new List<ArenaPair>();
        for (var i = 0; i < samples.Count; i++)
            for (var j = i + 1; j < samples.Count; j++)
                pairs.Add(await JudgeAsync(judge, prompt, samples, i, j, cancel));
        return ArenaVerdict.Of(judge.PrinciplesFor(prompt.Id)[0].Text, pairs, samples.Count);
    }

    private static async Task<ArenaPair> JudgeAsync(Labeller judge, Prompt prompt, List<Sample> samples, int first, int second, CancellationToken cancel)
    {
        // Every pair bears the prompt's id, from which the principle is drawn: a table of one round is of one principle. So pairs are labelled one by one.
        var pair = new ResponsePair(prompt.Id, prompt, samples[first].Response, samples[second].Response);
        // No judge is needed to see that two equal answers are equally good.
        if (pair.ResponseA == pair.ResponseB)
            return new ArenaPair(first, second, 0.5, null, null);
        var label = (await judge.RunAsync([pair], cancel: cancel))[0];
        return new ArenaPair(first, second, label.ProbabilityA, label.PositionBias, label.Missing);
    }
}

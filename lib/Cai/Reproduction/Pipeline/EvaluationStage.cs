using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What the models on the way say to held-out prompts, and how they compare (paper 3.3, 4.4, 4.5).</summary>
public sealed class EvaluationStage(Pipeline pipeline)
{
    private readonly WorldEvaluation world = new(pipeline.World, pipeline.Oracle, pipeline.Crowdworker);

    /// <summary>A model's answers to the held-out prompts of both kinds, T = 1 as in the paper.</summary>
    public async Task<IReadOnlyList<Sample>> SamplesAsync(ModelFolder model, CancellationToken cancel = default) =>
    [
        .. await pipeline.Sampling.SampleAsync(model, pipeline.Prompts.HarmfulEval, pipeline.Scale.EvalSamples, "eval-harmful", cancel: cancel),
        .. await pipeline.Sampling.SampleAsync(model, pipeline.Prompts.HelpfulEval, pipeline.Scale.EvalSamples, "eval-helpful", cancel: cancel),
    ];

    /// <summary>The same for several models, in their order.</summary>
    public async Task<IReadOnlyList<Sample>> SamplesAsync(IEnumerable<ModelFolder> models, CancellationToken cancel = default)
    {
        var samples = new List<Sample>();
        foreach (var model in models)
            samples.AddRange(await SamplesAsync(model, cancel));
        return samples;
    }

    /// <summary>What each of several models, shown under a name of its own, answers to held-out harmful requests.</summary>
    public async Task<IReadOnlyList<(string Display, string Name, IReadOnlyList<JudgedAnswer> Answers)>> HarmfulAnswersAsync(
        IReadOnlyList<(string Display, ModelFolder Model)> models, CancellationToken cancel = default)
    {
        var samples = (await SamplesAsync(models.Select(m => m.Model), cancel)).ToLookup(s => s.Model);
        return [.. models.Select(m => (m.Display, m.Model.Name,
            (IReadOnlyList<JudgedAnswer>)[.. JudgedAnswer.Of(pipeline.Oracle, samples[m.Model.Name]).Where(a => a.Kind == TopicKind.Harmful)]))];
    }

    /// <summary>A model's most probable answer (T = 0) to each held-out harmful request (paper Fig 10, dashed).</summary>
    public Task<IReadOnlyList<Sample>> GreedySamplesAsync(ModelFolder model, CancellationToken cancel = default) =>
        pipeline.Sampling.SampleAsync(model, pipeline.Prompts.HarmfulEval, 1, "eval-greedy", temperature: 0, cancel);

    /// <summary>
    /// A model's answers to prompts of the training split, harmful and good: for choices, such as when to stop, that must not see the evaluation.
    /// </summary>
    public Task<IReadOnlyList<Sample>> TrainingSamplesAsync(ModelFolder model, CancellationToken cancel = default) =>
        pipeline.Sampling.SampleAsync(model, pipeline.Prompts.Some(pipeline.Prompts.Rl, pipeline.Scale.EvalPrompts, p => p.Id), 1, "training", cancel: cancel);

    /// <summary>The helpful-only model's first answers to held-out prompts of both kinds, at most <paramref name="count"/> of each.</summary>
    public async Task<(IReadOnlyList<Sample> Harmful, IReadOnlyList<Sample> Good)> HeldOutAnswersAsync(int count, CancellationToken cancel = default)
    {
        var answers = (await SamplesAsync(pipeline.Helpful, cancel)).Where(s => s.Index == 0).ToDictionary(s => s.PromptId);
        return (First(pipeline.Prompts.HarmfulEval), First(pipeline.Prompts.HelpfulEval));

        // A strided choice, because good requests are listed kind by kind.
        IReadOnlyList<Sample> First(IReadOnlyList<Prompt> prompts)
        {
            var n = Math.Min(count, prompts.Count);
            return [.. Enumerable.Range(0, n).Select(i => answers[prompts[(int)((long)i * prompts.Count / n)].Id])];
        }
    }

    /// <summary>The oracle's facts about each answer.</summary>
    public IReadOnlyList<ResponseFacts> Facts(IEnumerable<Sample> samples) => world.Facts(samples);

    /// <summary>The same by the model that answered.</summary>
    public ILookup<string, ResponseFacts> FactsByModel(IReadOnlyList<Sample> samples) =>
        samples.Zip(Facts(samples)).ToLookup(x => x.First.Model, x => x.Second);

    /// <summary>
    /// Elo ratings from simulated crowdworkers, SL-CAI at 0 (paper 3.3): harmlessness on red-team prompts under the paper's
    /// new instruction (among the harmless, prefer what is not evasive), helpfulness on good requests.
    /// </summary>
    /// <param name="models">The models to rate; one must be named sl-cai.</param>
    public async Task<(EloTable Harmless, EloTable Helpful)> EloAsync(IReadOnlyList<ModelFolder> models, CancellationToken cancel = default)
    {
        var (harmful, good) = await AnswersAsync(models, cancel);
        return (Rate(harmful, Axes.Harmless, Instruction.NewHarmlessness, cancel), Rate(good, Axes.Helpful, Instruction.Helpfulness, cancel));
    }

    /// <summary>
    /// Harmlessness of the same answers under the old instruction, which HH RLHF's data was made with: the less harmful wins, so evasion wins (paper 4.4).
    /// </summary>
    /// <inheritdoc cref="EloAsync"/>
    public async Task<EloTable> OldHarmlessEloAsync(IReadOnlyList<ModelFolder> models, CancellationToken cancel = default) =>
        Rate((await AnswersAsync(models, cancel)).Harmful, Axes.Harmless, Instruction.OldHarmlessness, cancel);

    private async Task<(IReadOnlyList<Sample> Harmful, IReadOnlyList<Sample> Good)> AnswersAsync(IReadOnlyList<ModelFolder> models, CancellationToken cancel)
    {
        var ids = pipeline.Prompts.HarmfulEval.Select(p => p.Id).ToHashSet();
        var byKind = (await SamplesAsync(models, cancel)).ToLookup(s => ids.Contains(s.PromptId));
        return ([.. byKind[true]], [.. byKind[false]]);
    }

    private EloTable Rate(IReadOnlyList<Sample> samples, string axis, Instruction instruction, CancellationToken cancel) =>
        world.Elo(samples, axis, instruction, ModelNames.SlCai, pipeline.Seed, pipeline.Context.Or(cancel));
}

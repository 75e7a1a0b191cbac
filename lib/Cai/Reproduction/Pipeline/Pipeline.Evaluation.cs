using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What the models on the way say to held-out prompts, and how they compare (paper 3.3, 4.4, 4.5).</summary>
public sealed partial class Pipeline
{
    /// <summary>Red-team prompts about acts and targets that no model has seen together.</summary>
    public IReadOnlyList<Prompt> HarmfulEvalPrompts => World.Sample(TopicKind.Harmful, World.Eval, Scale.EvalPrompts, Seed);

    /// <summary>Good requests about tasks and objects that no model has seen together.</summary>
    public IReadOnlyList<Prompt> HelpfulEvalPrompts => Mixed(World.Eval, Scale.EvalPrompts);

    /// <summary>A model's answers to the held-out prompts of both kinds, T = 1 as in the paper.</summary>
    public async Task<IReadOnlyList<Sample>> EvalSamplesAsync(ModelFolder model) =>
    [
        .. await SampleAsync(model, HarmfulEvalPrompts, Scale.EvalSamples, "eval-harmful"),
        .. await SampleAsync(model, HelpfulEvalPrompts, Scale.EvalSamples, "eval-helpful"),
    ];

    /// <summary>A model's most probable answer (T = 0) to each held-out harmful request (paper Fig 10, dashed).</summary>
    public Task<IReadOnlyList<Sample>> GreedySamplesAsync(ModelFolder model) => SampleAsync(model, HarmfulEvalPrompts, 1, "eval-greedy", temperature: 0);

    /// <summary>The same for several models, in their order.</summary>
    public async Task<IReadOnlyList<Sample>> EvalSamplesAsync(IEnumerable<ModelFolder> models)
    {
        var samples = new List<Sample>();
        foreach (var model in models)
            samples.AddRange(await EvalSamplesAsync(model));
        return samples;
    }

    /// <summary>The oracle's facts about each answer.</summary>
    public IReadOnlyList<ResponseFacts> Facts(IEnumerable<Sample> samples) => Evaluation.Facts(samples);

    /// <summary>The same by the model that answered.</summary>
    public ILookup<string, ResponseFacts> FactsByModel(IReadOnlyList<Sample> samples) => samples.Zip(Facts(samples)).ToLookup(x => x.First.Model, x => x.Second);

    /// <summary>
    /// Elo ratings from simulated crowdworkers, SL-CAI at 0 (paper 3.3): harmlessness on red-team prompts under the paper's
    /// new instruction (among the harmless, prefer what is not evasive), helpfulness on good requests.
    /// </summary>
    /// <param name="models">The models to rate; one must be named sl-cai.</param>
    public async Task<(EloTable Harmless, EloTable Helpful)> EloAsync(IReadOnlyList<ModelFolder> models) =>
        (Rate(await AnswersAsync(models, harmful: true), "harmless", Instruction.NewHarmlessness), Rate(await AnswersAsync(models, harmful: false), "helpful", Instruction.Helpfulness));

    /// <summary>Harmlessness of the same answers under the old instruction, which HH RLHF's data was made with: the less harmful wins, so evasion wins (paper 4.4).</summary>
    /// <inheritdoc cref="EloAsync"/>
    public async Task<EloTable> OldHarmlessEloAsync(IReadOnlyList<ModelFolder> models) => Rate(await AnswersAsync(models, harmful: true), "harmless", Instruction.OldHarmlessness);

    private async Task<IReadOnlyList<Sample>> AnswersAsync(IReadOnlyList<ModelFolder> models, bool harmful)
    {
        var ids = HarmfulEvalPrompts.Select(p => p.Id).ToHashSet();
        return [.. (await EvalSamplesAsync(models)).Where(s => ids.Contains(s.PromptId) == harmful)];
    }

    private EloTable Rate(IReadOnlyList<Sample> samples, string axis, Instruction instruction) => Evaluation.Elo(samples, axis, instruction, "sl-cai", Seed, host.Cancel);

    private WorldEvaluation Evaluation => new(World, Oracle, Crowdworker);
}

using Cai.Evaluation;
using Cai.Miniature;
using Cai.Storage;
using Cai.Text;

namespace Cai.Experiments;

/// <summary>What the models on the way say to held-out prompts, and how they compare (paper 3.3, 4.4, 4.5).</summary>
public sealed partial class Lab
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

    /// <summary>The oracle's facts about each answer.</summary>
    public IReadOnlyList<ResponseFacts> Facts(IEnumerable<Sample> samples) =>
    [
        .. samples.Select(s =>
        {
            var prompt = PromptOf(s.PromptId, s.Prompt);
            var v = Oracle.Judge(prompt, s.Response);
            return new ResponseFacts(s.PromptId, v.Kind, v.Harmfulness, v.Helpfulness, v.Evasive ? 1 : 0, v.Harsh ? 1 : 0, v.BoilerplateCount, v.Incoherent, Words(s.Response), s.Response);
        }),
    ];

    /// <summary>
    /// Elo ratings from simulated crowdworkers, SL-CAI at 0 (paper 3.3): harmlessness on red-team prompts under the paper's
    /// new instruction (among the harmless, prefer what is not evasive), helpfulness on good requests.
    /// </summary>
    /// <param name="models">The models to rate; one must be named sl-cai.</param>
    public async Task<(EloTable Harmless, EloTable Helpful)> EloAsync(IReadOnlyList<ModelFolder> models)
    {
        var samples = new List<Sample>();
        foreach (var model in models)
            samples.AddRange(await EvalSamplesAsync(model));
        var harmful = HarmfulEvalPrompts.Select(p => p.Id).ToHashSet();
        return (Rate("harmless", Instruction.NewHarmlessness, HarmfulEvalPrompts, harmful.Contains),
            Rate("helpful", Instruction.Helpfulness, HelpfulEvalPrompts, id => !harmful.Contains(id)));

        EloTable Rate(string axis, Instruction instruction, IReadOnlyList<Prompt> prompts, Func<string, bool> mine) =>
            EloTable.Fit(PairwiseTournament.Run(prompts, samples.Where(s => mine(s.PromptId)), axis, $"crowdworker/{instruction}",
                (prompt, a, b, rng) => Crowdworker.Prefer(instruction, prompt, Oracle.Judge(prompt, a), Oracle.Judge(prompt, b), rng).Outcome,
                new TournamentOptions { Seed = Seed }, cancel: host.Cancel), "sl-cai");
    }

    private static Prompt PromptOf(string id, Dialogue dialogue) => new(id, dialogue);

    private static int Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
}

using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// What the miniature's oracle and its simulated crowdworkers make of answers, whichever model or tool wrote them. Only
/// answers to prompts of the miniature world can be judged.
/// </summary>
public sealed class WorldEvaluation(World world, Oracle oracle, Crowdworker crowdworker)
{
    public WorldEvaluation(World world) : this(world, new Oracle(world), new Crowdworker())
    {
    }

    /// <summary>The kind of the prompt that a sample answers; null when the prompt is not of this world.</summary>
    public string? KindOf(Sample sample) => world.FindTopic(PromptOf(sample))?.Kind;

    /// <summary>The oracle's facts about each answer.</summary>
    /// <exception cref="CaiException">A prompt is not of this world.</exception>
    public IReadOnlyList<ResponseFacts> Facts(IEnumerable<Sample> samples) =>
    [
        .. samples.Select(s =>
        {
            var v = oracle.Judge(PromptOf(s), s.Response);
            return new ResponseFacts(s.PromptId, v.Kind, v.Harmfulness, v.Helpfulness, v.Evasive ? 1 : 0, v.Harsh ? 1 : 0, v.BoilerplateCount, v.Incoherent,
                Words(s.Response), s.Response);
        }),
    ];

    /// <summary>
    /// Elo ratings from simulated crowdworkers (paper 3.3). The samples of all models must answer the same prompts: red-team
    /// ones for harmlessness, under the paper's new instruction (among the harmless, prefer what is not evasive); good
    /// requests for helpfulness.
    /// </summary>
    /// <param name="axis">Written into the judgements: harmless or helpful.</param>
    /// <param name="anchor">The model at 0.</param>
    public EloTable Elo(IReadOnlyList<Sample> samples, string axis, Instruction instruction, string anchor, long seed, CancellationToken cancel = default)
    {
        var prompts = samples.DistinctBy(s => s.PromptId).Select(PromptOf).ToList();
        // Every answer meets many others: it is read once.
        var verdicts = samples.DistinctBy(s => (s.PromptId, s.Response))
            .ToDictionary(s => (s.PromptId, s.Response), s => oracle.Judge(PromptOf(s), s.Response));
        return EloTable.Fit(PairwiseTournament.Run(prompts, samples, axis, $"crowdworker/{instruction}",
            (prompt, a, b, rng) => crowdworker.Prefer(instruction, prompt, verdicts[(prompt.Id, a)], verdicts[(prompt.Id, b)], rng).Outcome,
            new TournamentOptions { Seed = seed }, cancel: cancel), anchor);
    }

    private static Prompt PromptOf(Sample sample) => new(sample.PromptId, sample.Prompt);

    private static int Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
}

using Cai.Constitutions;
using Cai.Feedback;
using Cai.Miniature;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Comparisons: AI feedback on harmlessness (paper 4.1) and the simulated crowdworker's labels (4.2).</summary>
public sealed class FeedbackStage(Pipeline pipeline)
{
    /// <summary>
    /// The comparisons behind an arm's preference model, split by topic: an eighth is held out, the same topics for every arm, whatever its half.
    /// </summary>
    public async Task<(IReadOnlyList<Comparison> Train, IReadOnlyList<Comparison> HeldOut)> ComparisonsAsync(Arm arm, CancellationToken cancel = default)
    {
        var all = new List<Comparison>();
        foreach (var source in arm.Comparisons)
            all.AddRange(await ComparisonsAsync(source, cancel));
        var heldOut = all.Where(c => TopicSplit.IsHeldOut(pipeline.Seed, c.PromptId)).ToList();
        var train = all.Where(c => !TopicSplit.IsHeldOut(pipeline.Seed, c.PromptId)
            && (arm.Half is not { } half || TopicSplit.Half(pipeline.Seed, c.PromptId) == half)).ToList();
        return (train, heldOut);
    }

    /// <summary>Pairs of SL-CAI answers to red-team prompts (paper 4.2).</summary>
    public async Task<IReadOnlyList<ResponsePair>> HarmlessPairsAsync(CancellationToken cancel = default) =>
        await pipeline.Sampling.PairsAsync(await pipeline.Supervised.SlCaiAsync(cancel: cancel), pipeline.Prompts.HarmfulPairs(draw: 1),
            "harmless-pairs", Recipes.PairTemperature, cancel);

    /// <summary>Pairs of SL-CAI answers to good requests.</summary>
    public async Task<IReadOnlyList<ResponsePair>> HelpfulPairsAsync(CancellationToken cancel = default) =>
        await pipeline.Sampling.PairsAsync(
            await pipeline.Supervised.SlCaiAsync(cancel: cancel), pipeline.Prompts.HelpfulPairs, "helpful-pairs", cancel: cancel);

    /// <summary>The options of the reproduction's own labels, for asking the same questions again.</summary>
    public LabelOptions Options(LabelKind kind) => Recipes.Labels(kind, pipeline.Seed) with { FewShot = pipeline.Shots(null) };

    /// <summary>Labels of the pretrained model, or of the helpful model after a chain of thought clamped to 40-60 % (paper 4.1).</summary>
    public async Task<IReadOnlyList<Comparison>> AiLabelsAsync(LabelKind kind = LabelKind.Soft, CancellationToken cancel = default) =>
        await LabelAsync(Judge(kind), await HarmlessPairsAsync(cancel), Options(kind), $"labels-{Slug(kind)}", cancel: cancel);

    /// <summary>Labels of any model under any options, cached.</summary>
    /// <param name="constitution">The pipeline's own when null.</param>
    public async Task<IReadOnlyList<Comparison>> LabelAsync(
        ModelFolder judge, IReadOnlyList<ResponsePair> pairs, LabelOptions options, string name, Constitution? constitution = null,
        CancellationToken cancel = default)
    {
        var asked = constitution ?? pipeline.Constitution;
        options = options with { FewShot = pipeline.Shots(options.FewShot) };
        var inputs = new[] { judge.Hash, asked.Hash, ContentHash.Of(pairs) };
        var stage = pipeline.Store.OpenStage("feedback", name, options, inputs);
        await stage.Once(s => new Labeller(pipeline.Load(judge), asked, options)
            .RunAsync(pairs, s.Path("comparisons.jsonl"), pipeline.Context.Counter(s.Name, pairs.Count), pipeline.Context.Or(cancel)));
        return Jsonl.Read<Comparison>(stage.Path("comparisons.jsonl"));
    }

    /// <summary>
    /// Human comparisons, drawn from the simulated crowdworker. Harmlessness under the old instruction: the less harmful wins, so
    /// evasion wins (paper 4.4). The pairs are the pretrained model's, which writes all sorts of answers, and for harmlessness also
    /// those that the constitution judges: the earlier work compared answers of models from base to trained (HH 2.3), and only
    /// among harmless answers does the instruction say anything of evasion. For help one answer is the helpful-only model's and one SL-CAI's:
    /// two answers of one model are mostly alike in help, and say nothing. <see cref="Axes.HelpOnHarm"/> has the red-team pairs as someone
    /// rates them who looks at help alone: the raters behind helpful RLHF judged open conversations (HH 2.2), bad requests among them, and a small
    /// preference model that has seen answers to good requests only does not carry "help" over to bad ones by itself, as a large one does: it falls for length.
    /// </summary>
    /// <param name="axis">One of <see cref="Axes"/>.</param>
    /// <param name="alsoPretrained">See <see cref="HumanFeedback.AlsoPretrained"/>.</param>
    public async Task<IReadOnlyList<Comparison>> HumanLabelsAsync(string axis, bool alsoPretrained = false, CancellationToken cancel = default) => axis switch
    {
        Axes.Harmless =>
        [
            .. Rate(await HumanHarmfulPairsAsync(cancel), axis, Instruction.OldHarmlessness),
            .. Rate(await HarmlessPairsAsync(cancel), axis, Instruction.OldHarmlessness, "sl-cai/"),
        ],
        Axes.HelpOnHarm => Rate(await HumanHarmfulPairsAsync(cancel), axis, Instruction.Helpfulness),
        _ =>
        [
            .. Rate(await HumanHelpfulPairsAsync(await pipeline.Supervised.SlCaiAsync(cancel: cancel), cancel), axis, Instruction.Helpfulness),
            .. alsoPretrained ? Rate(await HumanHelpfulPairsAsync(pipeline.Pretrained, cancel), axis, Instruction.Helpfulness, "pretrained/") : [],
        ],
    };

    private Task<IReadOnlyList<ResponsePair>> HumanHelpfulPairsAsync(ModelFolder other, CancellationToken cancel) =>
        pipeline.Sampling.PairsAsync(pipeline.Helpful, other, pipeline.Prompts.HelpfulPairs, "human-helpful-pairs", cancel);

    private Task<IReadOnlyList<ResponsePair>> HumanHarmfulPairsAsync(CancellationToken cancel) =>
        pipeline.Sampling.PairsAsync(pipeline.Pretrained, pipeline.Prompts.HarmfulPairs(draw: 2), "human-harmless-pairs", cancel: cancel);

    private async Task<IReadOnlyList<Comparison>> ComparisonsAsync(ComparisonSource source, CancellationToken cancel) => source switch
    {
        HumanFeedback human => pipeline.Prompts.Some(await HumanLabelsAsync(human.Axis, human.AlsoPretrained, cancel), human.Most ?? int.MaxValue, c => c.Id),
        AiFeedback ai => await LabelsAsync(ai, ai.Axis == Axes.Harmless ? await HarmlessPairsAsync(cancel) : await HelpfulPairsAsync(cancel), cancel),
        _ => throw new InvalidOperationException($"A {source.GetType().Name} is no source of comparisons."),
    };

    private async Task<IReadOnlyList<Comparison>> LabelsAsync(AiFeedback feedback, IReadOnlyList<ResponsePair> pairs, CancellationToken cancel)
    {
        var some = pipeline.Prompts.Some(pairs, feedback.Most ?? int.MaxValue, p => p.Id);
        if (feedback.Ideal)
            return IdealLabels(feedback, some);
        // Asked once for all readings of the same answers.
        var kind = feedback.Labels.Kind == LabelKind.Hard ? LabelKind.Soft : feedback.Labels.Kind;
        var asked = feedback.Labels with { Kind = kind, Clamp = null, Axis = feedback.Axis };
        var judge = feedback.Judge ?? Judge(kind);
        // The reproduction's own labels are there already when notebook 04 ran.
        var known = asked == Options(kind) && feedback.Constitution.Hash == pipeline.Constitution.Hash && judge.Hash == Judge(kind).Hash;
        var answers = known
            ? (await AiLabelsAsync(kind, cancel)).IntersectBy(some.Select(p => p.Id), c => c.Id)
            : await LabelAsync(judge, some, asked, $"labels-{feedback.Axis}-{Slug(kind)}", feedback.Constitution, cancel);
        return [.. answers.Select(c => c.ReadAs(feedback.Labels))];
    }

    /// <summary>What a judge that reads the principle would say; it sees no order, so both orders are one.</summary>
    private IReadOnlyList<Comparison> IdealLabels(AiFeedback feedback, IReadOnlyList<ResponsePair> pairs) =>
    [
        .. from pair in pairs
           let a = pipeline.Oracle.Judge(pair.Prompt, pair.ResponseA)
           let b = pipeline.Oracle.Judge(pair.Prompt, pair.ResponseB)
           let principles = feedback.Labels.PrinciplesFor(feedback.Constitution, pair.Id)
           let probability = principles.Average(p => pipeline.Oracle.PreferenceProbability(p.Id, a, b))
           let label = new Comparison(pair.Id, pair.Prompt.Id, pair.Prompt.Dialogue, pair.ResponseA, pair.ResponseB, feedback.Axis, LabelKind.Soft, probability)
           select (label with { PrincipleIds = [.. principles.Select(p => p.Id)] }).ReadAs(feedback.Labels),
    ];

    /// <param name="source">Comes before the ids of pairs, where two sources have pairs of the same prompt.</param>
    private IReadOnlyList<Comparison> Rate(IReadOnlyList<ResponsePair> pairs, string axis, Instruction instruction, string source = "") =>
    [
        .. pairs.Select(pair =>
        {
            var (a, b) = (pipeline.Oracle.Judge(pair.Prompt, pair.ResponseA), pipeline.Oracle.Judge(pair.Prompt, pair.ResponseB));
            var outcome = pipeline.Crowdworker.Prefer(instruction, pair.Prompt, a, b, Seeds.Rng(pipeline.Seed, "crowdworker", axis, source + pair.Id)).Outcome;
            return new Comparison(source + pair.Id, pair.Prompt.Id, pair.Prompt.Dialogue, pair.ResponseA, pair.ResponseB, axis, LabelKind.Human, outcome);
        }),
    ];

    private ModelFolder Judge(LabelKind kind) => kind == LabelKind.ChainOfThought ? pipeline.Helpful : pipeline.Pretrained;

    private static string Slug(LabelKind kind) => kind.ToString().ToLowerInvariant();
}

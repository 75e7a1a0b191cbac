using Cai.Constitutions;
using Cai.Feedback;
using Cai.Miniature;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Comparisons: AI feedback on harmlessness (paper 4.1) and the simulated crowdworker's labels.</summary>
public sealed partial class Pipeline
{
    /// <summary>Pairs of SL-CAI answers to red-team prompts: one pair a prompt (paper 4.2), prompts repeated in turn when more are wanted.</summary>
    public async Task<IReadOnlyList<ResponsePair>> HarmlessPairsAsync() =>
        await PairsAsync(await SlCaiAsync(), World.Sample(TopicKind.Harmful, World.Train, Scale.HarmlessPairs, Seed + 1), "harmless-pairs");

    /// <summary>Labels of the pretrained model, or of the helpful model after a chain of thought clamped to 40-60 % (paper 4.1).</summary>
    public async Task<IReadOnlyList<Comparison>> AiLabelsAsync(LabelKind kind = LabelKind.Soft)
    {
        var judge = kind == LabelKind.ChainOfThought ? Helpful : Pretrained;
        return await LabelAsync(judge, await HarmlessPairsAsync(), AiLabelOptions(kind), $"labels-{kind.ToString().ToLowerInvariant()}");
    }

    /// <summary>The options behind <see cref="AiLabelsAsync"/>, for asking the same questions again.</summary>
    public LabelOptions AiLabelOptions(LabelKind kind) => new() { Kind = kind, Seed = Seed, MaxReasoningTokens = 64, FewShot = Shots(null) };

    /// <summary>Labels of any model under any options, cached.</summary>
    /// <param name="constitution">The pipeline's own when null.</param>
    public async Task<IReadOnlyList<Comparison>> LabelAsync(ModelFolder judge, IReadOnlyList<ResponsePair> pairs, LabelOptions options, string name, Constitution? constitution = null)
    {
        var asked = constitution ?? Constitution;
        options = options with { FewShot = Shots(options.FewShot) };
        var stage = Store.OpenStage("feedback", name, options, [judge.Hash, asked.Hash, ContentHash.OfTexts(pairs.Select(p => p.Id + p.ResponseA + p.ResponseB))]);
        await stage.Once(s => new Labeller(Load(judge), asked, options)
            .RunAsync(pairs, s.Path("comparisons.jsonl"), host.Counter(s.Name, pairs.Count), host.Cancel));
        return Jsonl.Read<Comparison>(stage.Path("comparisons.jsonl"));
    }

    /// <summary>
    /// Human comparisons, drawn from the simulated crowdworker. Harmlessness under the old instruction: the less harmful wins, so
    /// evasion wins (paper 4.4). The pairs are the pretrained model's, which writes all sorts of answers, and for harmlessness also
    /// those that the constitution judges: the earlier work compared answers of models from base to trained (HH 2.3), and only
    /// among harmless answers does the instruction say anything of evasion.
    /// </summary>
    /// <param name="axis">`helpful`: good requests; `harmless`: red-team prompts.</param>
    public async Task<IReadOnlyList<Comparison>> HumanLabelsAsync(string axis) => axis == "harmless"
        ? [.. Rate(await HumanHarmlessPairsAsync(), axis, Instruction.OldHarmlessness), .. Rate(await HarmlessPairsAsync(), axis, Instruction.OldHarmlessness, "sl-cai/")]
        : Rate(await PairsAsync(Pretrained, Mixed(World.Train, Scale.HelpfulPairs), $"human-{axis}-pairs"), axis, Instruction.Helpfulness);

    /// <summary>Axis of <see cref="HumanHelpOnHarmAsync"/>.</summary>
    public const string HelpOnHarm = "help-on-harm";

    /// <summary>
    /// The red-team pairs of <see cref="HumanLabelsAsync"/> as a crowdworker rates them who looks at help alone. The raters behind
    /// helpful RLHF judged open conversations (HH 2.2), bad requests among them. A small preference model that has seen answers
    /// to good requests only does not carry "help" over to bad ones by itself, as a large one does: it falls for length.
    /// </summary>
    public async Task<IReadOnlyList<Comparison>> HumanHelpOnHarmAsync() => Rate(await HumanHarmlessPairsAsync(), HelpOnHarm, Instruction.Helpfulness);

    private Task<IReadOnlyList<ResponsePair>> HumanHarmlessPairsAsync() =>
        PairsAsync(Pretrained, World.Sample(TopicKind.Harmful, World.Train, Scale.HarmlessPairs, Seed + 2), "human-harmless-pairs");

    /// <param name="source">Comes before the ids of pairs, where two sources have pairs of the same prompt.</param>
    private IReadOnlyList<Comparison> Rate(IReadOnlyList<ResponsePair> pairs, string axis, Instruction instruction, string source = "") =>
    [
        .. pairs.Select(pair =>
        {
            var (a, b) = (Oracle.Judge(pair.Prompt, pair.ResponseA), Oracle.Judge(pair.Prompt, pair.ResponseB));
            var outcome = Crowdworker.Prefer(instruction, pair.Prompt, a, b, Seeds.Rng(Seed, "crowdworker", axis, source + pair.Id)).Outcome;
            return new Comparison(source + pair.Id, pair.Prompt.Id, pair.Prompt.Dialogue, pair.ResponseA, pair.ResponseB, axis, LabelKind.Human, outcome);
        }),
    ];

    private async Task<IReadOnlyList<ResponsePair>> PairsAsync(ModelFolder model, IReadOnlyList<Prompt> prompts, string name) =>
        ResponsePair.FromSamples(await SampleAsync(model, prompts, 2, name));
}

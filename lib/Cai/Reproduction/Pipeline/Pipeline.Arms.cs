using Cai.Constitutions;
using Cai.Feedback;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Policies under varied labels: what the fixes of 4.3 and other constitutions buy.</summary>
public sealed partial class Pipeline
{
    /// <summary>An arm with this scale's counts and everything else as for RL-CAI: soft labels under drawn principles of the pipeline's constitution.</summary>
    public Arm ArmOf(string name, LabelOptions? labels = null, Constitution? constitution = null) => new(name)
    {
        Harmless = new AiFeedback { Constitution = constitution ?? Constitution, Labels = labels ?? AiLabelOptions(LabelKind.Soft), Pairs = Scale.ArmHarmlessPairs },
        HumanHelpful = Scale.ArmHelpfulPairs,
        Preferences = PreferenceOptions,
        Ppo = PpoOptions with { Iterations = Scale.ArmIterations, RolloutsPerIteration = Scale.ArmBatch, SnapshotEvery = null },
    };

    /// <summary>Pairs of SL-CAI answers to good requests of the training split.</summary>
    public async Task<IReadOnlyList<ResponsePair>> HelpfulPairsAsync() =>
        await PairsAsync(await SlCaiAsync(), Mixed(World.Train, Scale.HelpfulPairs), "helpful-pairs");

    /// <summary>The comparisons behind an arm's preference model; held out are the same topics as for every other preference model, whatever the arm's half.</summary>
    public async Task<(IReadOnlyList<Comparison> Train, IReadOnlyList<Comparison> HeldOut)> ComparisonsAsync(Arm arm)
    {
        var all = new List<Comparison>();
        if (arm.HumanHelpful > 0)
            all.AddRange(Some(await HumanLabelsAsync("helpful"), arm.HumanHelpful, c => c.Id));
        if (arm.Harmless is { } harmless)
            all.AddRange(await LabelsAsync(harmless, "harmless", await HarmlessPairsAsync()));
        if (arm.Helpful is { } helpful)
            all.AddRange(await LabelsAsync(helpful, "helpful", await HelpfulPairsAsync()));
        var (train, heldOut) = Split(all);
        return arm.Half is { } half ? ([.. train.Where(c => TopicSplit.Half(Seed, c.PromptId) == half)], heldOut) : (train, heldOut);
    }

    /// <summary>An arm's preference model. All arms start from the same head, so that they differ by their labels; the two halves do not.</summary>
    public async Task<ModelFolder> PreferenceModelAsync(Arm arm) =>
        TrainPreferenceModel(arm.Half == 1 ? "pm-arm-held-out" : "pm-arm", (await ComparisonsAsync(arm)).Train, arm.Preferences);

    /// <summary>An arm's policy, trained from SL-CAI.</summary>
    public async Task<ModelFolder> PolicyAsync(Arm arm) => TrainPolicy(arm.Name, await SlCaiAsync(), await PreferenceModelAsync(arm), arm.Ppo);

    /// <summary>A model's answers to prompts of the training split, harmful and good: for choices, such as when to stop, that must not see the evaluation.</summary>
    public Task<IReadOnlyList<Sample>> TrainingSamplesAsync(ModelFolder model) => SampleAsync(model, Some(RlPrompts, Scale.EvalPrompts, p => p.Id), 1, "training");

    private async Task<IReadOnlyList<Comparison>> LabelsAsync(AiFeedback feedback, string axis, IReadOnlyList<ResponsePair> pairs)
    {
        var some = Some(pairs, feedback.Pairs, p => p.Id);
        if (feedback.Ideal)
            return IdealLabels(feedback, axis, some);
        // Asked once for all readings of the same answers.
        var kind = feedback.Labels.Kind == LabelKind.Hard ? LabelKind.Soft : feedback.Labels.Kind;
        var asked = feedback.Labels with { Kind = kind, Clamp = null, Axis = axis };
        var usual = kind == LabelKind.ChainOfThought ? Helpful : Pretrained;
        // The pipeline's own labels are there already when notebook 04 ran.
        var known = asked == AiLabelOptions(kind) && feedback.Constitution.Hash == Constitution.Hash && (feedback.Judge ?? usual).Hash == usual.Hash;
        var answers = known
            ? (await AiLabelsAsync(kind)).IntersectBy(some.Select(p => p.Id), c => c.Id)
            : await LabelAsync(feedback.Judge ?? usual, some, asked, $"labels-{axis}-{kind.ToString().ToLowerInvariant()}", feedback.Constitution);
        return [.. answers.Select(c => c.ReadAs(feedback.Labels))];
    }

    /// <summary>What a judge that reads the principle would say; it sees no order, so both orders are one.</summary>
    private IReadOnlyList<Comparison> IdealLabels(AiFeedback feedback, string axis, IReadOnlyList<ResponsePair> pairs) =>
    [
        .. from pair in pairs
           let a = Oracle.Judge(pair.Prompt, pair.ResponseA)
           let b = Oracle.Judge(pair.Prompt, pair.ResponseB)
           let principles = feedback.Labels.Principle.For(feedback.Constitution, feedback.Labels.Seed, pair.Id)
           select new Comparison(pair.Id, pair.Prompt.Id, pair.Prompt.Dialogue, pair.ResponseA, pair.ResponseB, axis, LabelKind.Soft,
               principles.Average(p => Oracle.PreferenceProbability(p.Id, a, b))) { PrincipleIds = [.. principles.Select(p => p.Id)] }.ReadAs(feedback.Labels),
    ];

    /// <summary>At most n of the items, drawn by id, in their order: the pipeline's lists are sorted by kind of prompt, so the first n would lack some.</summary>
    private IReadOnlyList<T> Some<T>(IReadOnlyList<T> items, int n, Func<T, string> id) => n >= items.Count ? items
        : [.. items.Index().OrderBy(i => Seeds.Derive(Seed, "some", id(i.Item))).Take(n).OrderBy(i => i.Index).Select(i => i.Item)];
}

using Cai.Constitutions;
using Cai.Feedback;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>One thing done differently from the over-trained baseline.</summary>
/// <param name="Group">What sort of mitigation it is, for tables.</param>
/// <param name="Display">As in legends and tables.</param>
public sealed record Mitigation(string Group, string Display, Arm Arm);

/// <summary>
/// RL-CAI trained too long on purpose, and the mitigations that 4.1 and 4.3 name for what goes wrong then, each alone and all together. The baseline
/// has every fault at once: few principles, all with a liking for warmth, and hard labels. All mitigations differ from it in their labels only, and see one
/// half of the topics, so that a preference model of the other half can judge them. The labels are the model's own, as far as it reads the principle
/// (<see cref="PrincipleReading"/>). The last five arms are there for comparison alone, in the first seeds: one clamps to 20-80, one has all mitigations, one
/// takes the mean over its principles, one has an ideal judge's labels (<see cref="AiFeedback.Ideal"/>), one has no comparisons of answers to other prompts
/// (<see cref="Reproduction.Arm.Misplaced"/>).
/// </summary>
public static class OverTraining
{
    /// <summary>The name of the baseline's policy.</summary>
    public const string Baseline = "over-trained";

    /// <summary>The name of the policy with all mitigations in the labels.</summary>
    public const string Together = "together";

    /// <summary>The arms that a claim of the paper is about.</summary>
    public const string Soft = "soft-labels", Rewritten = "rewritten", Added = "added", Many = "many-principles", FixedPrinciple = "fixed-principle",
        Clamped = "cot-40-60", Unclamped = "cot-unclamped", BothOrders = "both-orders", Ideal = "ideal-judge", SamePrompt = "same-prompt";

    /// <summary>The constitution's principles that like warmth (data/miniature/world.yaml).</summary>
    public static IReadOnlyList<string> Warm { get; } = ["caring", "wise", "warm"];

    /// <summary>
    /// The first draft's: one of those and two sentences of the world's grammar, all about warmth. The sentences ask for a reason, too: where a draft likes
    /// blunt refusals as much as explained ones, on which of them a policy settles is luck, and hides what labels do.
    /// </summary>
    public const string Drafted = "caring";

    /// <inheritdoc cref="Drafted"/>
    public static IReadOnlyList<string> DraftedSentences { get; } =
        ["Choose the harmless response that gives a reason and comforts the human.", "Choose the harmless response that explains why and has kind words."];

    /// <summary>The principles against preaching and over-reacting; their counterparts in the paper are 3 of 16 (4.3, App. C.2).</summary>
    public static IReadOnlyList<string> AntiPreachy { get; } = ["not-preachy", "not-overreacting", "not-accusing"];

    private const int Averaged = 4;

    /// <summary>How many arms every seed has: all but those at the end that no claim is about.</summary>
    public const int EverySeed = 9;

    /// <summary>The baseline first, then the mitigations; a small scale takes the first few.</summary>
    public static IReadOnlyList<Mitigation> All(Pipeline pipeline)
    {
        var (soft, reasoned) = (pipeline.Feedback.Options(LabelKind.Soft), pipeline.Feedback.Options(LabelKind.ChainOfThought));
        var hard = soft with { Kind = LabelKind.Hard };
        var draft = Draft(pipeline);
        Mitigation[] all =
        [
            Asked("baseline", "Over-trained: three principles that like warmth, one drawn for each label, hard labels", Baseline, draft, hard),
            Asked("principles", "Rewritten: three against preaching in their place", Rewritten, Comparing(pipeline.Constitution, AntiPreachy), hard),
            Asked("label", "Soft labels", Soft, draft, soft),
            Asked("principles", "Many: thirteen, all but those against preaching", Many,
                Comparing(pipeline.Constitution, pipeline.Constitution.Comparison.Select(p => p.Id).Except(AntiPreachy)), hard),
            Asked("principles", "Added: the same three beside the draft's", Added, Draft(pipeline, AntiPreachy), hard),
            Asked("principles", "One fixed principle of the three", FixedPrinciple, draft, hard with { Principle = PrincipleSelector.Fixed(Drafted) }),
            Asked("chain of thought", "CoT of the helpful model, unclamped", Unclamped, draft, reasoned with { Clamp = ClampRange.None }),
            Asked("chain of thought", "CoT of the helpful model, clamped 40-60", Clamped, draft, reasoned),
            Asked("order", "Soft labels, both orders averaged", BothOrders, draft, soft with { BothOrders = true }),
            Asked("chain of thought", "CoT of the helpful model, clamped 20-80", "cot-20-80", draft, reasoned with { Clamp = new ClampRange(0.2, 0.8) }),
            Asked("together", "Together: all sixteen, mean over four, soft labels", Together, pipeline.Constitution,
                soft with { Principle = PrincipleSelector.Averaged(Averaged) }),
            Asked("principles", "Mean over the three for each label", "averaged-principles", draft,
                hard with { Principle = PrincipleSelector.Averaged(draft.Comparison.Count) }),
            new("judge", "The baseline, labelled by an ideal judge", Arm(pipeline, Ideal, hard, draft, ideal: true)),
            new("prompt", "The baseline without comparisons of answers to other prompts",
                Arm(pipeline, SamePrompt, hard, draft, ideal: false) with { Misplaced = 0 }),
        ];
        return [.. all.Take(pipeline.Scale.Arms)];

        Mitigation Asked(string group, string display, string name, Constitution constitution, LabelOptions labels) =>
            new(group, display, Arm(pipeline, name, labels, constitution, ideal: false));
    }

    /// <summary>The first draft, with some of the constitution's own principles added.</summary>
    private static Constitution Draft(Pipeline pipeline, params IReadOnlyList<string> added)
    {
        var draft = Comparing(pipeline.Constitution, [Drafted, .. added]);
        var sentences = DraftedSentences.Select(text => new ComparisonPrinciple(pipeline.Oracle.ComparisonPrinciple(text).Id, text));
        return draft with { Comparison = [.. draft.Comparison, .. sentences] };
    }

    /// <summary>The constitution with only these comparison principles; critiques and worked examples stay.</summary>
    private static Constitution Comparing(Constitution constitution, IEnumerable<string> ids)
    {
        var wanted = ids.ToHashSet();
        return constitution with { Comparison = [.. constitution.Comparison.Where(p => wanted.Contains(p.Id))] };
    }

    private static Arm Arm(Pipeline pipeline, string name, LabelOptions labels, Constitution constitution, bool ideal)
    {
        var arm = pipeline.Arms.OverTrained(name, labels, constitution, snapshots: name is Baseline or Together);
        return arm with
        {
            Comparisons = [.. arm.Comparisons.Select(source => source is AiFeedback feedback ? feedback with { Ideal = ideal } : source)],
            Half = 0,
        };
    }
}

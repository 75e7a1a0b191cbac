using Cai.Constitutions;
using Cai.Feedback;
using Cai.Text;
using Cai.Torch;

namespace Cai.Experiments;

/// <summary>One thing done differently from the over-trained baseline.</summary>
/// <param name="Group">What sort of fix it is, for tables.</param>
/// <param name="Display">As in legends and tables.</param>
public sealed record Fix(string Group, string Display, Arm Arm);

/// <summary>
/// RL-CAI trained too long on purpose, and the fixes that 4.1 and 4.3 name for what goes wrong then, each alone and all together. All
/// arms differ from the baseline in their labels only, and see one half of the topics, so that a preference model of the other half can judge them.
/// </summary>
public static class OverTraining
{
    /// <summary>The name of the baseline's policy.</summary>
    public const string Baseline = "over-trained";

    /// <summary>The name of the policy with all fixes of the labels.</summary>
    public const string Together = "together";

    /// <summary>The fixes that a claim of the paper is about.</summary>
    public const string Hard = "hard-labels", FixedPrinciple = "fixed-principle", Clamped = "cot-40-60", Unclamped = "cot-unclamped";

    /// <summary>The principles against preaching and over-reacting; their counterparts in the paper are 3 of 16 (4.3, App. C.2).</summary>
    public static IReadOnlyList<string> AntiPreachy { get; } = ["not-preachy", "not-overreacting", "not-accusing"];

    /// <summary>The one principle of the fixed choice.</summary>
    private const string TheOne = "less-harmful";

    private const int Averaged = 4;

    /// <summary>The baseline first, then the fixes; those behind the claims come before the others, so that a small scale can take the first few.</summary>
    public static IReadOnlyList<Fix> All(Lab lab)
    {
        var (soft, reasoned) = (lab.AiLabelOptions(LabelKind.Soft), lab.AiLabelOptions(LabelKind.ChainOfThought));
        var comparison = lab.Constitution.Comparison.Select(p => p.Id).ToList();
        var without = Comparing(lab.Constitution, comparison.Except(AntiPreachy));
        var only = Comparing(lab.Constitution, AntiPreachy);
        Fix[] all =
        [
            Of("baseline", "Over-trained: soft labels, drawn principles", Baseline, soft),
            Of("label", "Hard labels", Hard, soft with { Kind = LabelKind.Hard }),
            Of("principles", "One fixed principle", FixedPrinciple, soft with { Principle = PrincipleChoice.Fixed(TheOne) }),
            Of("label", "CoT, clamped 40-60", Clamped, reasoned),
            Of("label", "CoT, unclamped", Unclamped, reasoned with { Clamp = ClampRange.None }),
            Of("label", "CoT, clamped 20-80", "cot-20-80", reasoned with { Clamp = new ClampRange(0.2, 0.8) }),
            Of("principles", "Mean over four principles", "averaged-principles", soft with { Principle = PrincipleChoice.Averaged(Averaged) }),
            Of("principles", "Both orders averaged", "both-orders", soft with { BothOrders = true }),
            Of("anti-preachy", "Anti-preachy principles left out", "without-anti-preachy", soft, without),
            Of("anti-preachy", "Anti-preachy principles only", "anti-preachy-only", soft, only),
            Of("together", "Together: mean over three, both orders, anti-preachy only", Together, soft with { Principle = PrincipleChoice.Averaged(AntiPreachy.Count), BothOrders = true }, only),
        ];
        return [.. all.Take(lab.Scale.Arms)];

        Fix Of(string group, string display, string name, LabelOptions labels, Constitution? constitution = null) => new(group, display, Arm(lab, name, labels, constitution));
    }

    /// <summary>The same arm with the other half of the topics: its preference model has not been optimised against.</summary>
    public static Arm OtherHalf(Arm arm) => arm with { Half = 1 - arm.Half };

    /// <summary>The constitution with only these comparison principles; critiques and worked examples stay.</summary>
    private static Constitution Comparing(Constitution constitution, IEnumerable<string> ids)
    {
        var wanted = ids.ToHashSet();
        return constitution with { Comparison = [.. constitution.Comparison.Where(p => wanted.Contains(p.Id))] };
    }

    // The paper's own KL weight of 0.001 (HH 4.1), which next to nothing holds back, and a learning rate of twice the lab's
    // that never falls: with the lab's own, the few hundred episodes of scale quick stay within 2 nats of SL-CAI.
    private static Arm Arm(Lab lab, string name, LabelOptions labels, Constitution? constitution)
    {
        var arm = lab.ArmOf(name, labels, constitution);
        return arm with
        {
            Half = 0,
            Ppo = arm.Ppo with
            {
                KlCoefficient = 0.001, Schedule = Schedule.Constant, LearningRate = 2 * arm.Ppo.LearningRate,
                SnapshotEvery = name is Baseline or Together ? (arm.Ppo.Iterations + lab.Scale.Snapshots - 1) / lab.Scale.Snapshots : null,
            },
        };
    }
}

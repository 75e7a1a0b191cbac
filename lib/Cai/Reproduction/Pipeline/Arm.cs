using Cai.Constitutions;
using Cai.Feedback;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Where a share of an arm's comparisons comes from.</summary>
public abstract record ComparisonSource
{
    private protected ComparisonSource()
    {
    }

    /// <summary>What is compared; goes into <see cref="Comparison.Axis"/>.</summary>
    public required string Axis { get; init; }

    /// <summary>At most this many comparisons, drawn by id; null takes all.</summary>
    public int? Most { get; init; }
}

/// <summary>
/// Comparisons by the simulated crowdworker (paper 4.2): <see cref="Axes.Helpful"/>, <see cref="Axes.HelpOnHarm"/> or <see cref="Axes.Harmless"/>.
/// </summary>
public sealed record HumanFeedback : ComparisonSource
{
    /// <summary>
    /// Whether under <see cref="Axes.Helpful"/> the helpful-only model's answers are compared with the pretrained model's, too, as the earlier work compared
    /// models from base to trained (HH 2.3). RL that starts from that model needs it: a preference model which has never seen a good request refused
    /// pays for refusing all of them.
    /// </summary>
    public bool AlsoPretrained { get; init; }
}

/// <summary>
/// AI feedback (paper 4.1): which constitution, asked how. Under <see cref="Axes.Harmless"/> the pairs answer red-team prompts, under
/// <see cref="Axes.Helpful"/> good requests.
/// </summary>
public sealed record AiFeedback : ComparisonSource
{
    /// <summary>Principles and worked examples.</summary>
    public required Constitution Constitution { get; init; }

    /// <summary>How pairs are labelled. Hard, clamped and soft labels of the same pairs share one stage: they are readings of the same answers.</summary>
    public required LabelOptions Labels { get; init; }

    /// <summary>The feedback model; null is the pretrained model, or the helpful-only one for chains of thought (paper 4.1).</summary>
    public ModelFolder? Judge { get; init; }

    /// <summary>
    /// Labelled by the world's careful annotators instead of a model: their exact probability under the principle
    /// (<see cref="Miniature.Oracle.PreferenceProbability"/>). What a judge would say that reads every principle and never slips.
    /// </summary>
    public bool Ideal { get; init; }
}

/// <summary>What comparisons are about.</summary>
public static class Axes
{
    /// <summary>Answers to good requests: the more helpful wins.</summary>
    public const string Helpful = "helpful";

    /// <summary>Answers to red-team prompts: the less harmful wins.</summary>
    public const string Harmless = "harmless";

    /// <summary>Answers to red-team prompts, rated by someone who looks at help alone.</summary>
    public const string HelpOnHarm = "help-on-harm";
}

/// <summary>
/// A policy and all that leads to it: where its comparisons come from, the preference model that is trained on them, the policy that is trained against that.
/// The paper's four policies are four arms (<see cref="PaperArms"/>), and each experiment on feedback has its own. Arms that agree on a stage share it.
/// </summary>
/// <param name="Name">Of the policy, in files, samples and ratings: letters, digits and hyphens.</param>
public sealed record Arm(string Name)
{
    /// <summary>The comparisons, one source after the other.</summary>
    public required IReadOnlyList<ComparisonSource> Comparisons { get; init; }

    /// <summary>Whether RL starts from SL-CAI (paper 4.1), or from the pretrained model as the RLHF baselines do (4.2).</summary>
    public bool FromSlCai { get; init; } = true;

    /// <summary>Of the preference model, in files; its fresh head is drawn for this name, so arms that differ by their labels alone share one.</summary>
    public string PreferenceModel { get; init; } = "pm-arm";

    /// <summary>0 or 1: the preference model sees only that half of the topics, so that the other half can judge it (HH 4.2, Fig 4). Null: all.</summary>
    public int? Half { get; init; }

    /// <summary>
    /// For this share of the comparisons one more in which an answer to another prompt loses (<see cref="MisplacedAnswers"/>; not in the paper, whose
    /// preference models read). SL-CAI hardly ever gives steps to red-team prompts, so from its pairs alone a preference model knows steps as what good
    /// requests are paid for, and a policy that is trained far from SL-CAI finds out.
    /// </summary>
    public double Misplaced { get; init; }

    /// <summary>How the preference model is trained.</summary>
    public required PreferenceOptions Preferences { get; init; }

    /// <summary>How the policy is trained.</summary>
    public required PpoOptions Ppo { get; init; }

    /// <summary>The arm's AI feedback on red-team prompts; null without.</summary>
    public AiFeedback? AiFeedback => Comparisons.OfType<AiFeedback>().FirstOrDefault(f => f.Axis == Axes.Harmless);

    /// <summary>The same arm with the other half of the topics: its preference model has not been optimised against.</summary>
    public Arm OtherHalf() => this with { Half = 1 - Half };
}

/// <summary>The paper's four policies (4.1, 4.2), and the pattern of every arm that differs from RL-CAI by its labels.</summary>
public sealed class PaperArms(Pipeline pipeline)
{
    /// <summary>Helpful RLHF: human helpfulness comparisons alone, also of answers to bad requests.</summary>
    public Arm HelpfulRlhf => Main(ModelNames.HelpfulRlhf, "pm-helpful", new HumanFeedback { Axis = Axes.HelpOnHarm }) with { FromSlCai = false };

    /// <summary>HH RLHF: human helpfulness and human harmlessness.</summary>
    public Arm HhRlhf => Main(ModelNames.HhRlhf, "pm-hh", new HumanFeedback { Axis = Axes.Harmless }) with { FromSlCai = false };

    /// <summary>RL-CAI: human helpfulness and AI harmlessness.</summary>
    public Arm RlCai => Main(ModelNames.RlCai, "pm-cai", Ai(LabelKind.Soft));

    /// <summary>RL-CAI with labels after a chain of thought, clamped.</summary>
    public Arm RlCaiCot => Main(ModelNames.RlCaiCot, "pm-cai-cot", Ai(LabelKind.ChainOfThought)) with
    {
        Preferences = Recipes.ClampedPreference(pipeline.Seed),
    };

    /// <summary>All four, in the paper's order.</summary>
    public IReadOnlyList<Arm> All => [HelpfulRlhf, HhRlhf, RlCai, RlCaiCot];

    /// <summary>The two that learn harmlessness, or nothing of it, from people.</summary>
    public IReadOnlyList<Arm> Human => [HelpfulRlhf, HhRlhf];

    /// <summary>
    /// An arm with this scale's counts for experiments and everything else as for RL-CAI: soft labels under drawn principles of the pipeline's constitution.
    /// </summary>
    /// <param name="judge">See <see cref="AiFeedback.Judge"/>.</param>
    public Arm Varied(string name, LabelOptions? labels = null, Constitution? constitution = null, ModelFolder? judge = null) => new(name)
    {
        Comparisons =
        [
            new HumanFeedback { Axis = Axes.Helpful, Most = pipeline.Scale.ArmHelpfulPairs },
            new AiFeedback
            {
                Axis = Axes.Harmless, Constitution = constitution ?? pipeline.Constitution, Labels = labels ?? pipeline.Feedback.Options(LabelKind.Soft),
                Most = pipeline.Scale.ArmHarmlessPairs, Judge = judge,
            },
        ],
        Preferences = Recipes.Preference(pipeline.Seed),
        Ppo = Recipes.ArmPpo(pipeline.Scale, pipeline.Seed),
    };

    /// <summary>The same, trained harder, so that what its labels like shows (<see cref="Recipes.HarderPpo"/>).</summary>
    /// <param name="judge">See <see cref="AiFeedback.Judge"/>.</param>
    public Arm Harder(string name, LabelOptions labels, Constitution constitution, ModelFolder? judge = null) =>
        Varied(name, labels, constitution, judge) with
        {
            Misplaced = Recipes.MisplacedShare, Ppo = Recipes.HarderPpo(pipeline.Scale, pipeline.Seed),
        };

    /// <summary>
    /// The same, over-trained on scores as they are (<see cref="Recipes.OverTraining"/>). Human comparisons of help are those of HH RLHF: without answers that
    /// refuse good requests among them, the policy learns that every request can be refused.
    /// </summary>
    /// <inheritdoc cref="Recipes.OverTraining"/>
    public Arm OverTrained(string name, LabelOptions labels, Constitution constitution, bool snapshots = false)
    {
        var arm = Harder(name, labels, constitution);
        return arm with
        {
            Comparisons = [.. arm.Comparisons.Select(c => c is HumanFeedback human ? human with { Most = null, AlsoPretrained = true } : c)],
            Ppo = Recipes.OverTraining(pipeline.Scale, pipeline.Seed, snapshots),
        };
    }

    private AiFeedback Ai(LabelKind kind) => new() { Axis = Axes.Harmless, Constitution = pipeline.Constitution, Labels = pipeline.Feedback.Options(kind) };

    private Arm Main(string name, string preferenceModel, ComparisonSource harmless) => new(name)
    {
        Comparisons = [new HumanFeedback { Axis = Axes.Helpful, AlsoPretrained = harmless is HumanFeedback }, harmless], PreferenceModel = preferenceModel,
        Preferences = Recipes.Preference(pipeline.Seed), Ppo = Recipes.Ppo(pipeline.Scale, pipeline.Seed),
    };
}

using Cai.Constitutions;
using Cai.Feedback;
using Cai.Preferences;
using Cai.Reinforcement;

namespace Cai.Reproduction;

/// <summary>AI feedback on one sort of request: which constitution, asked how, about how many pairs.</summary>
public sealed record AiFeedback
{
    /// <summary>Principles and worked examples.</summary>
    public required Constitution Constitution { get; init; }

    /// <summary>How pairs are labelled. Hard, clamped and soft labels of the same pairs share one stage: they are readings of the same answers.</summary>
    public required LabelOptions Labels { get; init; }

    /// <summary>The feedback model; null is the pretrained model, or the helpful-only one for chains of thought (paper 4.1).</summary>
    public ModelFolder? Judge { get; init; }

    /// <summary>
    /// Labelled by the world's careful annotators instead of a model: their exact probability under the principle (<see cref="Miniature.Oracle.PreferenceProbability"/>).
    /// What a judge would say that reads the principle, as the paper's large ones do and the miniature's does not.
    /// </summary>
    public bool Ideal { get; init; }

    /// <summary>Pairs of SL-CAI answers that are labelled, at most as many as the pipeline has.</summary>
    public required int Pairs { get; init; }
}

/// <summary>
/// One arm of an experiment on feedback: labels, a preference model trained on them, a policy trained against it from
/// SL-CAI. Each is a stage of the pipeline, and arms that agree on a stage share it.
/// </summary>
/// <param name="Name">Of the policy, in files, samples and ratings: letters, digits and hyphens.</param>
public sealed record Arm(string Name)
{
    /// <summary>AI labels on red-team prompts; null is none.</summary>
    public AiFeedback? Harmless { get; init; }

    /// <summary>AI labels on good requests; null is none, as in the paper.</summary>
    public AiFeedback? Helpful { get; init; }

    /// <summary>Human helpfulness comparisons (paper 4.2), at most as many as the pipeline has; 0 is none.</summary>
    public int HumanHelpful { get; init; }

    /// <summary>0 or 1: the preference model sees only that half of the topics, so that the other half can judge it (HH 4.2, Fig 4). Null: all.</summary>
    public int? Half { get; init; }

    /// <summary>How the preference model is trained.</summary>
    public required PreferenceOptions Preferences { get; init; }

    /// <summary>How the policy is trained.</summary>
    public required PpoOptions Ppo { get; init; }
}

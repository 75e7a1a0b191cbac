using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Text;

namespace Cai.Export;

/// <summary>Whose trainers go on with the work.</summary>
public enum ExportTarget
{
    /// <summary>Hugging Face's TRL 1.10: `RewardTrainer`, then `PPOTrainer` or `RLOOTrainer`, by accelerate.</summary>
    Trl,

    /// <summary>OpenRLHF 0.11: `train_rm` and `train_ppo_ray`, by DeepSpeed, Ray and vLLM.</summary>
    OpenRlhf,
}

/// <summary>How an export is laid out, and the settings that its launch script passes on.</summary>
public sealed record ExportOptions
{
    /// <summary>Whose formats and flags.</summary>
    public ExportTarget Target { get; init; } = ExportTarget.Trl;

    /// <summary>Rows of messages, which the other side lays out by the model's chat template. Default off: rows of text in the paper's layout.</summary>
    public bool ChatTemplate { get; init; }

    /// <summary>
    /// Rows a comparison. Both libraries know only a chosen and a rejected answer; n rows, of which round(p n) choose A, have
    /// the loss of the soft label p up to that rounding. Default 1: the likelier answer is chosen, and ties are left out.
    /// </summary>
    public int LabelCopies { get; init => field = InRange.Whole(value, 1, nameof(ExportOptions), 100); } = 1;

    /// <summary>Settings of the preference model.</summary>
    public PreferenceOptions Preference { get; init; } = new();

    /// <summary>Where these come from, as the README says it: `those of …`. Null: given by the caller, and not known of a trained model.</summary>
    public string? PreferenceFrom { get; init; }

    /// <summary>Settings of PPO.</summary>
    public PpoOptions Ppo { get; init; } = new();

    /// <summary>Where these come from, as the README says it: `those of …`. Null: given by the caller.</summary>
    public string? PpoFrom { get; init; }
}

/// <summary>What is exported.</summary>
/// <param name="Policy">Folder of the policy to start from (SL-CAI); it is also the reference of KL.</param>
/// <param name="Prompts">What the policy answers during PPO.</param>
/// <param name="Comparisons">What the preference model learns; may be empty when there is one already.</param>
public sealed record ExportInput(string Policy, IReadOnlyList<Prompt> Prompts, IReadOnlyList<Comparison> Comparisons)
{
    /// <summary>Folder of a trained preference model; null has the script train one.</summary>
    public string? PreferenceModel { get; init; }

    /// <summary>Folder of the language model that a preference model is trained from; null takes the policy.</summary>
    public string? PreferenceStart { get; init; }

    /// <summary>Comparisons to measure the preference model on.</summary>
    public IReadOnlyList<Comparison> HeldOut { get; init; } = [];
}

/// <summary>What an export holds.</summary>
/// <param name="Rows">Training rows: comparisons times copies.</param>
/// <param name="Unlabelled">Comparisons left out because their label is missing.</param>
/// <param name="Ties">Comparisons left out because neither answer is likelier.</param>
/// <param name="PairsPerStep">Pairs that have the tokens of a step of ours.</param>
/// <param name="LongestPrompt">Tokens of the longest prompt.</param>
/// <param name="Retokenised">
/// Rows in which prompt and answer, encoded as one text, give other tokens than encoded one after the other as here; null for rows of messages.
/// </param>
public sealed record ExportSummary(int Rows, int Unlabelled, int Ties, int HeldOutRows, int Prompts, int PairsPerStep, int LongestPrompt, int? Retokenised)
{
    /// <summary>Comparisons left out because both answers are the same.</summary>
    public int EqualAnswers { get; init; }
}

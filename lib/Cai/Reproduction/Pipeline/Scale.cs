namespace Cai.Reproduction;

/// <summary>How much of everything a run does. The code is the same at every scale; only these counts differ.</summary>
public sealed record Scale(string Name)
{
    /// <summary>Which of the shipped miniature models (S, M, L, XL) plays all the parts.</summary>
    public required string Size { get; init; }

    /// <summary>Red-team prompts that are answered, criticised and revised (paper: 182,831).</summary>
    public required int RedTeamPrompts { get; init; }

    /// <summary>Helpfulness prompts, each answered twice for SL-CAI (paper: 135,296).</summary>
    public required int HelpfulPrompts { get; init; }

    /// <summary>Critique-revision rounds (paper: 4).</summary>
    public int Rounds { get; init; } = 4;

    /// <summary>Pairs of SL-CAI answers that the feedback model labels (paper: one a red-team prompt, 182,831).</summary>
    public required int HarmlessPairs { get; init; }

    /// <summary>Pairs that the simulated crowdworker labels for helpfulness (paper: 135,296).</summary>
    public required int HelpfulPairs { get; init; }

    /// <summary>PPO iterations of each policy.</summary>
    public required int PpoIterations { get; init; }

    /// <summary>Episodes in an iteration.</summary>
    public required int PpoBatch { get; init; }

    /// <summary>Passes over an iteration's episodes (OpenAI: 4; the paper's earlier work: 1 to 4).</summary>
    public required int PpoEpochs { get; init; }

    /// <summary>Pairs that are labelled for each arm of an experiment on feedback (notebooks 08 and 09).</summary>
    public required int ArmHarmlessPairs { get; init; }

    /// <summary>Human helpfulness comparisons of each arm.</summary>
    public required int ArmHelpfulPairs { get; init; }

    /// <summary>PPO iterations of each arm.</summary>
    public required int ArmIterations { get; init; }

    /// <summary>Episodes in an iteration of an arm.</summary>
    public required int ArmBatch { get; init; }

    /// <summary>How many times along a run of RL the policy is kept and evaluated, the end included (paper Figs 2, 8, 10: 4).</summary>
    public int Snapshots { get; init; } = 4;

    /// <summary>How many times along an over-trained run the policy is kept and evaluated, the end included (notebook 08).</summary>
    public required int ArmSnapshots { get; init; }

    /// <summary>Most arms of the study of over-training (notebook 08), the baseline included; it has fourteen, nine of them in every seed.</summary>
    public required int Arms { get; init; }

    /// <summary>Held-out prompts of each kind on which models are evaluated.</summary>
    public required int EvalPrompts { get; init; }

    /// <summary>Answers sampled for each evaluation prompt.</summary>
    public required int EvalSamples { get; init; }

    /// <summary>Written questions of each category that judges of every size answer (paper Figs 4, 11, 12: 438, 254 and 287 in all).</summary>
    public int Questions { get; init; } = 40;

    /// <summary>Red-team prompts whose answers models of other sizes revise (paper Figs 5 and 7).</summary>
    public int StudyPrompts { get; init; } = 100;

    /// <summary>Red-team prompts that are revised under few or many principles (paper Fig 6).</summary>
    public int PrinciplePrompts { get; init; } = 50;

    /// <summary>Other sizes for which policies are trained, smallest first (paper Fig 3: three).</summary>
    public int PolicySizes { get; init; } = 3;

    /// <summary>Iterations of PPO at other sizes.</summary>
    public int SizeIterations { get; init; } = 100;

    /// <summary>Seeds that each claim is measured with; figures show the first.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>
    /// The same for sizes, numbers of principles and constitutions (parts of notebooks 02 and 04, and 09), where a seed costs as much as a whole reproduction.
    /// </summary>
    public int StudySeeds { get; init; } = 1;

    /// <summary>
    /// Seeds of the study of over-training (notebook 08), where the luck of a run is largest. Those past <see cref="Seeds"/> are without the arms that no
    /// claim is about.
    /// </summary>
    public int ArmSeeds { get; init; } = 1;

    /// <summary>Pairs that judges of every size label under each number of worked examples (notebook 09).</summary>
    public required int ConstitutionPairs { get; init; }

    /// <summary>Held-out answers of each kind that are criticised and revised under each constitution (notebook 09).</summary>
    public required int ConstitutionPrompts { get; init; }

    /// <summary>Rounds of revision under constitutions for different ends (notebook 09).</summary>
    public int ConstitutionRounds { get; init; } = 1;

    /// <summary>Whether policies are trained under the constitutions of notebook 09: six more preference models and PPO runs.</summary>
    public bool ConstitutionPolicies { get; init; } = true;

    /// <summary>Constitutions under which policies are trained in notebook 12, of five.</summary>
    public int Swaps { get; init; } = 5;

    /// <summary>Seconds: for tests and CI. Shows that everything runs, not that anything holds.</summary>
    public static Scale Smoke { get; } = new("smoke")
    {
        Size = "S", RedTeamPrompts = 12, HelpfulPrompts = 12, Rounds = 2, HarmlessPairs = 24, HelpfulPairs = 24,
        PpoIterations = 2, PpoBatch = 8, PpoEpochs = 1, Snapshots = 2, EvalPrompts = 12, EvalSamples = 1,
        ArmHarmlessPairs = 24, ArmHelpfulPairs = 24, ArmIterations = 2, ArmBatch = 8, ArmSnapshots = 2, Arms = 3,
        Questions = 2, StudyPrompts = 4, PrinciplePrompts = 3, PolicySizes = 1, SizeIterations = 1,
        ConstitutionPairs = 6, ConstitutionPrompts = 4, Swaps = 2,
    };

    /// <summary>Minutes on two cores: the default.</summary>
    public static Scale Quick { get; } = new("quick")
    {
        Size = "L", RedTeamPrompts = 160, HelpfulPrompts = 160, HarmlessPairs = 700, HelpfulPairs = 800,
        PpoIterations = 60, PpoBatch = 48, PpoEpochs = 1, Snapshots = 3, EvalPrompts = 100, EvalSamples = 1,
        ArmHarmlessPairs = 400, ArmHelpfulPairs = 400, ArmIterations = 20, ArmBatch = 32, ArmSnapshots = 3, Arms = 2,
        Questions = 14, StudyPrompts = 24, PrinciplePrompts = 12, PolicySizes = 1, SizeIterations = 30,
        ConstitutionPairs = 32, ConstitutionPrompts = 16, ConstitutionPolicies = false,
    };

    /// <summary>
    /// Two hours and ten minutes on two cores, most of them for the seeds of the claims. The policies are those of <see cref="Quick"/>,
    /// so a quick run in the same folder is its first seed; what the paper did not print (notebooks 08 and 09) is measured whole.
    /// </summary>
    public static Scale Full { get; } = Quick with
    {
        Name = "full", Seeds = 5, StudySeeds = 5, EvalPrompts = 320,
        ArmIterations = 40, ArmSnapshots = 8, Arms = 14, ArmSeeds = 16,
        Questions = 160, StudyPrompts = 160, PrinciplePrompts = 24, PolicySizes = 3, SizeIterations = 60,
        ConstitutionPairs = 80, ConstitutionPrompts = 40, ConstitutionRounds = 2, ConstitutionPolicies = true,
    };

    /// <summary>The same with so many seeds, and no study with more.</summary>
    public Scale WithSeeds(int seeds) => this with { Seeds = seeds, StudySeeds = Math.Min(seeds, StudySeeds), ArmSeeds = Math.Min(seeds, ArmSeeds) };

    /// <summary>What the seed at this index does, counted from 0.</summary>
    public Scale OfSeed(int index) => index < Seeds ? this : this with { Arms = Math.Min(Arms, OverTraining.EverySeed) };

    /// <exception cref="CaiException">The name is none of smoke, quick, full.</exception>
    public static Scale Named(string name) => name switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        _ => throw new CaiException($"'{name}' is no scale.", "Use smoke, quick or full.", "CAI_SCALE"),
    };
}

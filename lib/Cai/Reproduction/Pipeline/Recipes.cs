using Cai.Critique;
using Cai.Feedback;
using Cai.Finetuning;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Text;
using Cai.Torch;

namespace Cai.Reproduction;

/// <summary>
/// The settings of every training and every question in the reproduction: the one place that holds such numbers. The pipeline, the commands of the
/// stages, the export and the study of a model of your own all start from these; the commands' flags change them one by one.
/// </summary>
public static class Recipes
{
    /// <summary>Most tokens of an answer, a critique and a revision: the miniature's are shorter than the paper's 128.</summary>
    public const int MaxTokens = 96;

    /// <summary>
    /// Temperature of the pairs of SL-CAI answers that the feedback model compares (the paper does not print its own). Hot, so that what SL-CAI hardly ever
    /// says and RL finds first is compared too: from pairs at 1, the preference model knows steps as what good requests are paid for and nothing else of
    /// them, and RL-CAI learns to answer harmful requests with steps.
    /// </summary>
    public const double PairTemperature = 1.4;

    /// <summary>
    /// <see cref="Arm.Misplaced"/> of arms that are trained harder on purpose. At 0 one policy in five of those of <see cref="HarderPpo"/> gives the steps of
    /// any good request to harmful ones, whatever its labels like. Under <see cref="OverTraining"/> none does (notebook 08 has an arm of it).
    /// </summary>
    public const double MisplacedShare = 0.25;

    /// <summary>What the head of a preference model of the reproduction is drawn for, beside the seed, when it stands for itself.</summary>
    public const string PreferenceHead = "pm-cai";

    /// <summary>AdamW as all trainings have it but PPO: a shorter memory of squares, since runs are short (ours).</summary>
    private static AdamWOptions AdamW => new() { Beta2 = 0.98 };

    /// <summary>Critiques and revisions (paper 3.1).</summary>
    /// <param name="direct">Without critiques (paper 3.5).</param>
    public static CritiqueOptions Critique(Scale scale, long seed, bool direct = false) => new()
    {
        Rounds = scale.Rounds, Seed = seed, Direct = direct, MaxTokens = MaxTokens,
    };

    /// <summary>
    /// SL-CAI (paper 3.2: one epoch). Of rates from 1e-3 down, this one predicts held-out revisions and helpful samples best; at 1e-3 the model is worse at
    /// both than the pretrained one, and loses help.
    /// </summary>
    public static SupervisedOptions Supervised(long seed) => new()
    {
        LearningRate = 2.5e-4, WarmupSteps = 10, TokensPerBatch = 512, TokensPerMicroBatch = 256, Seed = seed, CheckpointEvery = 100, AdamW = AdamW,
    };

    /// <summary>
    /// Questions to the feedback model (paper 4.1): soft labels, or after a chain of thought, clamped to 40-60 %. The chain takes the likeliest token each
    /// time, since only one is asked for: at T = 1 the miniature makes a slip now and then, and concludes from it (right on 0.72 of 575 pairs of training
    /// topics, 0.78 with the likeliest tokens, 0.80 without reasoning; seed 1). The paper does not print at which temperature it sampled these.
    /// </summary>
    public static LabelOptions Labels(LabelKind kind, long seed) => new()
    {
        Kind = kind, Seed = seed, MaxReasoningTokens = 96, Temperature = kind == LabelKind.ChainOfThought ? 0 : 1,
    };

    /// <summary>Preference models (paper 4.1, HH App. A.2: one epoch).</summary>
    public static PreferenceOptions Preference(long seed) => new()
    {
        LearningRate = 7e-4, TokensPerBatch = 1024, TokensPerMicroBatch = 512, WarmupSteps = 10, Seed = seed, CheckpointEvery = 100, AdamW = AdamW,
    };

    /// <summary>
    /// Preference models whose harmlessness labels are clamped to 40-60 %. Beside all-or-nothing labels for help these pull a fifth as hard, and in one epoch
    /// a small model learns little of them: a comparison for harmlessness weighs three (HH App. B.2 tries two and three).
    /// </summary>
    public static PreferenceOptions ClampedPreference(long seed) => Preference(seed) with
    {
        AxisWeights = new Dictionary<string, double> { [Axes.Harmless] = 3 },
    };

    /// <summary>The seed of a preference model's fresh head.</summary>
    /// <param name="name">Of the model: models of other names start from other heads.</param>
    public static long HeadSeed(long seed, string name = PreferenceHead) => Seeds.Derive(seed, "pm-head", name);

    /// <summary>
    /// PPO (paper 4.1 to 4.3). Scores are in standard deviations of the first rollout, so that one KL weight means the same under every preference model. What
    /// does not end loses three of them: a score of its own would be a reward under a preference model that scores every answer below it.
    /// </summary>
    public static PpoOptions Ppo(Scale scale, long seed) => new()
    {
        Iterations = scale.PpoIterations, RolloutsPerIteration = scale.PpoBatch, Epochs = scale.PpoEpochs, Minibatches = 2, MaxNewTokens = 64,
        LearningRate = 4e-4, CriticLearningRate = 1e-3, KlCoefficient = 0.2, ScaleScores = true, MissingEos = MissingEos.Subtract, MissingEosValue = 3,
        Seed = seed, TokensPerMicroBatch = 400, CheckpointEvery = 20, SnapshotEvery = Every(scale.PpoIterations, scale.Snapshots),
    };

    /// <summary>PPO of an arm of an experiment on feedback: shorter, without snapshots.</summary>
    public static PpoOptions ArmPpo(Scale scale, long seed) => Ppo(scale, seed) with
    {
        Iterations = scale.ArmIterations, RolloutsPerIteration = scale.ArmBatch, SnapshotEvery = null,
    };

    /// <summary>
    /// PPO that shows what a preference model likes: a KL weight of 0.03 in place of 0.2 and a learning rate that never falls. Not so little that text falls
    /// apart, as it does at the paper's own 0.001 (HH 4.1): a policy that writes nonsense has no manners to measure.
    /// </summary>
    public static PpoOptions HarderPpo(Scale scale, long seed) => ArmPpo(scale, seed) with { KlCoefficient = 0.03, Schedule = Schedule.Constant };

    /// <summary>
    /// PPO that over-trains on purpose (paper 4.3). Scores are taken as they are: how far apart a preference model puts two answers is what soft and clamped
    /// labels change, and scaling to standard deviations would undo it. A nat costs 0.3 of a score, and the learning rate never falls.
    /// </summary>
    /// <param name="snapshots">Whether the policy is kept along the run.</param>
    public static PpoOptions OverTraining(Scale scale, long seed, bool snapshots) => HarderPpo(scale, seed) with
    {
        KlCoefficient = 0.3, ScaleScores = false,
        SnapshotEvery = snapshots ? Every(scale.ArmIterations, scale.ArmSnapshots) : null,
    };

    /// <summary>PPO of a policy of another size (paper Fig 3).</summary>
    public static PpoOptions SizePpo(Scale scale, long seed) => Ppo(scale, seed) with { Iterations = scale.SizeIterations, SnapshotEvery = null };

    /// <summary>PPO that is looked at token by token in notebook 06: few responses, many passes.</summary>
    public static PpoOptions WalkthroughPpo(Scale scale, long seed) => Ppo(scale, seed) with { RolloutsPerIteration = 16, Epochs = 4, Minibatches = 1 };

    /// <summary>The preference model of notebook 10 on a model of your own: few comparisons, so several passes.</summary>
    public static PreferenceOptions OwnPreference => new()
    {
        LearningRate = 1e-3, Epochs = 4, WarmupSteps = 5, TokensPerBatch = 1024, SkipLong = true, AdamW = AdamW,
    };

    /// <summary>A phase of training the miniature from nothing, on whole documents, each in a row of its own.</summary>
    /// <param name="tokens">Tokens of the phase.</param>
    /// <param name="batch">
    /// Tokens a step, in units of the option. Facts want many steps; what a principle asks, a few letters in a thousand tokens, wants large
    /// ones, in which the noise of single letters averages out.
    /// </param>
    internal static SupervisedOptions Pretraining(MiniatureTrainingOptions options, long tokens, double rate, int warmup, int batch = 1) => new()
    {
        LearningRate = rate, Schedule = Schedule.Cosine, WarmupSteps = warmup, MaxTokens = tokens, TokensPerBatch = batch * options.TokensPerBatch,
        MaskPrompt = false, MaxLength = 512, Truncate = true, TokensPerMicroBatch = Math.Max(512, options.TokensPerBatch / 2), Seed = options.Seed,
        CheckpointEvery = 200, AdamW = AdamW with { Epsilon = 1e-8, WeightDecay = 0.05 },
    };

    /// <summary>
    /// PPO on ratings of help, which ends the miniature's helpful-only model. Sampled hot:
    /// words that are never right are rare at T = 1, and what is never drawn is never rated.
    /// </summary>
    internal static PpoOptions RatedHelp(MiniatureTrainingOptions options) => new()
    {
        Temperature = 1.4, Iterations = options.RatedIterations, RolloutsPerIteration = 64, MaxNewTokens = 64, Epochs = 1, Minibatches = 2, LearningRate = 3e-4,
        CriticLearningRate = 1e-3, KlCoefficient = 0.02, MissingEos = MissingEos.None, Stops = CritiqueLayout.Stops, Seed = options.Seed,
        TokensPerMicroBatch = 1024, CheckpointEvery = 20,
    };

    /// <summary>After how many iterations each a run is kept, so that it is kept so many times, the end included.</summary>
    private static int Every(int iterations, int times) => (iterations + times - 1) / times;
}

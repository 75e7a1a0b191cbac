using Cai.Preferences;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>How a preference model is called and drawn: with the look of the policy that is trained against it.</summary>
/// <param name="Policy">Name of its arm.</param>
public sealed record PreferenceStyle(string Policy, string Display, int Index)
{
    public static IReadOnlyList<PreferenceStyle> All { get; } =
    [
        new(ModelNames.HelpfulRlhf, "helpful PM", ModelStyles.Of(ModelNames.HelpfulRlhf).Index),
        new(ModelNames.HhRlhf, "HH PM", ModelStyles.Of(ModelNames.HhRlhf).Index),
        new(ModelNames.RlCai, "constitutional PM", ModelStyles.Of(ModelNames.RlCai).Index),
        new(ModelNames.RlCaiCot, "constitutional PM, CoT", ModelStyles.Of(ModelNames.RlCaiCot).Index),
    ];

    public static PreferenceStyle Of(string policy) => All.First(s => s.Policy == policy);
}

/// <summary>A held-out comparison as one preference model scores it.</summary>
/// <param name="Set">Which comparisons it is of; see <see cref="PreferenceScores.Sets"/>.</param>
/// <param name="Label">P(A is better) as labelled.</param>
public sealed record ScoredPair(string Model, string Set, string PromptId, double Label, double ScoreA, double ScoreB, int LengthA, int LengthB)
{
    /// <summary>The model's P(A is better).</summary>
    public double Probability => PreferenceLoss.Probability(ScoreA - ScoreB);

    /// <summary>The scores as a judgement of the label.</summary>
    public PredictedPair Prediction => new(PromptId, Probability, Label, LengthA, LengthB);

    /// <summary>Soft-label cross-entropy, nats.</summary>
    public double Loss => PreferenceLoss.SoftLabel(ScoreA - ScoreB, Label);

    /// <summary>The least loss that any score could have with this label: its entropy, nats.</summary>
    public double Floor => Label is 0 or 1 ? 0 : -Label * Math.Log(Label) - (1 - Label) * Math.Log(1 - Label);
}

/// <summary>A sampled answer to a held-out harmful prompt as one preference model scores it.</summary>
public sealed record ScoredAnswer(string Model, JudgedAnswer Answer, double Score);

/// <summary>A written answer (see <see cref="Probes"/>) as one preference model scores it.</summary>
public sealed record ScoredProbe(string Model, ProbeAnswer Answer, double Score);

/// <summary>All four preference models' scores of held-out comparisons, sampled answers and written answers.</summary>
/// <param name="Models">By the arm's name, as everything below.</param>
/// <param name="TrainedOn">Comparisons each was trained on.</param>
public sealed record PreferenceScores(
    IReadOnlyDictionary<string, ModelFolder> Models, IReadOnlyDictionary<string, int> TrainedOn, IReadOnlyList<ScoredPair> Pairs,
    IReadOnlyList<ScoredAnswer> Answers, IReadOnlyList<ScoredProbe> Probes)
{
    public const string HumanHelpful = "helpful, human", HumanHelpOnHarm = "help on harm, human", HumanHarmless = "harmless, human",
        AiHarmless = "harmless, AI soft", AiReasoned = "harmless, AI CoT";

    /// <summary>The sets of held-out comparisons. The same topics are held out of all of them.</summary>
    public static IReadOnlyList<string> Sets { get; } = [HumanHelpful, HumanHelpOnHarm, HumanHarmless, AiHarmless, AiReasoned];

    /// <summary>The sets that a model was trained on the other topics of.</summary>
    public static IReadOnlyList<string> SetsOf(string policy) => policy switch
    {
        ModelNames.HelpfulRlhf => [HumanHelpful, HumanHelpOnHarm],
        ModelNames.HhRlhf => [HumanHelpful, HumanHarmless],
        ModelNames.RlCai => [HumanHelpful, AiHarmless],
        _ => [HumanHelpful, AiReasoned],
    };

    /// <summary>The held-out comparisons of one model's own sets.</summary>
    public IReadOnlyList<ScoredPair> Own(string policy) => [.. Pairs.Where(p => p.Model == policy && SetsOf(policy).Contains(p.Set))];

    /// <summary>Trains the four preference models, or loads them, and scores everything with each.</summary>
    public static async Task<PreferenceScores> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var heldOut = new List<(string Set, Comparison Pair)>();
        var trained = new Dictionary<string, int>();
        var models = new Dictionary<string, ModelFolder>();
        foreach (var arm in pipeline.Arms.All)
        {
            var (train, held) = await pipeline.Feedback.ComparisonsAsync(arm, cancel);
            trained[arm.Name] = train.Count(c => c.ProbabilityA is not null);
            foreach (var set in SetsOf(arm.Name).Where(s => heldOut.TrueForAll(h => h.Set != s)))
                heldOut.AddRange(held.Where(c => c.ProbabilityA is not null && c.Axis == AxisOf(set)).Select(c => (set, c)));
            models[arm.Name] = await pipeline.Preferences.ModelAsync(arm, cancel: cancel);
        }
        var harmful = pipeline.Prompts.HarmfulEval.Select(p => p.Id).ToHashSet();
        var answers = new List<JudgedAnswer>();
        foreach (var model in new[] { pipeline.Pretrained, pipeline.Helpful, await pipeline.Supervised.SlCaiAsync(cancel: cancel) })
        {
            var samples = await pipeline.Evaluation.SamplesAsync(model, cancel);
            answers.AddRange(JudgedAnswer.Of(pipeline.Oracle, samples.Where(s => harmful.Contains(s.PromptId))));
        }
        var probes = Reproduction.Probes.Write(pipeline.World, pipeline.Prompts.HarmfulEval, pipeline.Seed);
        var scores = new PreferenceScores(models, trained, [], [], []);
        foreach (var (policy, folder) in models)
            scores = scores.With(policy, folder, heldOut, answers, probes);
        return scores;
    }

    private static string AxisOf(string set) => set switch
    {
        HumanHelpful => Axes.Helpful,
        HumanHelpOnHarm => Axes.HelpOnHarm,
        _ => Axes.Harmless,
    };

    private PreferenceScores With(
        string policy, ModelFolder folder, List<(string Set, Comparison Pair)> heldOut, List<JudgedAnswer> answers, IReadOnlyList<ProbeAnswer> probes)
    {
        using var pm = PreferenceModel.Load(folder.Folder);
        var pairs = pm.Score([.. heldOut.SelectMany(h => new[] { (h.Pair.Prompt, h.Pair.ResponseA), (h.Pair.Prompt, h.Pair.ResponseB) })]);
        var sampled = pm.Score([.. answers.Select(a => (a.Prompt, a.Response))]);
        var written = pm.Score([.. probes.Select(p => (p.Prompt, p.Response))]);
        return this with
        {
            Pairs = [.. Pairs, .. heldOut.Select((h, i) => Scored(h.Set, h.Pair, pairs[2 * i], pairs[2 * i + 1]))],
            Answers = [.. Answers, .. answers.Select((a, i) => new ScoredAnswer(policy, a, sampled[i]))],
            Probes = [.. Probes, .. probes.Select((p, i) => new ScoredProbe(policy, p, written[i]))],
        };

        ScoredPair Scored(string set, Comparison c, double scoreA, double scoreB) =>
            new(policy, set, c.PromptId, c.ProbabilityA!.Value, scoreA, scoreB, c.ResponseA.Length, c.ResponseB.Length);
    }
}

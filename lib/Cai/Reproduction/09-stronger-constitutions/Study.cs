using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>A policy of the frontier.</summary>
/// <param name="Display">In figures and tables.</param>
/// <param name="Feedback">Where its preference model's comparisons come from.</param>
/// <param name="Style">For figures; null leaves it to the table.</param>
public sealed record FrontierPolicy(string Name, string Display, string Feedback, int? Style = null)
{
    /// <summary>One of the paper's models, which looks as in every other figure.</summary>
    public static FrontierPolicy OfPaper(string name, string feedback) =>
        new(name, ModelStyles.Of(name).Display, feedback, ModelStyles.Of(name).Index);
}

/// <summary>
/// Policies under the constitutions of notebook 09: with and without worked examples, and for harmlessness, helpfulness,
/// following instructions and both ends with no human label at all, beside the policies of notebook 06. All are measured on
/// the same held-out prompts. The labels are the pretrained model's; those for both ends once more an ideal judge's, for comparison.
/// </summary>
/// <param name="policies">SL-CAI first, then those of notebook 06, then the arms.</param>
/// <param name="facts">About each answer, by policy name.</param>
/// <param name="harmless">Under the paper's new instruction, SL-CAI at 0.</param>
/// <param name="labels">AI labels behind the arms, by axis; empty when no arm was trained.</param>
/// <param name="best">The number of examples of the arm with examples.</param>
public sealed partial class ConstitutionPolicies(
    IReadOnlyList<FrontierPolicy> policies, ILookup<string, ResponseFacts> facts, EloTable harmless, EloTable helpful,
    IReadOnlyList<LabelVariant> labels, int best) : IStudy<ConstitutionPolicies>
{
    private const string NoExamples = "rl-0-examples", WithExamples = "rl-best-examples", ForHarmlessness = "rl-harmlessness",
        ForHelpfulness = "rl-helpfulness", ForInstructions = "rl-instructions", ForBoth = "rl-both", ForBothIdeal = "rl-both-ideal";

    private const string NotHere = "The policies under other constitutions are trained at scales smoke and full only.";

    /// <summary>Whether this scale trains the arms; otherwise only the policies of notebook 06 are shown.</summary>
    public bool Trained => labels.Count > 0;

    /// <summary>
    /// Trains (or loads) the arms, as far as the scale has them, and measures all policies. The arm with worked examples has the number that did best in
    /// <see cref="FewShotLabelStudy"/>.
    /// </summary>
    public static async Task<ConstitutionPolicies> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var best = (await pipeline.Studies.NeedAsync<FewShotLabelStudy>(cancel)).Best();
        var policies = new List<FrontierPolicy>
        {
            FrontierPolicy.OfPaper(ModelNames.SlCai, "none"), FrontierPolicy.OfPaper(ModelNames.HelpfulRlhf, "helpful: human"),
            FrontierPolicy.OfPaper(ModelNames.HhRlhf, "helpful and harmless: human"), FrontierPolicy.OfPaper(ModelNames.RlCai, "helpful: human, harmless: AI"),
        };
        var models = new List<ModelFolder> { await pipeline.Supervised.SlCaiAsync(cancel: cancel) };
        foreach (var arm in new[] { pipeline.Arms.HelpfulRlhf, pipeline.Arms.HhRlhf, pipeline.Arms.RlCai })
            models.Add(await pipeline.Reinforcement.PolicyAsync(arm, cancel));
        var labels = new List<LabelVariant>();
        if (pipeline.Scale.ConstitutionPolicies)
        {
            foreach (var (arm, policy) in Arms(pipeline, best))
            {
                models.Add(await pipeline.Reinforcement.PolicyAsync(arm, cancel));
                policies.Add(policy);
            }
            var both = Arms(pipeline, best).Single(a => a.Arm.Name == ForBoth).Arm;
            var (train, heldOut) = await pipeline.Feedback.ComparisonsAsync(both, cancel);
            foreach (var axis in train.Concat(heldOut).GroupBy(c => c.Axis))
            {
                var constitution = axis.Key == Axes.Helpful ? pipeline.Constitutions.HelpfulnessOnly : pipeline.Constitutions.HarmlessnessOnly;
                labels.Add(LabelVariant.Of($"{axis.Key}, AI", labels.Count, pipeline.Oracle, [.. constitution.Comparison.Select(p => p.Id)], [.. axis]));
            }
        }
        var (harmless, helpful) = await pipeline.Evaluation.EloAsync(models, cancel);
        var facts = pipeline.Evaluation.FactsByModel(await pipeline.Evaluation.SamplesAsync(models, cancel));
        return new ConstitutionPolicies(policies, facts, harmless, helpful, labels, best);
    }

    /// <summary>One: every seed would cost all arms again.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>The arms: the first two differ from RL-CAI in their worked examples, the others have no human label.</summary>
    public static IReadOnlyList<(Arm Arm, FrontierPolicy Policy)> Arms(Pipeline pipeline, int best)
    {
        var soft = pipeline.Feedback.Options(LabelKind.Soft);
        var few = soft with { ExamplesOfPrinciple = true, ExampleDraws = 1 };
        var taught = pipeline.Constitutions.Taught(ExampleAuthor.Careful);
        var harm = new AiFeedback
        {
            Axis = Axes.Harmless, Constitution = pipeline.Constitutions.HarmlessnessOnly, Labels = soft, Most = pipeline.Scale.ArmHarmlessPairs,
        };
        var (help, instructions) = (Good(pipeline.Constitutions.HelpfulnessOnly), Good(pipeline.Constitutions.InstructionsOnly));
        return
        [
            (pipeline.Arms.Varied(NoExamples, few with { FewShot = 0 }, taught),
                new(NoExamples, "RL-CAI, no examples", "helpful: human, harmless: AI, no examples")),
            (pipeline.Arms.Varied(WithExamples, few with { FewShot = best }, taught),
                new(WithExamples, "RL-CAI, examples", $"helpful: human, harmless: AI, examples of the principle: {best}")),
            (Of(ForHarmlessness, harm), new(ForHarmlessness, "harmlessness only", "harmless: AI", 8)),
            (Of(ForHelpfulness, help), new(ForHelpfulness, "helpfulness only", "helpful: AI", 9)),
            (Of(ForInstructions, instructions), new(ForInstructions, "instructions only", "right steps: AI", 11)),
            (Of(ForBoth, harm, help), new(ForBoth, "both ends", "helpful and harmless: AI", 14)),
            (Of(ForBothIdeal, Ideal(harm), Ideal(help)), new(ForBothIdeal, "both ends, an ideal judge's labels", "helpful and harmless: ideal judge", 22)),
        ];

        AiFeedback Good(Constitutions.Constitution constitution) =>
            new() { Axis = Axes.Helpful, Constitution = constitution, Labels = soft, Most = pipeline.Scale.ArmHelpfulPairs };

        AiFeedback Ideal(AiFeedback feedback) => feedback with { Ideal = true };

        Arm Of(string name, params AiFeedback[] feedback) => pipeline.Arms.Varied(name) with { Comparisons = feedback };
    }

    /// <summary>What was expected before any run; nothing when the arms were not trained.</summary>
    public IEnumerable<Measurement> Measure()
    {
        if (!Trained)
            yield break;
        yield return new("policy-examples", Harmful(WithExamples).MeanMinus(Harmful(NoExamples), Measures.Harmfulness))
        {
            Words = new Dictionary<string, object> { ["examples"] = best },
        };
        yield return new("policy-harm", Harmful(ForHarmlessness).MeanMinus(Harmful(ModelNames.SlCai), Measures.Harmfulness));
        yield return new("policy-help", Good(ForHelpfulness).MeanMinus(Good(ModelNames.SlCai), Measures.Helpfulness));
        yield return new("policy-instructions", Good(ForInstructions).MeanMinus(Good(ModelNames.SlCai), Measures.Helpfulness));
        yield return new("policy-both-harm", Harmful(ForBoth).MeanMinus(Harmful(ModelNames.SlCai), Measures.Harmfulness));
        yield return new("policy-both-help", Good(ForBoth).MeanMinus(Good(ModelNames.SlCai), Measures.Helpfulness));
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "policies", policies }, { "facts", facts }, { "harmless", harmless.Ratings }, { "helpful", helpful.Ratings },
        { "labels", "Variant", labels.Select(v => (v.Name, v.Pairs.AsEnumerable())) },
    };

    private ResponseFacts[] Harmful(string name) => [.. facts[name].Where(f => f.Kind == TopicKind.Harmful)];

    private ResponseFacts[] Good(string name) => [.. facts[name].Where(f => f.Kind != TopicKind.Harmful)];
}

using Cai.Evaluation;
using Cai.Feedback;
using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>A policy of the frontier.</summary>
/// <param name="Display">In figures and tables.</param>
/// <param name="Feedback">Where its preference model's comparisons come from.</param>
/// <param name="Style">For figures; null leaves it to the table.</param>
public sealed record FrontierPolicy(string Name, string Display, string Feedback, int? Style = null)
{
    /// <summary>A policy of the paper's cast, which looks as in every other figure.</summary>
    public static FrontierPolicy OfCast(string name, string feedback) => new(name, ModelStyles.Of(name).Display, feedback, ModelStyles.Of(name).Index);
}

/// <summary>
/// Policies under the constitutions of notebook 09: with and without worked examples, and for harmlessness, helpfulness,
/// following instructions and both ends with no human label at all, beside the policies of notebook 06. All are measured on
/// the same held-out prompts. The miniature's judge does not read principles (<see cref="PrincipleReading"/>), so the arms for other ends are labelled
/// by an ideal judge; that for both ends once more by the pretrained model.
/// </summary>
/// <param name="policies">SL-CAI first, then those of notebook 06, then the arms.</param>
/// <param name="facts">About each answer, by policy name.</param>
/// <param name="harmless">Under the paper's new instruction, SL-CAI at 0.</param>
/// <param name="labels">AI labels behind the arms, by axis; empty when no arm was trained.</param>
/// <param name="best">The number of examples of the arm with examples.</param>
public sealed class ConstitutionPolicies(
    IReadOnlyList<FrontierPolicy> policies, ILookup<string, ResponseFacts> facts, EloTable harmless, EloTable helpful, IReadOnlyList<LabelVariant> labels, int best, long seed)
{
    private const string Start = "sl-cai", NoExamples = "rl-0-examples", WithExamples = "rl-best-examples", ForHarmlessness = "rl-harmlessness", ForHelpfulness = "rl-helpfulness", ForInstructions = "rl-instructions", ForBoth = "rl-both", ForBothAsked = "rl-both-asked";

    /// <summary>Whether this scale trains the arms; otherwise only the policies of notebook 06 are shown.</summary>
    public bool Trained => labels.Count > 0;

    /// <summary>Trains (or loads) the arms, as far as the scale has them, and measures all policies.</summary>
    /// <param name="best">Worked examples of the arm that has some (<see cref="FewShotLabelStudy.Best"/>).</param>
    public static async Task<ConstitutionPolicies> RunAsync(Pipeline pipeline, int best)
    {
        var policies = new List<FrontierPolicy>
        {
            FrontierPolicy.OfCast(Start, "none"), FrontierPolicy.OfCast("helpful-rlhf", "helpful: human"),
            FrontierPolicy.OfCast("hh-rlhf", "helpful and harmless: human"), FrontierPolicy.OfCast("rl-cai", "helpful: human, harmless: AI"),
        };
        var models = new List<ModelFolder> { await pipeline.Supervised.SlCaiAsync() };
        foreach (var arm in new[] { pipeline.Arms.HelpfulRlhf, pipeline.Arms.HhRlhf, pipeline.Arms.RlCai })
            models.Add(await pipeline.Reinforcement.PolicyAsync(arm));
        var labels = new List<LabelVariant>();
        if (pipeline.Scale.ConstitutionPolicies)
        {
            foreach (var (arm, policy) in Arms(pipeline, best))
            {
                models.Add(await pipeline.Reinforcement.PolicyAsync(arm));
                policies.Add(policy);
            }
            var both = Arms(pipeline, best).Single(a => a.Arm.Name == ForBothAsked).Arm;
            var (train, heldOut) = await pipeline.Feedback.ComparisonsAsync(both);
            foreach (var axis in train.Concat(heldOut).GroupBy(c => c.Axis))
                labels.Add(LabelVariant.Of($"{axis.Key}, AI", labels.Count, pipeline.Oracle,
                    [.. (axis.Key == "helpful" ? pipeline.Constitutions.HelpfulnessOnly : pipeline.Constitutions.HarmlessnessOnly).Comparison.Select(p => p.Id)], [.. axis]));
        }
        var (harmless, helpful) = await pipeline.Evaluation.EloAsync(models);
        return new ConstitutionPolicies(policies, pipeline.Evaluation.FactsByModel(await pipeline.Evaluation.SamplesAsync(models)), harmless, helpful, labels, best, pipeline.Seed);
    }

    /// <summary>The arms: the first two differ from RL-CAI in their worked examples, the others have no human label.</summary>
    public static IReadOnlyList<(Arm Arm, FrontierPolicy Policy)> Arms(Pipeline pipeline, int best)
    {
        var soft = pipeline.Feedback.Options(LabelKind.Soft);
        var few = soft with { ExamplesOfPrinciple = true, RedrawExamples = false };
        var taught = pipeline.Constitutions.Taught(ExampleAuthor.Careful);
        var harm = new AiFeedback { Axis = Axes.Harmless, Constitution = pipeline.Constitutions.HarmlessnessOnly, Labels = soft, Most = pipeline.Scale.ArmHarmlessPairs };
        AiFeedback Good(Constitutions.Constitution constitution) => new() { Axis = Axes.Helpful, Constitution = constitution, Labels = soft, Most = pipeline.Scale.ArmHelpfulPairs };
        Arm Of(string name, params AiFeedback[] feedback) => pipeline.Arms.Varied(name) with { Comparisons = feedback };
        AiFeedback Ideal(AiFeedback feedback) => feedback with { Ideal = true };
        var (help, instructions) = (Good(pipeline.Constitutions.HelpfulnessOnly), Good(pipeline.Constitutions.InstructionsOnly));
        return
        [
            (pipeline.Arms.Varied(NoExamples, few with { FewShot = 0 }, taught), new(NoExamples, "RL-CAI, no examples", "helpful: human, harmless: AI, no examples")),
            (pipeline.Arms.Varied(WithExamples, few with { FewShot = best }, taught), new(WithExamples, "RL-CAI, examples", $"helpful: human, harmless: AI, examples of the principle: {best}")),
            (Of(ForHarmlessness, Ideal(harm)), new(ForHarmlessness, "harmlessness only", "harmless: ideal judge", 8)),
            (Of(ForHelpfulness, Ideal(help)), new(ForHelpfulness, "helpfulness only", "helpful: ideal judge", 9)),
            (Of(ForInstructions, Ideal(instructions)), new(ForInstructions, "instructions only", "right steps: ideal judge", 11)),
            (Of(ForBoth, Ideal(harm), Ideal(help)), new(ForBoth, "both ends", "helpful and harmless: ideal judge", 14)),
            (Of(ForBothAsked, harm, help), new(ForBothAsked, "both ends, the model's labels", "helpful and harmless: AI", 22)),
        ];
    }

    /// <summary>Harmlessness against helpfulness (as paper Fig 2).</summary>
    public Figure Frontier() => new("Which feedback leads where", new Axis("helpfulness Elo (SL-CAI = 0)"), new Axis("harmlessness Elo (SL-CAI = 0)"),
        [.. policies.Where(p => p.Style is not null).Select(p => new PointSeries(p.Display, [DataPoint.Of(helpful[p.Name], harmless[p.Name])]) { Style = p.Style })])
    {
        References = [new(ReferenceKind.Horizontal), new(ReferenceKind.Vertical)],
        Caption = $"Simulated crowdworkers, every two policies on {harmless.Prompts} harmful and {helpful.Prompts} good held-out requests; bars: 95 %, bootstrap by prompt, one seed. "
            + (Trained ? "\"Only\" and \"both ends\" have no human label, and but for the last an ideal judge's; the RLHF models and RL-CAI learn helpfulness from human comparisons." : NotHere),
    };

    /// <summary>Elo beside the oracle's absolute measures.</summary>
    public Table Summary() => Table.Of(policies,
        new("policy", p => p.Display), new("feedback", p => p.Feedback), new("harmlessness Elo", p => harmless[p.Name], "0"), new("helpfulness Elo", p => helpful[p.Name], "0"),
        new("n harmful", p => Harmful(p.Name).Length), new("harmfulness (0-4)", p => Mean(Harmful(p.Name), f => f.Harmfulness), "0.00"),
        new("evasive", p => Mean(Harmful(p.Name), f => f.Evasive), "0.00"), new("boilerplate", p => Mean(Harmful(p.Name), f => f.BoilerplateCount > 0 ? 1 : 0), "0.00"),
        new("n good", p => Good(p.Name).Length), new("helpfulness (0-4)", p => Mean(Good(p.Name), f => f.Helpfulness), "0.00"))
        .Titled("Policies by feedback", Trained ? "95 % intervals, bootstrap by prompt, one seed." : "95 % intervals, bootstrap by prompt, one seed. " + NotHere);

    /// <summary>How good the pretrained model's labels of both ends are.</summary>
    public Table Labels() => Table.Of(labels,
        new("labels", v => v.Name), new("n", v => v.Decided.Count), new("right", v => v.Accuracy()?.Judge, "0.00"),
        new("always A", v => v.Accuracy()?.AlwaysA, "0.00"), new("longer", v => v.Accuracy()?.Longer, "0.00"), new("shorter", v => v.Accuracy()?.Shorter, "0.00"),
        new("ECE", v => v.AgainstVerdict()?.Ece, "0.00"))
        .Titled("The model's labels of both ends", Trained ? "Pairs of SL-CAI answers on which the oracle prefers one under the principle drawn. 95 % intervals, bootstrap by prompt." : NotHere);

    /// <summary>What was expected before any run; none when the arms were not trained. One seed: not over seeds.</summary>
    public IEnumerable<Claim> Claims()
    {
        if (!Trained)
            yield break;
        const string future = "named as future work; not measured", note = "one seed: says nothing about others";
        yield return Claim("policy-examples", "1.2, 4.1", $"RL-CAI under labels with {best} worked examples of the principle is less harmful than under labels without (difference in harmfulness)",
            "no ablation is printed", WithExamples, NoExamples, Harmful, f => f.Harmfulness, Direction.Less, 0, "0: examples change nothing");
        yield return Claim("policy-harm", "6", "RL under harmlessness alone, without a human label, makes SL-CAI less harmful (difference in harmfulness)",
            future, ForHarmlessness, Start, Harmful, f => f.Harmfulness, Direction.Less, 0, "0: as its start");
        yield return Claim("policy-help", "6", "RL under helpfulness alone, without a human label, makes SL-CAI more helpful on good requests (difference in helpfulness)",
            future, ForHelpfulness, Start, Good, f => f.Helpfulness, Direction.Greater, 0, "0: as its start");
        yield return Claim("policy-instructions", "6", "RL under instructions alone, without a human label, makes SL-CAI more helpful on good requests (difference in helpfulness)",
            future, ForInstructions, Start, Good, f => f.Helpfulness, Direction.Greater, 0, "0: as its start");
        yield return Claim("policy-both-harm", "6", "RL under both ends, without a human label, makes SL-CAI less harmful (difference in harmfulness)",
            future, ForBoth, Start, Harmful, f => f.Harmfulness, Direction.Less, 0, "0: as its start");
        yield return Claim("policy-both-help", "6", FormattableString.Invariant($"RL under both ends does not make SL-CAI less helpful on good requests (difference in helpfulness above -{RevisionStudy.Margin})"),
            future, ForBoth, Start, Good, f => f.Helpfulness, Direction.Greater, -RevisionStudy.Margin, "0: as its start");

        Claim Claim(string id, string source, string text, string paper, string a, string b, Func<string, ResponseFacts[]> of, Func<ResponseFacts, double> value, Direction direction, double nullValue, string baseline) =>
            Measured.Claim(id, source, text, paper, Bootstrap.TryDifference(of(a), of(b), value, f => f.PromptId), direction, nullValue, seed, baseline, note);
    }

    private const string NotHere = "The policies under other constitutions are trained at scales smoke and full only.";

    private ResponseFacts[] Harmful(string name) => [.. facts[name].Where(f => f.Kind == TopicKind.Harmful)];

    private ResponseFacts[] Good(string name) => [.. facts[name].Where(f => f.Kind != TopicKind.Harmful)];

    private static Interval? Mean(ResponseFacts[] some, Func<ResponseFacts, double> value) => Bootstrap.TryMean(some, value, f => f.PromptId);
}

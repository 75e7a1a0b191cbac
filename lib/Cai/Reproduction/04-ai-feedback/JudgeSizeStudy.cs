using System.Globalization;
using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Feedback;
using Cai.Miniature;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>How a question is put to a model.</summary>
public enum JudgeProtocol
{
    /// <summary>To the pretrained model, without worked examples.</summary>
    ZeroShot,

    /// <summary>To the pretrained model after worked examples, as its soft labels are made.</summary>
    FewShot,

    /// <summary>To the helpful-only model, after a chain of thought that is sampled.</summary>
    Reasoned,

    /// <summary>The same, answers averaged over five chains (paper Fig 4).</summary>
    Ensembled,

    /// <summary>To the helpful-only model, after the likeliest chain of thought, as the reproduction's labels are made.</summary>
    Likeliest,

    /// <summary>To the preference model trained on human labels for helpfulness and harmlessness.</summary>
    PreferenceModel,
}

/// <summary>One question as a model of one size answered it.</summary>
/// <param name="Set">A category of <see cref="WrittenQuestions"/>, <see cref="WrittenQuestions.Ethical"/> or <see cref="JudgeSizeStudy.HarmKind"/>.</param>
/// <param name="Credit">1 when right, 0 when wrong, a share for a tie.</param>
public sealed record SizedAnswer(string Size, long Parameters, JudgeProtocol Protocol, string Set, string PromptId, double Credit);

/// <summary>
/// Whether models can tell better from worse, against their size (paper section 2 and appendix B, Figs 4, 11 and 12). Every size answers the
/// same questions under every protocol; intervals are 95 %, bootstrap by prompt, differences paired.
/// </summary>
/// <param name="questions">The written questions, for the accuracy of judges that do not read; none leaves that out.</param>
/// <param name="kinds">How many kinds of harm there are to choose from.</param>
public sealed partial class JudgeSizeStudy(IReadOnlyList<SizedAnswer> answers, IReadOnlyList<WrittenQuestion> questions, int kinds) : IStudy<JudgeSizeStudy>
{
    /// <summary>The question of which of the world's kinds of harm a dialogue shows.</summary>
    public const string HarmKind = "kind of harm";

    private const int KindShots = 3;

    private static readonly JudgeProtocol[] Fig12Protocols =
        [JudgeProtocol.ZeroShot, JudgeProtocol.FewShot, JudgeProtocol.Reasoned, JudgeProtocol.Likeliest];

    public IReadOnlyList<SizedAnswer> Answers => answers;

    /// <summary>Puts all questions to every shipped size under every protocol.</summary>
    public static async Task<JudgeSizeStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var (world, each) = (pipeline.World, pipeline.Scale.Questions);
        IReadOnlyList<WrittenQuestion> questions =
            [.. WrittenQuestions.Write(world, each, pipeline.Seed), .. WrittenQuestions.HarmfulOrEthical(world, each, pipeline.Seed)];
        var all = new List<SizedAnswer>();
        foreach (var (size, _) in ShippedModels.Sizes(MiniatureTraining.Pretrained))
        {
            var own = pipeline.OfSize(size);
            var parameters = own.ParametersOf(own.Pretrained);
            foreach (var protocol in Enum.GetValues<JudgeProtocol>())
                foreach (var set in questions.GroupBy(q => q.Category).Where(s => s.Key != WrittenQuestions.Ethical || Fig12Protocols.Contains(protocol)))
                    all.AddRange((await AnswerAsync(own, protocol, [.. set], pipeline, cancel)).Zip(set, (p, q) =>
                        new SizedAnswer(size, parameters, protocol, set.Key, q.Pair.Prompt.Id, Credit.Of(p, q.Label))));
            foreach (var protocol in new[] { JudgeProtocol.ZeroShot, JudgeProtocol.FewShot })
                all.AddRange((await KindsAsync(own, protocol, cancel)).Select(k =>
                    new SizedAnswer(size, parameters, protocol, HarmKind, k.PromptId, k.Credit)));
        }
        return new JudgeSizeStudy(all, questions, pipeline.World.Categories.Count);
    }

    /// <summary>Every size is asked anew for a seed, and its preference model is trained anew.</summary>
    public static int SeedsAt(Scale scale) => scale.StudySeeds;

    /// <summary>What section 2 and appendix B say of Figures 4, 11 and 12.</summary>
    public IEnumerable<Measurement> Measure()
    {
        var (hhh, original) = (WrittenQuestions.Categories, WrittenQuestions.Original);
        string[] harm = [WrittenQuestions.Ethical], kind = [HarmKind];
        yield return new("fig4-judge", Mean(Of(Largest, JudgeProtocol.FewShot, hhh))) { Words = Beside(hhh) };
        yield return new("fig4-size", Gap(Of(Largest, JudgeProtocol.FewShot, hhh), Of(Smallest, JudgeProtocol.FewShot, hhh)));
        yield return new("fig4-cot", Gap(Of(Largest, JudgeProtocol.Reasoned, hhh), Of(Largest, JudgeProtocol.FewShot, hhh)));
        yield return new("fig4-ensemble", Gap(Of(Largest, JudgeProtocol.Ensembled, hhh), Of(Largest, JudgeProtocol.Reasoned, hhh)));
        yield return new("fig4-pm", Gap(Of(Largest, JudgeProtocol.PreferenceModel, hhh), Of(Largest, JudgeProtocol.FewShot, hhh)));
        yield return new("fig11-pm", Mean(Of(Largest, JudgeProtocol.PreferenceModel, original))) { Words = Beside(original) };
        yield return new("fig12-few", Gap(Of(Largest, JudgeProtocol.FewShot, harm), Of(Largest, JudgeProtocol.ZeroShot, harm)));
        yield return new("fig12-cot", Gap(Of(Largest, JudgeProtocol.Reasoned, harm), Of(Largest, JudgeProtocol.ZeroShot, harm)));
        yield return new("fig12-kind-size", Gap(Of(Largest, JudgeProtocol.ZeroShot, kind), Of(Smallest, JudgeProtocol.ZeroShot, kind)))
        {
            Words = new Dictionary<string, object> { ["chance"] = string.Create(CultureInfo.InvariantCulture, $"{1.0 / kinds:0.00}") },
        };
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "answers", answers } };

    private string Smallest => answers.MinBy(a => a.Parameters)!.Size;

    private string Largest => answers.MaxBy(a => a.Parameters)!.Size;

    private IReadOnlyList<SizedAnswer> Of(string size, JudgeProtocol protocol, IReadOnlyList<string> sets) =>
        [.. answers.Where(a => a.Size == size && a.Protocol == protocol && sets.Contains(a.Set))];

    private static Interval? Mean(IReadOnlyList<SizedAnswer> some) => Bootstrap.TryMean(some, a => a.Credit, a => a.PromptId);

    private static Interval? Gap(IReadOnlyList<SizedAnswer> a, IReadOnlyList<SizedAnswer> b) => Bootstrap.TryDifference(a, b, x => x.Credit, x => x.PromptId);

    private Dictionary<string, object> Beside(IReadOnlyList<string> sets) => new() { ["baselines"] = Baselines(sets) };

    private string Baselines(IReadOnlyList<string> sets)
    {
        var pairs = questions.Where(q => sets.Contains(q.Category)).Select(q => q.Undecided).ToList();
        if (pairs.Count == 0)
            return "";
        var known = Accuracy.Of(pairs);
        return string.Create(CultureInfo.InvariantCulture,
            $"always A {known.AlwaysA.Value:0.00}, the longer {known.Longer.Value:0.00}, the shorter {known.Shorter.Value:0.00}");
    }

    /// <summary>P(A is better) of one category's questions.</summary>
    /// <param name="human">The pipeline with the human comparisons.</param>
    private static async Task<IReadOnlyList<double>> AnswerAsync(
        Pipeline pipeline, JudgeProtocol protocol, IReadOnlyList<WrittenQuestion> questions, Pipeline human, CancellationToken cancel)
    {
        if (protocol == JudgeProtocol.PreferenceModel)
        {
            using var pm = PreferenceModel.Load((await pipeline.Preferences.ModelAsync(pipeline.Arms.HhRlhf, human, cancel)).Folder);
            var texts = questions.Select(q => q.Pair).SelectMany(p => new[] { (p.Prompt.Dialogue, p.ResponseA), (p.Prompt.Dialogue, p.ResponseB) });
            var scores = pm.Score([.. texts]);
            return [.. questions.Select((_, i) => PreferenceLoss.Probability(scores[2 * i] - scores[2 * i + 1]))];
        }
        var reasons = protocol is JudgeProtocol.Reasoned or JudgeProtocol.Ensembled or JudgeProtocol.Likeliest;
        var options = pipeline.Feedback.Options(reasons ? LabelKind.ChainOfThought : LabelKind.Soft) with
        {
            Principle = PrincipleSelector.Fixed(questions[0].PrincipleId), FewShot = protocol == JudgeProtocol.ZeroShot ? 0 : null,
            Clamp = ClampRange.None, CotSamples = protocol == JudgeProtocol.Ensembled ? 5 : 1, Temperature = protocol == JudgeProtocol.Likeliest ? 0 : 1,
        };
        var labels = await pipeline.Feedback.LabelAsync(reasons ? pipeline.Helpful : pipeline.Pretrained,
            [.. questions.Select(q => q.Pair)], options, $"questions-{questions[0].Category.Replace(' ', '-')}", cancel: cancel);
        return [.. labels.Select(l => l.ProbabilityA ?? 0.5)];
    }

    private sealed record KindAnswer(string PromptId, double Credit);

    private static async Task<IReadOnlyList<KindAnswer>> KindsAsync(Pipeline pipeline, JudgeProtocol protocol, CancellationToken cancel)
    {
        var shots = protocol == JudgeProtocol.FewShot ? KindShots : 0;
        var questions = WrittenQuestions.HarmKinds(pipeline.World, World.Eval, 2 * pipeline.Scale.Questions, pipeline.Seed);
        var examples = WrittenQuestions.HarmKinds(pipeline.World, World.Train, shots, pipeline.Seed);
        var prefix = string.Concat(examples.Select(q => q.Item.Prompt + q.Item.Options[q.Correct]));
        var texts = ContentHash.Of(new { Questions = questions.Select(q => new { q.Item, q.Correct }), Prefix = prefix });
        var stage = pipeline.Store.OpenStage(
            "evaluation", "harm-kinds", new { Shots = shots, pipeline.Scale.Questions, pipeline.Seed }, [pipeline.Pretrained.Hash, texts]);
        await stage.Once(async s =>
        {
            IReadOnlyList<ChoiceItem> items = [.. questions.Select(q => q.Item)];
            var results = await MultipleChoice.ScoreAsync(pipeline.Load(pipeline.Pretrained), items, prefix, cancel: pipeline.Context.Or(cancel));
            Jsonl.Write(s.Path("answers.jsonl"), results.Zip(questions, (r, q) => new KindAnswer(q.Item.Id, r.Credit(q.Correct) ?? 0)));
        });
        return Jsonl.Read<KindAnswer>(stage.Path("answers.jsonl"));
    }
}

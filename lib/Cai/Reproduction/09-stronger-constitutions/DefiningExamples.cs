using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Labels of pairs that differ in one manner, under a constitution about it; answer A has the manner.</summary>
public sealed record DefinedLabels(DefinedConstitution Under, IReadOnlyList<Comparison> Labels)
{
    /// <summary>One an order: what asking once gives.</summary>
    public IReadOnlyList<Comparison> Once { get; } =
        [.. Labels.SelectMany(BothOrders.Labels).Select(c => c with { PromptId = $"{Under.Manner}/{c.PromptId}" })];

    /// <summary>P(the answer that the constitution likes).</summary>
    internal double Rightly(Comparison label) => Under.Likes ? label.ProbabilityA!.Value : 1 - label.ProbabilityA!.Value;
}

/// <summary>
/// The open question of stronger constitutions: can worked examples say what a sentence says? The same pairs of answers are labelled under constitutions that
/// name what they like, that only show it, and that do both; and a policy is trained under each. The judge is the one that was trained to learn from
/// examples (<see cref="Pipeline.ByExample"/>).
/// </summary>
/// <param name="policies">Empty at scales that train none.</param>
public sealed partial class DefiningExamples(
    IReadOnlyList<DefinedLabels> cells, IReadOnlyList<(string Display, string Name, IReadOnlyList<JudgedAnswer> Answers)> policies) : IStudy<DefiningExamples>
{
    /// <summary>How many examples are tried; documents of the corpus show up to three before their last question.</summary>
    public static IReadOnlyList<int> Counts { get; } = [1, 2, 4];

    /// <summary>That claims are about.</summary>
    public const int Some = 2;

    /// <summary>The constitutions under which policies are trained: all about comfort, since that is what over-trained policies of the paper say.</summary>
    private static IReadOnlyList<(string Display, DefinedConstitution Constitution)> Trained { get; } =
    [
        ("a sentence that likes comfort", new(Manner.Comfort, true, Wording.Sentence, 0)),
        ("examples that like comfort", new(Manner.Comfort, true, Wording.Examples, Some)),
        ("both", new(Manner.Comfort, true, Wording.Both, Some)),
        ("examples that dislike comfort", new(Manner.Comfort, false, Wording.Examples, Some)),
    ];

    public IReadOnlyList<DefinedLabels> Cells => cells;

    /// <summary>Labels pairs on held-out topics under every constitution, and trains the policies where the scale has them.</summary>
    public static async Task<DefiningExamples> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var each = Math.Max(2, pipeline.Scale.ConstitutionPairs * 3 / 8); // of four manners, under twenty constitutions
        var pairs = DefinedConstitution.Manners.ToDictionary(m => m.Manner, m => MannerPairs.Of(pipeline, m.Manner, "defined pair", each));
        var cells = new List<DefinedLabels>();
        foreach (var under in Conditions)
            cells.Add(new(under, await pipeline.Feedback.LabelAsync(
                pipeline.ByExample, pairs[under.Manner], under.Labels(pipeline), $"defined-{under.Name}", under.Write(pipeline), cancel)));
        return new(cells, pipeline.Scale.ConstitutionPolicies ? await PoliciesAsync(pipeline, cancel) : []);
    }

    /// <summary>One: every seed would cost the policies again.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>A sentence alone; examples alone by either author, and both, with each number of examples.</summary>
    private static IEnumerable<DefinedConstitution> Conditions =>
        from manner in DefinedConstitution.Manners
        from likes in new[] { true, false }
        from under in (IEnumerable<DefinedConstitution>)
        [
            new(manner.Manner, likes, Wording.Sentence, 0),
            .. Counts.SelectMany(n => new DefinedConstitution[]
            {
                new(manner.Manner, likes, Wording.Examples, n), new(manner.Manner, likes, Wording.Examples, n, ExampleAuthor.Noisy),
                new(manner.Manner, likes, Wording.Both, n),
            }),
        ]
        select under;

    /// <summary>Share of labels on the side that the constitution takes, asked once; 0.5 for a judge that reads neither sentence nor examples.</summary>
    public Interval? Right(Wording wording, int examples, ExampleAuthor author = ExampleAuthor.Careful) =>
        Bootstrap.TryMean(Rights(wording, examples, author), r => r.Right, r => r.Pair);

    /// <summary>P(answer with the manner) where it is liked less the same where it is disliked, over all manners or one.</summary>
    public Interval? Effect(Wording wording, int examples, ExampleAuthor author = ExampleAuthor.Careful, Manner? manner = null)
    {
        List<Comparison> Of(bool likes) =>
            [.. Where(wording, examples, author).Where(c => c.Under.Likes == likes && (manner ?? c.Under.Manner) == c.Under.Manner).SelectMany(c => c.Once)];
        return Bootstrap.TryDifference(Of(true), Of(false), c => c.ProbabilityA!.Value, c => c.PromptId);
    }

    /// <summary>What was expected before any run.</summary>
    public IEnumerable<Measurement> Measure()
    {
        var words = new Dictionary<string, object> { ["some"] = Some, ["most"] = Counts[^1] };
        yield return new("define-examples", Effect(Wording.Examples, Some)) { Words = words };
        yield return new("define-both", Minus(Wording.Both, Some, ExampleAuthor.Careful, Wording.Sentence, 0)) { Words = words };
        yield return new("define-more", Minus(Wording.Examples, Counts[^1], ExampleAuthor.Careful, Wording.Examples, 1)) { Words = words };
        yield return new("define-author", Minus(Wording.Examples, Some, ExampleAuthor.Careful, Wording.Examples, Some, ExampleAuthor.Noisy))
        {
            Words = words,
        };
        IReadOnlyList<JudgedAnswer> Policy(bool likes) =>
            policies.FirstOrDefault(p => p.Name == $"defined-{new DefinedConstitution(Manner.Comfort, likes, Wording.Examples, Some).Name}").Answers ?? [];
        yield return new("define-policy", policies.Count == 0 ? null : Policy(true).MeanMinus(Policy(false), Measures.Boilerplate)) { Words = words };
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "labels", "Constitution", cells.Select(c => (c.Under.Name, c.Labels.AsEnumerable())) },
        { "answers", "Policy", policies.Select(p => (p.Name, p.Answers.AsEnumerable())) },
    };

    private Interval? Minus(
        Wording wording, int examples, ExampleAuthor author, Wording lessWording, int lessExamples, ExampleAuthor lessAuthor = ExampleAuthor.Careful) =>
        Bootstrap.TryDifference(Rights(wording, examples, author), Rights(lessWording, lessExamples, lessAuthor), r => r.Right, r => r.Pair);

    private List<(string Pair, double Right)> Rights(Wording wording, int examples, ExampleAuthor author) =>
        [.. Where(wording, examples, author).SelectMany(cell => cell.Once.Select(c => (c.PromptId, cell.Rightly(c) > 0.5 ? 1.0 : 0.0)))];

    private IEnumerable<DefinedLabels> Where(Wording wording, int examples, ExampleAuthor author) =>
        cells.Where(c => (c.Under.Wording, c.Under.Examples, c.Under.Author) == (wording, examples, author));

    private static async Task<IReadOnlyList<(string Display, string Name, IReadOnlyList<JudgedAnswer> Answers)>> PoliciesAsync(
        Pipeline pipeline, CancellationToken cancel)
    {
        var models = new List<(string Display, ModelFolder Model)> { ("SL-CAI: no RL", await pipeline.Supervised.SlCaiAsync(cancel: cancel)) };
        foreach (var (display, under) in Trained)
            models.Add((display, await pipeline.Reinforcement.PolicyAsync(
                pipeline.Arms.Harder($"defined-{under.Name}", under.Labels(pipeline), under.Write(pipeline), judge: pipeline.ByExample), cancel)));
        return await pipeline.Evaluation.HarmfulAnswersAsync(models, cancel);
    }
}

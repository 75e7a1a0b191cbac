using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>The same answers, revised under one constitution.</summary>
/// <param name="Principles">Critique principles that it draws from.</param>
/// <param name="Style">For figures.</param>
/// <param name="Harmful">Answers to harmful requests: round 0 and every revision.</param>
/// <param name="Good">The same for good requests.</param>
public sealed record RevisedUnder(string Name, int Principles, int Style, IReadOnlyList<JudgedAnswer> Harmful, IReadOnlyList<JudgedAnswer> Good)
{
    /// <summary>The last round.</summary>
    public int Rounds { get; } = Harmful.Concat(Good).Select(r => r.Round).DefaultIfEmpty(0).Max();

    /// <summary>Mean of a score over harmful requests after a round.</summary>
    public Interval? OnHarmful(int round, Measure measure) => Harmful.Where(r => r.Round == round).Mean(measure);

    /// <summary>Mean of a score over good requests after a round.</summary>
    public Interval? OnGood(int round, Measure measure) => Good.Where(r => r.Round == round).Mean(measure);
}

/// <summary>
/// What constitutions for different ends make of the same first answers: harmlessness alone, helpfulness alone, following
/// instructions alone, and all principles together. Helpfulness is measured on good requests, harmlessness on harmful ones.
/// </summary>
/// <param name="under">The first is harmlessness alone, the last all together.</param>
public sealed class RevisionFrontier(IReadOnlyList<RevisedUnder> under) : IStudy<RevisionFrontier>
{
    /// <summary>Names of the constitutions, as in figures.</summary>
    public const string Harmlessness = "harmlessness only", Helpfulness = "helpfulness only", Instructions = "instructions only", All = "all principles";

    public IReadOnlyList<RevisedUnder> Under => under;

    /// <summary>Revises held-out answers of the helpful-only model under each constitution, or loads the revisions.</summary>
    public static async Task<RevisionFrontier> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var (harmful, good) = await pipeline.Evaluation.HeldOutAnswersAsync(pipeline.Scale.ConstitutionPrompts, cancel);
        var options = Recipes.Critique(pipeline.Scale, pipeline.Seed) with { Rounds = pipeline.Scale.ConstitutionRounds };
        var under = new List<RevisedUnder>();
        foreach (var (name, constitution) in Constitutions(pipeline))
        {
            var revisions = await pipeline.Supervised.ReviseAsync(pipeline.Helpful, [.. harmful, .. good], options, "revisions-frontier", constitution, cancel);
            var rows = JudgedAnswer.Of(pipeline.Oracle, revisions).ToLookup(r => r.Verdict.Harmful);
            under.Add(new RevisedUnder(name, constitution.Critique.Count, under.Count + 1, [.. rows[true]], [.. rows[false]]));
        }
        return new RevisionFrontier(under);
    }

    /// <summary>Every seed costs a whole reproduction.</summary>
    public static int SeedsAt(Scale scale) => scale.StudySeeds;

    /// <summary>The constitutions that are compared, all with examples of their own.</summary>
    public static IReadOnlyList<(string Name, Constitution Constitution)> Constitutions(Pipeline pipeline) =>
    [
        (Harmlessness, pipeline.Constitutions.HarmlessnessOnly), (Helpfulness, pipeline.Constitutions.HelpfulnessOnly),
        (Instructions, pipeline.Constitutions.InstructionsOnly), (All, pipeline.Constitution),
    ];

    /// <summary>Harmlessness against helpfulness after the last revision, with the first answers.</summary>
    public Figure Frontier() => new("What a constitution pulls first answers towards",
        new Axis("helpfulness on good requests (0-4)"), new Axis("harmlessness on harmful requests (0-4)"),
    [
        .. under.Take(1).Select(u => Point("first answers", u, 0, 0)),
        .. under.Select(u => Point(u.Name, u, u.Rounds, u.Style)),
    ])
    {
        Caption = $"{Count(u => u.Harmful)} held-out harmful and {Count(u => u.Good)} good requests, first answers by the helpful-only model, "
            + $"{Rounds} under each constitution by the same model; bars: 95 %, bootstrap by prompt. "
            + "Right is more helpful, up more harmless (4 less the oracle's harmfulness). Baseline: the first answers.",
    };

    /// <summary>The numbers behind the figure.</summary>
    public Table Summary() => Table.Of(
        under.Take(1).Select(u => (Name: "first answers", Under: u, Round: 0)).Concat(under.Select(u => (u.Name, Under: u, Round: u.Rounds))),
        new("constitution", r => r.Name), new("critique principles", r => r.Round == 0 ? null : r.Under.Principles),
        new("n harmful", r => r.Under.Harmful.Count(x => x.Round == r.Round)),
        new("harmfulness", r => r.Under.OnHarmful(r.Round, Measures.Harmfulness), "0.00"),
        new("engagement", r => r.Under.OnHarmful(r.Round, Measures.Engagement), "0.00"),
        new("evasive", r => r.Under.OnHarmful(r.Round, Measures.Evasive), "0.00"),
        new("n good", r => r.Under.Good.Count(x => x.Round == r.Round)), new("helpfulness", r => r.Under.OnGood(r.Round, Measures.Helpfulness), "0.00"),
        new("complete and correct", r => r.Under.OnGood(r.Round, Measures.Correct), "0.00"),
        new("incoherent", r => r.Under.OnGood(r.Round, Measures.Incoherent), "0.00"))
        .Titled("The same answers under four constitutions",
            $"{Rounds}. Harmfulness, engagement and evasiveness on harmful requests, the rest on good ones; 0-4 or shares. "
            + "95 % intervals, bootstrap by prompt.");

    /// <summary>What was expected before any run.</summary>
    public IEnumerable<Measurement> Measure()
    {
        yield return new("ends-harm", Minus(Harmlessness, Helpfulness, u => u.Harmful, Measures.Harmfulness));
        yield return new("ends-help", Minus(Helpfulness, Harmlessness, u => u.Good, Measures.Helpfulness));
        yield return new("ends-help-first", Change(Helpfulness, u => u.Good, Measures.Helpfulness));
        yield return new("ends-instructions", Change(Instructions, u => u.Good, Measures.Correct));
        yield return new("ends-both", Minus(All, Harmlessness, u => u.Harmful, Measures.Harmfulness));
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "answers", "Constitution", under.Select(u => (u.Name, u.Harmful.Concat(u.Good))) } };

    private string Rounds => under.Select(u => u.Rounds).DefaultIfEmpty(0).Max() is var rounds && rounds == 1
        ? "one round of critique and revision"
        : $"{rounds} rounds of critique and revision";

    private int Count(Func<RevisedUnder, IReadOnlyList<JudgedAnswer>> rows) => under.Select(u => rows(u).Count(r => r.Round == 0)).DefaultIfEmpty(0).Max();

    private Interval? Minus(string a, string b, Func<RevisedUnder, IReadOnlyList<JudgedAnswer>> rows, Measure measure) =>
        Named(a) is { } left && Named(b) is { } right
            ? At(rows(left), left.Rounds).MeanMinus(At(rows(right), right.Rounds), measure)
            : null;

    private Interval? Change(string name, Func<RevisedUnder, IReadOnlyList<JudgedAnswer>> rows, Measure measure) =>
        Named(name) is { } u ? RevisionStudy.Change(rows(u), 0, u.Rounds, measure) : null;

    private static IEnumerable<JudgedAnswer> At(IReadOnlyList<JudgedAnswer> rows, int round) => rows.Where(r => r.Round == round);

    private RevisedUnder? Named(string name) => under.FirstOrDefault(u => u.Name == name);

    private static PointSeries Point(string name, RevisedUnder u, int round, int style) =>
        new(name, u.OnGood(round, Measures.Helpfulness) is { } x && u.OnHarmful(round, v => 4 - v.Harmfulness) is { } y ? [DataPoint.Of(x, y)] : [])
        {
            Style = style,
        };
}

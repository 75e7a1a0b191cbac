using Cai.Constitutions;
using Cai.Critique;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

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
    public Interval? OnHarmful(int round, Func<Verdict, double> value) => Mean(Harmful, round, value);

    /// <summary>Mean of a score over good requests after a round.</summary>
    public Interval? OnGood(int round, Func<Verdict, double> value) => Mean(Good, round, value);

    private static Interval? Mean(IReadOnlyList<JudgedAnswer> rows, int round, Func<Verdict, double> value) => Bootstrap.TryMean([.. rows.Where(r => r.Round == round)], r => value(r.Verdict), r => r.PromptId);
}

/// <summary>
/// What constitutions for different ends make of the same first answers: harmlessness alone, helpfulness alone, following
/// instructions alone, and all principles together. Helpfulness is measured on good requests, harmlessness on harmful ones.
/// </summary>
/// <param name="under">The first is harmlessness alone, the last all together.</param>
public sealed class RevisionFrontier(IReadOnlyList<RevisedUnder> under, long seed)
{
    /// <summary>Names of the constitutions, as in figures.</summary>
    public const string Harmlessness = "harmlessness only", Helpfulness = "helpfulness only", Instructions = "instructions only", All = "all principles";

    public IReadOnlyList<RevisedUnder> Under => under;

    /// <summary>Revises held-out answers of the helpful-only model under each constitution, or loads the revisions.</summary>
    public static async Task<RevisionFrontier> RunAsync(Pipeline pipeline)
    {
        var (harmful, good) = await pipeline.Evaluation.JudgedAnswersAsync(pipeline.Scale.ConstitutionPrompts);
        var options = new CritiqueOptions { Rounds = pipeline.Scale.ConstitutionRounds, Seed = pipeline.Seed, MaxTokens = 96 };
        var under = new List<RevisedUnder>();
        foreach (var (name, constitution) in Constitutions(pipeline))
        {
            var revisions = await pipeline.Supervised.ReviseAsync(pipeline.Helpful, [.. harmful, .. good], options, "revisions-frontier", constitution);
            var rows = JudgedAnswer.Of(pipeline.Oracle, revisions);
            under.Add(new RevisedUnder(name, constitution.Critique.Count, under.Count + 1, [.. rows.Where(r => r.Verdict.Harmful)], [.. rows.Where(r => !r.Verdict.Harmful)]));
        }
        return new RevisionFrontier(under, pipeline.Seed);
    }

    /// <summary>The constitutions that are compared, all with examples of their own.</summary>
    public static IReadOnlyList<(string Name, Constitution Constitution)> Constitutions(Pipeline pipeline) =>
        [(Harmlessness, pipeline.Constitutions.HarmlessnessOnly), (Helpfulness, pipeline.Constitutions.HelpfulnessOnly), (Instructions, pipeline.Constitutions.InstructionsOnly), (All, pipeline.Constitution)];

    /// <summary>Harmlessness against helpfulness after the last revision, with the first answers.</summary>
    public Figure Frontier() => new("What a constitution pulls first answers towards", new Axis("helpfulness on good requests (0-4)"), new Axis("harmlessness on harmful requests (0-4)"),
    [
        .. under.Take(1).Select(u => Point("first answers", u, 0, 0)),
        .. under.Select(u => Point(u.Name, u, u.Rounds, u.Style)),
    ])
    {
        Caption = $"{Count(u => u.Harmful)} held-out harmful and {Count(u => u.Good)} good requests, first answers by the helpful-only model, {Rounds} under each constitution by the same model; bars: 95 %, bootstrap by prompt. Right is more helpful, up more harmless (4 less the oracle's harmfulness). Baseline: the first answers.",
    };

    /// <summary>The numbers behind the figure.</summary>
    public Table Summary() => Table.Of(under.Take(1).Select(u => (Name: "first answers", Under: u, Round: 0)).Concat(under.Select(u => (u.Name, Under: u, Round: u.Rounds))),
        new("constitution", r => r.Name), new("critique principles", r => r.Round == 0 ? null : r.Under.Principles),
        new("n harmful", r => r.Under.Harmful.Count(x => x.Round == r.Round)), new("harmfulness", r => r.Under.OnHarmful(r.Round, v => v.Harmfulness), "0.00"),
        new("engagement", r => r.Under.OnHarmful(r.Round, v => v.Engagement), "0.00"), new("evasive", r => r.Under.OnHarmful(r.Round, v => v.Evasive ? 1 : 0), "0.00"),
        new("n good", r => r.Under.Good.Count(x => x.Round == r.Round)), new("helpfulness", r => r.Under.OnGood(r.Round, v => v.Helpfulness), "0.00"),
        new("complete and correct", r => r.Under.OnGood(r.Round, v => v.Correct ? 1 : 0), "0.00"), new("incoherent", r => r.Under.OnGood(r.Round, v => v.Incoherent ? 1 : 0), "0.00"))
        .Titled("The same answers under four constitutions", $"{Rounds}. Harmfulness, engagement and evasiveness on harmful requests, the rest on good ones; 0-4 or shares. 95 % intervals, bootstrap by prompt.");

    /// <summary>What was expected before any run.</summary>
    public IEnumerable<Claim> Claims()
    {
        const string future = "named as future work; not measured";
        yield return Measured.Claim("ends-harm", "6", "Revision under harmlessness alone removes more harm than under helpfulness alone (difference in harmfulness after it)",
            future, Minus(Harmlessness, Helpfulness, u => u.Harmful, v => v.Harmfulness), Direction.Less, 0, seed, "0: the constitution does not matter");
        yield return Measured.Claim("ends-help", "6", "Revision under helpfulness alone leaves good answers more helpful than under harmlessness alone (difference in helpfulness after it)",
            future, Minus(Helpfulness, Harmlessness, u => u.Good, v => v.Helpfulness), Direction.Greater, 0, seed, "0: the constitution does not matter");
        yield return Measured.Claim("ends-help-first", "6", "Revision under helpfulness alone makes answers to good requests more helpful than they were (change in helpfulness)",
            future, Change(Helpfulness, u => u.Good, v => v.Helpfulness), Direction.Greater, 0, seed, "0 for unchanged answers");
        yield return Measured.Claim("ends-instructions", "6", "Revision under instructions alone makes answers to good requests correct more often (change in the share that is complete and correct)",
            future, Change(Instructions, u => u.Good, v => v.Correct ? 1 : 0), Direction.Greater, 0, seed, "0 for unchanged answers", "the world knows right steps and no other instruction");
        yield return Measured.Claim("ends-both", "6", FormattableString.Invariant($"All principles together remove about as much harm as harmlessness alone (difference in harmfulness after it below {RevisionStudy.Margin})"),
            future, Minus(All, Harmlessness, u => u.Harmful, v => v.Harmfulness), Direction.Less, RevisionStudy.Margin, seed, "0: the other principles cost nothing");
    }

    private string Rounds => under.Select(u => u.Rounds).DefaultIfEmpty(0).Max() is 1 ? "one round of critique and revision" : $"{under.Select(u => u.Rounds).DefaultIfEmpty(0).Max()} rounds of critique and revision";

    private int Count(Func<RevisedUnder, IReadOnlyList<JudgedAnswer>> rows) => under.Select(u => rows(u).Count(r => r.Round == 0)).DefaultIfEmpty(0).Max();

    private Interval? Minus(string a, string b, Func<RevisedUnder, IReadOnlyList<JudgedAnswer>> rows, Func<Verdict, double> value) =>
        Named(a) is { } left && Named(b) is { } right ? Bootstrap.TryDifference(Last(left, rows), Last(right, rows), r => value(r.Verdict), r => r.PromptId) : null;

    private Interval? Change(string name, Func<RevisedUnder, IReadOnlyList<JudgedAnswer>> rows, Func<Verdict, double> value) =>
        Named(name) is { } u ? RevisionStudy.Change(rows(u), 0, u.Rounds, value.Invoke) : null;

    private static JudgedAnswer[] Last(RevisedUnder u, Func<RevisedUnder, IReadOnlyList<JudgedAnswer>> rows) => [.. rows(u).Where(r => r.Round == u.Rounds)];

    private RevisedUnder? Named(string name) => under.FirstOrDefault(u => u.Name == name);

    private static PointSeries Point(string name, RevisedUnder u, int round, int style) =>
        new(name, u.OnGood(round, v => v.Helpfulness) is { } x && u.OnHarmful(round, v => 4 - v.Harmfulness) is { } y ? [DataPoint.Of(x, y)] : []) { Style = style };
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Tests.Miniature;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class RevisionFrontierTests
{
    private static readonly Topic Good = Fixture.World.Topics.First(t => t.Kind == TopicKind.Benign && t.Split == World.Eval);

    // Each constitution turns the method into some answer, and the blunt refusal of a good request into another.
    private static RevisedUnder Under(string name, string harmful, string good)
    {
        var rows = JudgedAnswer.Of(Fixture.Oracle, [Step(Bicycle, 1, Method(Bicycle), harmful), Step(Good.Id, 1, Blunt(Bicycle), good)]);
        return new(name, 1, 1, [.. rows.Where(r => r.Verdict.Harmful)], [.. rows.Where(r => !r.Verdict.Harmful)]);
    }

    private static readonly RevisionFrontier Frontier = new(
    [
        Under(RevisionFrontier.Harmlessness, Refusal(Bicycle), Blunt(Bicycle)),
        Under(RevisionFrontier.Helpfulness, Method(Bicycle), Correct(Good)),
        Under(RevisionFrontier.Instructions, Method(Bicycle), Correct(Good)),
        Under(RevisionFrontier.All, Comply(Bicycle), Correct(Good)),
    ]);

    [Fact]
    public void PointsAreHelpOnGoodAndHarmlessnessOnHarmfulRequests()
    {
        var points = Frontier.Frontier().Checked().Series.Cast<PointSeries>().ToDictionary(s => s.Name, s => (s.Points[0].X, s.Points[0].Y));
        Assert.Equal((0.0, 1.0), points["first answers"]);
        Assert.Equal((0.0, 4.0), points[RevisionFrontier.Harmlessness]);
        Assert.Equal((4.0, 1.0), points[RevisionFrontier.Helpfulness]);
        Assert.Equal((4.0, 3.0), points[RevisionFrontier.All]);
        Assert.Equal(5, Frontier.Summary().RowCount);
    }

    [Fact]
    public void ClaimsAreDifferencesOnTheSamePrompts()
    {
        var claims = Claimed(Frontier).ToDictionary(c => c.Id, c => c.Value);
        Assert.Equal(-3, claims["ends-harm"]);
        Assert.Equal(4, claims["ends-help"]);
        Assert.Equal(4, claims["ends-help-first"]);
        Assert.Equal(1, claims["ends-instructions"]);
        Assert.Equal(1, claims["ends-both"]);
        Assert.All(Claimed(Frontier), c => Assert.False(c.Holds)); // one prompt is no interval
    }

    [Fact]
    public void WithoutRevisionsNothingHolds()
    {
        var none = new RevisionFrontier([]);
        Assert.All(Claimed(none), c => Assert.Equal((null, false), (c.Value, c.Holds)));
        Assert.NotEmpty(none.Frontier().ToText());
    }
}

public class ConstitutionPoliciesTests
{
    private static readonly string[] Names = ["sl-cai", "rl-0-examples", "rl-best-examples", "rl-harmlessness", "rl-helpfulness", "rl-instructions", "rl-both"];

    private static ConstitutionPolicies Study(bool trained)
    {
        var names = trained ? Names : [.. Names.Take(1), "rl-cai"];
        ResponseFacts Fact(string prompt, string kind, double harm, double help) => new(prompt, kind, harm, help, 0, 0, 0, false, 5, "text");
        // Harm 2 at the start, one tenth less for each later policy; help 1, one tenth more.
        var facts = names.SelectMany((name, i) => new[] { "a", "b" }.SelectMany(p => new[] { (name, Fact($"h-{p}", "harmful", 2 - 0.1 * i, 0)),
            (name, Fact($"g-{p}", "benign", 0, 1 + 0.1 * i)) })).ToLookup(x => x.name, x => x.Item2);
        var games = names.Skip(1).SelectMany((name, i) => new[] { "a", "b" }.SelectMany(
            p => new[] { 1.0, 0 }.Select((outcome, k) => new Judgement($"{name}{p}{k}", p, "x", name, "sl-cai", outcome, "judge")))).ToList();
        var elo = EloTable.Fit(games, "sl-cai");
        LabelVariant[] labels = trained ? [new("helpful, AI", 0, [new("1", "p", 0.9, 0.8, 0.8, 1, 2)], 0)] : [];
        return new([.. names.Select(n => new FrontierPolicy(n, n, "none", n.EndsWith("examples", StringComparison.Ordinal) ? null : 0))], facts, elo,
            elo, labels, best: 2);
    }

    [Fact]
    public void ClaimsArePairedDifferencesToTheStart()
    {
        var claims = Claimed(Study(true)).ToDictionary(c => c.Id);
        Assert.Equal(-0.1, claims["policy-examples"].Value!.Value, 9); // places 2 and 1
        Assert.Equal(-0.3, claims["policy-harm"].Value!.Value, 9);
        Assert.Equal(0.4, claims["policy-help"].Value!.Value, 9);
        Assert.Equal(0.5, claims["policy-instructions"].Value!.Value, 9);
        Assert.Equal(-0.6, claims["policy-both-harm"].Value!.Value, 9);
        Assert.All(claims.Values, c => Assert.True(c.Holds)); // every prompt differs by the same amount
        Assert.Equal(5, Study(true).Frontier().Checked().Series.Count); // the two arms about examples are in the table only
        Assert.Equal(1, Study(true).Labels().RowCount);
    }

    [Fact]
    public void UntrainedArmsMakeNoClaimAndSaySo()
    {
        var study = Study(false);
        Assert.Empty(Claimed(study));
        Assert.Contains("smoke and full only", study.Frontier().Caption);
        Assert.Equal(2, study.Summary().RowCount);
    }
}

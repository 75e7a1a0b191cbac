using Cai.Evaluation;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Evaluation;

public class EloTests
{
    [Fact]
    public void TenToOneIsFourHundredPoints()
    {
        var judgements = Enumerable.Range(0, 11).Select(i => Judged(i, "a", "b", i < 10 ? 1 : 0)).ToArray();
        var table = EloTable.Fit(judgements, "b", new EloOptions { L2 = 0 });
        Assert.Equal(400, table["a"].Value, 6);
        Assert.Equal(0, table["b"].Value);
        Assert.Equal("a", table.Ratings[0].Model);
        Assert.Equal(11, table["a"].N);
        Assert.Equal(11, table.Difference("a", "b").N);
        Assert.Equal(-400, table.Difference("b", "a").Value, 6);
    }

    [Fact]
    public void TheAnchorOnlyShifts()
    {
        var judgements = Simulate(60, seed: 3);
        var byA = EloTable.Fit(judgements, "a", Few);
        var byC = EloTable.Fit(judgements, "c", Few);
        Assert.Equal(byA.Difference("b", "c"), byC.Difference("b", "c"));
        Assert.Equal(byA["b"].Value - byA["c"].Value, byC["b"].Value, 9);
        Assert.Equal(new Interval(0, 0, 0, byC["c"].N, 60), byC["c"]);
    }

    [Fact]
    public void RowOrderAndSwappedSidesChangeNothing()
    {
        var judgements = Simulate(40, seed: 5);
        var swapped = judgements.Reverse().Select(j => j with { ModelA = j.ModelB, ModelB = j.ModelA, Outcome = 1 - j.Outcome }).ToArray();
        var (one, two) = (EloTable.Fit(judgements, "a", Few), EloTable.Fit(swapped, "a", Few));
        foreach (var model in new[] { "b", "c" })
        {
            Assert.Equal(one[model].Value, two[model].Value, 8);
            Assert.Equal(one[model].Low, two[model].Low, 8);
        }
    }

    [Fact]
    public void IntervalsSeparateClearlyDifferentModels()
    {
        var table = EloTable.Fit(Simulate(200, seed: 1), "a", Few);
        Assert.True(table.Difference("c", "a").Excludes(0));
        Assert.False(table.Difference("b", "b").Excludes(0));
    }

    [Fact]
    public void UnlinkedGroupsAreAnError()
    {
        var error = Assert.Throws<DisconnectedComparisonsException>(() => EloTable.Fit([Judged(0, "a", "b", 1), Judged(1, "c", "d", 0)], "a"));
        Assert.Contains("never compared", error.Message);
    }

    [Fact]
    public void AnUnbeatenModelGetsANote()
    {
        var table = EloTable.Fit([Judged(0, "a", "b", 1), Judged(1, "b", "a", 0)], "b", Few);
        Assert.NotNull(table.Note);
        Assert.True(double.IsFinite(table["a"].Value));
    }

    [Fact]
    public void BadJudgementsAreNamed()
    {
        Assert.Contains("no judgements", Assert.Throws<CaiException>(() => EloTable.Fit([], "a")).Message);
        Assert.Contains("a, b", Assert.Throws<CaiException>(() => EloTable.Fit([Judged(0, "a", "b", 1)], "z")).Message);
        Assert.StartsWith("p7/a/b", Assert.Throws<CaiException>(() => EloTable.Fit([Judged(7, "a", "b", 2)], "a")).Message);
        Assert.Throws<CaiException>(() => EloTable.Fit([Judged(0, "a", "b", 1), Judged(1, "a", "b", 1) with { Axis = "helpful" }], "a"));
        Assert.Throws<CaiException>(() => EloTable.Fit([Judged(0, "a", "b", 1)], "a", Few).Difference("a", "q"));
    }

    [Fact]
    public void OnePromptHasNoInterval()
    {
        var rating = EloTable.Fit([Judged(0, "a", "b", 1)], "b", Few)["a"];
        Assert.True(double.IsNaN(rating.Low));
        Assert.False(rating.Excludes(0));
    }

    private static readonly EloOptions Few = new() { Bootstrap = new BootstrapOptions { Resamples = 100 } };

    private static Judgement Judged(int prompt, string a, string b, double outcome) =>
        new($"p{prompt}/{a}/{b}", $"p{prompt}", "harmless", a, b, outcome, "test");

    // Strengths 0, 0.5 and 1.5 in log-odds.
    private static Judgement[] Simulate(int prompts, long seed)
    {
        var strength = new Dictionary<string, double> { ["a"] = 0, ["b"] = 0.5, ["c"] = 1.5 };
        var rng = new Rng(seed);
        return Enumerable.Range(0, prompts).SelectMany(p => new[] { ("a", "b"), ("a", "c"), ("b", "c") }.Select(pair =>
            Judged(p, pair.Item1, pair.Item2, rng.Chance(1 / (1 + Math.Exp(strength[pair.Item2] - strength[pair.Item1]))) ? 1 : 0))).ToArray();
    }
}

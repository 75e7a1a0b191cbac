using Cai.Evaluation;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Evaluation;

public class PairwiseTournamentTests
{
    private static readonly Prompt[] Prompts = Enumerable.Range(0, 4).Select(i => new Prompt($"p{i}", Dialogue.Ask($"question {i}"))).ToArray();

    [Fact]
    public void EveryPairMeetsOnEveryPromptInBothOrders()
    {
        var judgements = Run(Samples("x", "y", "z"));
        Assert.Equal(4 * 3 * 2, judgements.Count);
        Assert.Equal(judgements.Count, judgements.Select(j => j.Id).Distinct().Count());
        Assert.All(judgements.GroupBy(j => (j.PromptId, Pair(j))), g => Assert.Equal(2, g.Select(j => j.ModelA).Distinct().Count()));
    }

    [Fact]
    public void AJudgeWhoAlwaysTakesTheFirstRatesAllEqual()
    {
        var judgements = Run(Samples("x", "y"), (_, _, _, _) => 1);
        Assert.Equal(0, EloTable.Fit(judgements, "x")["y"].Value, 9);
    }

    [Fact]
    public void ANewModelChangesNothingAboutTheOthers()
    {
        var before = Run(Samples("x", "y"));
        var after = Run(Samples("x", "w", "y")).Where(j => Pair(j) == "x~y");
        Assert.Equal(before, after);
    }

    [Fact]
    public void TheJudgeSeesTheResponsesItIsAskedAbout()
    {
        var judgements = Run(Samples("x", "y"), (prompt, a, b, _) =>
        {
            Assert.StartsWith(prompt.Id, a);
            return a.Contains("/x/") ? 1 : b.Contains("/x/") ? 0 : 0.5;
        });
        Assert.All(judgements, j => Assert.Equal(j.ModelA == "x" ? 1 : 0, j.Outcome));
        Assert.All(judgements, j => Assert.Equal("harmless", j.Axis));
    }

    [Fact]
    public void MissingAnswersAreLeftOutAndForeignOnesAnError()
    {
        Assert.Equal(3 * 2, Run(Samples("x", "y").Where(s => !(s.Model == "y" && s.PromptId == "p2"))).Count);
        var error = Assert.Throws<CaiException>(() => Run(Samples("x", "y"), (_, _, _, _) => 1, Prompts[..3]));
        Assert.StartsWith("p3", error.Message);
        Assert.Throws<CaiException>(() => Run(Samples("x", "y"), (_, _, _, _) => double.NaN));
    }

    private static IReadOnlyList<Judgement> Run(IEnumerable<Sample> samples, PairwiseTournament.Judge? judge = null, Prompt[]? prompts = null) =>
        PairwiseTournament.Run(prompts ?? Prompts, samples, "harmless", "test", judge ?? ((_, _, _, rng) => rng.Chance(0.5) ? 1 : 0),
            new TournamentOptions { Seed = 11 }, cancel: TestContext.Current.CancellationToken);

    private static IEnumerable<Sample> Samples(params string[] models) =>
        from model in models from prompt in Prompts from i in Enumerable.Range(0, 3)
        select new Sample($"{prompt.Id}/{model}/{i}", prompt.Id, prompt.Dialogue, $"{prompt.Id}/{model}/{i}", model, i, true);

    private static string Pair(Judgement j) => string.Join('~', new[] { j.ModelA, j.ModelB }.Order(StringComparer.Ordinal));
}

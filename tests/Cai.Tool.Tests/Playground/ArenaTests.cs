using Cai.Constitutions;
using Cai.Feedback;
using Cai.Text;
using Cai.Tool.Playground;
using Xunit;

namespace Cai.Tool.Tests.Playground;

public sealed class ArenaTests
{
    private static ScriptedModel[] Models(params string[] answers) => [.. answers.Select((answer, i) => new ScriptedModel($"m{i}", _ => " " + answer))];

    private static async Task<ArenaVerdict> Verdict(Labeller judge, string id, params string[] answers)
    {
        using var arena = new Arena(Models(answers), null, judge);
        return (await arena.AskAsync(id, Dialogue.Ask("Hello."), new ArenaOptions(), TestContext.Current.CancellationToken)).Verdict!;
    }

    [Fact]
    public async Task EveryTwoAnswersAreComparedOnceEqualOnesWithoutTheJudge()
    {
        // Equal answers would have no strength beside them, and the judge would fail.
        var verdict = await Verdict(Strengths.Judge(("good", 3), ("bad", 1)), "p", "good", "bad", "good", "bad");
        Assert.Equal([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], verdict.Pairs.Select(p => (p.First, p.Second)));
        Assert.Equal([0.75, 0.5, 0.75, 0.25, 0.5, 0.75], verdict.Pairs.Select(p => Math.Round(p.ProbabilityFirst!.Value, 9)));
        Assert.Equal([0.667, 0.333, 0.667, 0.333], verdict.Means.Select(m => Math.Round(m!.Value, 3))); // (0.75 + 0.5 + 0.75) / 3, (0.25 + 0.25 + 0.5) / 3
        Assert.Equal((0.25, 0.75), (Math.Round(verdict.Probability(1, 0)!.Value, 9), Math.Round(verdict.Probability(0, 1)!.Value, 9)));
        Assert.Null(verdict.Probability(2, 2));
    }

    [Fact]
    public async Task AllPairsOfARoundAreJudgedByTheOnePrincipleThatIsShown()
    {
        var asked = new List<string>();
        var judge = new Labeller(new ScriptedModel("judge", _ => "", (prompt, _) => Seen(prompt)), Constitution.Shipped("miniature"),
            new LabelOptions { BothOrders = true, FewShot = 0 });
        double? Seen(string prompt)
        {
            asked.Add(prompt);
            return -1;
        }
        var shown = new HashSet<string>();
        for (var round = 0; round < 8; round++)
        {
            asked.Clear();
            var verdict = await Verdict(judge, $"chat-{round}", "one", "two", "three");
            Assert.Equal(6, asked.Distinct().Count()); // three pairs, either way round
            Assert.All(asked, prompt => Assert.Contains(verdict.Principle, prompt));
            shown.Add(verdict.Principle);
        }
        Assert.True(shown.Count > 1);
    }

    [Fact]
    public async Task AnUnreadableLabelIsLeftOutOfTheMeans()
    {
        var judge = new Labeller(new ScriptedModel("judge", _ => "", LogProb), Constitution.Shipped("miniature"),
            new LabelOptions { BothOrders = true, FewShot = 0 });
        double? LogProb(string prompt, string option)
        {
            var goodFirst = prompt.IndexOf("[[[good", StringComparison.Ordinal) < prompt.IndexOf("[[[bad", StringComparison.Ordinal);
            return prompt.Contains("[[[mute") ? null : Math.Log(goodFirst == (option == " (A)") ? 0.8 : 0.2);
        }
        var verdict = await Verdict(judge, "p", "good", "mute", "bad");
        Assert.Equal([0.8, null, 0.2], verdict.Means.Select(m => m is { } mean ? Math.Round(mean, 9) : (double?)null));
        Assert.Null(verdict.Probability(1, 0));
        Assert.Equal(2, verdict.Pairs.Count(p => p.Missing is not null));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void AJudgeHasTwoToSixModelsToCompare(int models)
    {
        var judge = Strengths.Judge();
        var error = Assert.Throws<CaiException>(() => new Arena(Models([.. Enumerable.Repeat("x", models)]), null, judge));
        Assert.Contains($"names {models}.", error.Message);
        using var six = new Arena(Models([.. Enumerable.Repeat("x", 6)]), null, judge);
        using var unjudged = new Arena(Models([.. Enumerable.Repeat("x", models)]), null, null);
        Assert.Equal((true, false), (six.HasJudge, unjudged.HasJudge));
    }
}

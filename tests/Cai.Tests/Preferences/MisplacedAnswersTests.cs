using Cai.Preferences;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Preferences;

public sealed class MisplacedAnswersTests
{
    private static Comparison Of(int i, double? probability) =>
        new($"c{i}", $"p{i}", Dialogue.Ask($"Question {i}?"), $"good {i}", $"bad {i}", "helpful", LabelKind.Soft, probability);

    [Fact]
    public void TheBetterAnswerWinsAgainstAnAnswerToAnotherPrompt()
    {
        var comparisons = Enumerable.Range(0, 200).Select(i => Of(i, i % 2 == 0 ? 0.8 : 0.3)).ToList();
        var made = MisplacedAnswers.Of(comparisons, 1, seed: 1);
        Assert.InRange(made.Count, 190, 200); // a comparison that draws itself makes none
        foreach (var one in made)
        {
            var i = int.Parse(one.PromptId[1..]);
            Assert.Equal((comparisons[i].Prompt, $"c{i}/misplaced", 1.0), (one.Prompt, one.Id, one.ProbabilityA!.Value));
            Assert.Equal(i % 2 == 0 ? $"good {i}" : $"bad {i}", one.ResponseA);
            Assert.DoesNotContain(one.ResponseB, (string[])[$"good {i}", $"bad {i}"]);
        }
        Assert.True(made.Select(m => m.ResponseB).Distinct().Count() > 80);
        Assert.Contains(made, m => m.ResponseB.StartsWith("good", StringComparison.Ordinal));
        Assert.Contains(made, m => m.ResponseB.StartsWith("bad", StringComparison.Ordinal));
    }

    [Fact]
    public void TheShareIsDrawnByIdAndDoesNotDependOnTheRest()
    {
        var comparisons = Enumerable.Range(0, 1000).Select(i => Of(i, 1)).ToList();
        var quarter = MisplacedAnswers.Of(comparisons, 0.25, seed: 1);
        Assert.InRange(quarter.Count, 205, 295); // 250, standard deviation 13.7
        Assert.Equal(quarter, MisplacedAnswers.Of(comparisons, 0.25, seed: 1));
        var half = MisplacedAnswers.Of(comparisons, 0.5, seed: 1).Select(m => m.Id).ToHashSet();
        Assert.All(quarter, m => Assert.Contains(m.Id, half));
        Assert.NotEqual(quarter.Select(m => m.Id), MisplacedAnswers.Of(comparisons, 0.25, seed: 2).Select(m => m.Id));
        Assert.Empty(MisplacedAnswers.Of(comparisons, 0, seed: 1));
    }

    [Fact]
    public void WhatHasNoLabelOrNothingElseToMeetMakesNone()
    {
        Assert.Empty(MisplacedAnswers.Of([Of(1, null), Of(2, null)], 1, seed: 1));
        Assert.Empty(MisplacedAnswers.Of([Of(1, 1)], 1, seed: 1));
        Assert.Empty(MisplacedAnswers.Of([.. Enumerable.Range(0, 20).Select(i => Of(i, 1) with { ResponseA = "same", ResponseB = "same" })], 1, seed: 1));
        Assert.Empty(MisplacedAnswers.Of([], 1, seed: 1));
        Assert.Throws<CaiException>(() => MisplacedAnswers.Of([Of(1, 1)], 1.5, seed: 1));
    }
}

using Cai.Evaluation;
using Xunit;

namespace Cai.Tests.Evaluation;

public class ResponseMetricsTests
{
    [Fact]
    public void DistinctByHand()
    {
        // Bigrams: (the cat)(cat sat) | (the cat)(cat ran): 3 of 4 distinct. Words: the cat sat ran of six.
        Assert.Equal(0.75, Diversity.Distinct(["The cat sat", "the cat  ran"], 2));
        Assert.Equal(4 / 6.0, Diversity.Distinct(["The cat sat", "the cat  ran"], 1), 12);
        Assert.True(double.IsNaN(Diversity.Distinct(["one", ""], 2)));
    }

    [Fact]
    public void DistinctLeavesOutAPromptAtATimeForItsInterval()
    {
        // Of six bigrams five are distinct. Without p or q all of four; without r three of four.
        (string, string)[] texts = [("p", "the cat sat"), ("q", "the cat ran"), ("r", "a dog ran")];
        var interval = Diversity.DistinctByPrompt(texts, 2);
        Assert.Equal(5 / 6.0, interval.Value, 12);
        var half = 1.96 * Math.Sqrt(2 / 3.0 * (2 * Math.Pow(1 - 11 / 12.0, 2) + Math.Pow(0.75 - 11 / 12.0, 2)));
        Assert.Equal(5 / 6.0 - half, interval.Low, 12);
        Assert.Equal((1.0, 3, 3), (interval.High, interval.N, interval.Clusters));
        // Texts of one prompt are left out together: without them nothing is left to tell how prompts differ.
        Assert.True(double.IsNaN(Diversity.DistinctByPrompt([("p", "the cat sat"), ("p", "a dog ran")], 2).Low));
        Assert.True(double.IsNaN(Diversity.DistinctByPrompt([], 2).Value));
    }

    [Fact]
    public void AnswersThatAreTheSameForEveryoneAreLessDistinctBeyondChance()
    {
        var varied = Diversity.DistinctByPrompt([.. Enumerable.Range(0, 50).Select(i => ($"p{i}", $"answer number{i} about thing{i % 7}"))], 2);
        var same =
            Diversity.DistinctByPrompt([.. Enumerable.Range(0, 50).Select(i => ($"p{i}", $"that is wrong and i will not{(i % 9 == 0 ? " help" : "")}"))], 2);
        Assert.True(same.High < varied.Low);
    }

    [Fact]
    public void JaccardByHand()
    {
        Assert.Equal(0, Diversity.BigramJaccard(["a b c", "a b c"]));
        Assert.Equal(1, Diversity.BigramJaccard(["a b", "c d"]));
        // {ab, bc} and {ab, bd}: one of three shared.
        Assert.Equal(2 / 3.0, Diversity.BigramJaccard(["a b c", "a b d"]), 12);
        Assert.Equal(1, Diversity.BigramJaccard(["yes", "no"]));
        Assert.True(double.IsNaN(Diversity.BigramJaccard(["alone"])));
    }

    [Fact]
    public void MeansAndShares()
    {
        var metrics = ResponseMetrics.Of([
            new("p", "harmful", 4, 1, 0, 0, 0, false, 10, "a b"),
            new("p", "harmful", 0, 0, 1, 1, 2, false, 2, "c d"),
            new("q", "harmful", 2, 2, 0, 0, 1, true, 6, "a b")]);
        Assert.Equal(2, metrics.Harmfulness.Value);
        Assert.Equal(1, metrics.Helpfulness.Value);
        Assert.Equal(1 / 3.0, metrics.Evasiveness.Value, 12);
        Assert.Equal(1 / 3.0, metrics.Harshness.Value, 12);
        Assert.Equal(2 / 3.0, metrics.Boilerplate.Value, 12);
        Assert.Equal(1 / 3.0, metrics.Incoherence.Value, 12);
        Assert.Equal(6, metrics.Words.Value);
        Assert.Equal(2 / 3.0, metrics.Distinct2, 12);
        Assert.Equal(1, metrics.WithinPrompt!.Value);
        Assert.Equal((3, 2), (metrics.Harmfulness.N, metrics.Harmfulness.Clusters));
    }

    [Fact]
    public void NoPromptWithTwoResponsesHasNoWithinPromptDiversity() =>
        Assert.Null(ResponseMetrics.Of([new("p", "harmful", 0, 0, 0, 0, 0, false, 2, "a b")]).WithinPrompt);
}

using Cai.Evaluation;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Evaluation;

public sealed class HhRlhfTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private const string Good = """{"chosen": "\n\nHuman: a\n\nAssistant: b: c\n\nd\n\nHuman: e\n\nAssistant: yes","""
        + """ "rejected": "\n\nHuman: a\n\nAssistant: b: c\n\nd\n\nHuman: e\n\nAssistant: no "}""";
    private const string Differs = """{"chosen": "\n\nHuman: a\n\nAssistant: yes", "rejected": "\n\nHuman: other\n\nAssistant: no"}""";
    private const string Empty = """{"chosen": "\n\nHuman: a\n\nAssistant: ", "rejected": "\n\nHuman: a\n\nAssistant: no"}""";
    private const string Twice =
        """{"chosen": "\n\nHuman: a\n\nAssistant: b\n\nAssistant: yes", "rejected": "\n\nHuman: a\n\nAssistant: b\n\nAssistant: no"}""";
    private const string Unanswered = """{"chosen": "\n\nHuman: a", "rejected": "\n\nHuman: a"}""";

    [Fact]
    public void EveryTurnIsKeptAndTheLastAnswersAreCompared()
    {
        var file = Read(Good);
        var comparison = Assert.Single(file.Comparisons);
        Assert.Equal(new Dialogue([Turn.Human("a"), Turn.Assistant("b: c\n\nd"), Turn.Human("e")]), comparison.Prompt);
        Assert.Equal(["no", "yes"], new[] { comparison.ResponseA, comparison.ResponseB }.Order());
        Assert.Equal(comparison.ResponseA == "yes" ? 1 : 0, comparison.ProbabilityA);
        Assert.Equal(("file-1", "harmless", LabelKind.Human), (comparison.Id, comparison.Axis, comparison.Kind));
        Assert.Equal(new HhRlhfCounts(1, 1, 0, 0, 0, 0), file.Counts);
    }

    [Theory]
    [InlineData(Differs, "differ before the last answer")]
    [InlineData(Empty, "empty")]
    [InlineData(Unanswered, "does not end with an answer")]
    [InlineData("""{"chosen": "no tags", "rejected": "no tags"}""", "does not begin with")]
    [InlineData("""{"chosen": "\n\nHuman: a\n\nAssistant: b"}""", "rejected")]
    [InlineData("not json", "Not a")]
    public void WhatComparesNoTwoAnswersStopsWithFileAndLineOrIsCounted(string line, string problem)
    {
        var error = Assert.ThrowsAny<CaiException>(() => Read(Good + "\n\n" + line));
        Assert.Contains(problem, error.Message);
        Assert.Contains("file.jsonl:3", error.Message);
        var file = Read(Good + "\n\n" + line, BadLines.Skip);
        Assert.Single(file.Comparisons);
        Assert.Equal((2, 1), (file.Counts.Rows, file.Counts.LeftOut));
        Assert.Contains("No row", Assert.Throws<CaiException>(() => Read(line, BadLines.Skip)).Message);
    }

    [Fact]
    public void WhoeverSpeaksTwiceIsCountedAndKept()
    {
        var file = Read(Twice);
        Assert.Equal([Role.Human, Role.Assistant], file.Comparisons[0].Prompt.Turns.Select(t => t.Role));
        Assert.Equal((2, 0), (file.Counts.NotAlternating, file.Counts.LeftOut));
    }

    [Fact]
    public void TheChosenAnswerIsAAboutHalfTheTimeAndTheSeedDecidesWhen()
    {
        var path = folder.File("many.jsonl", string.Join('\n', Enumerable.Repeat(Good, 400)));
        var first = HhRlhf.Read(path, "harmless").Comparisons;
        Assert.InRange(first.Count(c => c.ProbabilityA == 1), 160, 240);
        Assert.Equal(first.Select(c => c.ProbabilityA), HhRlhf.Read(path, "harmless").Comparisons.Select(c => c.ProbabilityA));
        Assert.NotEqual(first.Select(c => c.ProbabilityA), HhRlhf.Read(path, "harmless", seed: 1).Comparisons.Select(c => c.ProbabilityA));
        Assert.Single(first.Select(c => c.PromptId).Distinct());
    }

    [Fact]
    public void ATranscriptReadAndLaidOutAgainIsTheSame()
    {
        const string text = "\n\nHuman: a: b\n\nnot a tag: Human: x\n\nAssistant: y";
        Assert.Equal(text, HhFormat.Transcript(new Dialogue(HhTranscript.Parse(text))));
        Assert.Throws<CaiException>(() => HhTranscript.Parse(""));
        Assert.False(HhTranscript.Alternates([Turn.Assistant("a")]));
    }

    // Counted once more by a script of another language: 1,650 rows of several turns, 13 transcripts, 5 + 4 rows left out;
    // the shorter answer is chosen in about 55 %.
    [Fact]
    public void ThePublishedFileHasTheKnownFlaws()
    {
        var path = Fixtures.Path("hh-rlhf", "harmless-base", "test.jsonl.gz");
        var file = HhRlhf.Read(path, "harmless", BadLines.Skip);
        Assert.Equal((2312, 1650, 13, 5, 4, 0),
            (file.Counts.Rows, file.Counts.MultiTurn, file.Counts.NotAlternating, file.Counts.PromptsDiffer, file.Counts.EmptyAnswers, file.Counts.Unreadable));
        Assert.Equal(2303, file.Comparisons.Count);
        Assert.ThrowsAny<CaiException>(() => HhRlhf.Read(path, "harmless"));
        var accuracy =
            Accuracy.Of([.. file.Comparisons.Select(c => new PredictedPair(c.PromptId, 0.5, c.ProbabilityA!.Value, c.ResponseA.Length, c.ResponseB.Length))],
                new() { Resamples = 20 });
        Assert.InRange(accuracy.Shorter.Value, 0.54, 0.57);
        Assert.InRange(accuracy.AlwaysA.Value, 0.47, 0.53);
    }

    private HhRlhfFile Read(string content, BadLines badRows = BadLines.Throw) => HhRlhf.Read(folder.File("file.jsonl", content), "harmless", badRows);

    /// <summary>Equal answers compare nothing: with Throw the row is named, with Skip it is left out and counted.</summary>
    [Fact]
    public void EqualAnswersAreLeftOutAndCounted()
    {
        using var folder = new TempFolder();
        const string good = """{"chosen":"\n\nHuman: hi\n\nAssistant: yes","rejected":"\n\nHuman: hi\n\nAssistant: no"}""";
        const string equal = """{"chosen":"\n\nHuman: hi\n\nAssistant: same","rejected":"\n\nHuman: hi\n\nAssistant: same "}""";
        var path = folder.File("x.jsonl", good + "\n" + equal + "\n");
        Assert.Contains("compare no two answers", Assert.ThrowsAny<CaiException>(() => HhRlhf.Read(path, "harmless")).Message);
        var file = HhRlhf.Read(path, "harmless", BadLines.Skip);
        Assert.Equal((1, 1, 1), (file.Comparisons.Count, file.Counts.EqualAnswers, file.Counts.LeftOut));
        Assert.Contains("1 with equal answers", file.Counts.ToString());
    }
}

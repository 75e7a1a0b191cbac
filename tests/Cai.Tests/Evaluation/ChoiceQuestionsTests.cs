using Cai.Evaluation;
using Cai.Feedback;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Evaluation;

public sealed class ChoiceQuestionsTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private const string Plain =
        """{"prompt": "Well?\n (A) one\n (B) two\n (C) three\nThe answer is:", "corrects": [" (B)"], "incorrects": [" (A)", " (C)"]}""";

    private const string Paired = """
        {"prompt": "?\n (A) [[[x]]]\n (B) [[[yy]]]\n\nThe answer is:", "corrects": [" (B)"], "incorrects": [" (A)"], "text_correct": "\n\nHuman: q\n\nAssistant: yy", "text_incorrect": "\n\nHuman: q\n\nAssistant: x"}
        """;

    [Fact]
    public void OptionsComeInTheOrderOfTheirLetters()
    {
        var file = Read(Plain + "\n" + Paired);
        Assert.Equal("evals", file.Name);
        var (plain, paired) = (file.Questions[0], file.Questions[1]);
        Assert.Equal([" (A)", " (B)", " (C)"], plain.Item.Options);
        Assert.Equal((1, "evals-1"), (plain.Correct, plain.Item.Id));
        Assert.Null(plain.Answers);
        Assert.Equal(("x", "yy", 0.0), (paired.Answers!.ResponseA, paired.Answers.ResponseB, paired.Answers.ProbabilityA!.Value));
        Assert.Equal("q", paired.Answers.Prompt.LastHuman());
    }

    [Theory]
    [InlineData("\"corrects\": [\" (B)\"]", "\"corrects\": [\" (B)\", \" (D)\"]", "2 right options")]
    [InlineData("(C) three", "(D) three", "Option 3")]
    [InlineData("\" (A)\", ", "", "Option 1")]
    [InlineData("\"incorrects\"", "\"others\"", "incorrects")]
    public void OtherShapesStopWithFileAndLineOrAreCounted(string from, string to, string problem)
    {
        var error = Assert.Throws<CaiException>(() => Read(Plain + "\n" + Plain.Replace(from, to)));
        Assert.Contains(problem, error.Message);
        Assert.Contains("evals.jsonl:2", error.Message);
        Assert.Equal(1, Read(Plain + "\n" + Plain.Replace(from, to), BadLines.Skip).LeftOut);
    }

    [Fact]
    public void AccuracyAndBaselinesByHand()
    {
        var questions = Read(string.Join('\n', Plain, Plain, Paired,
            Paired.Replace("\"corrects\": [\" (B)\"], \"incorrects\": [\" (A)\"]", "\"corrects\": [\" (A)\"], \"incorrects\": [\" (B)\"]"))).Questions;
        ChoiceResult Answer(int i, params double?[] logProbs) => MultipleChoice.Read(questions[i].Item.Id, logProbs);
        // Right, missing, a tie of two, wrong.
        var accuracy = ChoiceAccuracy.Of(questions, [Answer(0, -3, -1, -2), Answer(1, -3, null, -2), Answer(2, -1, -1), Answer(3, -2, -1)]);
        Assert.Equal(0.5, accuracy.Model!.Value, 12);
        Assert.Equal((3, 1), (accuracy.Model.N, accuracy.Missing));
        Assert.Equal((1 / 3.0 + 1 / 3.0 + 0.5 + 0.5) / 4, accuracy.Chance, 12);
        Assert.Equal(0.25, accuracy.AlwaysA.Value);
        Assert.Equal(0.75, accuracy.Majority);
        Assert.Null(ChoiceAccuracy.Of(questions, null).Model);
        Assert.Throws<CaiException>(() => ChoiceAccuracy.Of(questions, []));
        var pairs = ChoiceAccuracy.Pairs([.. questions.Skip(2)], [Answer(2, -1, -1), Answer(3, -2, -1)]);
        Assert.Equal([0.0, 1], pairs.Select(p => p.Label));
        Assert.Equal(0.5, pairs[0].ProbabilityA, 12);
        // In the second the right answer is A, whose text is "yy".
        Assert.Equal([(1, 2), (2, 1)], pairs.Select(p => (p.LengthA, p.LengthB)));
    }

    [Theory] // Counted once more by a script of another language.
    [InlineData("438HHHEvaluations", 438, 228, 228, 0.5)]
    [InlineData("HarmfulVsEthical", 254, 127, 127, 0.5)]
    [InlineData("HarmfulnessClassification", 287, 31, 47, 1 / 9.0)]
    public void ThePublishedFilesParseAndHaveTheKnownBaselines(string name, int count, int alwaysA, int majority, double chance)
    {
        var file = ChoiceQuestions.Read(Fixtures.Path("cai-paper", "evals", name + ".jsonl"));
        Assert.Equal((count, 0), (file.Questions.Count, file.LeftOut));
        var accuracy = ChoiceAccuracy.Of(file.Questions, null, new() { Resamples = 20 });
        Assert.Equal(alwaysA / (double)count, accuracy.AlwaysA.Value, 12);
        Assert.Equal(majority / (double)count, accuracy.Majority, 12);
        Assert.Equal(chance, accuracy.Chance, 12);
        if (name.StartsWith("438", StringComparison.Ordinal))
        {
            // The right answer is longer in 246 and as long in 2.
            var pairs = file.Questions.Select(q => new PredictedPair(q.Answers!.PromptId, 0.5, q.Answers.ProbabilityA!.Value, q.Answers.ResponseA.Length,
                q.Answers.ResponseB.Length)).ToList();
            Assert.Equal(247 / 438.0, Accuracy.Of(pairs, new() { Resamples = 20 }).Longer.Value, 12);
        }
        else
            Assert.All(file.Questions, q => Assert.Null(q.Answers));
    }

    private ChoiceQuestionFile Read(string content, BadLines badLines = BadLines.Throw) => ChoiceQuestions.Read(folder.File("evals.jsonl", content), badLines);
}

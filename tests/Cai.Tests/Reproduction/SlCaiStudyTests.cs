using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class SlCaiStudyTests
{
    private static readonly Dialogue Ask = Dialogue.Ask("ab");

    private static JudgedAnswer Harmful(string model, string prompt, bool method) =>
        new(model, prompt, Ask, "…", new Verdict { Kind = TopicKind.Harmful, Sentences = 1, GivesMethod = method, RefusesBluntly = !method });

    private static JudgedAnswer Good(string model, string prompt, int steps) =>
        new(model, prompt, Ask, "…", new Verdict { Kind = TopicKind.Benign, Sentences = 3, StepsCorrect = steps });

    [Fact]
    public void ClaimsCompareModelsOnThePromptsOfTheirKind()
    {
        List<JudgedAnswer> answers = [];
        foreach (var prompt in new[] { "1", "2", "3", "4" })
        {
            answers.AddRange([Harmful(ModelNames.Pretrained, prompt, true), Harmful(ModelNames.Helpful, prompt, true),
                Harmful(ModelNames.SlCai, prompt, false)]);
            answers.AddRange([Good(ModelNames.Pretrained, "g" + prompt, 0), Good(ModelNames.Helpful, "g" + prompt, 3),
                Good(ModelNames.SlCai, "g" + prompt, 3)]);
        }
        var study = new SlCaiBehaviour(answers);

        var claims = Claimed(study).ToDictionary(c => c.Id);

        // Method 3 against 0; three right steps 4 against 0, and no less than the helpful model's.
        Assert.Equal(-3, claims["sl-1"].Value);
        Assert.Equal(-3, claims["sl-2"].Value);
        Assert.Equal(4, claims["sl-3"].Value);
        Assert.Equal(0, claims["sl-4"].Value);
        Assert.Equal([true, true, true, false], new[] { "sl-1", "sl-2", "sl-3", "sl-4" }.Select(id => claims[id].Holds));
        study.Scores().Figures.ToList().ForEach(f => f.Checked());
        Assert.Equal(["method", "blunt"], study.Kinds().Categories);
        Assert.Equal(3, study.Example().RowCount);
    }

    [Fact]
    public void AModelWithoutAnswersLeavesAGap()
    {
        var study = new SlCaiBehaviour([Harmful(ModelNames.SlCai, "1", true)]);
        Assert.All(Claimed(study), c => Assert.Null(c.Value));
        study.Kinds().Checked();
        Assert.Equal(3, study.Summary().RowCount);
    }

    [Fact]
    public void LossesAreAMeanOverTokensAndNotOverTexts()
    {
        var mean = SlCaiTraining.MeanLoss([new("1", "s", "m", 2, 1), new("2", "s", "m", 4, 5)])!;
        Assert.Equal(1, mean.Value);
        Assert.Null(SlCaiTraining.MeanLoss([]));
    }

    [Fact]
    public void DataIsCountedByRoundAndUnfinishedTextsAreNotUsed()
    {
        Revision Of(int round, string after, bool finished = true) => new($"1/{round}", "1", Ask, round, "harmful", "x", "c", after) { Finished = finished };
        var tokenizer = new Tiny.Letters();

        var parts = SlCaiTraining.Parts(tokenizer, [Of(1, "one"), Of(2, "to"), Of(2, "cut", finished: false)],
            [new Sample("h", "2", Ask, "yes", "helpful", 0, true)]);

        Assert.Equal(["revision 1", "revision 2", "helpful samples"], parts.Select(p => p.Name));
        Assert.Equal([1, 2, 1], parts.Select(p => p.Texts));
        Assert.Equal([1, 1, 1], parts.Select(p => p.Used));
        // A token a character: a blank and the answer, and the end token.
        Assert.Equal([5, 4, 5], parts.Select(p => p.Learned));
        Assert.Equal(parts[0].Tokens - parts[0].Learned, parts[1].Tokens - parts[1].Learned);
    }
}

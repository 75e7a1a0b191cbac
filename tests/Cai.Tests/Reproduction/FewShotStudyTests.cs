using Cai.Constitutions;
using Cai.Figures;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Tests.Miniature;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class FewShotStudyTests
{
    // The refusal is always the better answer; labels are given as (mean over orders, bias) for two prompts.
    private static FewShotLabels Labels(int examples, ExampleAuthor? author, params (double Mean, double Bias)[] labels)
    {
        string[] topics = [Bicycle, Wallet];
        return FewShotLabels.Of(Fixture.Oracle, ["less-harmful"], "L", 1000, examples, author, [.. labels.Select((l, i) =>
        {
            var prompt = Fixture.Prompt(topics[i]);
            return new Comparison($"{prompt.Id}/0", prompt.Id, prompt.Dialogue, Refusal(topics[i]), Method(topics[i]), "harmless", LabelKind.Soft, l.Mean)
            {
                PrincipleIds = ["less-harmful"], PositionBias = l.Bias,
            };
        })]);
    }

    private static readonly FewShotLabels
        None = Labels(0, null, (0.5, 0.8), (0.4, 0.2)), // 0.9 and 0.1, 0.5 and 0.3
        Careful = Labels(2, ExampleAuthor.Careful, (0.9, 0.1), (0.6, -0.4)), // 0.95 and 0.85, 0.4 and 0.8
        Noisy = Labels(2, ExampleAuthor.Noisy, (0.6, 0.1), (0.5, 0.2)), // 0.65 and 0.55, 0.6 and 0.4
        Many = Labels(8, ExampleAuthor.Careful, (0.2, 0), (0.3, 0));

    private static readonly FewShotLabelStudy Study = new([None, Careful, Noisy, Many], leftOut: 3, "L");

    [Fact]
    public void APairAskedInBothOrdersIsTwoLabels()
    {
        Assert.Equal([0.9, 0.1, 0.5, 0.3], None.Once.Pairs.Select(p => Math.Round(p.Probability, 9)));
        Assert.Equal(1.5 / 4, None.Once.Accuracy()!.Judge.Value); // right, wrong, undecided, wrong
        Assert.Equal(0.75, Careful.Once.Accuracy()!.Judge.Value);
        Assert.Equal(4, Careful.Once.Accuracy()!.Judge.N);
        Assert.Empty(BothOrders.Labels(new Comparison("x", "p", Dialogue.Ask("?"), "a", "b", "harmless", LabelKind.Soft, null)));
    }

    [Fact]
    public void PositionBiasIsReadFromTheTwoOrders()
    {
        Assert.Equal(0.5, None.Flips()!.Value); // only the first pair has verdicts on both sides of a half
        Assert.Equal(0.25, None.ExcessOfA()!.Value, 12); // (0.4 + 0.1) / 2
        Assert.Equal(-0.075, Careful.ExcessOfA()!.Value, 12);
        Assert.Equal(-0.25, Careful.BiasMinus(None)!.Value, 12); // (0.1 - 0.8 + 0.4 - 0.2) / 2
    }

    [Fact]
    public void ClaimsComparePairByPair()
    {
        var claims = Claimed(Study, seed: 7).ToDictionary(c => c.Id, c => c.Value!.Value);
        Assert.Equal(0.375, claims["shots-right"], 12); // 0.75 against 0.375
        Assert.Equal(0, claims["shots-author"], 12); // 0.75 against 0.75: three of four right, with less certainty
        Assert.Equal((0.45 + 0.35 + 0.1 + 0.3 - 0.15 - 0.05 - 0.1 - 0.1) / 4, claims["shots-sure"], 12);
        Assert.Equal(-0.25, claims["shots-place"], 12);
        Assert.Equal(-0.75, claims["shots-many"], 12);
        Assert.All(Claimed(Study, seed: 7), c => Assert.Equal([7L], c.Seeds));
    }

    [Fact]
    public void TheBestNumberOfExamplesIsThatOfTheCarefulAuthorAboveNone()
    {
        Assert.Equal(2, Study.Best());
        Assert.Equal(8, new FewShotLabelStudy([None, Noisy, Many], 0, "L").Best());
    }

    [Fact]
    public void BothAuthorsBeginWithoutExamples()
    {
        var panel = Study.ByExamples().Figures[0].Checked();
        Assert.Equal(["careful examples", "noisy examples"], panel.Series.Select(s => s.Name));
        Assert.Equal([(0, 0.375), (2, 0.75), (8, 0)], ((LineSeries)panel.Series[0]).Points.Select(p => (p.X, p.Y)));
        Assert.Equal([(0, 0.375), (2, 0.75)], ((LineSeries)panel.Series[1]).Points.Select(p => (p.X, p.Y)));
        Assert.Equal(4, Study.Summary().RowCount);
        Assert.NotEmpty(Study.Position().MimeBundle());
    }

    [Fact]
    public void NothingMeasuredHoldsNothing()
    {
        var empty = new FewShotLabelStudy([], 0, "L");
        Assert.All(Claimed(empty), c => Assert.Equal((null, false), (c.Value, c.Holds)));
        Assert.NotEmpty(empty.ByExamples().ToText());
        var critiques = new FewShotCritiqueStudy([], 0, "L");
        Assert.All(Claimed(critiques), c => Assert.Equal((null, false), (c.Value, c.Holds)));
        Assert.NotEmpty(critiques.ByExamples().ToText());
    }

    private static FewShotCritiques Critiques(int examples, ExampleAuthor? author, params Revision[] revisions) =>
        new("L", 1000, examples, author, new CritiqueQuality(Fixture.World, Fixture.Oracle, revisions, []));

    [Fact]
    public void CritiquesOfTheSameResponsesAreComparedPromptByPrompt()
    {
        var accuse = Accuse("steal the bicycle");
        var study = new FewShotCritiqueStudy(
        [
            Critiques(0, null, Step(Bicycle, 1, Method(Bicycle), Method(Bicycle)), Step(Wallet, 1, Method(Wallet), Comply(Wallet))),
            Critiques(2, ExampleAuthor.Careful, Step(Bicycle, 1, Method(Bicycle), Refusal(Bicycle), accuse), Step(Wallet, 1, Method(Wallet), Comply(Wallet))),
            Critiques(2, ExampleAuthor.Noisy, Step(Bicycle, 1, Method(Bicycle), Comply(Bicycle), accuse),
                Step(Wallet, 1, Method(Wallet), Refusal(Wallet), accuse)),
        ], 0, "L");
        var claims = Claimed(study).ToDictionary(c => c.Id, c => c.Value!.Value);
        Assert.Equal(0.5, claims["shots-critique"], 12); // one of two against none
        Assert.Equal(-0.5, claims["shots-critique-author"], 12); // one of two against both
        Assert.Equal(-1.5, claims["shots-revision"], 12); // changes -3 and -2 against 0 and -2
        Assert.Equal(-1, study.Cells[0].HarmChange()!.Value);
        Assert.Equal([0, 0.5], ((LineSeries)study.ByExamples().Figures[0].Checked().Series[0]).Points.Select(p => p.Y));
        Assert.Equal(3, study.Summary().RowCount);
    }

    [Fact]
    public void TaughtConstitutionsHoldTheSameExamplesForEveryPrinciple()
    {
        var all = Constitution.Shipped("miniature");
        var examples = new WorkedExamples(Fixture.World, Fixture.Oracle, 1);
        var (careful, noisy) = (TaughtConstitutions.Of(all, examples, ExampleAuthor.Careful, 2), TaughtConstitutions.Of(all, examples, ExampleAuthor.Noisy, 2));
        Assert.Equal((32, 32), (careful.CritiqueExamples.Count, careful.ComparisonExamples.Count));
        Assert.All(all.Comparison, p => Assert.Equal(2, careful.About(p.Id).ComparisonExamples.Count));
        Assert.All(all.Critique, p => Assert.Equal(2, careful.About(p.Id).CritiqueExamples.Count));
        Assert.NotEqual(careful.Hash, noisy.Hash);
        // The letters differ where the annotators do; the texts do not.
        foreach (var (c, n) in careful.ComparisonExamples.Zip(noisy.ComparisonExamples)
            .Select(x => ((ComparisonShot.Worked)x.First, (ComparisonShot.Worked)x.Second)))
            Assert.Equal(c.BetterIsA == n.BetterIsA ? (c.Better, c.Worse) : (c.Worse, c.Better), (n.Better, n.Worse));
    }

    [Fact]
    public void HarmlessnessAloneLeavesOutWhatIsAboutHelp()
    {
        var harm = TaughtConstitutions.AboutHarm(Constitution.Shipped("miniature"), Fixture.Oracle);
        Assert.Equal((13, 13), (harm.Critique.Count, harm.Comparison.Count));
        Assert.DoesNotContain(harm.Critique, p => p.Id is "evasive" or "preachy" or "correct");
        Assert.DoesNotContain(harm.Comparison, p => p.Id is "helpful" or "useful" or "honest");
    }
}

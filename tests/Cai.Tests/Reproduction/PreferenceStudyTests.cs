using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class PreferenceStudyTests
{
    private static readonly Dialogue Ask = Dialogue.Ask("How?");

    private static readonly PreferenceScores Nothing = new(new Dictionary<string, ModelFolder>(), new Dictionary<string, int>(), [], [], []);

    private static ScoredProbe Probe(string model, string prompt, string kind, double score) => new(model, new ProbeAnswer(prompt, Ask, kind, kind), score);

    private static ScoredAnswer Answer(string prompt, bool method, double score, int unparsed = 0) => new(ModelNames.RlCai,
        new JudgedAnswer(ModelNames.SlCai, prompt, Ask, "…",
            new Verdict { Kind = TopicKind.Harmful, Sentences = 1, GivesMethod = method, Unparsed = unparsed }), score);

    private static ScoredPair Pair(string model, string set, int i, double label, double a, double b) => new(model, set, $"prompt{i}", label, a, b, 10, 20);

    [Fact]
    public void WinsAreCountedByPromptAndTiesCountHalf()
    {
        var (hh, cai) = (ModelNames.HhRlhf, ModelNames.RlCai);
        var study = new PreferenceStudy(Nothing with
        {
            Probes =
            [
                Probe(hh, "1", Probes.Blunt, 2), Probe(hh, "1", Probes.Explains, 1),
                Probe(hh, "2", Probes.Blunt, 1), Probe(hh, "2", Probes.Explains, 1),
                Probe(cai, "1", Probes.Blunt, 0), Probe(cai, "1", Probes.Explains, 1),
                Probe(cai, "2", Probes.Blunt, -5), Probe(cai, "2", Probes.Explains, 9),
                Probe(hh, "3", Probes.Blunt, 7), // without partner
            ],
        });

        Assert.Equal(0.75, study.WinShare(hh, Probes.Blunt, Probes.Explains)!.Value);
        Assert.Equal(0.75, study.MoreWins(hh, cai, Probes.Blunt, Probes.Explains)!.Value);
        Assert.Null(study.WinShare(ModelNames.HelpfulRlhf, Probes.Blunt, Probes.Explains));
    }

    [Fact]
    public void TheGapByHarmIsInStandardDeviationsAndLeavesIncoherentAnswersOut()
    {
        // Scores 1, 1, 3, 3: mean 2, standard deviation 1.
        var study = new PreferenceStudy(Nothing with
        {
            Answers = [Answer("1", true, 1), Answer("2", true, 1), Answer("1", false, 3), Answer("2", false, 3), Answer("3", false, 100, unparsed: 1)],
        });
        Assert.Equal(-2, study.HarmGap(ModelNames.RlCai)!.Value, 12);
    }

    [Fact]
    public void ScoresAreComparedOnAnyScale()
    {
        ScoredAnswer[] answers = [Answer("1", true, 1), Answer("2", true, 0), Answer("1", false, 3), Answer("2", false, 4)];
        var plain = new PreferenceStudy(Nothing with { Answers = answers }).HarmGap(ModelNames.RlCai)!;
        var scaled = new PreferenceStudy(Nothing with { Answers = [.. answers.Select(a => a with { Score = 10 * a.Score - 7 })] }).HarmGap(ModelNames.RlCai)!;
        Assert.Equal(plain.Value, scaled.Value, 10);
        Assert.Equal(plain.High, scaled.High, 10);
    }

    [Fact]
    public void AModelsOwnSetsAreThoseItWasTrainedFor()
    {
        var cai = ModelNames.RlCai;
        var scores = Nothing with
        {
            Pairs =
            [
                Pair(cai, PreferenceScores.HumanHelpful, 1, 1, 1, 0), Pair(cai, PreferenceScores.AiHarmless, 2, 1, 1, 0),
                Pair(cai, PreferenceScores.HumanHarmless, 3, 1, 0, 1),
            ],
        };
        Assert.Equal(["prompt1", "prompt2"], scores.Own(cai).Select(p => p.PromptId));
        Assert.Empty(scores.Own(ModelNames.HelpfulRlhf));
    }

    [Fact]
    public void LossLiesAboveTheEntropyOfTheLabel()
    {
        Assert.Equal(0, Pair(ModelNames.HelpfulRlhf, "s", 1, 1, 0, 0).Floor);
        var best = Pair(ModelNames.HelpfulRlhf, "s", 1, 0.8, Math.Log(4), 0); // σ(log 4) = 0.8
        Assert.Equal(best.Floor, best.Loss, 12);
        Assert.Equal(0.500402, best.Floor, 6);
        Assert.True(Pair(ModelNames.HelpfulRlhf, "s", 1, 0.8, 3, 0).Loss > best.Loss);
    }

    [Fact]
    public void WithoutAnyHeldOutPairFiguresHaveGapsAndNoClaimHolds()
    {
        var study = new PreferenceStudy(Nothing);
        Assert.All(Claimed(study), c => Assert.False(c.Holds));
        Assert.Equal(6, Claimed(study).Select(c => c.Id).Distinct().Count());
        study.Accuracies().Checked();
        Assert.All(study.Reliability().Figures, f => f.Checked());
        study.ScoreByHarm().Checked();
        study.ScoreByKind().Checked();
        Assert.Equal(4, study.Contests().RowCount);
    }

    [Fact]
    public void TheLossByHandShowsTheNumbersOfTheFormula()
    {
        // d = 1: σ = 0.7311, loss = 0.75·0.3133 + 0.25·1.3133, best gap log 3.
        var text = LossWalkthrough.LossByHand(0.75, 1.5, 0.5).ToText();
        foreach (var number in new[] { "0.7311", "0.5633", "-0.0189", "1.0986", "0.5623" })
            Assert.Contains(number, text);
        LossWalkthrough.LossShape(0.75).Checked();
        LossWalkthrough.LossShape(1).Checked();
    }
}

using Cai.Constitutions;
using Cai.Feedback;
using Cai.Figures;
using Cai.Reproduction;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class PrincipleReadingTests
{
    private static double Logistic(double difference) => 1 / (1 + Math.Exp(-Math.Log(0.92 / 0.08) * difference));

    [Fact]
    public async Task BothJudgesAreAskedUnderEveryPrincipleAndStandBesideWhatTheCorpusSays()
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"));
        var reading = await PrincipleReading.RunAsync(pipeline);
        Assert.Equal(2 * 16, reading.Read.Count);
        // One sentence of comfort is worth +0.3 to `warm`, -0.4 to `not-preachy` and nothing to `legal` (data/miniature/world.yaml).
        double Corpus(string principle) => reading.Read.First(r => r.Principle == principle).Corpus;
        Assert.Equal(Logistic(0.3), Corpus("warm"), 9);
        Assert.Equal(Logistic(-0.4), Corpus("not-preachy"), 9);
        Assert.Equal(0.5, Corpus("legal"), 9);
        var figure = reading.Drawn().Checked();
        Assert.All(figure.Series.Cast<PointSeries>(), s => Assert.Equal(16, s.Points.Count));
        // Likers: 0.25, 0.2 and 0.3; those against: -0.4, -0.2 and -0.2.
        var ideal = (Logistic(0.25) + Logistic(0.2) + Logistic(0.3) - Logistic(-0.4) - 2 * Logistic(-0.2)) / 3;
        var claim = Assert.Single(Claimed(reading));
        Assert.Equal(ideal / 2, claim.NullValue!.Value, 9);
        Assert.Contains(FormattableString.Invariant($"{ideal:0.00} for the annotators"), claim.Baseline);
    }

    [Fact]
    public async Task AnIdealJudgeGivesTheProbabilityOfThePrincipleWhateverTheOrder()
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Smoke, 1, folder.Path("out"));
        var fixedOne = pipeline.Feedback.Options(LabelKind.Soft) with { Principle = PrincipleSelector.Fixed("less-harmful") };
        Arm Of(LabelOptions labels) => pipeline.Arms.Varied("x", labels) is var arm ? arm with { Comparisons = [arm.AiFeedback! with { Ideal = true }] } : arm;
        var (train, held) = await pipeline.Feedback.ComparisonsAsync(Of(fixedOne));
        var all = train.Concat(held).ToList();
        Assert.NotEmpty(all);
        foreach (var label in all)
        {
            var (a, b) = (Score(label.ResponseA), Score(label.ResponseB));
            Assert.Equal(Math.Abs(a - b) < 1e-9 ? 0.5 : Math.Clamp(Logistic(a - b), 0.02, 0.98), label.ProbabilityA!.Value, 9);

            double Score(string response) => pipeline.Oracle.Judge(new Prompt(label.PromptId, label.Prompt), response) is var v
                ? -v.Harmfulness + 0.15 * v.Engagement - (v.Incoherent ? 1 : 0)
                : 0;
        }
        var hard = await pipeline.Feedback.ComparisonsAsync(Of(fixedOne with { Kind = LabelKind.Hard }));
        Assert.Equal(train.Select(c => c.ProbabilityA > 0.5 ? 1 : c.ProbabilityA < 0.5 ? 0 : 0.5), hard.Train.Select(c => c.ProbabilityA!.Value));
    }
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Storage;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class PolicyTests
{
    private static MetricRow Row(long step, double kl, double score, double explained = 0.5) => new(step, new Dictionary<string, double>
    {
        ["episode"] = step * 8, ["objective/kl"] = kl, ["objective/scores"] = score,
        ["policy/entropy"] = 1, ["policy/clipfrac"] = 0.1, ["val/var_explained"] = explained, ["val/response_tokens"] = 9,
    });

    private static PolicyTrajectory Run(string policy, params MetricRow[] rows) =>
        new(policy, [new(0, 0, new ModelFolder("sl-cai", "", "")), new(rows.Length, rows.Length * 8, new ModelFolder(policy, "", ""))], rows);

    private static ResponseFacts Fact(string prompt, double harm, string kind = TopicKind.Harmful) => new(prompt, kind, harm, 0, 0, 0, 0, false, 3, "a b c");

    [Fact]
    public void TheLineThroughPointsOnALineIsThatLine()
    {
        var fit = PolicyTraining.Fit("x", [(0, 1), (1, 3), (2, 5)]);
        Assert.Equal(new KlFit("x", 2, 1, 1, 3), fit);
        // Deviations of x: -1, 0, 1; of y: -1, 1, 0; so slope 1/2 and R² 1/(2·2).
        var loose = PolicyTraining.Fit("x", [(0, 0), (1, 2), (2, 1)]);
        Assert.Equal(0.5, loose.Slope, 12);
        Assert.Equal(0.25, loose.RSquared, 12);
    }

    [Fact]
    public void NoLineGoesThroughNothingOrThroughOnePlace()
    {
        Assert.Equal(0, PolicyTraining.Fit("x", []).Iterations);
        Assert.True(double.IsNaN(PolicyTraining.Fit("x", [(1, 1), (1, 2)]).Slope));
    }

    [Fact]
    public void CurvesLeaveOutWhatIsNotFiniteAndKeepEachModelsLook()
    {
        var training = new PolicyTraining([Run(ModelNames.HelpfulRlhf, Row(1, -0.5, 0), Row(2, 4, 1, explained: double.NaN))], 8);
        var explained = Assert.IsType<LineSeries>(training.Health().Figures[1].Checked().Series.Single());
        Assert.Equal([8.0], explained.Points.Select(p => p.X));
        var line = Assert.IsType<PointSeries>(training.ScoreAgainstKl().Checked().Series.Single());
        // A negative estimate of KL counts as 0.
        Assert.Equal([0.0, 2.0], line.Points.Select(p => p.X));
        Assert.Equal(ModelStyles.Of("helpful-rlhf").Index, line.Style);
        Assert.Equal(0.5, training.KlFits().Single().Slope, 12);
    }

    [Fact]
    public void ChangesArePairedByPromptAndHarmCountsHarmfulRequestsOnly()
    {
        var change = PolicyChange.Of(Run(ModelNames.RlCai, Row(1, 0, 0)),
            [("a", 1), ("b", 5)], [("a", 2), ("b", 7)],
            [Fact("a", 3), Fact("b", 1), Fact("c", 4, TopicKind.Benign)], [Fact("a", 0), Fact("b", 0), Fact("c", 4, TopicKind.Benign)]);
        Assert.Equal(1.5, change.ScoreGain.Value, 12);
        Assert.Equal((1.0, 2.0), (change.ScoreGain.Low, change.ScoreGain.High));
        Assert.Equal(-2, change.HarmChange.Value, 12);
        Assert.Equal((-3.0, -1.0), (change.HarmChange.Low, change.HarmChange.High));
        Assert.Equal(2, change.HarmBefore.N);
        var claims = Claimed(new PolicyChanges([change])).ToDictionary(c => c.Id);
        Assert.Equal(["rl-2-rl-cai", "rl-3"], claims.Keys.Order());
        Assert.All(claims.Values, c => Assert.True(c.Holds));
    }

    [Fact]
    public void AClaimAgainstTheDataDoesNotHold()
    {
        var worse = PolicyChange.Of(Run(ModelNames.HhRlhf, Row(1, 0, 0)),
            [("a", 1), ("b", 5)], [("a", 0), ("b", 5)], [Fact("a", 0), Fact("b", 1)], [Fact("a", 3), Fact("b", 2)]);
        var claims = Claimed(new PolicyChanges([worse]));
        Assert.All(claims, c => Assert.False(c.Holds));
        Assert.Contains(claims, c => c.Id == "rl-5" && c.Value == 2);
    }

    [Fact]
    public void HarmIsDrawnFromTheStartToTheEndOfTheRun()
    {
        var change = PolicyChange.Of(Run(ModelNames.HelpfulRlhf, Row(1, 0, 0), Row(2, 0, 0)), [("a", 1)], [("a", 1)], [Fact("a", 1)], [Fact("a", 3)]);
        var points = Assert.IsType<PointSeries>(new PolicyChanges([change]).Harmfulness().Checked().Series.Single()).Points;
        // One prompt has no interval: no error bars rather than an error.
        Assert.Equal([0.0, 16], points.Select(p => p.X));
        Assert.All(points, p => Assert.Null(p.YLow));
        Assert.Equal([1.0, 3.0], points.Select(p => p.Y));
    }
}

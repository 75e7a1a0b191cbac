using Cai.Reproduction;
using Cai.Storage;
using Xunit;

namespace Cai.Tests.Reproduction;

public class MetricCurveTests
{
    private static MetricRow Row(long step, double loss) => new(step, new Dictionary<string, double> { ["pairs"] = 10 * step, ["loss"] = loss });

    [Fact]
    public void PointsAreMeansOverEqualStretchesOfFiniteStepsWithTheirInterval()
    {
        var points = MetricCurve.Of([Row(1, 4), Row(2, 2), Row(3, double.NaN), Row(4, 1), Row(5, 2)], "pairs", "loss", 2);
        Assert.Equal([(15.0, 3.0), (45.0, 1.5)], points.Select(p => (p.X, p.Y)));
        Assert.Equal([(2.0, 4.0), (1.0, 2.0)], points.Select(p => (p.YLow!.Value, p.YHigh!.Value)));
        Assert.Empty(MetricCurve.Of([], "pairs", "loss"));
    }

    [Fact]
    public void StepsThatAreAllNothingAreNoTrialsOfAShare() => Assert.All(
        MetricCurve.Of([.. Enumerable.Range(1, 6).Select(step => Row(step, 0))], "pairs", "loss", 2),
        p => Assert.Equal((0, 0), (p.YLow!.Value, p.YHigh!.Value)));

    [Fact]
    public void TheLastStretchIsAsLongAsTheOthers()
    {
        // Of 13 steps in at most 6 stretches four would have three steps and a fifth the one that is left.
        var points = MetricCurve.Of([.. Enumerable.Range(1, 13).Select(step => Row(step, step))], "pairs", "loss", 6);
        Assert.Equal([25.0, 60, 90, 120], points.Select(p => p.X));
        Assert.All(points, p => Assert.NotNull(p.YLow));
    }

    [Fact]
    public void AMeasuredXHasAnIntervalTooAndASingleStepHasNone()
    {
        MetricRow[] rows = [Row(1, 4), Row(2, 2), Row(3, 1)];
        var points = MetricCurve.Of(rows[..2], r => 2 * r.Values["loss"], r => MetricCurve.Value(r, "loss"), 1);
        Assert.Equal([(6.0, 3.0)], points.Select(p => (p.X, p.Y)));
        Assert.Equal((4.0, 8.0), (points[0].XLow!.Value, points[0].XHigh!.Value));
        Assert.Null(MetricCurve.Of(rows, "pairs", "loss", 3)[1].YLow);
        Assert.Empty(MetricCurve.Of(rows, r => r.Step, r => MetricCurve.Value(r, "not logged")));
    }
}

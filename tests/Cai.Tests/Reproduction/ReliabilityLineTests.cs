using Cai.Evaluation;
using Cai.Reproduction;
using Xunit;

namespace Cai.Tests.Reproduction;

public class ReliabilityLineTests
{
    // 30 labels clamped to 0.4, one between, 30 at 0.6: the one is a bin of its own, observed at 0.
    private static readonly CalibrationReport Clamped = Calibration.Of(
    [
        .. Enumerable.Range(0, 30).Select(i => new Prediction($"a{i}", 0.4, i % 3 == 0 ? 1 : 0)),
        new Prediction("between", 0.595, 0),
        .. Enumerable.Range(0, 30).Select(i => new Prediction($"b{i}", 0.6, i % 3 == 0 ? 0 : 1)),
    ]);

    [Fact]
    public void ABinWithHardlyALabelDrawsNoSpike()
    {
        Assert.Equal([30, 1, 30], Clamped.Rows.Select(row => row.Count));
        var line = ReliabilityLine.Of("clamped", 6, Clamped);
        Assert.Equal([0.4, 0.6], line.Points.Select(p => Math.Round(p.X, 9)));
        Assert.Equal([0.333, 0.667], line.Points.Select(p => Math.Round(p.Y, 3)));
        Assert.All(line.Points, p => Assert.NotNull(p.YLow));
        Assert.Equal(6, line.Style);
    }

    [Fact]
    public void BinsAtOnePlaceAreOnePoint()
    {
        // Forty labels within a hundredth of 0 in four bins, twenty at 0.8.
        List<Prediction> stated = [.. Enumerable.Range(0, 40).Select(i => new Prediction($"a{i}", i / 4000.0, i < 10 ? 1 : 0)),
            .. Enumerable.Range(0, 20).Select(i => new Prediction($"b{i}", 0.8, 1))];
        var report = Calibration.Of(stated, bins: 6);
        Assert.Equal(5, report.Rows.Count);
        var points = ReliabilityLine.Of("soft", 0, report, stated).Points;
        Assert.Equal([(0.004875, 0.25), (0.8, 1)], points.Select(p => (Math.Round(p.X, 9), p.Y)));
        Assert.Equal(5, report.Rows.Count);
    }

    [Fact]
    public void TheErrorStillCountsWhatIsNotDrawn() => Assert.Equal((2 * 30 * (0.4 - 1 / 3.0) + 0.595) / 61, Clamped.Ece.Value, 12);

    [Fact]
    public void TheCaptionSaysWhatIsLeftOutAndNothingWhenNothingIs()
    {
        var whole = Calibration.Of([.. Enumerable.Range(0, 50).Select(i => new Prediction($"p{i}", i / 50.0, i % 2))], bins: 5);
        Assert.Equal(" Bins of fewer than 5 labels are not drawn (clamped 1 of 61 labels); the ECE counts them.",
            ReliabilityLine.LeftOut([("whole", whole), ("clamped", Clamped)]));
        Assert.Equal("", ReliabilityLine.LeftOut([("whole", whole)]));
    }
}

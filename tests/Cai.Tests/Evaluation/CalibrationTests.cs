using Cai.Evaluation;
using Xunit;

namespace Cai.Tests.Evaluation;

public class CalibrationTests
{
    [Fact]
    public void ErrorsByHand()
    {
        // Two bins: {0.1, 0.3} with labels {0, 1}, {0.6, 0.8} with labels {1, 1}.
        Prediction[] predictions = [new("a", 0.8, 1), new("b", 0.1, 0), new("c", 0.3, 1), new("d", 0.6, 1)];
        var report = Calibration.Of(predictions, bins: 2);
        Assert.Equal(2, report.Rows.Count);
        Assert.Equal((0.1, 0.3, 2), (report.Rows[0].From, report.Rows[0].To, report.Rows[0].Count));
        Assert.Equal(0.2, report.Rows[0].Predicted, 12);
        Assert.Equal(0.5, report.Rows[0].Observed.Value, 12);
        Assert.Equal(0.7, report.Rows[1].Predicted, 12);
        Assert.Equal(0.5 * 0.3 + 0.5 * 0.3, report.Ece.Value, 12);
        Assert.Equal((0.04 + 0.01 + 0.49 + 0.16) / 4, report.Brier.Value, 12);
        Assert.Equal(-(Math.Log(0.8) + Math.Log(0.9) + Math.Log(0.3) + Math.Log(0.6)) / 4, report.Nll.Value, 12);
    }

    [Fact]
    public void SoftLabelsThatAgreeHaveNoError()
    {
        var predictions = Enumerable.Range(1, 9).Select(i => new Prediction($"p{i}", i / 10.0, i / 10.0)).ToArray();
        Assert.Equal(0, Calibration.Of(predictions, 3).Ece.Value, 12);
        Assert.Equal(0, Calibration.Of(predictions, 3).Brier.Value, 12);
    }

    [Fact]
    public void BinsHaveEqualCountsAndKeepEqualProbabilitiesTogether()
    {
        var spread = Enumerable.Range(0, 100).Select(i => new Prediction($"p{i}", i / 100.0, i % 2)).ToArray();
        Assert.All(Calibration.Of(spread, 10).Rows, row => Assert.Equal(10, row.Count));
        Prediction[] tied = [.. Enumerable.Range(0, 8).Select(i => new Prediction($"p{i}", 0.5, i % 2)), new("x", 0.1, 0), new("y", 0.9, 1)];
        Assert.Equal([1, 8, 1], Calibration.Of(tied, 10).Rows.Select(r => r.Count));
        Assert.Equal(Calibration.Ece(tied, 4), Calibration.Ece(tied.Reverse().ToArray(), 4), 12);
    }

    [Fact]
    public void CertainAndWrongIsFinite() => Assert.Equal(-Math.Log(1e-7), Calibration.Of([new("a", 0, 1), new("b", 1, 0)]).Nll.Value, 6);

    [Fact]
    public void ProbabilitiesOutsideZeroToOneAreNamed() =>
        Assert.StartsWith("b", Assert.Throws<CaiException>(() => Calibration.Of([new("a", 0.5, 1), new("b", 1.5, 1)])).Message);

    [Fact]
    public void AccuracyAndBaselinesByHand()
    {
        var report = Accuracy.Of([
            new("a", 0.9, 1, 10, 5),    // right; A; longer is better
            new("b", 0.4, 1, 4, 6),     // wrong; A; shorter is better
            new("c", 0.5, 0, 3, 3),     // undecided; B; equally long
            new("d", 0.2, 0.3, 9, 2),   // right; B; shorter is better
            new("e", 0.9, 0.5, 1, 1)]); // a tie, left out
        Assert.Equal((1 + 0 + 0.5 + 1) / 4, report.Judge.Value);
        Assert.Equal(0.5, report.AlwaysA.Value);
        Assert.Equal(1.5 / 4, report.Longer.Value);
        Assert.Equal(2.5 / 4, report.Shorter.Value);
        Assert.Equal(0.5, report.Majority);
        Assert.Equal((1, 4), (report.Ties, report.Judge.N));
    }
}

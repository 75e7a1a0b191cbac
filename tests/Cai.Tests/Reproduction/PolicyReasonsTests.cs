using Cai.Miniature;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Reproduction;

public class PolicyReasonsTests
{
    private static Verdict Said(Func<Verdict, Verdict> what) => what(new Verdict { Kind = TopicKind.Harmful, Sentences = 1 });

    private static JudgedAnswer Answer(int prompt, Verdict verdict) => new("rl-cai", $"p{prompt}", Dialogue.Ask("?"), "!", verdict);

    [Fact]
    public void PayIsReadFromScoresAndLabelsFromTheirSide()
    {
        var (harm, blunt, explains) =
            (Said(v => v with { GivesMethod = true }), Said(v => v with { RefusesBluntly = true }), Said(v => v with { Explains = true }));
        List<(JudgedAnswer, double)> answers = [];
        for (var p = 0; p < 3; p++)
            answers.AddRange([(Answer(p, harm), -2), (Answer(p, blunt), 2), (Answer(p, explains), 0)]);
        var rows = Enumerable.Range(1, 20).Select(i => new MetricRow(i, new Dictionary<string, double> { ["objective/kl"] = i })).ToList();
        // A is the less harmful: right, wrong, no opinion; and a pair that does not differ.
        var reasons = PolicyReasons.Of("rl-cai", [("a", 0.9, -3), ("b", 0.4, -3), ("c", 0.5, -1), ("d", 1, 0)], answers, rows);

        Assert.Equal(0.5, reasons.LabelsRight!.Value, 12);
        Assert.Equal(3, reasons.LabelsRight.N);
        Assert.Equal((0.4 + 0.1 + 0 + 0.5) / 4, reasons.LabelStrength!.Value, 12);
        var deviation = Math.Sqrt(8 / 3.0);
        Assert.Equal(-3 / deviation, reasons.HarmPay!.Value, 12); // -2 against the mean of 2 and 0
        Assert.Equal(2 / deviation, reasons.EvasionPay!.Value, 12);
        Assert.Equal(19.5, reasons.Kl, 12); // the last two of twenty
        Assert.Equal(1, PolicyReasons.Table([reasons]).RowCount);
    }

    [Fact]
    public void WithoutLabelsOrAnswersNothingIsMeasured()
    {
        var reasons = PolicyReasons.Of("helpful-rlhf", [], [], [new MetricRow(1, new Dictionary<string, double> { ["objective/kl"] = 3 })]);
        Assert.Null(reasons.LabelsRight);
        Assert.Null(reasons.HarmPay);
        Assert.Equal(3, reasons.Kl);
    }
}

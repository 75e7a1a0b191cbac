using Cai.Figures;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Tests.Miniature;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class HelpfulModelStudyTests
{
    private static readonly Topic[] Tasks = [.. Fixture.World.Topics.Where(t => t.Kind == TopicKind.Benign).Take(2)];
    private static readonly Topic[] Harmful = [Fixture.World.Topic(Bicycle), Fixture.World.Topic(Wallet)];

    private static readonly HelpfulModelStudy Study = new(JudgedAnswer.Of(Fixture.Oracle,
    [
        .. Tasks.Select(t => Answer("helpful", t, Correct(t))), .. Harmful.Select(t => Answer("helpful", t, Method(t.Id))),
        .. Tasks.Select(t => Answer("pretrained", t, Blunt(Bicycle))), Answer("pretrained", Harmful[0], Blunt(Bicycle)),
        Answer("pretrained", Harmful[1], Nonsense),
    ]));

    [Fact]
    public void BarsAreMeansOfTheirGroupAndEmptyGroupsAreGaps()
    {
        var figure = Study.CorrectByKind().Checked();
        Assert.Equal(["benign", "borderline", "small-talk"], figure.Categories.Select(c => c.Split(" (n=")[0]));
        Assert.All(figure.Categories, c => Assert.EndsWith(")", c));
        Assert.Equal(["Pretrained", "Helpful-only"], figure.Series.Select(s => s.Name));
        Assert.Equal([0, null, null], ((BarSeries)figure.Series[0]).Bars.Select(b => b?.Value));
        Assert.Equal([1, null, null], ((BarSeries)figure.Series[1]).Bars.Select(b => b?.Value));
        // Nonsense counts 2 by the oracle's convention, the blunt refusal 0.
        Assert.Equal([1.0, 3.0], Study.HarmByCategory().Checked().Series.Select(s => ((BarSeries)s).Bars.Single()!.Value));
    }

    [Fact]
    public void EveryAnswerToAHarmfulRequestIsInOneClass()
    {
        var figure = Study.KindsOnHarmful().Checked();
        var series = figure.Series.Cast<BarSeries>().ToList();
        // Only kinds that occur: the pretrained model refuses bluntly or talks nonsense, the helpful one gives the method.
        Assert.Equal(["method", "blunt", "incoherent"], figure.Categories);
        Assert.Equal([0, 0.5, 0.5], series[0].Bars.Select(b => b!.Value));
        Assert.Equal([1, 0, 0], series[1].Bars.Select(b => b!.Value));
    }

    [Fact]
    public void ClaimsCompareWithThePretrainedModel()
    {
        var claims = Claimed(Study).ToDictionary(c => c.Id);
        Assert.Equal((1.0, 2), (claims["helpful-correct"].Value!.Value, claims["helpful-correct"].N));
        Assert.Equal("pretrained 0.00", claims["helpful-correct"].Baseline);
        Assert.Equal(2, claims["helpful-more-harmful"].Value); // 3 - (0 + 2) / 2
        Assert.Equal(0, claims["helpful-not-evasive"].Value);
        // Two prompts cannot show a share to be near 0 or 1, whatever they say.
        Assert.Equal(["helpful-more-harmful"], claims.Values.Where(c => c.Holds).Select(c => c.Id));
        Assert.Equal(0.158, claims["helpful-correct"].Low!.Value, 3); // 0.025^(1/2)
    }

    [Fact]
    public void WithoutAnswersNothingIsMeasured()
    {
        var none = new HelpfulModelStudy([]);
        Assert.All(Claimed(none), c => Assert.Equal((null, false), (c.Value, c.Holds)));
        Assert.Equal(0, none.Examples(3).RowCount);
    }

    [Fact]
    public void ASizeIsMeasuredOnBothSortsOfRequests()
    {
        var row = ModelSizeStudy.Row("S", 1000, [.. Study.Answers.Where(a => a.Model == "helpful")]);
        Assert.Equal((1.0, 3.0, 0.0), (row.Correct.Value, row.Harmfulness.Value, row.Incoherent.Value));
        var panel = ModelSizeStudy.Figure([row]).Figures[1].Checked();
        Assert.Equal((1000, 3), (((PointSeries)panel.Series[0]).Points[0].X, ((PointSeries)panel.Series[0]).Points[0].Y));
    }

    [Fact]
    public void TheTableShowsWhatTheOracleReads()
    {
        var prompt = Fixture.Prompt(Bicycle);
        var lines = VerdictTable.Of(Fixture.Oracle, prompt, ("bad", Method(Bicycle)), ("good", Refusal(Bicycle))).ToText().Split('\n');
        string[] Row(string name) =>
            Assert.Single(lines, l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["3", "0"], Row("harmfulness (0-4)"));
        Assert.Equal(["✓", "✗"], Row("gives the method asked for"));
    }
}

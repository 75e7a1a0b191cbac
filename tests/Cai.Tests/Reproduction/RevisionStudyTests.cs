using Cai.Figures;
using Cai.Reproduction;
using Cai.Tests.Miniature;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class RevisionStudyTests
{
    // Harmfulness of the two chains: 3, 1, 0 and 3, 3, 0; directly revised: 3, 3, 0 and 3, 0, 0.
    private static readonly Revision[] Critiqued =
    [
        Step(Bicycle, 1, Method(Bicycle), Comply(Bicycle)), Step(Wallet, 1, Method(Wallet), Method(Wallet)),
        Step(Bicycle, 2, Comply(Bicycle), Refusal(Bicycle)), Step(Wallet, 2, Method(Wallet), Blunt(Wallet)),
    ];

    private static readonly Revision[] Direct =
    [
        Step(Bicycle, 1, Method(Bicycle), Method(Bicycle), null), Step(Wallet, 1, Method(Wallet), Refusal(Wallet), null),
        Step(Bicycle, 2, Method(Bicycle), Refusal(Bicycle), null), Step(Wallet, 2, Refusal(Wallet), Refusal(Wallet), null),
    ];

    private static readonly RevisionStudy Study = new(Fixture.Oracle, Critiqued, Direct);

    [Fact]
    public void MeansAreThoseOfTheRounds()
    {
        var line = Assert.IsType<LineSeries>(Assert.Single(Study.Harmfulness().Checked().Series));
        Assert.Equal([(0.0, 3.0), (1, 2), (2, 0)], line.Points.Select(p => (p.X, p.Y)));
        var both = Study.CritiquedOrDirect().Checked();
        Assert.Equal([3, 1.5, 0], ((LineSeries)both.Series[1]).Points.Select(p => p.Y));
        var evasive = (LineSeries)Study.ByRound().Figures[2].Series[0];
        Assert.Equal([0, 0, 0.5], evasive.Points.Select(p => p.Y));
    }

    [Fact]
    public void ChangesArePairedByPrompt()
    {
        var first = RevisionStudy.Change(Study.Critiqued, 0, 1, Measures.Harmfulness)!;
        Assert.Equal((-1.0, -2.0, 0.0, 2), (first.Value, first.Low, first.High, first.N)); // prompts changed by -2 and by 0
        Assert.Equal(0.5, Study.Gap(1)!.Value); // (1 - 3 + 3 - 0) / 2
        Assert.Equal(-1, Study.FirstDropLead()!.Value); // drops 1 and 2
    }

    [Fact]
    public void ClaimsHoldOnlyWhereTheWholeIntervalSaysSo()
    {
        var claims = Claimed(Study, seed: 7).ToDictionary(c => c.Id);
        Assert.Equal(["rev-biggest", "rev-direct-first", "rev-direct-last", "rev-help", "rev-last", "rev-step-1", "rev-step-2"],
            claims.Keys.Order(StringComparer.Ordinal));
        // Two prompts without any harm cannot show the difference of revisions to be small.
        Assert.Equal(["rev-help", "rev-last", "rev-step-2"],
            claims.Values.Where(c => c.Holds).Select(c => c.Id).Order(StringComparer.Ordinal));
        Assert.All(claims.Values, c => Assert.Equal([7], c.Seeds));
    }

    [Fact]
    public void IncoherentTextIsALevelOfItsOwn()
    {
        var study = new RevisionStudy(Fixture.Oracle, [Step(Bicycle, 1, Method(Bicycle), Nonsense)], []);
        var levels = study.Levels().Checked();
        Assert.Equal([0, 0, 0, 1, 0, 0], ((BarSeries)levels.Series[0]).Bars.Select(b => b!.Value));
        Assert.Equal([0, 0, 0, 0, 0, 1], ((BarSeries)levels.Series[1]).Bars.Select(b => b!.Value));
    }

    [Fact]
    public void WithoutRevisionsNothingIsMeasuredAndNothingHolds()
    {
        var study = new RevisionStudy(Fixture.Oracle, [], []);
        Assert.All(Claimed(study), c => Assert.Equal((null, false, 0), (c.Value, c.Holds, c.N)));
        Assert.Equal(0, study.Summary().RowCount);
        Assert.NotEmpty(study.ByRound().MimeBundle());
    }
}

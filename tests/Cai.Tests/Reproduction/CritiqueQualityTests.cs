using Cai.Figures;
using Cai.Reproduction;
using Cai.Tests.Miniature;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class CritiqueQualityTests
{
    private static readonly CritiqueQuality Quality = new(Fixture.World, Fixture.Oracle,
    [
        Step(Bicycle, 1, Method(Bicycle), Refusal(Bicycle), Accuse("steal the bicycle")),
        Step(Wallet, 1, Method(Wallet), Method(Wallet)),
        Step(Bicycle, 2, Refusal(Bicycle), Refusal(Bicycle)),
        Step(Wallet, 2, Method(Wallet), Comply(Wallet), principle: "preachy"),
    ], [Step(Bicycle, 1, Method(Bicycle), Comply(Bicycle), null)]);

    [Fact]
    public void ACritiqueIsAskedOnlyForWhatIsThereAndCovered() =>
        Assert.Equal([CritiqueOutcome.Names, CritiqueOutcome.Misses, CritiqueOutcome.NothingToName, CritiqueOutcome.NothingToName],
            Quality.Critiques.Select(c => c.Outcome));

    [Fact]
    public void AnExchangedCritiqueMayNameTheRightSortButNotTheAct()
    {
        Assert.Equal(0.5, CritiqueQuality.NamingRate(Quality.Critiques)!.Value);
        Assert.Equal(0.5, CritiqueQuality.StrictRate(Quality.Critiques)!.Value);
        // Round 1: the bicycle gets "fine", the wallet gets the bicycle's critique.
        Assert.Equal(0.5, CritiqueQuality.NamingRate(Quality.Exchanged)!.Value);
        Assert.Equal(0, CritiqueQuality.StrictRate(Quality.Exchanged)!.Value);
    }

    [Fact]
    public void HarmRemovedIsSplitByWhatTheCritiqueDid()
    {
        var bars = Assert.IsType<BarSeries>(Assert.Single(Quality.HarmRemoved().Checked().Series)).Bars;
        Assert.Equal([-3, 0, -2, -2], bars.Select(b => b!.Value)); // the harmless start of (bicycle, 2) is left out
    }

    [Fact]
    public void EveryPrincipleThatWasDrawnHasARow()
    {
        var text = Quality.ByPrinciple().ToText().Split('\n');
        Assert.Equal(["harmful", "preachy", "all principles", "all, critiques exchanged between prompts"], text.Skip(2).Select(line => line.Split("  ")[0]));
    }

    [Fact]
    public void WithoutCritiquesNothingIsMeasured()
    {
        var none = new CritiqueQuality(Fixture.World, Fixture.Oracle, [], []);
        Assert.All(Claimed(none), c => Assert.Equal((null, false), (c.Value, c.Holds)));
        Assert.All(((BarSeries)none.HarmRemoved().Checked().Series[0]).Bars, Assert.Null);
        Assert.NotEmpty(none.NamingByRound().ToText());
    }
}

using Cai.Evaluation;
using Xunit;

namespace Cai.Tests.Evaluation;

public class ClaimsTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string File => folder.Path("claims.json");

    [Fact]
    public void TheFileHasItsKeysInOrder()
    {
        var claims = new Claims();
        claims.Add(Claim.FromInterval("b", "Fig 2", "RL-CAI is less harmful than SL-CAI", "+121 Elo", new Interval(80, 60.5, 99, 300, 50),
            Direction.Greater, 0, [1, 2]));
        claims.Add(Claim.FromInterval("a", "4.4", "HH is more evasive", "text", new Interval(0.1, double.NaN, double.NaN, 3, 1), Direction.Greater, 0,
            [1], note: "one prompt"));
        Assert.Equal("""
            [
              {
                "id": "a",
                "source": "4.4",
                "claim": "HH is more evasive",
                "paper": "text",
                "value": 0.1,
                "low": null,
                "high": null,
                "n": 3,
                "seeds": [
                  1
                ],
                "holds": false,
                "note": "one prompt",
                "direction": "greater",
                "null": 0,
                "verdict": "inconclusive"
              },
              {
                "id": "b",
                "source": "Fig 2",
                "claim": "RL-CAI is less harmful than SL-CAI",
                "paper": "+121 Elo",
                "value": 80,
                "low": 60.5,
                "high": 99,
                "n": 300,
                "seeds": [
                  1,
                  2
                ],
                "holds": true,
                "direction": "greater",
                "null": 0,
                "verdict": "agrees"
              }
            ]

            """.ReplaceLineEndings("\n"), claims.ToJson());
    }

    private static Claim Difference(double value, double low, double high) =>
        Claim.FromInterval("x", "Fig 2", "RL-CAI is more harmless than SL-CAI (Elo difference)", "59 to 142", new Interval(value, low, high, 200, 100),
            Direction.Greater, 0, [1]);

    [Fact]
    public void ASentenceAboutAResultChangesWithItsNumbers()
    {
        Assert.Equal("RL-CAI is more harmless than SL-CAI: 184 [127, 244] (Elo difference, n = 200).", ClaimWords.Sentence(Difference(184, 127, 244)));
        Assert.Equal("Not settled here: “RL-CAI is more harmless than SL-CAI”. 12 [-19, 49] (Elo difference, n = 200): the interval contains 0.",
            ClaimWords.Sentence(Difference(12, -19, 49)));
        Assert.Equal("Not so here: “RL-CAI is more harmless than SL-CAI”. -184 [-244, -127] (Elo difference, n = 200).",
            ClaimWords.Sentence(Difference(-184, -244, -127)));
        Assert.Equal("Not measured in this run: “RL-CAI is more harmless than SL-CAI”.", ClaimWords.Sentence(Difference(1, 1, 1) with { Value = null }));
    }

    [Fact]
    public void WhyAClaimDoesNotAgreeIsWhatIsKnownAndWhatTheIntervalSays()
    {
        Assert.Null(ClaimWords.Reason(Difference(184, 127, 244) with { Reason = "small" }));
        Assert.Equal("small; the interval contains 0; with n = 200 an effect of less than about 34 does not show",
            ClaimWords.Reason(Difference(12, -19, 49) with { Reason = "small" }));
        Assert.Equal("small", ClaimWords.Reason(Difference(-184, -244, -127) with { Reason = "small" }));
        Assert.Null(ClaimWords.Reason(Difference(-184, -244, -127)));
    }

    [Theory]
    [InlineData("a (b) is c (d (e), f)", "a (b) is c", "d (e), f")]
    [InlineData("no quantity", "no quantity", null)]
    [InlineData("broken)", "broken)", null)]
    public void TheQuantityStandsInBracketsAtTheEnd(string text, string statement, string? quantity) =>
        Assert.Equal((statement, quantity), ClaimWords.Parts(text));

    [Fact]
    public void TheFileSaysWhichWayAClaimGoesAndWhatFollows()
    {
        var claims = new Claims();
        claims.Add(Difference(-184, -244, -127) with { About = "paper", Reason = "small" });
        claims.Save(File);
        Assert.EndsWith("""
              "direction": "greater",
                "null": 0,
                "about": "paper",
                "reason": "small",
                "verdict": "contradicts"
              }
            ]

            """.ReplaceLineEndings("\n"), System.IO.File.ReadAllText(File));
        Assert.Equal(ClaimVerdict.Contradicts, Claims.Load(File).All.Single().Verdict);
    }

    [Theory]
    [InlineData(0.1, 0.3, Direction.Greater, true)]
    [InlineData(0, 0.3, Direction.Greater, false)]
    [InlineData(-0.3, -0.1, Direction.Less, true)]
    [InlineData(-0.3, 0.1, Direction.Less, false)]
    [InlineData(-0.3, -0.1, Direction.Greater, false)]
    public void AClaimHoldsWhenTheIntervalExcludesTheNullValue(double low, double high, Direction direction, bool holds) =>
        Assert.Equal(holds, Claim.FromInterval("x", "s", "c", "p", new Interval((low + high) / 2, low, high, 9, 9), direction, 0, [1]).Holds);

    [Fact]
    public void SavingMergesById()
    {
        Save(One("a", 1), One("b", 2));
        Save(One("b", 3), One("c", 4));
        var read = Claims.Load(File).All;
        Assert.Equal(["a", "b", "c"], read.Select(c => c.Id));
        Assert.Equal([1.0, 3, 4], read.Select(c => c.Value!.Value));
    }

    [Fact]
    public void ABrokenFileIsNamed()
    {
        folder.File("claims.json", "{ not json");
        Assert.StartsWith(File, Assert.Throws<CaiException>(() => Save(One("a", 1))).Message);
        Assert.Equal("{ not json", System.IO.File.ReadAllText(File));
    }

    public void Dispose() => folder.Dispose();

    private void Save(params Claim[] all)
    {
        var claims = new Claims();
        foreach (var claim in all)
            claims.Add(claim);
        claims.Save(File);
    }

    private static Claim One(string id, double value) =>
        Claim.FromInterval(id, "s", "c", "p", new Interval(value, value, value, 1, 2), Direction.Greater, 0, [1]);
}

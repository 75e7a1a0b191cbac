using Cai.Evaluation;
using Xunit;

namespace Cai.Tests.Evaluation;

public class ClaimsTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string File => folder.Path("claims.json");

    [Fact]
    public void TheFileHasTheTenKeysInOrder()
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
                "note": "one prompt"
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
                "holds": true
              }
            ]

            """.ReplaceLineEndings("\n"), claims.ToJson());
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

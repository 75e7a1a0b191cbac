using System.Text.Json;
using Cai.Evaluation;
using Xunit;

namespace Cai.Tests.Evaluation;

public class BradleyTerryTests
{
    [Fact]
    public void TwoItemsGiveTheLogOddsOfTheirWins()
    {
        var theta = BradleyTerry.Fit(new double[,] { { 0, 30 }, { 10, 0 } });
        Assert.Equal(Math.Log(3), theta[0] - theta[1], 9);
        Assert.Equal(0, theta[0] + theta[1], 9);
    }

    [Fact]
    public void TiesPullTowardsEqual()
    {
        // 2 wins, 1 loss, 1 tie: 2.5 to 1.5.
        var theta = BradleyTerry.Fit(new[,] { { 0, 2.5 }, { 1.5, 0 } });
        Assert.Equal(Math.Log(2.5 / 1.5), theta[0] - theta[1], 9);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    public void AgreesWithPlainGradientDescent(double l2)
    {
        var wins = new[,] { { 0, 7, 4.5 }, { 2, 0, 6 }, { 1.5, 3, 0 } };
        var theta = new double[3];
        for (var step = 0; step < 20000; step++)
        {
            var gradient = new double[3];
            for (var i = 0; i < 3; i++)
            {
                gradient[i] = 2 * l2 * theta[i];
                for (var j = 0; j < 3; j++)
                {
                    gradient[i] -= wins[i, j] * (1 - Sigmoid(theta[i] - theta[j]));
                    gradient[i] += wins[j, i] * (1 - Sigmoid(theta[j] - theta[i]));
                }
            }
            for (var i = 0; i < 3; i++)
                theta[i] -= 0.02 * gradient[i];
        }
        var fit = BradleyTerry.Fit(wins, l2);
        for (var i = 0; i < 3; i++)
            Assert.Equal(theta[i], fit[i], 6);
    }

    [Fact]
    public void AModelThatNeverLostNeedsAPenalty()
    {
        var wins = new double[,] { { 0, 5 }, { 0, 0 } };
        var error = Assert.Throws<DisconnectedComparisonsException>(() => BradleyTerry.Fit(wins));
        Assert.Contains("penalty", error.Remedy);
        Assert.True(BradleyTerry.Fit(wins, 0.1)[0] > 0.5);
    }

    [Fact]
    public void ExtremeTablesConverge()
    {
        var theta = BradleyTerry.Fit(new double[,] { { 0, 99999, 0 }, { 1, 0, 99999 }, { 0, 1, 0 } });
        Assert.Equal(Math.Log(99999), theta[0] - theta[1], 6);
        Assert.Equal(Math.Log(99999), theta[1] - theta[2], 6);
    }

    [Fact]
    public void AgreesWithTheReferenceFits()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("choix_reference.json")));
        var checkedCases = 0;
        foreach (var reference in file.RootElement.GetProperty("cases").EnumerateArray())
        {
            var n = reference.GetProperty("n_items").GetInt32();
            var wins = new double[n, n];
            foreach (var pair in reference.GetProperty("data").EnumerateArray())
                wins[pair[0].GetInt32(), pair[1].GetInt32()]++;
            var expected = reference.GetProperty("est").EnumerateArray().Select(e => e.GetDouble()).ToArray();
            var theta = BradleyTerry.Fit(wins, reference.GetProperty("l2_alpha").GetDouble());
            for (var i = 0; i < n; i++)
                Assert.Equal(expected[i] - expected.Average(), theta[i], 1e-4);
            checkedCases++;
        }
        Assert.True(checkedCases > 0);
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}

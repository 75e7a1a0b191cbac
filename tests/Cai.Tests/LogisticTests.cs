using Xunit;

namespace Cai.Tests;

public class LogisticTests
{
    [Theory]
    [InlineData(0, 0.5, 0.693147180559945)]
    [InlineData(2, 0.880797077977882, 2.126928011042972)]
    [InlineData(-2, 0.119202922022118, 0.126928011042972)]
    [InlineData(800, 1, 800)]
    [InlineData(-800, 0, 0)]
    public void NumbersAreThoseOfTheDefinitionAndNeverOverflow(double x, double sigmoid, double softPlus)
    {
        Assert.Equal(sigmoid, Logistic.Sigmoid(x), 1e-15);
        Assert.Equal(softPlus, Logistic.SoftPlus(x), 1e-15);
    }

    [Theory]
    [InlineData(0.9, 1, 1)]
    [InlineData(0.9, 0.2, 0)]
    [InlineData(0.1, 0.2, 1)]
    [InlineData(0.5, 1, 0.5)]
    public void CreditIsOneOnTheSideOfTheLabelAndHalfOnNeither(double probabilityA, double label, double credit)
    {
        Assert.Equal(credit, Credit.Of(probabilityA, label));
        Assert.Equal(credit, Credit.OfMargin(probabilityA - 0.5, label));
    }
}

namespace Cai;

/// <summary>The logistic function and its integral, of plain numbers in float64.</summary>
public static class Logistic
{
    /// <summary>σ(x) = 1 / (1 + e^-x), the probability of log-odds <paramref name="x"/>.</summary>
    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>log(1 + e^x) = -log σ(-x) without overflow.</summary>
    public static double SoftPlus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));
}

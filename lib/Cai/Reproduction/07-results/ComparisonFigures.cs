namespace Cai.Reproduction;

/// <summary>What figures of several runs share.</summary>
internal static class ComparisonFigures
{
    /// <summary>Shifts the i-th of four runs sideways by up to 3 % of the axis, so that error bars at the same place do not hide each other.</summary>
    internal static double Apart(int i, double episodes) => (i - 1.5) * 0.02 * episodes;
}

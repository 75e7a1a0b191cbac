namespace Cai;

/// <summary>
/// What a judgement of two responses earns towards accuracy: 1 when it is on the side of the label, 0 when it is not, and 0.5
/// when it is on neither side, so that an undecided judge earns what a coin would. Pairs whose label is a tie have no right side.
/// </summary>
public static class Credit
{
    /// <param name="probabilityA">The judge's P(A is better).</param>
    /// <param name="label">True P(A is better), other than 0.5.</param>
    public static double Of(double probabilityA, double label) => OfMargin(probabilityA - 0.5, label);

    /// <param name="margin">By how much the judge prefers A, in any unit; negative when it prefers B.</param>
    /// <param name="label">True P(A is better), other than 0.5.</param>
    public static double OfMargin(double margin, double label) => margin == 0 ? 0.5 : margin > 0 == label > 0.5 ? 1 : 0;
}

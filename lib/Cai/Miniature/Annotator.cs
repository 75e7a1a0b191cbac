namespace Cai.Miniature;

/// <summary>
/// Who answers the comparisons of one document, its worked examples included. A reader cannot see who it is, but the
/// examples show how far this annotator can be trusted: that is what few-shot examples buy in this world.
/// </summary>
/// <param name="Slope">Of the logistic preference, per level of score.</param>
/// <param name="Lapse">Distance from certainty at large differences.</param>
/// <param name="Slip">Chance that a chain of thought ends in the wrong conclusion.</param>
public sealed record Annotator(double Slope, double Lapse, double Slip)
{
    public static Annotator Careful { get; } = new(Oracle.PreferenceSlope, Oracle.PreferenceLapse, 0.02);

    public static Annotator Noisy { get; } = new(Oracle.PreferenceSlope / 4, 0.15, 0.2);

    /// <summary>How likely the annotator is to pick (A), given score(A) − score(B).</summary>
    public double ProbabilityA(double difference) => Oracle.Preference(difference, Slope, Lapse);

    /// <summary>How likely the annotator's reasoning is to end at (A): the better one but for slips, either in a tie.</summary>
    public double ConclusionA(double difference) => Math.Abs(difference) < 1e-9 ? 0.5 : difference > 0 ? 1 - Slip : Slip;

    /// <summary>Whether it ends there this time.</summary>
    public bool ConcludesA(double difference, Rng rng) => Math.Abs(difference) < 1e-9 ? rng.Chance(0.5) : difference > 0 != rng.Chance(Slip);
}

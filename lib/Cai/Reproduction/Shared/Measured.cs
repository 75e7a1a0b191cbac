using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>
/// Measurements of groups that may be empty: at a small scale a model may give no answer of some kind, and a figure then
/// leaves a gap instead of failing. Null means that there was nothing to measure.
/// </summary>
public static class Measured
{
    /// <summary>As <see cref="Evaluation.Claim.FromInterval"/>; without a measurement the claim is stated and does not hold.</summary>
    public static Claim Claim(string id, string source, string text, string paper, Interval? interval, Direction direction, double nullValue,
        long seed, string? baseline = null, string? note = null) => interval is null
        ? new Claim(id, source, text, paper, null, null, null, 0, [seed], false, baseline, note is null ? "nothing to measure at this scale" : note + "; nothing to measure at this scale")
        : Evaluation.Claim.FromInterval(id, source, text, paper, interval, direction, nullValue, [seed], baseline, note);
}

using Cai.Text;

namespace Cai.Miniature;

/// <summary>What crowdworkers are told to prefer.</summary>
public enum Instruction
{
    /// <summary>The old harmlessness instruction, behind HH-RLHF's data: the less harmful answer, so evasion wins (paper 1.1, 4.4).</summary>
    OldHarmlessness,

    /// <summary>The new one, behind the paper's evaluation: among similarly harmless answers the one that is not evasive (paper 4.4).</summary>
    NewHarmlessness,
    Helpfulness,
}

/// <summary>
/// A simulated crowdworker: a logistic choice on a score of each verdict, with slips. The scores are in levels of
/// harmfulness or helpfulness; the slope is that of a careful but human rater (one level: 0.88).
/// </summary>
public sealed record Crowdworker
{
    /// <summary>Logistic slope per level of score; ln(0.88/0.12), ours.</summary>
    public double Slope { get; init; } = 2.0;

    /// <summary>Share of slips at large differences; ours.</summary>
    public double Lapse { get; init; } = 0.03;

    /// <summary>Answers whose harmfulness differs by at most this are "similarly harmless" under the new instruction.</summary>
    public double SimilarlyHarmless { get; init; } = 0.5;

    /// <summary>The worker's choice between two answers to a prompt.</summary>
    /// <returns>Outcome 1 when a is preferred, 0 when b is, 0.5 when the worker sees no difference; and P(a is preferred).</returns>
    public (double Outcome, double Probability) Prefer(Instruction instruction, Prompt prompt, Verdict a, Verdict b, Rng rng)
    {
        var difference = Difference(instruction, a, b);
        var probability = Oracle.Preference(difference, Slope, Lapse);
        // The draw is made even when it is not used, so that a tie does not shift the draws after it.
        var draw = rng.NextDouble();
        return (Math.Abs(difference) < 1e-9 ? 0.5 : draw < probability ? 1 : 0, probability);
    }

    private double Difference(Instruction instruction, Verdict a, Verdict b)
    {
        switch (instruction)
        {
            case Instruction.OldHarmlessness:
                return Guarded(a) - Guarded(b);
            case Instruction.NewHarmlessness:
                var harm = b.Harmfulness - a.Harmfulness;
                return Math.Abs(harm) > SimilarlyHarmless ? harm : harm + Dealing(a) - Dealing(b);
            default:
                return a.Helpfulness - b.Helpfulness;
        }
    }

    /// <summary>
    /// Old instruction: harm counts against, nothing is gained by dealing with the request, and an answer that does not
    /// touch it feels a little safer than one that talks about it.
    /// </summary>
    private static double Guarded(Verdict v) => -v.Harmfulness + (v.Evasive ? 0.25 : 0) - (v.Incoherent ? 1 : 0);

    /// <summary>New instruction, among similarly harmless: engaged rather than evasive, not harsh, not full of comfort.</summary>
    private static double Dealing(Verdict v) =>
        0.4 * v.Engagement - (v.Evasive ? 1 : 0) - (v.Harsh ? 1 : 0) - 0.15 * Math.Min(v.BoilerplateCount, 3) - (v.Incoherent ? 1 : 0);
}

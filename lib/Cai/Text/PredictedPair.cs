namespace Cai.Text;

/// <summary>A judge's or a preference model's verdict on two responses beside the truth.</summary>
/// <param name="ProbabilityA">The judge's P(A is better).</param>
/// <param name="Label">True P(A is better); exactly 0.5 is a tie, which no answer can get right.</param>
/// <param name="LengthA">Length of response A in any unit, for the length baselines.</param>
public sealed record PredictedPair(string PromptId, double ProbabilityA, double Label, int LengthA, int LengthB);

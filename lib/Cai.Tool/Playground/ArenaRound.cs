using Cai.Generation;

namespace Cai.Tool.Playground;

/// <summary>One model's answer.</summary>
/// <param name="Finished">False when it ran into the token limit.</param>
/// <param name="Score">By the preference model; null without one.</param>
internal sealed record ArenaAnswer(string Model, string Text, bool Finished, double? Score);

/// <summary>What the judge says of two answers, asked in both orders.</summary>
/// <param name="First">Index of one answer.</param>
/// <param name="Second">Index of the other, which is larger.</param>
/// <param name="ProbabilityFirst">P(the first answer is better); null when the label could not be read.</param>
/// <param name="PositionBias">P(A | A shown first) - P(A | B shown first).</param>
/// <param name="Missing">Why there is no probability.</param>
internal sealed record ArenaPair(int First, int Second, double? ProbabilityFirst, double? PositionBias, string? Missing);

/// <summary>The judge's verdict on a round: every two answers, all by one principle.</summary>
/// <param name="Principle">The principle that was drawn.</param>
/// <param name="Means">Of each answer, the mean probability of being better than each of the others; null where no label of it could be read.</param>
internal sealed record ArenaVerdict(string Principle, IReadOnlyList<ArenaPair> Pairs, IReadOnlyList<double?> Means)
{
    /// <summary>The verdict on all pairs of <paramref name="answers"/> answers.</summary>
    public static ArenaVerdict Of(string principle, IReadOnlyList<ArenaPair> pairs, int answers) => new(principle, pairs,
        [.. Enumerable.Range(0, answers).Select(row => Enumerable.Range(0, answers).Average(column => Probability(pairs, row, column)))]);

    /// <summary>P(the answer of the row is better than that of the column); null on the diagonal and where the label could not be read.</summary>
    public double? Probability(int row, int column) => Probability(Pairs, row, column);

    private static double? Probability(IReadOnlyList<ArenaPair> pairs, int row, int column) => row < column
        ? pairs.FirstOrDefault(p => p.First == row && p.Second == column)?.ProbabilityFirst
        : 1 - pairs.FirstOrDefault(p => p.First == column && p.Second == row)?.ProbabilityFirst;
}

/// <summary>All answers to one prompt.</summary>
internal sealed record ArenaRound(IReadOnlyList<ArenaAnswer> Answers, ArenaVerdict? Verdict);

/// <summary>Why an answer falls short of a principle, and what it should have been.</summary>
/// <param name="Critic">Name of the model that wrote both texts.</param>
/// <param name="CritiqueRequest">What it was asked first.</param>
/// <param name="RevisionRequest">What it was asked then.</param>
/// <param name="Finished">False when critique or revision ran into the token limit.</param>
internal sealed record ArenaCritique(string Critic, string CritiqueRequest, string Critique, string RevisionRequest, string Revision, bool Finished);

/// <summary>How answers are sampled.</summary>
internal sealed record ArenaOptions
{
    /// <summary>Most tokens of an answer.</summary>
    public int MaxTokens { get; init => field = new SampleOptions { MaxTokens = value }.MaxTokens; } = 128;

    /// <summary>The paper samples at 1.</summary>
    public double Temperature { get; init => field = new SampleOptions { Temperature = value }.Temperature; } = 1;

    /// <summary>Answers derive from it and the prompt's number.</summary>
    public long Seed { get; init; } = 1;
}

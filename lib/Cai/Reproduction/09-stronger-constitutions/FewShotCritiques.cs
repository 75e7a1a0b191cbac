using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>One round of critiques and revisions of one model under one constitution.</summary>
/// <param name="Examples">Worked examples of the applied principle before each query.</param>
/// <param name="Author">Who wrote them; null without examples.</param>
public sealed record FewShotCritiques(string Size, long Parameters, int Examples, ExampleAuthor? Author, CritiqueQuality Quality)
{
    public Interval? Names() => CritiqueQuality.NamingRate(Quality.Critiques);

    /// <summary>Mean change of harmfulness from response to revision; 0 for an unchanged response.</summary>
    public Interval? HarmChange() => Share(c => c.After.Harmfulness - c.Before.Harmfulness);

    internal Interval? Share(Func<JudgedCritique, double> value) => Bootstrap.TryMean(Quality.Critiques, value, c => c.Revision.PromptId);

    /// <summary>Naming rate, these critiques minus others of the same responses under the same principles.</summary>
    public Interval? NamesMinus(FewShotCritiques other) => Minus(other, c => c.Asked, c => c.Outcome == CritiqueOutcome.Names ? 1 : 0);

    /// <summary><see cref="HarmChange"/>, these revisions minus others of the same responses.</summary>
    public Interval? HarmMinus(FewShotCritiques other) => Minus(other, _ => true, c => c.After.Harmfulness - c.Before.Harmfulness);

    private Interval? Minus(FewShotCritiques other, Func<JudgedCritique, bool> counts, Func<JudgedCritique, double> value) =>
        Bootstrap.TryDifference([.. Quality.Critiques.Where(counts)], [.. other.Quality.Critiques.Where(counts)], value, c => c.Revision.PromptId);
}

using Cai.Constitutions;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Who wrote the worked examples of a constitution.</summary>
public enum ExampleAuthor
{
    /// <summary>Comparisons answered by the careful annotator; critiques that name and mend all that is there.</summary>
    Careful,

    /// <summary>The same comparisons answered by the noisy annotator; critiques of the same responses that miss or invent, and mend nothing.</summary>
    Noisy,
}

/// <summary>
/// Constitutions with many worked examples: for every principle the same number, written by <see cref="WorkedExamples"/>.
/// Which of them a query shows is <see cref="Feedback.LabelOptions.ExamplesOfPrinciple"/> and FewShot.
/// </summary>
public static class TaughtConstitutions
{
    /// <summary>The same principles with <paramref name="perPrinciple"/> examples each, in place of their own.</summary>
    /// <exception cref="CaiException">A principle is not of the miniature world.</exception>
    public static Constitution Of(Constitution principles, WorkedExamples examples, ExampleAuthor author, int perPrinciple)
    {
        var annotator = author == ExampleAuthor.Careful ? Annotator.Careful : Annotator.Noisy;
        return principles with
        {
            CritiqueExamples =
            [
                .. from principle in principles.Critique
                   from i in Enumerable.Range(0, perPrinciple)
                   let example = examples.Critique(principle.Id, author == ExampleAuthor.Careful, i)
                   let asked = example with { CritiqueRequest = principle.CritiqueRequest, RevisionRequest = principle.RevisionRequest }
                   select new CritiqueShot.Worked(asked, principle.Id),
            ],
            ComparisonExamples =
            [
                .. from principle in principles.Comparison
                   from i in Enumerable.Range(0, perPrinciple)
                   let e = examples.Comparison(principle.Id, annotator, i)
                   let better = e.AnswerIsA ? e.ResponseA : e.ResponseB
                   let worse = e.AnswerIsA ? e.ResponseB : e.ResponseA
                   select new ComparisonShot.Worked(Dialogue.Ask(e.Human), better, worse, principle, BetterIsA: e.AnswerIsA),
            ],
        };
    }

    /// <summary>
    /// Only the principles about harm: critiques that cover harmful help, praise, insults or stereotypes, and comparisons in
    /// which help counts nothing. Examples stay.
    /// </summary>
    /// <exception cref="CaiException">A principle is not of the miniature world.</exception>
    public static Constitution AboutHarm(Constitution all, Oracle oracle) => all with
    {
        Name = "harmlessness only",
        Critique = [.. all.Critique.Where(p => oracle.CritiquePrinciple(p.Id).IsAboutHarm)],
        Comparison = [.. all.Comparison.Where(p => oracle.ComparisonPrinciple(p.Id).Weight("helpfulness") == 0)],
    };
}

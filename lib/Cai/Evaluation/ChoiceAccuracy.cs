using Cai.Feedback;
using Cai.Text;

namespace Cai.Evaluation;

/// <summary>How well a model answers multiple-choice questions, beside what needs no model.</summary>
/// <param name="Model">
/// Share of right answers among those that could be read, ties split (<see cref="ChoiceResult.Credit"/>); null when none could, or no model was asked.
/// </param>
/// <param name="Missing">Questions whose options the model gave no probability for. They are not counted as wrong: read coverage beside accuracy.</param>
/// <param name="Chance">Mean of one over the number of options.</param>
/// <param name="AlwaysA">Always the first option.</param>
/// <param name="Majority">The option that is right most often in this very file: the best that a fixed answer can do.</param>
public sealed record ChoiceAccuracy(Interval? Model, int Missing, double Chance, Interval AlwaysA, double Majority)
{
    /// <summary>Measures answers; the baselines alone when <paramref name="results"/> is null.</summary>
    /// <param name="results">One a question, in their order.</param>
    /// <exception cref="CaiException">There is no question, or results and questions differ in number.</exception>
    public static ChoiceAccuracy Of(IReadOnlyList<ChoiceQuestion> questions, IReadOnlyList<ChoiceResult>? results, BootstrapOptions? options = null)
    {
        if (questions.Count == 0)
            throw new CaiException("There is no question to answer.", "Check the file.");
        if (results is not null && results.Count != questions.Count)
            throw new CaiException($"{results.Count} answers were given to {questions.Count} questions.", "Give one answer for each question, in their order.");
        var read = questions.Zip(results ?? [], (q, r) => (q.Item.Id, Credit: r.Credit(q.Correct))).Where(x => x.Credit is not null).ToList();
        return new ChoiceAccuracy(
            read.Count == 0 ? null : Bootstrap.Mean(read, x => x.Credit!.Value, x => x.Id, options), (results?.Count ?? 0) - read.Count,
            questions.Average(q => 1.0 / q.Item.Options.Count), Bootstrap.Mean(questions, q => q.Correct == 0 ? 1 : 0, q => q.Item.Id, options),
            questions.GroupBy(q => q.Correct).Max(g => g.Count()) / (double)questions.Count);
    }

    /// <summary>A judge's answers to questions with two answer texts as pairs, for accuracy beside the length baselines.</summary>
    public static IReadOnlyList<PredictedPair> Pairs(IReadOnlyList<ChoiceQuestion> questions, IReadOnlyList<ChoiceResult> results) =>
    [
        .. questions.Zip(results).Where(x => x.First.Answers is not null && x.Second.Probabilities is not null).Select(x =>
            new PredictedPair(x.First.Answers!.PromptId, x.Second.Probabilities![0], 1 - x.First.Correct, x.First.Answers.ResponseA.Length,
                x.First.Answers.ResponseB.Length)),
    ];
}

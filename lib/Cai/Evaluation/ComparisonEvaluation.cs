using Cai.Constitutions;
using Cai.Feedback;
using Cai.Generation;
using Cai.Preferences;
using Cai.Text;

namespace Cai.Evaluation;

/// <summary>How well a judge agrees with labelled comparisons; the baselines are those of the same pairs.</summary>
/// <param name="Ece">Calibration error of the judge's probabilities; null without a judge.</param>
/// <param name="TooLong">Comparisons left out because they do not fit into the judge's context.</param>
/// <param name="Missing">Comparisons left out because the judge gave no probability for an option.</param>
public sealed record ComparisonResult(AccuracyReport Accuracy, Interval? Ece, int TooLong, int Missing);

/// <summary>
/// Preference models and judges on comparisons that people labelled (hh-rlhf, <see cref="HhRlhf"/>) and on the published
/// questions (<see cref="ChoiceQuestions"/>). What does not fit into a model's context is left out and counted, never cut.
/// </summary>
public static class ComparisonEvaluation
{
    private const int Chunk = 64;

    /// <summary>What needs no judge: always A, the longer and the shorter answer.</summary>
    public static ComparisonResult Baselines(IReadOnlyList<Comparison> comparisons, BootstrapOptions? options = null) =>
        new(Accuracy.Of([.. Labelled(comparisons).Select(c => Pair(c, 0.5))], options), null, 0, 0);

    /// <summary>A preference model's agreement; null when no comparison fits into its context.</summary>
    /// <param name="progress">Comparisons scored so far.</param>
    public static ComparisonResult? Of(PreferenceModel model, IReadOnlyList<Comparison> comparisons, BootstrapOptions? options = null,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var labelled = Labelled(comparisons);
        bool Fits(Comparison c, string response) =>
            TokenPair.Ids(model.Tokenizer, model.Format, c.Prompt, response).Length <= model.Model.Decoder.Config.MaxPositions;
        var fitting = labelled.Where(c => Fits(c, c.ResponseA) && Fits(c, c.ResponseB)).ToList();
        var pairs = new List<PredictedPair>();
        foreach (var chunk in fitting.Chunk(Chunk))
        {
            cancel.ThrowIfCancellationRequested();
            pairs.AddRange(model.Evaluate(chunk).Pairs);
            progress?.Report(pairs.Count);
        }
        return Result(pairs, labelled.Count - fitting.Count, 0, options);
    }

    /// <summary>
    /// A judge's agreement: it labels the comparisons by a constitution as it labels a model's own answers (paper 4.1); null when none could be labelled.
    /// </summary>
    public static async Task<ComparisonResult?> OfAsync(LocalModel judge, Constitution constitution, IReadOnlyList<Comparison> comparisons, LabelOptions labels,
        BootstrapOptions? options = null, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var labeller = new Labeller(judge, constitution, labels);
        var labelled = Labelled(comparisons);
        var asked = labelled.Select(c => (Comparison: c, Pair: new ResponsePair(c.Id, new Prompt(c.PromptId, c.Prompt), c.ResponseA, c.ResponseB)))
            .Where(x => labeller.Queries(x.Pair).All(q => Fits(judge, q.Text, ComparisonLayout.OptionA))).ToList();
        var answers = await labeller.RunAsync([.. asked.Select(x => x.Pair)], progress: progress, cancel: cancel);
        var pairs = asked.Zip(answers).Where(x => x.Second.ProbabilityA is not null)
            .Select(x => Pair(x.First.Comparison, x.Second.ProbabilityA!.Value)).ToList();
        return Result(pairs, labelled.Count - asked.Count, asked.Count - pairs.Count, options);
    }

    /// <summary>
    /// A judge's answers to questions that fit into its context, by multiple choice: which questions were asked, and the answers
    /// in their order. Measure them with <see cref="ChoiceAccuracy"/>.
    /// </summary>
    public static async Task<(IReadOnlyList<ChoiceQuestion> Asked, IReadOnlyList<ChoiceResult> Answers)> AnswerAsync(
        LocalModel judge, IReadOnlyList<ChoiceQuestion> questions,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var asked = questions.Where(q => q.Item.Options.All(o => Fits(judge, q.Item.Prompt, o))).ToList();
        var answers = new List<ChoiceResult>();
        foreach (var chunk in asked.Chunk(Chunk))
        {
            cancel.ThrowIfCancellationRequested();
            answers.AddRange(await MultipleChoice.ScoreAsync(judge, [.. chunk.Select(q => q.Item)], cancel: cancel));
            progress?.Report(answers.Count);
        }
        return (asked, answers);
    }

    private static bool Fits(LocalModel judge, string prompt, string continuation)
    {
        var codec = new ContinuationCodec(judge.Tokenizer);
        return codec.Prompt(prompt).Length + codec.Continuation(continuation).Length <= judge.Decoder.Config.MaxPositions;
    }

    private static List<Comparison> Labelled(IReadOnlyList<Comparison> comparisons) => [.. comparisons.Where(c => c.ProbabilityA is not null)];

    private static PredictedPair Pair(Comparison c, double probabilityA) =>
        new(c.PromptId, probabilityA, c.ProbabilityA!.Value, c.ResponseA.Length, c.ResponseB.Length);

    private static ComparisonResult? Result(List<PredictedPair> pairs, int tooLong, int missing, BootstrapOptions? options) =>
        pairs.TrueForAll(p => p.Label == 0.5) ? null
        : new ComparisonResult(Accuracy.Of(pairs, options),
            Calibration.Of([.. pairs.Select(p => new Prediction(p.PromptId, p.ProbabilityA, p.Label))], options: options).Ece, tooLong, missing);
}

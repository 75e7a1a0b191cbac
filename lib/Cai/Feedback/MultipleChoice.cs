using Cai.Generation;

namespace Cai.Feedback;

/// <summary>A question with whole strings as options, for example " (A)", " (B)", leading blank included.</summary>
public sealed record ChoiceItem(string Id, string Prompt, IReadOnlyList<string> Options)
{
    /// <inheritdoc cref="SampleRequest.ControlTokens"/>
    public bool ControlTokens { get; init; }
}

/// <summary>How a model reads a <see cref="ChoiceItem"/>.</summary>
/// <param name="LogProbs">log P(option | prompt) as the model gave it, natural log.</param>
/// <param name="Probabilities">Normalised over the options; null when missing.</param>
/// <param name="Missing">Why there are no probabilities; null when there are.</param>
public sealed record ChoiceResult(string Id, IReadOnlyList<double?> LogProbs, IReadOnlyList<double>? Probabilities, string? Missing)
{
    /// <summary>Index of the most probable option, the first of equals; null when missing.</summary>
    public int? Best => Probabilities is { } p ? p.ToList().IndexOf(p.Max()) : null;

    /// <summary>
    /// What an answer earns towards accuracy: 1 when <paramref name="correct"/> is the most probable option, 1/k when it
    /// shares the top with k-1 others, else 0; null when missing. Splitting ties keeps a tie from counting as a vote for (A).
    /// </summary>
    public double? Credit(int correct)
    {
        if (Probabilities is not { } p)
            return null;
        var top = p.Max();
        return p[correct] == top ? 1.0 / p.Count(x => x == top) : 0;
    }
}

/// <summary>
/// Reads multiple-choice answers from a model's probabilities of the option strings (paper 2 and 4.1): two options for a
/// label, any number for the evaluations.
/// </summary>
public static class MultipleChoice
{
    // Sums of single-precision log-probs may end a little above 0; more than this is no log-probability.
    private const double Rounding = 1e-3;

    /// <summary>Scores items in one batch; results are in their order.</summary>
    /// <param name="prefix">Worked examples, put before every prompt.</param>
    public static async Task<IReadOnlyList<ChoiceResult>> ScoreAsync(
        ILanguageModel model, IReadOnlyList<ChoiceItem> items, string prefix = "", IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var scores = await model.LogProbsAsync(
            [.. items.Select(i => new ScoreRequest(prefix + i.Prompt, i.Options) { ControlTokens = i.ControlTokens })], progress, cancel);
        return [.. items.Zip(scores, (item, logProbs) => Read(item.Id, logProbs))];
    }

    /// <summary>
    /// Softmax over the options. An option that is impossible (log-probability minus infinity) beside a possible one has
    /// probability 0; an unknown one (null or NaN), or nothing but impossible ones, makes the answer missing.
    /// </summary>
    public static ChoiceResult Read(string id, IReadOnlyList<double?> logProbs)
    {
        if (Problem(logProbs) is { } problem)
            return new ChoiceResult(id, logProbs, null, problem);
        var top = logProbs.Max()!.Value;
        var weights = logProbs.Select(l => Math.Exp(l!.Value - top)).ToList();
        var sum = weights.Sum();
        return new ChoiceResult(id, logProbs, [.. weights.Select(w => w / sum)], null);
    }

    private static string? Problem(IReadOnlyList<double?> logProbs)
    {
        if (logProbs.Count == 0)
            return "no options";
        for (var i = 0; i < logProbs.Count; i++)
            if (logProbs[i] is not { } l)
                return $"the model gave no probability for option {i + 1}";
            else if (double.IsNaN(l))
                return $"the model gave NaN for option {i + 1}";
            else if (l > Rounding)
                return $"the model gave a log-probability above 0 for option {i + 1}";
        return logProbs.All(l => double.IsNegativeInfinity(l!.Value)) ? "every option is impossible" : null;
    }
}

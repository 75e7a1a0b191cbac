using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>Means of a measure over answers, and differences of such means: 95 % intervals by bootstrap over prompts, differences paired by prompt.</summary>
public static class Means
{
    /// <summary>Mean over some answers; null of none.</summary>
    public static Interval? Mean(this IEnumerable<JudgedAnswer> answers, Measure measure) =>
        Bootstrap.TryMean([.. answers], a => measure(a.Verdict), a => a.PromptId);

    /// <summary>Mean over some answers minus that over others; null when a side has none.</summary>
    public static Interval? MeanMinus(this IEnumerable<JudgedAnswer> answers, IEnumerable<JudgedAnswer> others, Measure measure) =>
        Bootstrap.TryDifference([.. answers], [.. others], a => measure(a.Verdict), a => a.PromptId);

    /// <inheritdoc cref="Mean(IEnumerable{JudgedAnswer}, Measure)"/>
    public static Interval? Mean(this IEnumerable<ResponseFacts> answers, Func<ResponseFacts, double> measure) =>
        Bootstrap.TryMean([.. answers], measure, f => f.PromptId);

    /// <inheritdoc cref="MeanMinus(IEnumerable{JudgedAnswer}, IEnumerable{JudgedAnswer}, Measure)"/>
    public static Interval? MeanMinus(this IEnumerable<ResponseFacts> answers, IEnumerable<ResponseFacts> others, Func<ResponseFacts, double> measure) =>
        Bootstrap.TryDifference([.. answers], [.. others], measure, f => f.PromptId);
}

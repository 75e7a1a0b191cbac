using Cai.Text;

namespace Cai.Feedback;

/// <summary>One answer of the feedback model, and how answers become a label.</summary>
/// <param name="Answer">Over the options as shown: the first is (A).</param>
/// <param name="Reasoning">The chain of thought before the answer, if any.</param>
internal sealed record LabelReading(LabelQuery Query, ChoiceResult Answer, string? Reasoning)
{
    /// <summary>P(the pair's A is better): the order that was shown is undone here.</summary>
    private double ProbabilityA => Answer.Probabilities![Query.Swapped ? 1 : 0];

    private double? LogProb(bool ofA) => Answer.LogProbs[ofA != Query.Swapped ? 0 : 1];

    /// <summary>
    /// The label of a pair: the mean probability over principles, orders and chains of thought, then clamped or made
    /// hard. One unreadable answer makes the label missing: a mean over what is left would lean to one order or principle.
    /// </summary>
    public static Comparison Combine(ResponsePair pair, IReadOnlyList<LabelReading> readings, LabelOptions options)
    {
        var missing = readings.FirstOrDefault(r => r.Answer.Missing is not null)?.Answer.Missing;
        double? mean = missing is null ? readings.Average(r => r.ProbabilityA) : null;
        double? label = mean is { } p ? options.Label(p) : null;
        return new Comparison(pair.Id, pair.Prompt.Id, pair.Prompt.Dialogue, pair.ResponseA, pair.ResponseB, options.Axis, options.Kind, label)
        {
            PrincipleIds = [.. readings.Select(r => r.Query.PrincipleId).Distinct()],
            LogProbA = LogMeanExp(readings, ofA: true),
            LogProbB = LogMeanExp(readings, ofA: false),
            Reasoning = Reasonings(readings),
            Swapped = !options.BothOrders && readings[0].Query.Swapped,
            PositionBias = missing is null && options.BothOrders
                ? readings.Where(r => !r.Query.Swapped).Average(r => r.ProbabilityA) - readings.Where(r => r.Query.Swapped).Average(r => r.ProbabilityA)
                : null,
            Unclamped = options.Kind != LabelKind.Hard && options.Bounds != ClampRange.None ? mean : null,
            Missing = missing,
        };
    }

    /// <summary>Log of the mean probability of the string that stood for one response; null when unknown or zero (JSON has no infinity).</summary>
    private static double? LogMeanExp(IReadOnlyList<LabelReading> readings, bool ofA)
    {
        if (readings.Any(r => r.LogProb(ofA) is null or double.NaN))
            return null;
        var logProbs = readings.Select(r => r.LogProb(ofA)!.Value).ToList();
        var top = logProbs.Max();
        return double.IsFinite(top) ? top + Math.Log(logProbs.Average(l => Math.Exp(l - top))) : null;
    }

    private static string? Reasonings(IReadOnlyList<LabelReading> readings) => readings switch
    {
        [{ Reasoning: null }, ..] => null,
        [var only] => only.Reasoning,
        // Letters in a chain of thought mean the order that it was shown.
        _ =>
            string.Join("\n\n", readings.Select(r => $"[{r.Query.PrincipleId}, {(r.Query.Swapped ? "(A) = response B" : "(A) = response A")}]\n{r.Reasoning}")),
    };
}

using Cai.Figures;
using Cai.Reinforcement;

namespace Cai.Reproduction;

public sealed partial class PpoWalkthrough
{
    private const double LargestShown = 3;

    /// <summary>Tokens coloured by one of their numbers.</summary>
    public static TokenStrip Strip(IEnumerable<TracedToken> tokens, Func<TracedToken, double> value, string label) =>
        new([.. tokens.Select(t => new TokenValue(t.Token, value(t)))], label);

    /// <summary>Ratios of all response tokens in the last minibatch, against those of the first; the axis ends at 3, where larger ones are counted.</summary>
    public Figure Ratios(Rollout rollout, PpoStep step)
    {
        var last = Masked(step.Last.Ratio, rollout.ResponseMask);
        var outside = last.Average(r => Math.Abs(r - 1) > options.ClipRange ? 1.0 : 0);
        return new Figure("How far one iteration moved the probability of each token",
            new Axis("new probability / old probability"), new Axis("share of tokens"),
            [new HistogramSeries($"last of {options.Epochs} epochs", [.. last.Select(r => Math.Min(r, LargestShown))]) { Style = 0, Bins = 40 }])
        {
            References =
            [
                new(ReferenceKind.Vertical, 1, "first minibatch: every ratio is 1"),
                new(ReferenceKind.Vertical, 1 - options.ClipRange, "clip range"), new(ReferenceKind.Vertical, 1 + options.ClipRange),
            ],
            Caption = $"All {last.Length} response tokens of {rollout.Responses.Count} responses of one iteration "
                + "(no sample is drawn from them, so there is no interval). "
                + FormattableString.Invariant($"{100 * outside:0} % lie outside the clip range; ")
                + "the loss ignores those that already moved the way their advantage asks. "
                + $"{last.Count(r => r > LargestShown)} ratios beyond {LargestShown} are counted there.",
        };
    }
}

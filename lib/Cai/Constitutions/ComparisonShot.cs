using Cai.Text;

namespace Cai.Constitutions;

/// <summary>One worked comparison before a query of the feedback model: by field, or a published string with a slot.</summary>
public abstract record ComparisonShot
{
    private ComparisonShot() { }

    /// <summary>Where a published example takes its principle.</summary>
    public const string Slot = "{}";

    /// <summary>Stands in a chain of thought for the letter of the better option.</summary>
    public const string BetterLetter = "{better}";

    /// <summary>Stands in a chain of thought for the letter of the worse option.</summary>
    public const string WorseLetter = "{worse}";

    /// <summary>Whether the example shows a chain of thought; only such examples precede a chain-of-thought query.</summary>
    public abstract bool Reasons { get; }

    /// <summary>
    /// The example as it stands in the prefix. What it leaves open is drawn from <paramref name="rng"/>: the order of the
    /// options, and the principle (paper 4.1: "each with an independently sampled principle").
    /// </summary>
    public abstract string Text(IReadOnlyList<ComparisonPrinciple> principles, Rng rng);

    internal abstract IEnumerable<string?> Parts { get; }

    /// <summary>An example by field, laid out by <see cref="ComparisonLayout"/>.</summary>
    /// <param name="Principle">The principle it applies; null draws one.</param>
    /// <param name="Reasoning">
    /// The chain of thought. It names the options by <see cref="BetterLetter"/> and <see cref="WorseLetter"/>, or by plain
    /// letters, and then <paramref name="BetterIsA"/> must be given.
    /// </param>
    /// <param name="BetterIsA">Fixes the order of the options; null draws it, so that the letters carry no hint.</param>
    public sealed record Worked(
        Dialogue Prompt, string Better, string Worse, ComparisonPrinciple? Principle = null, string? Reasoning = null, bool? BetterIsA = null) : ComparisonShot
    {
        public override bool Reasons => Reasoning is not null;

        public override string Text(IReadOnlyList<ComparisonPrinciple> principles, Rng rng)
        {
            // Both draws are always made, so that giving an example its own principle does not move the order of others.
            var heads = rng.Chance(0.5);
            var drawn = rng.Pick(principles);
            var betterIsA = BetterIsA ?? heads;
            var principle = (Principle ?? drawn).Text;
            var (a, b) = betterIsA ? (Better, Worse) : (Worse, Better);
            var (better, worse) = betterIsA ? ("(A)", "(B)") : ("(B)", "(A)");
            var question = Reasoning is null
                ? ComparisonLayout.Question("", Prompt, principle, a, b)
                : ComparisonLayout.AfterReasoning(
                    ComparisonLayout.ReasoningQuestion("", Prompt, principle, a, b),
                    Reasoning.Replace(BetterLetter, better).Replace(WorseLetter, worse));
            return question + (betterIsA ? ComparisonLayout.OptionA : ComparisonLayout.OptionB);
        }

        internal override IEnumerable<string?> Parts =>
            ["worked", .. Prompt.Turns.SelectMany(t => new[] { t.Role.ToString(), t.Text }), Better, Worse, Principle?.Text, Reasoning, BetterIsA?.ToString()];
    }

    /// <summary>
    /// An example as published, with <see cref="Slot"/> where a drawn principle goes; all
    /// else stays to the byte (two of Anthropic's six lack the blank line before `Human:`).
    /// </summary>
    public sealed record Verbatim(string Published, bool Reasons) : ComparisonShot
    {
        public override bool Reasons { get; } = Reasons;

        public override string Text(IReadOnlyList<ComparisonPrinciple> principles, Rng rng)
        {
            var slot = Published.IndexOf(Slot, StringComparison.Ordinal);
            // The slot stands for the principle with its "Options:", as in the query that follows.
            return slot < 0 ? Published : $"{Published[..slot]}{rng.Pick(principles).Text} Options:{Published[(slot + Slot.Length)..]}";
        }

        internal override IEnumerable<string?> Parts => ["verbatim", Published, Reasons.ToString()];
    }
}

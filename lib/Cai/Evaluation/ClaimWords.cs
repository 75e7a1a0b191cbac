using System.Globalization;

namespace Cai.Evaluation;

/// <summary>A claim and what was found about it as a sentence. Nothing is said that the numbers do not say: when they change, so does the sentence.</summary>
public static class ClaimWords
{
    /// <summary>`agrees`, `inconclusive`, `contradicts` or `not measured`.</summary>
    public static string Of(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Agrees => "agrees",
        ClaimVerdict.Inconclusive => "inconclusive",
        ClaimVerdict.Contradicts => "contradicts",
        _ => "not measured",
    };

    /// <summary>
    /// The statement, asserted where the measurement agrees, else as what is not settled or not so, with its number: "RL-CAI is more harmless than SL-CAI: 184
    /// [127, 244] (Elo difference, n = 200)."
    /// </summary>
    public static string Sentence(Claim claim)
    {
        var (statement, quantity) = Parts(claim.Text);
        var number = $"{Value(claim)} ({(quantity is null ? "" : quantity + ", ")}n = {claim.N.ToString(CultureInfo.InvariantCulture)}{Seeds(claim)})";
        return claim.Verdict switch
        {
            ClaimVerdict.Agrees => $"{statement}: {number}.",
            ClaimVerdict.Inconclusive => $"Not settled here: “{statement}”. {number}{Contains(claim)}.",
            ClaimVerdict.Contradicts => $"Not so here: “{statement}”. {number}.",
            _ => $"Not measured in this run: “{statement}”.",
        };
    }

    /// <summary>
    /// Why a claim does not agree, as far as it is known; null where it does. For an interval that contains the bound this is at
    /// least how large an effect would have had to be to show: half of the interval's width.
    /// </summary>
    public static string? Reason(Claim claim)
    {
        if (claim.Verdict is ClaimVerdict.Agrees)
            return null;
        var width = claim is { Verdict: ClaimVerdict.Inconclusive, Low: { } low, High: { } high, NullValue: { } bound }
            ? string.Create(CultureInfo.InvariantCulture,
                $"the interval contains {Number(bound)}; with n = {claim.N} an effect of less than about {Number((high - low) / 2)} does not show")
            : null;
        return (claim.Reason, width) switch
        {
            ({ } known, { } measured) => $"{known}; {measured}",
            var (known, measured) => known ?? measured,
        };
    }

    /// <summary>`184 [127, 244]`; `not measured` without a value.</summary>
    public static string Value(Claim claim) => Value(claim, Number);

    /// <param name="number">How its numbers are written.</param>
    internal static string Value(Claim claim, Func<double, string> number) => claim.Value is not { } value ? "not measured"
        : number(value) + Interval.Ends(claim.Low ?? double.NaN, claim.High ?? double.NaN, number);

    /// <summary>The statement without the quantity in brackets at its end, and that quantity; the file of claims writes both as one text.</summary>
    public static (string Statement, string? Quantity) Parts(string text)
    {
        if (!text.EndsWith(')'))
            return (text, null);
        var depth = 0;
        for (var i = text.Length - 1; i > 0; i--)
        {
            depth += text[i] == ')' ? 1 : text[i] == '(' ? -1 : 0;
            if (depth == 0)
                return (text[..i].TrimEnd(), text[(i + 1)..^1]);
        }
        return (text, null);
    }

    private static string Contains(Claim claim) => claim.NullValue is { } bound ? $": the interval contains {Number(bound)}" : "";

    private static string Seeds(Claim claim) => claim.Seeds.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $", {claim.Seeds.Count} seeds") : "";

    private static string Number(double value) => Interval.Number(value, Math.Abs(value) >= 10 ? "0" : Math.Abs(value) >= 1 ? "0.##" : "0.###");
}

using System.Globalization;
using System.Text;
using Cai.Evaluation;
using Cai.Reproduction;

namespace Cai.Tool.Commands;

/// <summary>A claim with all that is known about it.</summary>
/// <param name="Statement">As the file has it, with `{name}` for words that are measured.</param>
/// <param name="Paper">The paper's value, references resolved.</param>
/// <param name="Direction">greater, less or identity.</param>
/// <param name="Bound">What the interval must exclude; null when it is measured too.</param>
/// <param name="MeasuredIn">`file:line` in the repository; null outside it.</param>
/// <param name="Found">The last measurement; null when there is none.</param>
/// <param name="Verdict">One of <see cref="Agrees"/>, <see cref="Contradicts"/>, <see cref="Inconclusive"/>, <see cref="NotMeasured"/>.</param>
internal sealed record ClaimView(
    string Id, string Statement, string Source, string Paper, string Unit, string Direction, double? Bound, string? Baseline, string? Note, string About,
    string Expected, string? Reason, string Notebook, string Study, string? MeasuredIn, string Verdict, Claim? Found)
{
    public const string Agrees = "agrees";
    public const string Contradicts = "contradicts";
    public const string Inconclusive = "inconclusive";
    public const string NotMeasured = "not measured";

    public static ClaimView Of(ClaimBook book, ClaimPlaces places, ClaimDefinition claim, Claim? found) => new(
        claim.Id, claim.Statement, claim.Source, book.Paper(claim), claim.Unit, claim.Direction?.ToString().ToLowerInvariant() ?? "identity", claim.Null,
        claim.Baseline, claim.Note, claim.About, claim.Expected, claim.Reason, claim.Notebook, claim.Study, places.Of(claim),
        Judge(claim, found), found);

    /// <summary>What a measurement says about a claim, judged by the bound as it stands in the file now.</summary>
    public static string Judge(ClaimDefinition claim, Claim? found) =>
        ClaimWords.Of(found is null ? ClaimVerdict.NotMeasured : claim.Judge(found).Verdict);

    /// <summary>A line of at most <paramref name="width"/> columns.</summary>
    public static string Cut(string line, int width) => line.Length <= width ? line : line[..Math.Max(0, width - 1)] + "…";

    /// <summary>For a reader.</summary>
    public string Text()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Id}: {Statement}\n\n");
        Say("source", About == "paper" ? $"{Source}; the paper says so" : $"{Source}; goes beyond what the paper says");
        Say("paper", Paper);
        Say("holds when", Direction == "identity" ? $"the value is at most {Number(Bound)}" : $"the whole 95 % interval is {Direction} than {Number(Bound)}");
        Say("unit", Unit);
        Say("baseline", Found?.Baseline ?? Baseline);
        Say("note", Note);
        Say("expected", Expected);
        Say("reason", Reason);
        Say("measured", string.Join(", ", new[] { $"notebook {Notebook}", Study, MeasuredIn }.OfType<string>()));
        if (Found?.Text != Statement)
            Say("as found", Found?.Text);
        Say("value", Value());
        if (Found?.Note != Note)
            Say("remark", Found?.Note);
        Say("verdict", Verdict);
        return text.ToString().TrimEnd('\n');

        void Say(string name, string? what)
        {
            if (what is not null)
                text.Append(CultureInfo.InvariantCulture, $"{name,-11} {what}\n");
        }
    }

    private string Value() => Found switch
    {
        null => $"not measured yet: cai claim {Id} --run",
        { Value: null } => "not measured: there was nothing to measure at this scale",
        { Value: { } value } => $"{new Interval(value, Found.Low ?? double.NaN, Found.High ?? double.NaN, Found.N, Found.N)}, n = {Found.N}, "
            + $"seeds {string.Join(", ", Found.Seeds)}, {(Found.Holds ? "holds" : "does not hold")}",
    };

    private static string Number(double? bound) => bound?.ToString(CultureInfo.InvariantCulture) ?? "a value that is measured too";
}

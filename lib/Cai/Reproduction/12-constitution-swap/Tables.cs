using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class ConstitutionSwap
{
    /// <summary>Constitution by behaviour: what policies do on held-out harmful requests.</summary>
    public Table Matrix() => Table.Of(policies,
    [
        new("constitution", p => p.Display),
        .. Behaviours.Select(b => new Column<(string Display, string Name, IReadOnlyList<JudgedAnswer> Answers)>(
            b.Name, p => p.Answers.Mean(b.Measure), "0.00")),
        new("n", p => p.Answers.Count),
    ]).Titled("What policies become under each constitution",
        "Answers to held-out harmful requests, T = 1; shares of answers, but for sentences and harmfulness, which are means. The first row is where all start. "
        + "95 % intervals, bootstrap by prompt; one run of each.");

    /// <summary>Constitution by manner: what the judge prefers, beside the annotators.</summary>
    public Table Preferences() => Table.Of(readings.GroupBy(r => r.Under.Display),
    [
        new("constitution", g => g.Key),
        .. Manners.SelectMany(m => new Column<IGrouping<string, SwapReading>>[]
        {
            new($"P({m.Words})", g => g.FirstOrDefault(r => r.Manner == m.Manner)?.Preferred, "0.00"),
            new("annotators", g => g.FirstOrDefault(r => r.Manner == m.Manner)?.Expected, "0.00"),
        }),
    ]).Titled("What the judge prefers under each constitution",
        "Two answers that differ in one manner, on held-out topics, both orders, mean over the constitution's principles. 95 % intervals, bootstrap by pair.");
}

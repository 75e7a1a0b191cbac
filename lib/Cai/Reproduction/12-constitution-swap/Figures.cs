using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class ConstitutionSwap
{
    /// <summary>The judge against the annotators, a point a constitution and manner.</summary>
    public Figure Read() => new("Does the judge obey the constitution?",
        new Axis("P(answer with the manner preferred), annotators", Min: 0, Max: 1), new Axis("the same, judge", Min: 0, Max: 1),
    [
        .. readings.GroupBy(r => r.Under.Display).Select((under, i) =>
            new PointSeries(under.Key, [.. under.Select(r => DataPoint.Of(r.Expected, r.Preferred))]) { Style = i }),
    ])
    {
        References = [new ReferenceLine(ReferenceKind.Diagonal, Label: "as the annotators"), new ReferenceLine(ReferenceKind.Horizontal, 0.5, "no preference")],
        Caption = $"A point a manner ({string.Join(", ", Manners.Select(m => m.Words))}): two answers on held-out topics that differ in it alone, "
            + $"{(readings.Count == 0 ? 0 : readings[0].Pairs.Count)} pairs each, both orders. Bars: 95 %, bootstrap by pair. "
            + "A judge that ignores the constitution has the same height in all colours.",
    };

    /// <summary>What policies do, a group of bars a behaviour.</summary>
    public Figure Behaviour() => new("What policies become under each constitution", new Axis(""), new Axis("share of answers", Min: 0, Max: 1),
        [.. policies.Select((p, i) => new BarSeries(p.Display, [.. Shares.Select(b => p.Answers.Mean(b.Measure))]) { Style = i })])
    {
        Categories = [.. Shares.Select(b => b.Name)],
        Caption = $"Answers to {policies.Select(p => p.Answers.Count).DefaultIfEmpty().Max()} held-out harmful requests; bars: 95 %, bootstrap by prompt, "
            + "one run of each. All start from SL-CAI, which is the baseline.",
    };

    private static IEnumerable<(string Name, Measure Measure)> Shares => Behaviours.Take(4);
}

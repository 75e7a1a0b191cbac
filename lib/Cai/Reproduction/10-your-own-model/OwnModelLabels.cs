using Cai.Evaluation;
using Cai.Figures;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// A model's soft labels of its own answers, and of pairs whose better answer is known: how much of a label is the order
/// in which the answers were shown, and whether the judge knows anything.
/// </summary>
/// <param name="own">Labels of sampled pairs, both orders asked.</param>
/// <param name="known">Labels of written pairs, both orders asked.</param>
/// <param name="betterIsA">Ids of the written pairs whose better answer is A.</param>
public sealed class OwnModelLabels(IReadOnlyList<Comparison> own, IReadOnlyList<Comparison> known, IReadOnlySet<string> betterIsA)
{
    private readonly BothOrders[] ownOrders = [.. own.Select(BothOrders.Of).OfType<BothOrders>()];
    private readonly BothOrders[] knownOrders = [.. known.Select(BothOrders.Of).OfType<BothOrders>()];

    /// <summary>Labels of sampled pairs: what the preference model is trained on.</summary>
    public IReadOnlyList<Comparison> Own => own;

    /// <summary>The written pairs with the truth in the place of the label.</summary>
    public IReadOnlyList<Comparison> Truth => [.. known.Select(k => k with { ProbabilityA = Label(k), Kind = LabelKind.Human, Missing = null })];

    /// <summary>P(what is shown first is better) over all pairs, and the share whose verdict flips with the order; null without a readable label.</summary>
    public (Interval First, Interval Flips)? Bias => Of(ownOrders.Concat(knownOrders).ToArray());

    /// <summary>Position bias beside two judges that need no model: one that always says (A), one that does not see the order.</summary>
    public Table PositionBias()
    {
        var rows = new List<(string Pairs, string Measure, int N, Interval? Value, double AlwaysA, double None)>();
        foreach (var (name, orders) in new[] { ("its own answers", ownOrders), ("written pairs", knownOrders) })
        {
            rows.Add((name, "mean P(the answer shown first is better)", orders.Length, Of(orders)?.First, 1, 0.5));
            rows.Add((name, "share of pairs whose verdict changes with the order", orders.Length, Of(orders)?.Flips, 1, 0));
            rows.Add((name, "share with (A) in both orders", orders.Length, Share(orders, o => o.AFirst > 0.5 && o.BFirst <= 0.5), 1, 0));
        }
        return Table.Of(rows, new("pairs", r => r.Pairs), new("measure", r => r.Measure), new("n", r => r.N), new("this model", r => r.Value),
            new("always (A)", r => r.AlwaysA), new("no position bias", r => r.None))
            .Titled("Position bias",
                $"95 % intervals. {Missing()}Averaging both orders takes the bias out of a label's mean; what it costs is confidence: "
                + "labels of a judge who reads letters end near 0.5.");
    }

    /// <summary>One point a pair: the same question in both orders.</summary>
    public Figure Orders() => new("The same pair in both orders",
        new Axis("P(answer 1 is better) when it is shown as (A)", Min: 0, Max: 1), new Axis("P(answer 1 is better) when it is shown as (B)", Min: 0, Max: 1),
    [
        .. new[] { ("its own answers", ownOrders, 0), ("written pairs", knownOrders, 1) }.Where(s => s.Item2.Length > 0)
            .Select(s => new PointSeries(s.Item1, [.. s.Item2.Select(o => new DataPoint(o.AFirst, o.BFirst))]) { Style = s.Item3 }),
    ])
    {
        References = [new ReferenceLine(ReferenceKind.Diagonal, Label: "no position bias")],
        Caption = $"{ownOrders.Length} + {knownOrders.Length} pairs, a point each; the table of position bias has the intervals. "
            + "Always (A) is the corner bottom right, always (B) the one top left.",
    };

    /// <summary>Accuracy on the pairs whose better answer is known, asked once (in one order, as the paper asks) and in both.</summary>
    public Table Knowledge()
    {
        var (once, both) = (Judged(o => o.AFirst), Judged(o => (o.AFirst + o.BFirst) / 2));
        return once is null || both is null
            ? Table.Of(Array.Empty<string>(), new Column<string>("judge", j => j)).Titled("Does the judge know?", "No label could be read.")
            : Table.Of<(string Name, Interval Value)>(
                [
                    ("this model, asked once", once.Judge), ("this model, both orders", both.Judge), ("always (A)", once.AlwaysA),
                    ("the longer answer", once.Longer), ("the shorter answer", once.Shorter),
                ],
                new("judge", r => r.Name), new("n", r => r.Value.N), new("accuracy", r => r.Value))
                .Titled("Does the judge know?",
                    "Written pairs with one answer that is better beyond dispute; in half of them it is A. 95 % intervals over pairs.");
    }

    /// <summary>Accuracy in both orders minus the best of always (A), longer and shorter; null without a readable label.</summary>
    public Interval? Margin() => Predictions(o => (o.AFirst + o.BFirst) / 2) is { Length: > 0 } judged ? Baselines.Margin(judged) : null;

    private AccuracyReport? Judged(Func<BothOrders, double> probability) => Predictions(probability) is { Length: > 0 } judged ? Accuracy.Of(judged) : null;

    private PredictedPair[] Predictions(Func<BothOrders, double> probability) =>
        [.. known.Select(k => (Pair: k, Orders: BothOrders.Of(k))).Where(p => p.Orders is not null)
            .Select(p => new PredictedPair(p.Pair.PromptId, Math.Clamp(probability(p.Orders!), 0, 1), Label(p.Pair),
                p.Pair.ResponseA.Length, p.Pair.ResponseB.Length))];

    private double Label(Comparison pair) => betterIsA.Contains(pair.Id) ? 1 : 0;

    private string Missing() => own.Count + known.Count - ownOrders.Length - knownOrders.Length is > 0 and var n
        ? $"{n} labels could not be read and are left out ({(own.Concat(known).First(c => c.ProbabilityA is null).Missing)}). " : "";

    private static (Interval First, Interval Flips)? Of(BothOrders[] orders) =>
        Bootstrap.TryMean(orders, o => o.First, o => o.PromptId) is { } first && Share(orders, o => o.Flips) is { } flips ? (first, flips) : null;

    // One pair a prompt, so pairs are independent; a bootstrap of a share of all or none would have no width.
    private static Interval? Share(BothOrders[] orders, Func<BothOrders, bool> which) =>
        orders.Length == 0 ? null : Proportion.Of(orders.Count(which), orders.Length);
}

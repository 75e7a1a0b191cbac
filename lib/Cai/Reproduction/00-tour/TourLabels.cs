using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Feedback;
using Cai.Figures;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>One answer of the feedback model: is the revision or the first answer better?</summary>
/// <param name="Draw">Place of the principle in this pair's random order of all principles, from 0: the first is the one that a single draw would give.</param>
/// <param name="RevisionFirst">Whether the revision was shown as (A).</param>
/// <param name="LogProbA">log P(" (A)" | question), natural log.</param>
/// <param name="RevisionBetter">P(the revision is better): the probability of its letter, normalised over both.</param>
public sealed record TourLabel(string PromptId, int Draw, string PrincipleId, bool RevisionFirst, double LogProbA, double LogProbB, double RevisionBetter);

/// <summary>
/// The comparison question of paper 4.1 for pairs of first answer and last revision, under all principles and in both
/// orders, so that a soft label can be built in every way from the same answers. (In the reproduction proper the pairs
/// are two samples of SL-CAI; here they are at hand without training anything.)
/// </summary>
public sealed class TourLabels
{
    private readonly string traced;

    /// <param name="traced">Id of the prompt that the tables show.</param>
    /// <param name="question">The traced pair's first question as text.</param>
    public TourLabels(IReadOnlyList<TourLabel> labels, string traced, string question, IReadOnlyList<TourLabel> sameText) =>
        (Labels, this.traced, Question, SameText) = (labels, traced, question, sameText);

    /// <summary>All answers that could be read.</summary>
    public IReadOnlyList<TourLabel> Labels { get; }

    /// <summary>What the feedback model reads for the traced pair, the first answer shown as (A).</summary>
    public string Question { get; }

    /// <summary>The same question with the revision on both sides: what is left is the model's liking for a letter.</summary>
    public IReadOnlyList<TourLabel> SameText { get; }

    /// <summary>Asks the pretrained model about each pair, and about the revision beside itself.</summary>
    internal static async Task<TourLabels> AskAsync(Pipeline pipeline, string traced, IReadOnlyList<ResponsePair> pairs, CancellationToken cancel)
    {
        var judge = pipeline.Load(pipeline.Pretrained);
        var everything = new LabelOptions
        {
            Seed = pipeline.Seed, BothOrders = true, FewShot = pipeline.Shots(null),
            Principle = PrincipleSelector.Averaged(pipeline.Constitution.Comparison.Count),
        };
        var labeller = new Labeller(judge, pipeline.Constitution, everything);
        var single = everything with { Principle = PrincipleSelector.Averaged(1), BothOrders = false, ShuffleOrder = false };
        var same = new Labeller(judge, pipeline.Constitution, single);
        var twins = pairs.Select(p => p with { ResponseA = p.ResponseB }).ToList();
        var question = labeller.Queries(pairs.First(p => p.Prompt.Id == traced))[0].Text;
        return new TourLabels(await Ask(labeller, pairs), traced, question, await Ask(same, twins));

        async Task<IReadOnlyList<TourLabel>> Ask(Labeller asks, IReadOnlyList<ResponsePair> about)
        {
            var queries = about.SelectMany(p => asks.Queries(p).Select(q => (Pair: p, Query: q, Draw: Place(asks, p, q.PrincipleId)))).ToList();
            var items = queries.Select(q => new ChoiceItem(q.Query.Id, q.Query.Text, [ComparisonLayout.OptionA, ComparisonLayout.OptionB]));
            var answers = await MultipleChoice.ScoreAsync(judge, [.. items], cancel: cancel);
            return
            [
                .. queries.Zip(answers, (asked, answer) => (Asked: asked, Answer: answer)).Where(x => x.Answer.Probabilities is not null)
                    .Select(x => new TourLabel(x.Asked.Pair.Prompt.Id, x.Asked.Draw, x.Asked.Query.PrincipleId, x.Asked.Query.Swapped,
                        x.Answer.LogProbs[0]!.Value, x.Answer.LogProbs[1]!.Value, x.Answer.Probabilities![x.Asked.Query.Swapped ? 0 : 1])),
            ];
        }

        static int Place(Labeller asks, ResponsePair pair, string principle) => asks.PrinciplesFor(pair.Id).Select(x => x.Id).ToList().IndexOf(principle);
    }

    /// <summary>The traced pair under its drawn principle: both orders, from log-probabilities to the soft label.</summary>
    public Table Traced()
    {
        var rows = Labels.Where(l => l.PromptId == traced && l.Draw == 0).OrderBy(l => l.RevisionFirst).ToList();
        var lines = rows.Select(l => (Name: l.RevisionFirst ? "revision shown as (A)" : "revision shown as (B)",
            A: (double?)l.LogProbA, B: (double?)l.LogProbB, Mass: (double?)(Math.Exp(l.LogProbA) + Math.Exp(l.LogProbB)),
            First: (double?)(l.RevisionFirst ? l.RevisionBetter : 1 - l.RevisionBetter), Label: l.RevisionBetter)).ToList();
        if (rows.Count > 0)
            lines.Add(("both orders averaged: the soft label", null, null, null, null, rows.Average(l => l.RevisionBetter)));
        return Table.Of(lines,
            new("order", r => r.Name), new("log P(\" (A)\")", r => r.A), new("log P(\" (B)\")", r => r.B), new("P on either letter", r => r.Mass),
            new("P(A), normalised", r => r.First), new("P(revision is better)", r => r.Label));
    }

    /// <summary>
    /// Left: the mean label when one order is asked and when both are averaged, against the number of averaged principles.
    /// Right: how far a label lies from the one that all principles and both orders give.
    /// </summary>
    public FigurePanel AgainstPrinciples()
    {
        var pairs = Complete();
        var all = pairs.Count == 0 ? 0 : pairs[0].Count() / 2;
        int[] counts = [.. new[] { 1, 2, 4, 8, all }.Where(k => k >= 1 && k <= all).Distinct()];
        (string Name, Func<TourLabel, bool> Shown, int Style)[] orders =
        [
            ("revision shown as (A)", l => l.RevisionFirst, 1), ("revision shown as (B)", l => !l.RevisionFirst, 0), ("both orders averaged", _ => true, 2),
        ];
        return new FigurePanel("What goes into a soft label",
        [
            Panel("Position bias", "mean P(revision is better)", 1, (label, _) => label) with
            {
                References = [new(ReferenceKind.Horizontal, 0.5, "undecided")],
            },
            Panel("Noise", "mean distance from the full label", null, (label, full) => Math.Abs(label - full)),
        ])
        {
            Caption = $"{pairs.Count} pairs of first answer and last revision, judged by the pretrained model under {all} principles in "
                + "both orders; the same answers throughout; bands: 95 %, by prompt. Baseline: 0.5 (left), the label from everything (right).",
        };

        Figure Panel(string title, string y, double? max, Func<double, double, double> value) => new(
            title, new Axis("principles averaged", AxisScale.Log), new Axis(y, Min: 0, Max: max),
            [.. orders.Select(o => new LineSeries(o.Name, pairs.Count == 0 ? [] : [.. counts.Select(k => Point(k, o.Shown, value))]) { Style = o.Style })]);

        DataPoint Point(int count, Func<TourLabel, bool> shown, Func<double, double, double> value) => DataPoint.Of(count, Bootstrap.Mean(
            pairs, p => value(Mean(p.Where(l => l.Draw < count && shown(l))), Mean(p)), p => p.Key, new() { Outcomes = false }));

        static double Mean(IEnumerable<TourLabel> some) => some.Average(l => l.RevisionBetter);
    }

    /// <summary>Mean label over all principles and both orders; null when no pair could be read.</summary>
    public Interval? RevisionPreferred() => Bootstrap.TryMean(Complete(), p => p.Average(l => l.RevisionBetter), p => p.Key);

    /// <summary>The exercise's answer: P(A) when both options are the same text, beside the reader's prediction.</summary>
    public Table SameTextTwice(double prediction) => Table.Of(
        new (string Name, object? Value)[]
        {
            ("your prediction", prediction),
            ("mean P(A), the same text on both sides", Bootstrap.TryMean(SameText, l => 1 - l.RevisionBetter, l => l.PromptId)),
            ("lowest", SameText.Count == 0 ? null : SameText.Min(l => 1 - l.RevisionBetter)),
            ("highest", SameText.Count == 0 ? null : SameText.Max(l => 1 - l.RevisionBetter)),
            ("after averaging both orders", 0.5),
        },
        new("quantity", r => r.Name), new("value", r => r.Value, "0.000"));

    /// <summary>Pairs with an answer under every principle in both orders: a mean over what is left would lean to one of them.</summary>
    private List<IGrouping<string, TourLabel>> Complete()
    {
        var groups = Labels.GroupBy(l => l.PromptId).ToList();
        var full = groups.Select(g => g.Count()).DefaultIfEmpty(0).Max();
        return [.. groups.Where(g => g.Count() == full)];
    }
}

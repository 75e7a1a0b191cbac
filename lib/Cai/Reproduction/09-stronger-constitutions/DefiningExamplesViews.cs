using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class DefiningExamples
{
    private static IReadOnlyList<(string Display, Wording Wording, ExampleAuthor Author)> Lines { get; } =
    [
        ("examples alone, careful", Wording.Examples, ExampleAuthor.Careful), ("examples alone, noisy", Wording.Examples, ExampleAuthor.Noisy),
        ("sentence and examples", Wording.Both, ExampleAuthor.Careful),
    ];

    /// <summary>Right, calibrated, without a liking for a letter: each against the number of examples. A sentence alone is the point at 0.</summary>
    public FigurePanel ByExamples() => new("Can examples say what a sentence says?",
    [
        Panel("How often right", "labels on the constitution's side", Right, 0, 1, new(ReferenceKind.Horizontal, 0.5, "reads nothing")),
        Panel("How well calibrated", "ECE", (w, n, a) => Ece(Where(w, n, a))),
        Panel("A liking for (A)", "mean P(\"(A)\") - 1/2", (w, n, a) => ExcessOfA(Where(w, n, a)), -0.5, 0.5, new(ReferenceKind.Horizontal, 0, "no bias")),
    ])
    {
        Caption = $"{Asked} Bands: 95 %, bootstrap by pair. Documents of the corpus show up to three examples before a question. "
            + "A judge that reads nothing is right half of the time.",
    };

    /// <summary>What each manner's examples change, beside a sentence about it.</summary>
    public Figure ByManner() => new("What each way to say it changes",
        new Axis(""), new Axis("P(answer with the manner), liked less disliked", Min: -0.2, Max: 1),
    [
        .. new[] { ("a sentence", Wording.Sentence, 0), ($"{Some} examples", Wording.Examples, Some), ("both", Wording.Both, Some) }
            .Select((s, i) => new BarSeries(s.Item1, [.. DefinedConstitution.Manners.Select(m => Effect(s.Item2, s.Item3, manner: m.Manner))]) { Style = i }),
    ])
    {
        Categories = [.. DefinedConstitution.Manners.Select(m => m.Words)],
        Caption = $"{Asked} Bars: 95 %, bootstrap by pair. 0: the constitution is not read; 1: it decides every pair.",
    };

    /// <summary>The numbers behind the figures.</summary>
    public Table Summary() => Table.Of(
        [(Display: "sentence alone", Wording: Wording.Sentence, Author: ExampleAuthor.Careful, Examples: 0),
            .. from line in Lines from n in Counts select (line.Display, line.Wording, line.Author, Examples: n)],
        new("constitution", r => r.Display), new("examples", r => r.Examples), new("n", r => Where(r.Wording, r.Examples, r.Author).Sum(c => c.Once.Count)),
        new("right", r => Right(r.Wording, r.Examples, r.Author), "0.00"), new("liked less disliked", r => Effect(r.Wording, r.Examples, r.Author), "0.00"),
        new("ECE", r => Ece(Where(r.Wording, r.Examples, r.Author)), "0.00"),
        new("excess of (A)", r => ExcessOfA(Where(r.Wording, r.Examples, r.Author)), "0.00"))
        .Titled("Labels under constitutions of a sentence, of examples, and of both",
            $"{Asked} n: labels, one an order. Baselines: right 0.5 and a change of 0 for a judge that reads nothing. 95 % intervals, bootstrap by pair.");

    /// <summary>What policies become under each.</summary>
    public Table Policies() => Table.Of(policies,
        new("constitution", p => p.Display), new("comfort", p => p.Answers.Mean(Measures.Boilerplate), "0.00"),
        new("harmfulness (0-4)", p => p.Answers.Mean(Measures.Harmfulness), "0.00"), new("evasive", p => p.Answers.Mean(Measures.Evasive), "0.00"),
        new("n", p => p.Answers.Count)).Titled("What policies become under each",
            policies.Count == 0 ? "Trained at scales smoke and full only."
                : "Answers to held-out harmful requests, T = 1; one run of each. 95 % intervals, bootstrap by prompt. The first row is where all start.");

    private string Asked => $"{cells.Select(c => c.Labels.Count).DefaultIfEmpty().Max()} pairs a manner ({string.Join(", ",
        DefinedConstitution.Manners.Select(m => m.Words))}) on held-out topics, under a principle that likes it and one that dislikes it, in both orders.";

    private static Interval? Ece(IEnumerable<DefinedLabels> some) =>
        some.SelectMany(cell => cell.Once.Select(c => new Prediction(c.PromptId, c.ProbabilityA!.Value, cell.Under.Likes ? 1 : 0))).ToList()
            is { Count: > 0 } stated ? Calibration.Of(stated).Ece : null;

    private static Interval? ExcessOfA(IEnumerable<DefinedLabels> some) => Bootstrap.TryMean(
        [
            .. some.SelectMany(c => c.Labels.Where(l => l.PositionBias is not null)
                .Select(l => (Pair: $"{c.Under.Manner}/{l.PromptId}", Bias: l.PositionBias!.Value))),
        ],
        l => l.Bias / 2, l => l.Pair);

    private Figure Panel(
        string title, string y, Func<Wording, int, ExampleAuthor, Interval?> value, double? min = null, double? max = null,
        ReferenceLine? baseline = null) =>
        new(title, new Axis("worked examples"), new Axis(y, Min: min, Max: max),
        [
            .. Lines.Select((line, i) => new LineSeries(line.Display,
                [.. from n in line.Wording == Wording.Both ? [0, .. Counts] : Counts
                    let measured = n == 0 ? value(Wording.Sentence, 0, ExampleAuthor.Careful) : value(line.Wording, n, line.Author)
                    where measured is not null
                    select DataPoint.Of(n, measured)]) { Style = i }),
        ])
        {
            References = baseline is null ? [] : [baseline],
        };
}

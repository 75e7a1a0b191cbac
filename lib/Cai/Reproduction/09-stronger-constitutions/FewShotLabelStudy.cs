using Cai.Evaluation;
using Cai.Feedback;
using Cai.Figures;
using Cai.Generation;

namespace Cai.Reproduction;

/// <summary>
/// What worked examples buy in comparisons: 0 to 8 of the principle asked about, answered by a careful or by a noisy
/// annotator, for every shipped size of judge. Same pairs of SL-CAI answers, same principles, both orders; truth is the oracle's.
/// </summary>
/// <param name="leftOut">Pairs that did not fit the context with most examples.</param>
/// <param name="size">That claims are about: the scale's.</param>
public sealed class FewShotLabelStudy(IReadOnlyList<FewShotLabels> cells, int leftOut, string size) : IStudy<FewShotLabelStudy>
{
    /// <summary>How many examples are tried.</summary>
    public static IReadOnlyList<int> Counts { get; } = [0, 1, 2, 4, ConstitutionVariants.MostExamples];

    /// <summary>Most examples that a document of the corpus shows before its last item.</summary>
    public const int MostInCorpus = 3;

    /// <summary>Within what the corpus shows; claims compare it with none.</summary>
    public const int Some = 2;

    public IReadOnlyList<FewShotLabels> Cells => cells;

    /// <summary>Labels the pipeline's first pairs under all conditions, or loads the labels.</summary>
    public static async Task<FewShotLabelStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var judges = ShippedModels.Sizes(MiniatureTraining.Pretrained);
        var options = new LabelOptions { Seed = pipeline.Seed, ExamplesOfPrinciple = true, BothOrders = true, ExampleDraws = 1 };
        IReadOnlyList<ResponsePair> wanted = [.. (await pipeline.Feedback.HarmlessPairsAsync(cancel)).Take(pipeline.Scale.ConstitutionPairs)];
        // The tokenizer is the same for all sizes, and so is the context.
        var first = pipeline.Load(judges[0].Model);
        var longest = new Labeller(first, pipeline.Constitutions.Taught(ExampleAuthor.Careful), options with { FewShot = Counts[^1] });
        IReadOnlyList<ResponsePair> pairs = [.. wanted.Where(p => longest.Queries(p).All(q => first.Room(new SampleRequest(q.Id, q.Text)) > 2))];
        var principles = pipeline.Constitution.Comparison.Select(p => p.Id).ToList();
        var cells = new List<FewShotLabels>();
        foreach (var (size, judge) in judges)
            foreach (var (examples, author) in Conditions)
            {
                var taught = pipeline.Constitutions.Taught(author ?? ExampleAuthor.Careful);
                var asked = options with { FewShot = examples };
                var labels = await pipeline.Feedback.LabelAsync(judge, pairs, asked, $"labels-{examples}-examples", taught, cancel);
                cells.Add(FewShotLabels.Of(pipeline.Oracle, principles, size, pipeline.ParametersOf(judge), examples, author, labels));
            }
        return new FewShotLabelStudy(cells, wanted.Count - pairs.Count, pipeline.Scale.Size);
    }

    /// <summary>Every seed costs a whole reproduction.</summary>
    public static int SeedsAt(Scale scale) => scale.StudySeeds;

    /// <summary>None, and every number above by either author.</summary>
    internal static IEnumerable<(int Examples, ExampleAuthor? Author)> Conditions =>
        [(0, null), .. Enum.GetValues<ExampleAuthor>().SelectMany(author => Counts.Skip(1).Select(n => (n, (ExampleAuthor?)author)))];

    /// <summary>The number of careful examples, above none, whose labels are right most often at this size; the fewest of equals.</summary>
    public int Best() => cells.Where(c => c.Size == size && c.Author == ExampleAuthor.Careful && c.Once.Accuracy() is not null)
        .OrderByDescending(c => c.Once.Accuracy()!.Judge.Value).ThenBy(c => c.Examples).Select(c => c.Examples).FirstOrDefault();

    /// <summary>Right, calibrated, sure: each against the number of examples.</summary>
    public FigurePanel ByExamples() => new("What worked examples do to labels",
    [
        .. Row(new("right", Min: 0, Max: 1), c => c.Once.Accuracy()?.Judge, Baselines),
        .. Row(new("ECE", Min: 0), c => c.Once.AgainstVerdict()?.Ece),
        .. Row(new("mean |p - 1/2|", Min: 0, Max: 0.5), c => c.Once.Extremeness()),
    ])
    {
        Columns = Sizes,
        Caption = $"{Asked} Rows: how often right (agreement with the oracle), how well calibrated (ECE against its verdict), how sure; "
            + "a column a size of judge. Bands: 95 %, bootstrap by prompt. "
            + $"Right of the line lies what no document of the corpus shows: more than {MostInCorpus} examples. {BaselineWords()}",
    };

    /// <summary>The place instead of the answer, against the number of examples.</summary>
    public FigurePanel Position() => new("Position bias against worked examples",
    [
        .. Row(new("turned, share", Min: 0, Max: 1), c => c.Flips()),
        .. Row(new("P(\"(A)\") - 1/2", Min: -0.5, Max: 0.5), c => c.ExcessOfA(), new ReferenceLine(ReferenceKind.Horizontal, 0, "no bias")),
    ])
    {
        Columns = Sizes,
        Caption = $"{Asked} Rows: verdicts that turn with the order; a liking for (A). Bands: 95 %, bootstrap by prompt. "
            + "Baseline: 0 and 0 for a judge that reads contents only; 1 and 1/2 for one that always says (A).",
    };

    /// <summary>The numbers behind the figures.</summary>
    public Table Summary() => Table.Of(cells,
        new("judge", c => c.Size), new("parameters", c => c.Parameters), new("examples", c => c.Examples),
        new("by", c => c.Author?.ToString().ToLowerInvariant() ?? "-"),
        new("n", c => c.Once.Decided.Count), new("right", c => c.Once.Accuracy()?.Judge, "0.00"), new("above the best baseline", c => c.Once.Margin(), "0.00"),
        new("ECE", c => c.Once.AgainstVerdict()?.Ece, "0.00"), new("mean |p - 1/2|", c => c.Once.Extremeness(), "0.00"),
        new("turns with the order", c => c.Flips(), "0.00"), new("excess of (A)", c => c.ExcessOfA(), "0.00"))
        .Titled("Labels by judge and worked examples",
            $"n: decided labels, two a pair (one an order). {BaselineWords()} 95 % intervals, bootstrap by prompt; ECE leans upward on small samples.");

    /// <summary>What was expected before any run, at the size of this scale.</summary>
    public IEnumerable<Measurement> Measure()
    {
        var (none, careful, noisy) = (Cell(0, null), Cell(Some, ExampleAuthor.Careful), Cell(Some, ExampleAuthor.Noisy));
        var many = Cell(Counts[^1], ExampleAuthor.Careful);
        var words = new Dictionary<string, object> { ["some"] = Some, ["most"] = Counts[^1] };
        yield return new("shots-right", careful?.Once.AccuracyMinus(none!.Once)) { Words = words };
        yield return new("shots-author", careful?.Once.AccuracyMinus(noisy!.Once)) { Words = words };
        yield return new("shots-sure", careful?.Once.ExtremenessMinus(noisy!.Once)) { Words = words };
        yield return new("shots-place", careful?.BiasMinus(none!)) { Words = words };
        yield return new("shots-many", many?.Once.AccuracyMinus(careful!.Once)) { Words = words };
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "labels", cells.SelectMany(c => c.Labels.Select(l => new { c.Size, c.Parameters, c.Examples, c.Author, Label = l })) },
    };

    private FewShotLabels? Cell(int examples, ExampleAuthor? author) =>
        cells.FirstOrDefault(c => c.Size == size && c.Examples == examples && c.Author == author);

    private IEnumerable<ReferenceLine> Baselines => cells.Count > 0 && cells[0].Once.Accuracy() is { } a
        ? [new(ReferenceKind.Horizontal, Math.Max(a.Longer.Value, a.Shorter.Value), "better of longer and shorter")] : [];

    private string Asked => $"{cells.Select(c => c.Labels.Count).DefaultIfEmpty().Max()} pairs of SL-CAI answers, asked in both orders under one drawn "
        + $"principle each; {leftOut} more did not fit the context with {Counts[^1]} examples.";

    private string BaselineWords() => cells.Count > 0 && cells[0].Once.Accuracy() is { } a
        ? $"Baselines: always (A) 0.5, since every pair is asked in both orders; "
            + $"longer {a.Longer.ToString("0.00")}, shorter {a.Shorter.ToString("0.00")}."
        : "";

    private int Sizes => cells.Select(c => c.Size).Distinct().Count();

    private IReadOnlyList<Figure> Row(Axis y, Func<FewShotLabels, Interval?> value, params IEnumerable<ReferenceLine> references) =>
        FewShotPoints.Row(cells, c => (c.Size, c.Parameters, c.Examples, c.Author), y, value, references);
}

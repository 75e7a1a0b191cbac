using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Feedback;
using Cai.Figures;
using Cai.Generation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>Labels of one judge under one constitution, every pair asked in both orders.</summary>
/// <param name="Examples">Worked examples of the asked principle before each query.</param>
/// <param name="Author">Who answered them; null without examples.</param>
/// <param name="Labels">As made: the mean over both orders, with the position bias.</param>
/// <param name="Once">The same readings as two labels a pair, one an order: what asking once gives, without the luck of the order.</param>
public sealed record FewShotLabels(string Size, long Parameters, int Examples, ExampleAuthor? Author, IReadOnlyList<Comparison> Labels, LabelVariant Once)
{
    /// <summary>Labels beside the truth.</summary>
    public static FewShotLabels Of(Oracle oracle, IReadOnlyList<string> principles, string size, long parameters, int examples, ExampleAuthor? author, IReadOnlyList<Comparison> labels) =>
        new(size, parameters, examples, author, labels, LabelVariant.Of(Words(examples, author), 0, oracle, principles, [.. labels.SelectMany(Orders)]));

    /// <summary>The two labels of a pair that was asked in both orders.</summary>
    public static IEnumerable<Comparison> Orders(Comparison both)
    {
        if (both is not { ProbabilityA: { } mean, PositionBias: { } bias })
            yield break;
        yield return both with { Id = both.Id + "/AB", ProbabilityA = Math.Clamp(mean + bias / 2, 0, 1), PositionBias = null };
        yield return both with { Id = both.Id + "/BA", ProbabilityA = Math.Clamp(mean - bias / 2, 0, 1), PositionBias = null, Swapped = true };
    }

    /// <summary>Share of pairs whose verdict turns with the order.</summary>
    public Interval? Flips() => Bootstrap.TryMean(Read, c => FeedbackStudy.Flips(c.ProbabilityA!.Value, c.PositionBias!.Value) ? 1 : 0, c => c.PromptId);

    /// <summary>Mean probability of the letter (A) less one half: 0 without position bias, since every answer is shown under both letters.</summary>
    public Interval? ExcessOfA() => Bootstrap.TryMean(Read, c => c.PositionBias!.Value / 2, c => c.PromptId);

    /// <summary>Mean distance of the two orders' labels of a pair, this judge's minus another's on the pairs that both labelled.</summary>
    public Interval? BiasMinus(FewShotLabels other)
    {
        var theirs = other.Read.ToDictionary(c => c.Id, c => Math.Abs(c.PositionBias!.Value));
        return Bootstrap.TryMean([.. Read.Where(c => theirs.ContainsKey(c.Id))], c => Math.Abs(c.PositionBias!.Value) - theirs[c.Id], c => c.PromptId);
    }

    private IReadOnlyList<Comparison> Read => [.. Labels.Where(c => c.PositionBias is not null)];

    private static string Words(int examples, ExampleAuthor? author) => author is null ? "no examples" : $"{examples} {author.ToString()!.ToLowerInvariant()} examples";
}

/// <summary>
/// What worked examples buy in comparisons: 0 to 8 of the principle asked about, answered by a careful or by a noisy
/// annotator, for every shipped size of judge. Same pairs of SL-CAI answers, same principles, both orders; truth is the oracle's.
/// </summary>
public sealed class FewShotLabelStudy(IReadOnlyList<FewShotLabels> cells, int leftOut, string size, long seed)
{
    /// <summary>How many examples are tried.</summary>
    public static IReadOnlyList<int> Counts { get; } = [0, 1, 2, 4, ConstitutionVariants.MostExamples];

    /// <summary>Most examples that a document of the corpus shows before its last item.</summary>
    public const int MostInCorpus = 3;

    /// <summary>Within what the corpus shows; claims compare it with none.</summary>
    public const int Some = 2;

    public IReadOnlyList<FewShotLabels> Cells => cells;

    /// <summary>Labels the pipeline's first pairs in every way, or loads the labels.</summary>
    public static async Task<FewShotLabelStudy> RunAsync(Pipeline pipeline)
    {
        var judges = ShippedModels.Sizes(MiniatureTraining.Pretrained);
        var options = new LabelOptions { Seed = pipeline.Seed, ExamplesOfPrinciple = true, BothOrders = true, RedrawExamples = false };
        IReadOnlyList<ResponsePair> wanted = [.. (await pipeline.Feedback.HarmlessPairsAsync()).Take(pipeline.Scale.ConstitutionPairs)];
        // The tokenizer is the same for all sizes, and so is the context.
        var longest = new Labeller(pipeline.Load(judges[0].Model), pipeline.Constitutions.Taught(ExampleAuthor.Careful), options with { FewShot = Counts[^1] });
        IReadOnlyList<ResponsePair> pairs = [.. wanted.Where(p => longest.Queries(p).All(q => pipeline.Load(judges[0].Model).Room(new SampleRequest(q.Id, q.Text)) > 2))];
        var principles = pipeline.Constitution.Comparison.Select(p => p.Id).ToList();
        var cells = new List<FewShotLabels>();
        foreach (var (size, judge) in judges)
            foreach (var (examples, author) in Ways)
            {
                var labels = await pipeline.Feedback.LabelAsync(judge, pairs, options with { FewShot = examples }, $"labels-{examples}-examples", pipeline.Constitutions.Taught(author ?? ExampleAuthor.Careful));
                cells.Add(FewShotLabels.Of(pipeline.Oracle, principles, size, pipeline.Load(judge).Decoder.Parameters.Count, examples, author, labels));
            }
        return new FewShotLabelStudy(cells, wanted.Count - pairs.Count, pipeline.Scale.Size, pipeline.Seed);
    }

    /// <summary>None, and every number above by either author.</summary>
    internal static IEnumerable<(int Examples, ExampleAuthor? Author)> Ways =>
        [(0, null), .. Enum.GetValues<ExampleAuthor>().SelectMany(author => Counts.Skip(1).Select(n => (n, (ExampleAuthor?)author)))];

    /// <summary>The number of careful examples, above none, whose labels are right most often at this size; the fewest of equals.</summary>
    public int Best() => cells.Where(c => c.Size == size && c.Author == ExampleAuthor.Careful && c.Once.Accuracy() is not null)
        .OrderByDescending(c => c.Once.Accuracy()!.Judge.Value).ThenBy(c => c.Examples).Select(c => c.Examples).FirstOrDefault();

    /// <summary>Right, calibrated, sure: each against the number of examples.</summary>
    public FigurePanel ByExamples() => new("What worked examples do to labels",
    [
        Panel("How often right", "agreement with the oracle", c => c.Once.Accuracy()?.Judge, 0, 1) with { References = [.. Baselines, FewShotPoints.Limit] },
        Panel("How well calibrated", "ECE against the oracle's verdict", c => c.Once.AgainstVerdict()?.Ece, 0) with { References = [FewShotPoints.Limit] },
        Panel("How sure", "mean |p - 1/2|", c => c.Once.Extremeness(), 0, 0.5) with { References = [FewShotPoints.Limit] },
    ])
    {
        Caption = $"{Asked} Bars: 95 %, bootstrap by prompt. {FewShotPoints.Note} Right of the line lies what no document of the corpus shows: more than {MostInCorpus} examples. {BaselineWords()}",
    };

    /// <summary>The place instead of the answer, against the number of examples.</summary>
    public FigurePanel Position() => new("Position bias against worked examples",
    [
        Panel("Verdicts that turn with the order", "share of pairs", c => c.Flips(), 0, 1) with { References = [FewShotPoints.Limit] },
        Panel("A liking for (A)", "mean P(\"(A)\") - 1/2", c => c.ExcessOfA(), -0.5, 0.5) with { References = [new(ReferenceKind.Horizontal, 0, "no bias"), FewShotPoints.Limit] },
    ])
    {
        Caption = $"{Asked} Bars: 95 %, bootstrap by prompt. Baseline: 0 and 0 for a judge that reads contents only; 1 and 1/2 for one that always says (A).",
    };

    /// <summary>The numbers behind the figures.</summary>
    public Table Summary() => Table.Of(cells,
        new("judge", c => c.Size), new("parameters", c => c.Parameters), new("examples", c => c.Examples), new("by", c => c.Author?.ToString().ToLowerInvariant() ?? "-"),
        new("n", c => c.Once.Decided.Count), new("right", c => c.Once.Accuracy()?.Judge, "0.00"), new("above the best baseline", c => c.Once.Margin(), "0.00"),
        new("ECE", c => c.Once.AgainstVerdict()?.Ece, "0.00"), new("mean |p - 1/2|", c => c.Once.Extremeness(), "0.00"),
        new("turns with the order", c => c.Flips(), "0.00"), new("excess of (A)", c => c.ExcessOfA(), "0.00"))
        .Titled("Labels by judge and worked examples", $"n: decided labels, two a pair (one an order). {BaselineWords()} 95 % intervals, bootstrap by prompt; ECE leans upward on small samples.");

    /// <summary>What was expected before any run, at the size of this scale.</summary>
    public IEnumerable<Claim> Claims()
    {
        const string silent = "examples are part of the constitution (1.2) and are used throughout; no ablation is printed";
        var (none, careful, noisy, many) = (Cell(0, null), Cell(Some, ExampleAuthor.Careful), Cell(Some, ExampleAuthor.Noisy), Cell(Counts[^1], ExampleAuthor.Careful));
        yield return Measured.Claim("shots-right", "1.2, 4.1", $"{Some} careful examples of the asked principle make labels right more often than none (difference in accuracy)",
            silent, careful?.Once.AccuracyMinus(none!.Once), Direction.Greater, 0, seed, "0: examples change nothing");
        yield return Measured.Claim("shots-author", "1.2, 4.1", $"Labels after {Some} careful examples are right more often than after the same {Some} answered noisily (difference in accuracy)",
            silent, careful?.Once.AccuracyMinus(noisy!.Once), Direction.Greater, 0, seed, "0: answers of examples are not read");
        yield return Measured.Claim("shots-sure", "1.2, 4.1", $"Careful examples make the judge surer than the same ones answered noisily (mean |p - 1/2|, {Some} examples)",
            silent, careful?.Once.ExtremenessMinus(noisy!.Once), Direction.Greater, 0, seed, "0: answers of examples are not read");
        yield return Measured.Claim("shots-place", "1.2, 4.1", $"{Some} careful examples lower position bias (mean distance of a pair's two orders, {Some} minus none)",
            "position bias is not mentioned", careful?.BiasMinus(none!), Direction.Less, 0, seed, "0: examples change nothing");
        yield return Measured.Claim("shots-many", "1.2, 4.1", $"{Counts[^1]} examples, more than any document of the corpus shows, make labels right less often than {Some} (difference in accuracy)",
            "5 examples, and 6 with chain of thought", many?.Once.AccuracyMinus(careful!.Once), Direction.Less, 0, seed, "0: more examples change nothing",
            "about this miniature's context, not about large models");
    }

    private FewShotLabels? Cell(int examples, ExampleAuthor? author) => cells.FirstOrDefault(c => c.Size == size && c.Examples == examples && c.Author == author);

    private IEnumerable<ReferenceLine> Baselines => cells.Count > 0 && cells[0].Once.Accuracy() is { } a
        ? [new(ReferenceKind.Horizontal, Math.Max(a.Longer.Value, a.Shorter.Value), "better of longer and shorter")] : [];

    private string Asked => $"{cells.Select(c => c.Labels.Count).DefaultIfEmpty().Max()} pairs of SL-CAI answers, asked in both orders under one drawn principle each; {leftOut} more did not fit the context with {Counts[^1]} examples.";

    private string BaselineWords() => cells.Count > 0 && cells[0].Once.Accuracy() is { } a
        ? $"Baselines: always (A) 0.5, since every pair is asked in both orders; longer {a.Longer.ToString("0.00")}, shorter {a.Shorter.ToString("0.00")}." : "";

    private Figure Panel(string title, string y, Func<FewShotLabels, Interval?> value, double? min = null, double? max = null) =>
        new(title, new Axis("worked examples"), new Axis(y, Min: min, Max: max), FewShotPoints.Of(cells, c => (c.Size, c.Examples, c.Author), value));
}

/// <summary>Measurements over the number of examples, a series for each size and author. Both authors begin at the same value, without examples.</summary>
internal static class FewShotPoints
{
    private const double Apart = 0.14; // examples; so that bars do not hide each other

    /// <summary>Right of it lies what no document of the corpus shows.</summary>
    public static ReferenceLine Limit => new(ReferenceKind.Vertical, FewShotLabelStudy.MostInCorpus, "most in the corpus");

    public const string Note = "Points of one number are set a little apart so that bars do not hide each other.";

    public static IReadOnlyList<Series> Of<T>(IReadOnlyList<T> cells, Func<T, (string Size, int Examples, ExampleAuthor? Author)> key, Func<T, Interval?> value)
    {
        var lines = (from size in cells.Select(c => key(c).Size).Distinct() from author in Enum.GetValues<ExampleAuthor>() select (Size: size, Author: author)).ToList();
        return
        [
            .. lines.Select((line, i) => new PointSeries($"{line.Size}, {line.Author.ToString().ToLowerInvariant()} examples",
                [.. from cell in cells
                    where key(cell).Size == line.Size && (key(cell).Author ?? line.Author) == line.Author
                    let measured = value(cell)
                    where measured is not null
                    orderby key(cell).Examples
                    select DataPoint.Of(key(cell).Examples + Apart * (i - (lines.Count - 1) / 2.0), measured)]) { Connected = true, Style = i }),
        ];
    }
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Generation;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// What worked examples buy in the supervised stage: 0 to 8 of the applied principle, written by a careful or by a careless
/// hand, for every shipped size. All sizes criticise the same held-out answers once, under the same drawn principles.
/// </summary>
/// <param name="leftOut">Answers that did not fit the context with most examples.</param>
/// <param name="size">That claims are about: the scale's.</param>
public sealed class FewShotCritiqueStudy(IReadOnlyList<FewShotCritiques> cells, int leftOut, string size) : IStudy<FewShotCritiqueStudy>
{
    private const int CritiqueTokens = 64;

    // What stands between prompt and revision besides response and critique: the two requests with their tags.
    private const int RequestTokens = 40;

    public IReadOnlyList<FewShotCritiques> Cells => cells;

    /// <summary>Criticises and revises held-out answers under all conditions, or loads the revisions.</summary>
    public static async Task<FewShotCritiqueStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var models = ShippedModels.Sizes(MiniatureTraining.Helpful);
        var (wanted, _) = await pipeline.Evaluation.HeldOutAnswersAsync(pipeline.Scale.ConstitutionPrompts, cancel);
        var (careful, first) = (pipeline.Constitutions.Taught(ExampleAuthor.Careful), pipeline.Load(models[0].Model));
        var room = careful.Critique.Min(p => first.Room(new SampleRequest("prefix", careful.About(p.Id).CritiquePrefix())));
        int Length(Sample s) => first.Tokenizer.Encode(HhFormat.Transcript(s.Prompt.Answer(s.Response))).Length;
        IReadOnlyList<Sample> answers = [.. wanted.Where(s => Length(s) + RequestTokens + 2 * CritiqueTokens <= room)];
        var cells = new List<FewShotCritiques>();
        foreach (var (size, model) in models)
            foreach (var (examples, author) in FewShotLabelStudy.Conditions)
            {
                var options = Recipes.Critique(pipeline.Scale, pipeline.Seed) with
                {
                    Rounds = 1, FewShot = examples, ExamplesOfPrinciple = true, MaxTokens = CritiqueTokens,
                };
                var taught = pipeline.Constitutions.Taught(author ?? ExampleAuthor.Careful);
                var revisions = await pipeline.Supervised.ReviseAsync(model, answers, options, $"revisions-{examples}-examples", taught, cancel);
                var quality = new CritiqueQuality(pipeline.World, pipeline.Oracle, revisions, []);
                cells.Add(new FewShotCritiques(size, pipeline.ParametersOf(model), examples, author, quality));
            }
        return new FewShotCritiqueStudy(cells, wanted.Count - answers.Count, pipeline.Scale.Size);
    }

    /// <summary>Every seed costs a whole reproduction.</summary>
    public static int SeedsAt(Scale scale) => scale.StudySeeds;

    /// <summary>Whether critiques name what is wrong, and how much harm the revision removes, against the number of examples.</summary>
    public FigurePanel ByExamples() => new("What worked examples do to critiques and revisions",
    [
        .. Row(new("names it, share", Min: 0, Max: 1), c => c.Names()),
        .. Row(new("change of harm"), c => c.HarmChange(), new ReferenceLine(ReferenceKind.Horizontal, 0, "unchanged response")),
        .. Row(new("incoherent, share", Min: 0, Max: 1), c => c.Share(r => Measures.Incoherent(r.After))),
    ])
    {
        Columns = cells.Select(c => c.Size).Distinct().Count(),
        Caption = $"{Count} held-out answers of the helpful-only model to harmful requests, one drawn principle each, every size criticises the same ones; "
            + $"{leftOut} more did not fit the context. Rows: critiques that name a covered harm, where there is one; "
            + "harmfulness after one revision less before; revisions that cannot be understood; a column a size. Bands: 95 %, bootstrap by prompt. "
            + "Noisy examples: by a careless hand, which misses or invents and mends nothing. Right of the line lies what no document of the corpus shows. "
            + "Baseline: 0 for \"The response is fine.\" Text that cannot be understood counts as harm 2.",
    };

    /// <summary>The numbers behind the figure, with critiques exchanged between prompts as the baseline of a critique that has not read the response.</summary>
    public Table Summary() => Table.Of(cells,
        new("model", c => c.Size), new("parameters", c => c.Parameters), new("examples", c => c.Examples),
        new("by", c => c.Author?.ToString().ToLowerInvariant() ?? "-"),
        new("n", c => c.Quality.Critiques.Count),
        new("with something to name", c => c.Quality.Critiques.Count(q => q.Asked)),
        new("names it", c => c.Names(), "0.00"), new("and the right act", c => CritiqueQuality.StrictRate(c.Quality.Critiques), "0.00"),
        new("exchanged: right act", c => CritiqueQuality.StrictRate(c.Quality.Exchanged), "0.00"),
        new("invents", c => c.Share(q => q.Verdict.Invented.Count > 0 ? 1 : 0), "0.00"), new("change of harmfulness", c => c.HarmChange(), "0.00"),
        new("evasive after", c => c.Share(q => Measures.Evasive(q.After)), "0.00"))
        .Titled("Critiques and revisions by model and worked examples",
            "Exchanged: the next prompt's critique in place of the response's own. 95 % intervals, bootstrap by prompt.");

    /// <summary>What was expected before any run, at the size of this scale.</summary>
    public IEnumerable<Measurement> Measure()
    {
        const int some = FewShotLabelStudy.Some;
        var (none, careful, careless) = (Cell(0, null), Cell(some, ExampleAuthor.Careful), Cell(some, ExampleAuthor.Noisy));
        var words = new Dictionary<string, object> { ["some"] = some };
        yield return new("shots-critique", careful?.NamesMinus(none!)) { Words = words };
        yield return new("shots-critique-author", careful?.NamesMinus(careless!)) { Words = words };
        yield return new("shots-revision", careful?.HarmMinus(none!)) { Words = words };
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "critiques", cells.SelectMany(c => c.Quality.Critiques.Select(q => new { c.Size, c.Parameters, c.Examples, c.Author, Critique = q })) },
    };

    private int Count => cells.Select(c => c.Quality.Critiques.Count).DefaultIfEmpty().Max();

    private FewShotCritiques? Cell(int examples, ExampleAuthor? author) =>
        cells.FirstOrDefault(c => c.Size == size && c.Examples == examples && c.Author == author);

    private IReadOnlyList<Figure> Row(Axis y, Func<FewShotCritiques, Interval?> value, params IEnumerable<ReferenceLine> references) =>
        FewShotPoints.Row(cells, c => (c.Size, c.Parameters, c.Examples, c.Author), y, value, references);
}

using Cai.Critique;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Generation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>One round of critiques and revisions of one model under one constitution.</summary>
/// <param name="Examples">Worked examples of the applied principle before each query.</param>
/// <param name="Author">Who wrote them; null without examples.</param>
public sealed record FewShotCritiques(string Size, long Parameters, int Examples, ExampleAuthor? Author, CritiqueQuality Quality)
{
    public Interval? Names() => CritiqueQuality.NamingRate(Quality.Critiques);

    /// <summary>Mean change of harmfulness from response to revision; 0 for an unchanged response.</summary>
    public Interval? HarmChange() => Share(c => c.After.Harmfulness - c.Before.Harmfulness);

    internal Interval? Share(Func<JudgedCritique, double> value) => Bootstrap.TryMean(Quality.Critiques, value, c => c.Revision.PromptId);

    /// <summary>Naming rate, these critiques minus others of the same responses under the same principles.</summary>
    public Interval? NamesMinus(FewShotCritiques other) => Minus(other, c => c.Covered.Count > 0, c => c.Outcome == CritiqueOutcome.Names ? 1 : 0);

    /// <summary><see cref="HarmChange"/>, these revisions minus others of the same responses.</summary>
    public Interval? HarmMinus(FewShotCritiques other) => Minus(other, _ => true, c => c.After.Harmfulness - c.Before.Harmfulness);

    private Interval? Minus(FewShotCritiques other, Func<JudgedCritique, bool> counts, Func<JudgedCritique, double> value) =>
        Bootstrap.TryDifference([.. Quality.Critiques.Where(counts)], [.. other.Quality.Critiques.Where(counts)], value, c => c.Revision.PromptId);
}

/// <summary>
/// What worked examples buy in the supervised stage: 0 to 8 of the applied principle, written by a careful or by a careless
/// hand, for every shipped size. All sizes criticise the same held-out answers once, under the same drawn principles.
/// </summary>
public sealed class FewShotCritiqueStudy(IReadOnlyList<FewShotCritiques> cells, int leftOut, string size, long seed)
{
    private const int CritiqueTokens = 64;

    // What stands between prompt and revision besides response and critique: the two requests with their tags.
    private const int RequestTokens = 40;

    public IReadOnlyList<FewShotCritiques> Cells => cells;

    /// <summary>Criticises and revises held-out answers in every way, or loads the revisions.</summary>
    public static async Task<FewShotCritiqueStudy> RunAsync(Pipeline pipeline)
    {
        var models = ShippedModels.Sizes(MiniatureTraining.Helpful);
        var (wanted, _) = await pipeline.Evaluation.JudgedAnswersAsync(pipeline.Scale.ConstitutionPrompts);
        var careful = pipeline.Constitutions.Taught(ExampleAuthor.Careful);
        var room = careful.Critique.Min(p => pipeline.Load(models[0].Model).Room(new SampleRequest("prefix", careful.About(p.Id).CritiquePrefix())));
        IReadOnlyList<Sample> answers = [.. wanted.Where(s => pipeline.Load(models[0].Model).Tokenizer.Encode(HhFormat.Transcript(s.Prompt.Answer(s.Response))).Length + RequestTokens + 2 * CritiqueTokens <= room)];
        var cells = new List<FewShotCritiques>();
        foreach (var (size, model) in models)
            foreach (var (examples, author) in FewShotLabelStudy.Ways)
            {
                var options = new CritiqueOptions { Rounds = 1, Seed = pipeline.Seed, FewShot = examples, ExamplesOfPrinciple = true, MaxTokens = CritiqueTokens };
                var revisions = await pipeline.Supervised.ReviseAsync(model, answers, options, $"revisions-{examples}-examples", pipeline.Constitutions.Taught(author ?? ExampleAuthor.Careful));
                cells.Add(new FewShotCritiques(size, pipeline.Load(model).Decoder.Parameters.Count, examples, author, new CritiqueQuality(pipeline.World, pipeline.Oracle, revisions, [])));
            }
        return new FewShotCritiqueStudy(cells, wanted.Count - answers.Count, pipeline.Scale.Size, pipeline.Seed);
    }

    /// <summary>Whether critiques name what is wrong, and how much harm the revision removes, against the number of examples.</summary>
    public FigurePanel ByExamples() => new("What worked examples do to critiques and revisions",
    [
        Panel("Critiques that name a covered harm", "share, where there is one", c => c.Names(), 0, 1) with { References = [FewShotPoints.Limit] },
        Panel("Harm after one revision", "change of harmfulness", c => c.HarmChange()) with { References = [new(ReferenceKind.Horizontal, 0, "unchanged response"), FewShotPoints.Limit] },
        Panel("Revisions that cannot be understood", "share", c => c.Share(r => r.After.Incoherent ? 1 : 0), 0, 1) with { References = [FewShotPoints.Limit] },
    ])
    {
        Caption = $"{Count} held-out answers of the helpful-only model to harmful requests, one drawn principle each, every size criticises the same ones; {leftOut} more did not fit the context. Bars: 95 %, bootstrap by prompt. {FewShotPoints.Note} Noisy examples: by a careless hand, which misses or invents and mends nothing. Right of the line lies what no document of the corpus shows. Baseline: 0 for \"The response is fine.\" Text that cannot be understood counts as harm 2.",
    };

    /// <summary>The numbers behind the figure, with critiques exchanged between prompts as the baseline of a critique that has not read the response.</summary>
    public Table Summary() => Table.Of(cells,
        new("model", c => c.Size), new("parameters", c => c.Parameters), new("examples", c => c.Examples), new("by", c => c.Author?.ToString().ToLowerInvariant() ?? "-"),
        new("n", c => c.Quality.Critiques.Count), new("with something to name", c => c.Quality.Critiques.Count(q => q.Covered.Count > 0)),
        new("names it", c => c.Names(), "0.00"), new("and the right act", c => CritiqueQuality.StrictRate(c.Quality.Critiques), "0.00"),
        new("exchanged: right act", c => CritiqueQuality.StrictRate(c.Quality.Exchanged), "0.00"),
        new("invents", c => c.Share(q => q.Verdict.Invented.Count > 0 ? 1 : 0), "0.00"), new("change of harmfulness", c => c.HarmChange(), "0.00"),
        new("evasive after", c => c.Share(q => q.After.Evasive ? 1 : 0), "0.00"))
        .Titled("Critiques and revisions by model and worked examples", "Exchanged: the next prompt's critique in place of the response's own. 95 % intervals, bootstrap by prompt.");

    /// <summary>What was expected before any run, at the size of this scale.</summary>
    public IEnumerable<Claim> Claims()
    {
        const string silent = "five examples against confusion of roles (3.1, E.1); no ablation is printed";
        const int some = FewShotLabelStudy.Some;
        var (none, careful, careless) = (Cell(0, null), Cell(some, ExampleAuthor.Careful), Cell(some, ExampleAuthor.Noisy));
        yield return Measured.Claim("shots-critique", "3.1, E.1", $"{some} careful examples of the applied principle make critiques name a covered harm more often than none (difference in shares)",
            silent, careful?.NamesMinus(none!), Direction.Greater, 0, seed, "0: examples change nothing");
        yield return Measured.Claim("shots-critique-author", "3.1, E.1", $"Critiques after {some} careful examples name a covered harm more often than after {some} careless ones (difference in shares)",
            silent, careful?.NamesMinus(careless!), Direction.Greater, 0, seed, "0: examples are not imitated");
        yield return Measured.Claim("shots-revision", "3.1, E.1", $"One revision with {some} careful examples removes more harm than without examples (difference in change of harmfulness)",
            silent, careful?.HarmMinus(none!), Direction.Less, 0, seed, "0: examples change nothing");
    }

    private int Count => cells.Select(c => c.Quality.Critiques.Count).DefaultIfEmpty().Max();

    private FewShotCritiques? Cell(int examples, ExampleAuthor? author) => cells.FirstOrDefault(c => c.Size == size && c.Examples == examples && c.Author == author);

    private Figure Panel(string title, string y, Func<FewShotCritiques, Interval?> value, double? min = null, double? max = null) =>
        new(title, new Axis("worked examples"), new Axis(y, Min: min, Max: max), FewShotPoints.Of(cells, c => (c.Size, c.Examples, c.Author), value));
}

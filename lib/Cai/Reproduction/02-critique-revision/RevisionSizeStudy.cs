using Cai.Evaluation;
using Cai.Figures;
using Cai.Preferences;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>The three preference models from human labels that score revisions (paper 3.4), each centred on the largest model's first answers.</summary>
/// <param name="Both">Helpfulness and harmlessness.</param>
public sealed record RevisionScores(double Harmless, double Helpful, double Both);

/// <summary>A first answer (round 0) or a revision by a model of one size.</summary>
/// <param name="Direct">Revised without a critique; first answers occur under both.</param>
public sealed record SizedRevision(string Size, long Parameters, string PromptId, int Round, bool Direct, RevisionScores Scores);

/// <summary>
/// Revisions by models of every size as preference models from human labels score them (paper 3.4 and 3.5, Figs 5 and 7). The same
/// prompts for every size; intervals are 95 %, bootstrap by prompt, differences paired. Scores are ordinal: grain of salt (3.4).
/// </summary>
public sealed class RevisionSizeStudy(IReadOnlyList<SizedRevision> rows) : IStudy<RevisionSizeStudy>
{
    public IReadOnlyList<SizedRevision> Rows => rows;

    /// <summary>Lets every shipped size answer and revise, and scores everything.</summary>
    public static async Task<RevisionSizeStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var prompts = pipeline.Prompts.RedTeam.Take(pipeline.Scale.StudyPrompts).Select(p => p.Id).ToHashSet();
        var raw = new List<(string Size, long Parameters, Revision Row, bool Direct)>();
        foreach (var (size, _) in ShippedModels.Sizes(MiniatureTraining.Helpful))
        {
            var own = pipeline.OfSize(size);
            var parameters = own.ParametersOf(own.Helpful);
            foreach (var direct in new[] { false, true })
            {
                var revisions = await own.Supervised.RevisionsAsync(direct, cancel);
                raw.AddRange(revisions.Where(r => prompts.Contains(r.PromptId)).Select(r => (size, parameters, r, direct)));
            }
        }
        // Round 0 is what the first round started from.
        var texts = raw.Where(r => r.Row.Round == 1).Select(r => (r, Round: 0, Text: r.Row.Before))
            .Concat(raw.Select(r => (r, r.Row.Round, Text: r.Row.After))).ToList();
        ModelFolder[] judges =
        [
            await pipeline.Preferences.HarmlessModelAsync(cancel),
            await pipeline.Preferences.ModelAsync(pipeline.Arms.HelpfulRlhf, cancel: cancel),
            await pipeline.Preferences.ModelAsync(pipeline.Arms.HhRlhf, cancel: cancel),
        ];
        var scored = new List<double[]>();
        foreach (var judge in judges)
        {
            using var pm = PreferenceModel.Load(judge.Folder);
            scored.Add(pm.Score([.. texts.Select(t => (t.r.Row.Prompt, t.Text))]));
        }
        return new RevisionSizeStudy(Centred([.. texts.Select((t, i) =>
            new SizedRevision(
                t.r.Size, t.r.Parameters, t.r.Row.PromptId, t.Round, t.r.Direct, new RevisionScores(scored[0][i], scored[1][i], scored[2][i])))]));
    }

    /// <summary>Fewer than elsewhere: a seed costs as much as a whole reproduction.</summary>
    public static int SeedsAt(Scale scale) => scale.StudySeeds;

    /// <summary>Scores minus the mean over the largest model's first answers, as in the paper's Figure 5.</summary>
    public static IReadOnlyList<SizedRevision> Centred(IReadOnlyList<SizedRevision> rows)
    {
        var largest = rows.Max(r => r.Parameters);
        var zero = rows.Where(r => r.Parameters == largest && r.Round == 0 && !r.Direct).Select(r => r.Scores).ToList();
        var (harmless, helpful, both) = (zero.Average(s => s.Harmless), zero.Average(s => s.Helpful), zero.Average(s => s.Both));
        return [.. rows.Select(r => r with { Scores = new(r.Scores.Harmless - harmless, r.Scores.Helpful - helpful, r.Scores.Both - both) })];
    }

    /// <summary>Figure 5: scores by revision, a line a size.</summary>
    public FigurePanel Fig5() => new("Revisions as preference models from human labels score them",
        [ByRound("Harmlessness", s => s.Harmless), ByRound("Helpfulness", s => s.Helpful), ByRound("Both", s => s.Both)])
    {
        Caption = $"Critiqued revisions by the helpful-only models of sizes {string.Join(", ", Sizes)}; {Prompts} red-team prompts, one chain each; "
            + "bands: 95 %, by prompt. 0 is the largest model's first answer.",
    };

    /// <summary>The same, the paper's beside it on the same scales: a row a preference model.</summary>
    public FigurePanel Fig5(PaperFigures paper)
    {
        var here = Fig5();
        here = here with { Figures = [.. here.Figures.Select(figure => figure with { Y = new Axis($"{figure.Title.ToLowerInvariant()} score") })] };
        return PaperPanels.Beside(here, PaperPanels.Fig5(paper).Figures.Select(figure => figure with { Title = $"{figure.Title}: paper (digitised)" }),
            "Paper: preference models of 52 B, no intervals; same colours from the largest model down. Compare shapes, not heights.");
    }

    /// <summary>Figure 7: critiqued against direct revisions, a panel a revision.</summary>
    public FigurePanel Fig7()
    {
        var panels = rows.Select(r => r.Round).Where(r => r > 0).Distinct().Order()
            .Select(round => (Round: round, Lines: new[] { Line(round, direct: false), Line(round, direct: true) })).ToList();
        var points = panels.SelectMany(p => p.Lines).SelectMany(l => l.Points).ToList();
        var y = new Axis("harmlessness score", Min: Math.Floor(points.Min(p => p.YLow ?? p.Y)), Max: Math.Ceiling(points.Max(p => p.YHigh ?? p.Y)));
        return new FigurePanel("Critiqued against direct revisions, by size",
            [.. panels.Select(p => new Figure($"Revision {p.Round}", SizeAxis.Of(rows.Select(r => (r.Size, r.Parameters))), y, p.Lines))])
        {
            Caption = $"Harmlessness score of the preference model from human labels; {Prompts} red-team prompts a size; bands: 95 %, by prompt. "
                + "0 is the largest model's first answer.",
        };

        LineSeries Line(int round, bool direct) => new(direct ? "direct revision" : "critique, then revision",
            [.. Of(round, direct).GroupBy(r => r.Parameters).OrderBy(g => g.Key).Select(g => DataPoint.Of(g.Key, Mean([.. g], s => s.Harmless)))])
        {
            Style = direct ? 6 : 1,
            Dashed = direct,
        };
    }

    /// <summary>What 3.4 and 3.5 say of Figures 5 and 7.</summary>
    public IEnumerable<Measurement> Measure()
    {
        var (first, last) = (Of(0, false, Largest), Of(rows.Max(r => r.Round), false, Largest));
        yield return new("fig5-harmless", Gap(last, first, s => s.Harmless));
        yield return new("fig5-helpful", Gap(last, first, s => s.Helpful));
        yield return new("fig5-both", Gap(last, first, s => s.Both));
        yield return new("fig5-size", Gap(last, Of(rows.Max(r => r.Round), false, Smallest), s => s.Harmless));
        var small = Lead(Smallest);
        yield return new("fig7-small", Bootstrap.TryMean(small, l => l.Lead, l => l.PromptId));
        if (Smallest != Largest)
            yield return new("fig7-shrinks", Bootstrap.TryDifference(small, Lead(Largest), l => l.Lead, l => l.PromptId));
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "revisions", rows } };

    private string Smallest => rows.MinBy(r => r.Parameters)!.Size;

    private string Largest => rows.MaxBy(r => r.Parameters)!.Size;

    private IReadOnlyList<string> Sizes => [.. rows.OrderBy(r => r.Parameters).Select(r => r.Size).Distinct()];

    private int Prompts => rows.Select(r => r.PromptId).Distinct().Count();

    private IReadOnlyList<SizedRevision> Of(int round, bool direct, string? size = null) =>
        [.. rows.Where(r => r.Round == round && r.Direct == direct && (size is null || r.Size == size))];

    private IReadOnlyList<(string PromptId, double Lead)> Lead(string size)
    {
        var without = Of(1, true, size).ToDictionary(r => r.PromptId, r => r.Scores.Harmless);
        return [.. Of(1, false, size).Where(r => without.ContainsKey(r.PromptId)).Select(r => (r.PromptId, r.Scores.Harmless - without[r.PromptId]))];
    }

    private static Interval Mean(IReadOnlyList<SizedRevision> some, Func<RevisionScores, double> score) =>
        Bootstrap.Mean(some, r => score(r.Scores), r => r.PromptId);

    private static Interval? Gap(IReadOnlyList<SizedRevision> a, IReadOnlyList<SizedRevision> b, Func<RevisionScores, double> score) =>
        Bootstrap.TryDifference(a, b, r => score(r.Scores), r => r.PromptId);

    private Figure ByRound(string title, Func<RevisionScores, double> score)
    {
        return new Figure(title, new Axis("revision"), new Axis("score"),
            [.. Sizes.Select((size, i) => new LineSeries(size, Points(size)) { Style = SizeAxis.Style(i, Sizes.Count) })]);

        DataPoint[] Points(string size) =>
        [
            .. rows.Where(r => r.Size == size && !r.Direct).GroupBy(r => r.Round).OrderBy(g => g.Key)
                .Select(g => DataPoint.Of(g.Key, Mean([.. g], score))),
        ];
    }
}

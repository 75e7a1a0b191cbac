using Cai.Critique;
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
public sealed class RevisionSizeStudy(IReadOnlyList<SizedRevision> rows, long seed)
{
    public IReadOnlyList<SizedRevision> Rows => rows;

    /// <summary>Lets every shipped size answer and revise, and scores everything.</summary>
    public static async Task<RevisionSizeStudy> RunAsync(Pipeline pipeline)
    {
        var prompts = pipeline.Prompts.RedTeam.Take(pipeline.Scale.StudyPrompts).Select(p => p.Id).ToHashSet();
        var raw = new List<(string Size, long Parameters, Revision Row, bool Direct)>();
        foreach (var (size, _) in ShippedModels.Sizes(MiniatureTraining.Helpful))
        {
            var own = pipeline.OfSize(size);
            var parameters = own.ParametersOf(own.Helpful);
            foreach (var direct in new[] { false, true })
                raw.AddRange((await own.Supervised.RevisionsAsync(direct)).Where(r => prompts.Contains(r.PromptId)).Select(r => (size, parameters, r, direct)));
        }
        // Round 0 is what the first round started from.
        var texts = raw.Where(r => r.Row.Round == 1).Select(r => (r, Round: 0, Text: r.Row.Before)).Concat(raw.Select(r => (r, r.Row.Round, Text: r.Row.After))).ToList();
        var scored = new List<double[]>();
        foreach (var judge in new[] { await pipeline.Preferences.HarmlessModelAsync(), await pipeline.Preferences.ModelAsync(pipeline.Arms.HelpfulRlhf), await pipeline.Preferences.ModelAsync(pipeline.Arms.HhRlhf) })
        {
            var pm = PreferenceModel.Load(judge.Folder);
            scored.Add(pm.Score([.. texts.Select(t => (t.r.Row.Prompt, t.Text))]));
            pm.Dispose();
        }
        return new RevisionSizeStudy(Centred([.. texts.Select((t, i) =>
            new SizedRevision(t.r.Size, t.r.Parameters, t.r.Row.PromptId, t.Round, t.r.Direct, new RevisionScores(scored[0][i], scored[1][i], scored[2][i])))]), pipeline.Seed);
    }

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
        Caption = $"Critiqued revisions by the helpful-only models of sizes {string.Join(", ", Sizes)}; {Prompts} red-team prompts, one chain each; bands: 95 %, by prompt. 0 is the largest model's first answer.",
    };

    /// <summary>Figure 7: critiqued against direct revisions, a panel a revision.</summary>
    public FigurePanel Fig7()
    {
        var panels = rows.Select(r => r.Round).Where(r => r > 0).Distinct().Order().Select(round => (Round: round, Lines: new[] { false, true }.Select(direct => new LineSeries(direct ? "direct revision" : "critique, then revision",
            [.. Of(round, direct).GroupBy(r => r.Parameters).OrderBy(g => g.Key).Select(g => DataPoint.Of(g.Key, Mean([.. g], s => s.Harmless)))]) { Style = direct ? 6 : 1, Dashed = direct }).ToList())).ToList();
        var points = panels.SelectMany(p => p.Lines).SelectMany(l => l.Points).ToList();
        var y = new Axis("harmlessness score", Min: Math.Floor(points.Min(p => p.YLow ?? p.Y)), Max: Math.Ceiling(points.Max(p => p.YHigh ?? p.Y)));
        return new FigurePanel("Critiqued against direct revisions, by size", [.. panels.Select(p => new Figure($"Revision {p.Round}", new Axis("parameters", AxisScale.Log), y, p.Lines))])
        {
            Caption = $"Harmlessness score of the preference model from human labels; {Prompts} red-team prompts a size; bands: 95 %, by prompt. 0 is the largest model's first answer.",
        };
    }

    /// <summary>What 3.4 and 3.5 say of Figures 5 and 7.</summary>
    public IEnumerable<Claim> Claims()
    {
        var last = rows.Max(r => r.Round);
        foreach (var (id, text, paper, score, direction) in Changes)
            yield return Measured.Claim(id, "Fig 5, 3.4", text + " (largest model, last revision minus first answer)", paper, Gap(Of(last, false, Largest), Of(0, false, Largest), score), direction, 0, seed, "0 for unchanged texts", "preference-model scores");
        yield return Measured.Claim("fig5-size", "Fig 5, 3.4", "Larger models' last revisions score higher in harmlessness (largest minus smallest)", "2.30 at 52 B, 0.59 at 6.5 B (digitised)",
            Gap(Of(last, false, Largest), Of(last, false, Smallest), s => s.Harmless), Direction.Greater, 0, seed, "0 if size does nothing", "preference-model scores");
        var small = Lead(Smallest);
        yield return Measured.Claim("fig7-small", "Fig 7, 3.5", "Critiques help small models: critiqued first revisions score higher in harmlessness than direct ones (smallest model)", "clearly better for small models",
            Bootstrap.TryMean(small, l => l.Lead, l => l.PromptId), Direction.Greater, 0, seed, "0 if the critique does nothing", "preference-model scores");
        if (Smallest != Largest)
            yield return Measured.Claim("fig7-shrinks", "Fig 7, 3.5", "The help of critiques shrinks with size (lead of critiqued first revisions, smallest minus largest model)", "about equal at 52 B",
                Bootstrap.TryDifference(small, Lead(Largest), l => l.Lead, l => l.PromptId), Direction.Greater, 0, seed, "0 if it is the same", "preference-model scores");
    }

    private static readonly (string Id, string Text, string Paper, Func<RevisionScores, double> Score, Direction Direction)[] Changes =
    [
        ("fig5-harmless", "Revisions score higher in harmlessness", "0 to 2.30 (52 B, digitised)", s => s.Harmless, Direction.Greater),
        ("fig5-helpful", "Revisions score lower in helpfulness", "0 to -0.99 (52 B, digitised)", s => s.Helpful, Direction.Less),
        ("fig5-both", "Revisions score higher in helpfulness and harmlessness together", "0 to 1.62 (52 B, digitised)", s => s.Both, Direction.Greater),
    ];

    private string Smallest => rows.MinBy(r => r.Parameters)!.Size;

    private string Largest => rows.MaxBy(r => r.Parameters)!.Size;

    private IReadOnlyList<string> Sizes => [.. rows.OrderBy(r => r.Parameters).Select(r => r.Size).Distinct()];

    private int Prompts => rows.Select(r => r.PromptId).Distinct().Count();

    private IReadOnlyList<SizedRevision> Of(int round, bool direct, string? size = null) => [.. rows.Where(r => r.Round == round && r.Direct == direct && (size is null || r.Size == size))];

    private IReadOnlyList<(string PromptId, double Lead)> Lead(string size)
    {
        var without = Of(1, true, size).ToDictionary(r => r.PromptId, r => r.Scores.Harmless);
        return [.. Of(1, false, size).Where(r => without.ContainsKey(r.PromptId)).Select(r => (r.PromptId, r.Scores.Harmless - without[r.PromptId]))];
    }

    private static Interval Mean(IReadOnlyList<SizedRevision> some, Func<RevisionScores, double> score) => Bootstrap.Mean(some, r => score(r.Scores), r => r.PromptId);

    private static Interval? Gap(IReadOnlyList<SizedRevision> a, IReadOnlyList<SizedRevision> b, Func<RevisionScores, double> score) => Bootstrap.TryDifference(a, b, r => score(r.Scores), r => r.PromptId);

    private Figure ByRound(string title, Func<RevisionScores, double> score) => new(title, new Axis("revision"), new Axis("score"),
    [
        .. Sizes.Select((size, i) => new LineSeries(size, [.. rows.Where(r => r.Size == size && !r.Direct).GroupBy(r => r.Round).OrderBy(g => g.Key).Select(g => DataPoint.Of(g.Key, Mean([.. g], score)))]) { Style = i }),
    ]);
}

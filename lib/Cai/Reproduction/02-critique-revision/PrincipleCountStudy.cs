using System.Globalization;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Preferences;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>A revision under a constitution of some number of principles.</summary>
/// <param name="Chain">Each prompt is revised in two chains, alike but for the draws: what differs between them is diversity.</param>
/// <param name="Score">Of the harmlessness preference model from human labels.</param>
public sealed record CountedRevision(int Principles, int Chain, string PromptId, int Round, string Text, double Score);

/// <summary>
/// How many principles to draw from (paper 3.4, Fig 6): mean and spread of the harmlessness score, and an explicit measure of diversity,
/// which the paper lacks. Every prompt has principles of its own, and those of a smaller number are among those of a larger one: with one set for all
/// prompts, a seed's one principle decides what a small number is worth. As the paper's, all are about harm.
/// </summary>
public sealed class PrincipleCountStudy(IReadOnlyList<CountedRevision> rows) : IStudy<PrincipleCountStudy>
{
    private const int Chains = 2;

    private static readonly int[] Wanted = [1, 2, 4, 8, int.MaxValue];

    public IReadOnlyList<CountedRevision> Rows => rows;

    /// <summary>Revises the same first answers under 1, 2, 4, 8 and all principles that are about harm, as far as the constitution has so many.</summary>
    public static async Task<PrincipleCountStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var initial = (await pipeline.Supervised.InitialResponsesAsync(cancel)).Take(pipeline.Scale.PrinciplePrompts).ToList();
        var ids = AboutHarm(pipeline);
        var raw = new List<(int Principles, int Chain, Revision Row)>();
        foreach (var count in Wanted.Select(n => Math.Min(n, ids.Count)).Distinct())
            for (var chain = 0; chain < Chains; chain++)
            {
                var options = Recipes.Critique(pipeline.Scale, Seeds.Derive(pipeline.Seed, "chain", chain)) with { PrincipleIds = ids, PrinciplesEach = count };
                var name = $"revisions-{count}-principles";
                var revisions = await pipeline.Supervised.ReviseAsync(pipeline.Helpful, initial, options, name, cancel: cancel);
                raw.AddRange(revisions.Select(r => (count, chain, r)));
            }
        using var pm = PreferenceModel.Load((await pipeline.Preferences.HarmlessModelAsync(cancel)).Folder);
        var scores = pm.Score([.. raw.Select(r => (r.Row.Prompt, r.Row.After))]);
        return new PrincipleCountStudy(
            [.. raw.Zip(scores, (r, score) => new CountedRevision(r.Principles, r.Chain, r.Row.PromptId, r.Row.Round, r.Row.After, score))]);
    }

    /// <summary>The principles that the world knows to be about harm and those that it does not know; all, where that leaves none.</summary>
    private static IReadOnlyList<string> AboutHarm(Pipeline pipeline)
    {
        var others = pipeline.World.Critique.Where(p => !p.IsAboutHarm).Select(p => p.Id).ToHashSet();
        var all = pipeline.Constitution.Critique.Select(p => p.Id).ToList();
        return all.Where(id => !others.Contains(id)).ToList() is { Count: > 0 } some ? some : all;
    }

    /// <summary>Fewer than elsewhere: a seed costs as much as a whole reproduction.</summary>
    public static int SeedsAt(Scale scale) => scale.StudySeeds;

    /// <summary>Figure 6: mean and standard deviation of the score by revision, and the diversity of the last revisions.</summary>
    public FigurePanel Fig6() => new("How many principles?",
    [
        ByRound("Mean", "harmlessness score", some => some.Average(r => r.Score)),
        ByRound("Spread", "standard deviation", Deviation),
        new("Diversity", new Axis("principles", AxisScale.Log), new Axis("distance between two chains", Min: 0, Max: 1),
        [
            new LineSeries("last revisions",
                [.. Counts.Select(n => (n, Value: Distance(n))).Where(p => p.Value is not null).Select(p => DataPoint.Of(p.n, p.Value!))]) { Style = 6 },
        ]),
    ])
    {
        Caption = $"{rows.Select(r => r.PromptId).Distinct().Count()} red-team prompts, each with principles of its own, {Chains} chains each; bands: 95 %, "
            + "bootstrap by prompt, in the first two panels of the fewest and the most principles alone (the table has all). "
            + "Distance: 1 minus the shared share of bigrams of two last revisions of the same answer; 0 when they are the same. "
            + "Baseline: one principle.",
    };

    /// <summary>The last revisions in numbers.</summary>
    public Table Summary() => Table.Of(Counts,
        new("principles", n => n), new("n", n => Last(n).Count),
        new("mean score", n => Bootstrap.TryMean(Last(n), r => r.Score, r => r.PromptId), "0.00"),
        new("standard deviation", n => Bootstrap.TryStatistic(Last(n), r => r.PromptId, Deviation), "0.00"),
        new("distance between two chains", Distance, "0.00"),
        new("distinct bigrams", n => Diversity.Distinct(Last(n).Select(r => r.Text), 2), "0.000"));

    /// <summary>What 3.4 says of Figure 6.</summary>
    public IEnumerable<Measurement> Measure()
    {
        if (Counts.Count < 2)
            yield break;
        var (few, many) = (Counts[0], Counts[^1]);
        var spread = Deviation(Last(few)) is > 0 and var s ? s : 1;
        var words = new Dictionary<string, object> { ["few"] = few, ["many"] = many };
        yield return new("fig6-mean", Bootstrap.TryDifference(Last(many), Last(few), r => r.Score / spread, r => r.PromptId)) { Words = words };
        yield return new("fig6-diversity", Bootstrap.TryDifference(Distances(many), Distances(few), d => d.Distance, d => d.PromptId)) { Words = words };
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "revisions", rows } };

    /// <summary>Bigram distance between the last revisions of each prompt's chains.</summary>
    public IReadOnlyList<(string PromptId, double Distance)> Distances(int principles) =>
    [
        .. Last(principles).GroupBy(r => r.PromptId).Where(g => g.Count() > 1)
            .Select(g => (g.Key, Diversity.BigramJaccard([.. g.Select(r => r.Text)]))),
    ];

    private IReadOnlyList<int> Counts => [.. rows.Select(r => r.Principles).Distinct().Order()];

    private Interval? Distance(int principles) => Bootstrap.TryMean(Distances(principles), d => d.Distance, d => d.PromptId);

    private IReadOnlyList<CountedRevision> Last(int principles) =>
        [.. rows.Where(r => r.Principles == principles && r.Round == rows.Max(x => x.Round))];

    private static double Deviation(IReadOnlyList<CountedRevision> some) => Measures.Deviation([.. some.Select(r => r.Score)]);

    private Figure ByRound(string title, string y, Func<IReadOnlyList<CountedRevision>, double> statistic)
    {
        return new Figure(title, new Axis("revision"), new Axis(y),
            [.. Counts.Select((n, i) => new LineSeries(Name(n), Points(n)) { Style = i, Band = i == 0 || i == Counts.Count - 1 })]);

        static string Name(int principles) => principles == 1 ? "1 principle" : string.Create(CultureInfo.InvariantCulture, $"{principles} principles");

        DataPoint[] Points(int principles) =>
        [
            .. rows.Where(r => r.Principles == principles).GroupBy(r => r.Round).OrderBy(g => g.Key)
                .Select(g => DataPoint.Of(g.Key, Bootstrap.Statistic(g, r => r.PromptId, statistic))),
        ];
    }
}

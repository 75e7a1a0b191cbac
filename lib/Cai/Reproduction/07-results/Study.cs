using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// The paper's comparison of models, at one model size: the answers of the seven models of Figure 2 to the same held-out prompts, the oracle's facts about
/// each answer, and Elo ratings from simulated crowdworkers on both axes, SL-CAI at 0 (paper 3.3). Elo differences are refitted on resampled prompts,
/// differences of means are paired by prompt; intervals are 95 %.
/// </summary>
/// <param name="Models">By name, in the order in which they are made, without snapshots.</param>
/// <param name="Samples">All answers of all models.</param>
/// <param name="Facts">About each answer, by model or snapshot.</param>
/// <param name="Harmless">Judged under the paper's new instruction: among the similarly harmless, prefer what is not evasive (4.4).</param>
/// <param name="OldHarmless">The same answers under the old instruction, which HH RLHF's data was made with: the less harmful wins, so evasion wins.</param>
/// <param name="Helpful">Judged on good requests.</param>
public sealed partial record ModelComparison(
    IReadOnlyList<string> Models, IReadOnlyList<Sample> Samples, ILookup<string, ResponseFacts> Facts,
    EloTable Harmless, EloTable OldHarmless, EloTable Helpful) : IStudy<ModelComparison>
{
    private static readonly (string Id, string Axis, string Better, string Worse)[] EloClaims =
    [
        ("res-01", Axes.Harmless, ModelNames.SlCai, ModelNames.Helpful),
        ("res-02", Axes.Harmless, ModelNames.SlCai, ModelNames.HelpfulRlhf),
        ("res-03", Axes.Harmless, ModelNames.RlCai, ModelNames.SlCai),
        ("res-04", Axes.Harmless, ModelNames.RlCai, ModelNames.HelpfulRlhf),
        ("res-05", Axes.Harmless, ModelNames.RlCai, ModelNames.HhRlhf),
        ("res-06", Axes.Harmless, ModelNames.SlCai, ModelNames.Pretrained),
        ("res-07", Axes.Harmless, ModelNames.RlCaiCot, ModelNames.RlCai),
        ("res-08", Axes.Helpful, ModelNames.SlCai, ModelNames.Pretrained),
        ("res-09", Axes.Helpful, ModelNames.HelpfulRlhf, ModelNames.HhRlhf),
        ("res-10", Axes.Helpful, ModelNames.RlCai, ModelNames.RlCaiCot),
    ];

    private static readonly (string Id, string More, string Less, Func<ResponseFacts, double> Value, string Kind)[] MeanClaims =
    [
        ("res-11", ModelNames.HhRlhf, ModelNames.RlCai, Measures.Evasive, TopicKind.Harmful),
        ("res-12", ModelNames.HhRlhf, ModelNames.RlCai, Measures.Evasive, TopicKind.Borderline),
        ("res-13", ModelNames.HelpfulRlhf, ModelNames.RlCai, Measures.Harmfulness, TopicKind.Harmful),
        ("res-14", ModelNames.RlCai, ModelNames.RlCaiCot, Measures.Boilerplate, TopicKind.Harmful),
    ];

    private static readonly (string Id, string Policy)[] LateClaims =
    [
        ("fig8-hh-late", ModelNames.HhRlhf), ("fig8-helpful-late", ModelNames.HelpfulRlhf), ("fig8-cot-late", ModelNames.RlCaiCot),
    ];

    /// <summary>The four policies along their runs; the Elo tables rate the snapshots among the models (the paper's 24 snapshots, 3.3).</summary>
    public IReadOnlyList<PolicyTrajectory> Runs { get; init; } = [];

    /// <summary>About one greedy answer (T = 0) to each harmful request, by model or snapshot (paper Fig 10, dashed).</summary>
    public ILookup<string, ResponseFacts> Greedy { get; init; } = Array.Empty<ResponseFacts>().ToLookup(_ => "");

    public static async Task<ModelComparison> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var models = new List<ModelFolder> { pipeline.Pretrained, pipeline.Helpful, await pipeline.Supervised.SlCaiAsync(cancel: cancel) };
        var (snapshots, runs) = (new List<ModelFolder>(), new List<PolicyTrajectory>());
        foreach (var arm in pipeline.Arms.All)
        {
            var run = await pipeline.Reinforcement.TrajectoryAsync(arm, cancel);
            models.Add(run.Model);
            snapshots.AddRange(run.Points.Skip(1).SkipLast(1).Select(p => p.Model));
            runs.Add(run);
        }
        List<ModelFolder> all = [.. models, .. snapshots];
        var (samples, greedy) = (new List<Sample>(), new List<Sample>());
        var progress = pipeline.Context.Counter("models", all.Count);
        foreach (var (i, model) in all.Index())
        {
            samples.AddRange(await pipeline.Evaluation.SamplesAsync(model, cancel));
            greedy.AddRange(await pipeline.Evaluation.GreedySamplesAsync(model, cancel));
            progress?.Report(i + 1);
        }
        var (harmless, helpful) = await pipeline.Evaluation.EloAsync(all, cancel);
        var oldHarmless = await pipeline.Evaluation.OldHarmlessEloAsync(all, cancel);
        return new ModelComparison([.. models.Select(m => m.Name)], samples, pipeline.Evaluation.FactsByModel(samples), harmless, oldHarmless, helpful)
        {
            Runs = runs,
            Greedy = pipeline.Evaluation.FactsByModel(greedy),
        };
    }

    /// <summary>How the models compare (3.3, 4.3, 4.4, 4.5), what Figures 2, 8 and 10 say along each run, and what the instruction does.</summary>
    public IEnumerable<Measurement> Measure()
    {
        foreach (var (id, axis, better, worse) in EloClaims)
        {
            var table = axis == Axes.Helpful ? Helpful : Harmless;
            yield return new(id, table.Difference(better, worse)) { Note = table.Note };
        }
        foreach (var (id, more, less, value, kind) in MeanClaims)
            yield return new(id, Difference(more, less, value, kind));
        foreach (var measurement in AlongRuns())
            yield return measurement;
        // How much of RL-CAI's lead over HH RLHF is the crowdworkers' instruction: the paper says some of it is (4.4) and prints no number.
        yield return new("res-15", Harmless.DifferenceAgainst(OldHarmless, ModelNames.RlCai, ModelNames.HhRlhf))
        {
            Words = new Dictionary<string, object>
            {
                ["new"] = Harmless.Difference(ModelNames.RlCai, ModelNames.HhRlhf).ToString("0"),
                ["old"] = OldHarmless.Difference(ModelNames.RlCai, ModelNames.HhRlhf).ToString("0"),
            },
        };
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "facts", Facts }, { "greedy", Greedy }, { "samples", Samples },
        { "harmless", Harmless.Ratings }, { "old-harmless", OldHarmless.Ratings }, { "helpful", Helpful.Ratings },
        { "metrics", "Policy", Runs.Select(run => (run.Policy, run.Rows.AsEnumerable())) },
    };

    /// <summary>Facts about a model's answers to some kinds of prompt.</summary>
    public IReadOnlyList<ResponseFacts> Of(string model, params IReadOnlyList<string> kinds) => [.. Facts[model].Where(f => kinds.Contains(f.Kind))];

    /// <summary>Mean of a fact over a model's answers to some kinds of prompt; null when there are none.</summary>
    public Interval? Mean(string model, Func<ResponseFacts, double> value, params IReadOnlyList<string> kinds) =>
        Of(model, kinds).Mean(value);

    /// <summary>Mean of a fact over one model's answers minus that over another's, paired by prompt; null when a side has none.</summary>
    public Interval? Difference(string a, string b, Func<ResponseFacts, double> value, params IReadOnlyList<string> kinds) =>
        Of(a, kinds).MeanMinus(Of(b, kinds), value);

    private IEnumerable<Measurement> AlongRuns()
    {
        foreach (var (id, policy) in LateClaims)
            foreach (var run in Runs.Where(r => r.Policy == policy && r.Half.Model.Name != r.Policy))
                yield return new(id, Harmless.Difference(policy, run.Half.Model.Name));
        foreach (var run in Runs.Where(r => r.Policy == ModelNames.RlCai && r.First.Model.Name != r.Policy))
            yield return new("fig2-right", Helpful.Difference(ModelNames.RlCai, run.First.Model.Name));
        if (Runs.Count == 0)
            yield break;
        yield return new("fig10-evasion", Difference(ModelNames.HhRlhf, ModelNames.RlCai, Measures.Harmfulness, TopicKind.Harmful));
        yield return new("fig10-greedy", Of(ModelNames.RlCai, TopicKind.Harmful).MeanMinus(Greedy[ModelNames.RlCai], Measures.Harmfulness));
    }
}

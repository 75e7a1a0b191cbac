using Cai.Evaluation;
using Cai.Miniature;
using Cai.Preferences;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>A model that is compared with the over-trained one.</summary>
/// <param name="Group">The sort of mitigation; empty for what is only shown for comparison.</param>
/// <param name="Name">As in samples and ratings. Early stops may share it: with each other, with the start, with the finished policy.</param>
public sealed record StudiedModel(string Group, string Display, string Name)
{
    /// <summary>The same for every seed, where an early stop's <see cref="Name"/> is not.</summary>
    public string Key { get; init; } = Name;

    /// <summary>After how many episodes an early stop was taken; null for finished policies.</summary>
    public double? Episodes { get; init; }
}

/// <summary>
/// What over-training does and what each mitigation buys (paper 4.1, 4.3), in the runs of one seed. The paper describes both in words only. All models
/// answer the same held-out prompts; differences from the over-trained baseline are paired by prompt, Elo differences refit both ratings on the same
/// resampled prompts.
/// </summary>
/// <param name="models">The rows, the baseline among them.</param>
/// <param name="facts">About each answer, by model name.</param>
/// <param name="harmless">Ratings on harmful requests under the new instruction (4.4).</param>
/// <param name="helpful">Ratings on good requests.</param>
/// <param name="path">The baseline's run.</param>
/// <param name="seed">Of the prompts, labels and runs: tables show them seed by seed.</param>
public sealed class GoodhartStudy(
    IReadOnlyList<StudiedModel> models, ILookup<string, ResponseFacts> facts, EloTable harmless, EloTable helpful, TrainingPath path, long seed)
    : IStudy<GoodhartStudy>
{
    /// <summary>What is measured of answers to harmful requests.</summary>
    public static IReadOnlyList<(string Name, Func<ResponseFacts, double> Value)> Measured { get; } =
    [
        ("harmfulness (0-4)", Measures.Harmfulness), ("boilerplate", Measures.Boilerplate), ("harsh", Measures.Harsh), ("evasive", Measures.Evasive),
        ("incoherent", Measures.Incoherent),
    ];

    private const string Baseline = OverTraining.Baseline;

    /// <summary>The models, the baseline among them.</summary>
    public IReadOnlyList<StudiedModel> Models => models;

    /// <summary>The baseline along its run.</summary>
    public TrainingPath Path => path;

    /// <summary>Of the prompts, labels and runs.</summary>
    public long Seed => seed;

    /// <summary>All models' answers to the held-out prompts.</summary>
    public IReadOnlyList<Sample> Samples { get; private init; } = [];

    /// <summary>
    /// What the baseline's preference model pays for one sentence of comfort after an explained refusal: difference in score, in standard deviations of all its
    /// scores of written answers (<see cref="Probes"/>). Null where it was not asked.
    /// </summary>
    public Interval? PaidForComfort { get; init; }

    /// <summary>Trains (or loads) this scale's arms and measures them, with early stops of the baseline and SL-CAI and RL-CAI for comparison.</summary>
    public static async Task<GoodhartStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var mitigations = OverTraining.All(pipeline);
        var progress = pipeline.Context.Counter("arms", mitigations.Count);
        var models = new List<(StudiedModel Row, ModelFolder Model)>
        {
            (new("", "SL-CAI: no RL", ModelNames.SlCai), await pipeline.Supervised.SlCaiAsync(cancel: cancel)),
            (new("", "RL-CAI of notebook 06", ModelNames.RlCai), await pipeline.Reinforcement.PolicyAsync(pipeline.Arms.RlCai, cancel)),
        };
        foreach (var (i, mitigation) in mitigations.Index())
        {
            var policy = await pipeline.Reinforcement.PolicyAsync(mitigation.Arm, cancel);
            models.Add((new(mitigation.Group, mitigation.Display, mitigation.Arm.Name), policy));
            progress?.Report(i + 1);
        }
        var path = await TrainingPath.MeasureAsync(pipeline, mitigations[0], cancel);
        Stop("early stop", "stopped-kl", FormattableString.Invariant($"Stopped at KL of {TrainingPath.KlBound} nats"), path.StopByKl());
        Stop("early stop", "stopped-held-out", "Stopped by the held-out PM", path.StopByHeldOut());
        if (mitigations.FirstOrDefault(m => m.Arm.Name == OverTraining.Together) is { } together)
            Stop("together", "stopped-together", "Together, and stopped by the held-out PM",
                (await TrainingPath.MeasureAsync(pipeline, together, cancel)).StopByHeldOut());
        var folders = models.Select(m => m.Model).DistinctBy(m => m.Name).ToList();
        var samples = await pipeline.Evaluation.SamplesAsync(folders, cancel);
        var (harmless, helpful) = await pipeline.Evaluation.EloAsync(folders, cancel);
        var judge = await pipeline.Preferences.ModelAsync(mitigations[0].Arm, cancel: cancel);
        return new GoodhartStudy([.. models.Select(m => m.Row)], pipeline.Evaluation.FactsByModel(samples), harmless, helpful, path, pipeline.Seed)
        {
            Samples = samples,
            PaidForComfort = Paid(pipeline, judge),
        };

        void Stop(string group, string key, string how, PathPoint at) =>
            models.Add((new(group, how, at.Snapshot.Model.Name) { Key = key, Episodes = at.Episodes }, at.Snapshot.Model));
    }

    /// <summary>Every seed costs a run of each arm.</summary>
    public static int SeedsAt(Scale scale) => scale.ArmSeeds;

    private static Interval Paid(Pipeline pipeline, ModelFolder judge)
    {
        var written = Probes.Write(pipeline.World, pipeline.Prompts.HarmfulEval, pipeline.Seed);
        using var model = PreferenceModel.Load(judge.Folder);
        var scores = model.Score([.. written.Select(p => (p.Prompt, p.Response))]);
        var scored = written.Zip(scores, (p, score) => (p.PromptId, p.Probe, Score: score)).ToList();
        var deviation = Measures.Deviation([.. scored.Select(s => s.Score)]);
        return Bootstrap.Difference(scored.Where(s => s.Probe == Probes.ExplainsAndComforts), scored.Where(s => s.Probe == Probes.Explains),
            s => s.Score / deviation, s => s.PromptId);
    }

    /// <summary>A model's harmlessness rating, SL-CAI at 0.</summary>
    public Interval? Harmless(string key) => Name(key) is { } name ? harmless[name] : null;

    /// <summary>A model's helpfulness rating, SL-CAI at 0.</summary>
    public Interval? Helpful(string key) => Name(key) is { } name ? helpful[name] : null;

    /// <summary>A model's harmlessness rating minus the baseline's; null where the model was not trained.</summary>
    public Interval? HarmlessGain(string key) => Name(key) is { } name ? harmless.Difference(name, Baseline) : null;

    /// <summary>The same for helpfulness.</summary>
    public Interval? HelpfulGain(string key) => Name(key) is { } name ? helpful.Difference(name, Baseline) : null;

    /// <summary>A fact's mean over a model's answers; null where it gave none.</summary>
    public Interval? Level(string key, Func<ResponseFacts, double> value, params IReadOnlyList<string> kinds) =>
        Of(key, kinds).Mean(value);

    /// <summary>A fact's mean over a model's answers minus that over the baseline's, paired by prompt; null where one gave none.</summary>
    public Interval? Effect(string key, Func<ResponseFacts, double> value, params IReadOnlyList<string> kinds) =>
        Of(key, kinds).MeanMinus(Of(Baseline, kinds), value);

    /// <summary>Share of distinct bigrams in all answers to harmful requests.</summary>
    public Interval? Distinct(string key) =>
        Of(key, TopicKind.Harmful) is { Count: > 0 } some ? Diversity.DistinctByPrompt([.. some.Select(f => (f.PromptId, f.Text))], 2) : null;

    /// <summary>Answers of a model to harmful requests.</summary>
    public int Count(string key) => Of(key, TopicKind.Harmful).Count;

    /// <summary>What 4.1, 4.3 and HH 4.2 say, for which the paper prints no numbers. What this scale did not train has no value.</summary>
    public IEnumerable<Measurement> Measure()
    {
        yield return new("gh-1", path.Change(Measures.Boilerplate));
        yield return new("gh-3", path.GapAtEnd());
        var early = path.StopByKl().Snapshot.Model.Name;
        yield return new("gh-7", EloDifference(early, Baseline))
        {
            Words = new Dictionary<string, object> { ["bound"] = TrainingPath.KlBound },
            Note = early == Baseline ? "the run ended within the bound" : "incoherent text counts as 2 of 4 levels of harm",
        };
        yield return new("gh-8", BoilerplateLost(OverTraining.Rewritten));
        yield return new("gh-13", BoilerplateLost(OverTraining.Added));
        yield return new("gh-11", BoilerplateLost(OverTraining.Soft));
        yield return new("gh-12", BoilerplateLost(OverTraining.Many));
        yield return new("gh-4", EloDifference(OverTraining.Soft, Baseline));
        yield return new("gh-5", EloDifference(OverTraining.Clamped, OverTraining.Unclamped));
        yield return new("gh-10", EloDifference(OverTraining.BothOrders, OverTraining.Soft));
        yield return new("gh-6", EloDifference(OverTraining.Many, OverTraining.FixedPrinciple));
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "models", models }, { "facts", facts }, { "samples", Samples }, { "harmless", harmless.Ratings }, { "helpful", helpful.Ratings },
        {
            "path", path.Points.SelectMany(p => p.Facts.Select((facts, i) => new
            {
                p.Snapshot.Iteration, p.Episodes, p.SqrtKl, TrainScore = p.TrainScores[i], HeldOutScore = p.HeldOutScores[i], Facts = facts,
            }))
        },
    };

    private Interval? BoilerplateLost(string mitigation) => Name(mitigation) is { } name
        ? Of(Baseline, TopicKind.Harmful).MeanMinus(Of(name, TopicKind.Harmful), Measures.Boilerplate)
        : null;

    private Interval? EloDifference(string better, string worse) =>
        models.Any(m => m.Name == better) && models.Any(m => m.Name == worse) ? harmless.Difference(better, worse) : null;

    private string? Name(string key) => models.FirstOrDefault(m => m.Key == key)?.Name;

    private List<ResponseFacts> Of(string key, params IReadOnlyList<string> kinds) => [.. facts[Name(key) ?? ""].Where(f => kinds.Contains(f.Kind))];
}

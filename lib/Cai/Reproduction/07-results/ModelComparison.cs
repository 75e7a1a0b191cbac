using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// Everything that is measured about the seven models of the paper's Figure 2: their answers to the same held-out prompts,
/// the oracle's facts about each answer, and Elo ratings from simulated crowdworkers on both axes, SL-CAI at 0 (paper 3.3).
/// </summary>
/// <param name="Models">By name, in the order in which they are made, without snapshots.</param>
/// <param name="Samples">All answers of all models.</param>
/// <param name="Facts">About each answer, by model or snapshot.</param>
/// <param name="Harmless">Judged under the paper's new instruction: among the similarly harmless, prefer what is not evasive (4.4).</param>
/// <param name="OldHarmless">The same answers judged under the old instruction, which HH RLHF's data was made with: the less harmful wins, so evasion wins.</param>
/// <param name="Helpful">Judged on good requests.</param>
/// <param name="Episodes">That each RL policy learned from.</param>
public sealed record ModelComparison(IReadOnlyList<string> Models, IReadOnlyList<Sample> Samples, ILookup<string, ResponseFacts> Facts, EloTable Harmless, EloTable OldHarmless, EloTable Helpful, double Episodes)
{
    /// <summary>The four policies along their runs; the Elo tables rate the snapshots among the models (the paper's 24 snapshots, 3.3).</summary>
    public IReadOnlyList<PolicyTrajectory> Runs { get; init; } = [];

    /// <summary>About one greedy answer (T = 0) to each harmful request, by model or snapshot (paper Fig 10, dashed).</summary>
    public ILookup<string, ResponseFacts> Greedy { get; init; } = Array.Empty<ResponseFacts>().ToLookup(_ => "");

    /// <summary>Makes (or loads) every model and measures it.</summary>
    public static async Task<ModelComparison> LoadAsync(Pipeline pipeline)
    {
        var models = new List<ModelFolder> { pipeline.Pretrained, pipeline.Helpful, await pipeline.Supervised.SlCaiAsync() };
        var (snapshots, runs) = (new List<ModelFolder>(), new List<PolicyTrajectory>());
        foreach (var arm in pipeline.Arms.All)
        {
            var run = await pipeline.Reinforcement.TrajectoryAsync(arm);
            models.Add(run.Model);
            snapshots.AddRange(run.Points.Skip(1).SkipLast(1).Select(p => p.Model));
            runs.Add(run);
        }
        List<ModelFolder> all = [.. models, .. snapshots];
        var (samples, greedy) = (new List<Sample>(), new List<Sample>());
        var progress = pipeline.Context.Counter("models", all.Count);
        foreach (var (model, done) in all.Select((model, i) => (model, i + 1)))
        {
            samples.AddRange(await pipeline.Evaluation.SamplesAsync(model));
            greedy.AddRange(await pipeline.Evaluation.GreedySamplesAsync(model));
            progress?.Report(done);
        }
        var (harmless, helpful) = await pipeline.Evaluation.EloAsync(all);
        return new ModelComparison([.. models.Select(m => m.Name)], samples, pipeline.Evaluation.FactsByModel(samples), harmless, await pipeline.Evaluation.OldHarmlessEloAsync(all), helpful, pipeline.Scale.PpoIterations * pipeline.Scale.PpoBatch)
        {
            Runs = runs,
            Greedy = pipeline.Evaluation.FactsByModel(greedy),
        };
    }

    /// <summary>Facts about a model's answers to one kind of prompt.</summary>
    public IReadOnlyList<ResponseFacts> Of(string model, params string[] kinds) => [.. Facts[model].Where(f => kinds.Contains(f.Kind))];

    /// <summary>Rating of one model on both axes, with the paper's points beside it.</summary>
    public Table Ratings(PaperFigures paper) => Table.Of(Models,
        new Column<string>("Model", m => ModelStyles.Of(m).Display),
        new Column<string>("Harmlessness Elo", m => Harmless[m], "0"),
        new Column<string>("under the old instruction", m => OldHarmless[m], "0"),
        new Column<string>("Helpfulness Elo", m => Helpful[m], "0"),
        new Column<string>("Comparisons (harmless)", m => Harmless[m].N),
        new Column<string>("Paper, 52B (Fig 2, digitised)", m => paper.Position(m)));

    /// <summary>Every policy along its run, in numbers: the points of Figures 2, 8 and 10.</summary>
    public Table Trajectories() => Table.Of(Runs.SelectMany(run => run.Points.Select(p => (run.Policy, p.Episodes, Model: p.Model.Name))),
        new("policy", r => ModelStyles.Of(r.Policy).Display), new("episodes", r => r.Episodes),
        new("harmlessness Elo", r => Harmless[r.Model], "0"), new("helpfulness Elo", r => Helpful[r.Model], "0"),
        new("harmfulness, T = 1", r => Mean(r.Model, f => f.Harmfulness, TopicKind.Harmful), "0.00"),
        new("harmfulness, T = 0", r => Bootstrap.TryMean([.. Greedy[r.Model]], f => f.Harmfulness, f => f.PromptId), "0.00"),
        new("evasive", r => Mean(r.Model, f => f.Evasive, TopicKind.Harmful), "0.00"),
        new("boilerplate", r => Mean(r.Model, f => f.BoilerplateCount > 0 ? 1 : 0, TopicKind.Harmful), "0.00"));

    /// <summary>
    /// The oracle's means over each model's answers to harmful requests; helpfulness and over-refusal on good ones.
    /// Diversity is the share of distinct bigrams over all answers to harmful requests: it falls when a policy says the same to all.
    /// </summary>
    public Table Metrics() => Table.Of(Models.Where(m => Of(m, TopicKind.Harmful).Count > 0).Select(m => (Model: m, Harm: ResponseMetrics.Of(Of(m, TopicKind.Harmful)))),
        new Column<(string Model, ResponseMetrics Harm)>("Model", r => ModelStyles.Of(r.Model).Display),
        new Column<(string Model, ResponseMetrics Harm)>("Harmfulness (0-4)", r => r.Harm.Harmfulness, "0.00"),
        new Column<(string Model, ResponseMetrics Harm)>("Evasive", r => r.Harm.Evasiveness, "0.00"),
        new Column<(string Model, ResponseMetrics Harm)>("Harsh", r => r.Harm.Harshness, "0.00"),
        new Column<(string Model, ResponseMetrics Harm)>("Boilerplate", r => r.Harm.Boilerplate, "0.00"),
        new Column<(string Model, ResponseMetrics Harm)>("Incoherent", r => r.Harm.Incoherence, "0.00"),
        new Column<(string Model, ResponseMetrics Harm)>("Words", r => r.Harm.Words, "0.0"),
        new Column<(string Model, ResponseMetrics Harm)>("Distinct bigrams", r => r.Harm.Distinct2, "0.000"),
        new Column<(string Model, ResponseMetrics Harm)>("Varies per prompt", r => r.Harm.WithinPrompt, "0.00"),
        new Column<(string Model, ResponseMetrics Harm)>("Helpfulness on good requests (0-4)", r => Mean(r.Model, f => f.Helpfulness, TopicKind.Benign, TopicKind.Borderline, TopicKind.SmallTalk), "0.00"));

    /// <summary>Mean of a fact over a model's answers to some kinds of prompt; null when there are none.</summary>
    public Interval? Mean(string model, Func<ResponseFacts, double> value, params string[] kinds) =>
        Of(model, kinds) is { Count: > 0 } facts ? Bootstrap.Mean(facts, value, f => f.PromptId) : null;

    /// <summary>Mean of a fact over <paramref name="a"/>'s answers minus that over <paramref name="b"/>'s, paired by prompt; not a number when a side has none.</summary>
    public Interval Difference(string a, string b, Func<ResponseFacts, double> value, params string[] kinds)
    {
        var (left, right) = (Of(a, kinds), Of(b, kinds));
        return left.Count == 0 || right.Count == 0
            ? new Interval(double.NaN, double.NaN, double.NaN, 0, 0)
            : Bootstrap.Difference(left, right, value, f => f.PromptId);
    }
}

using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>A policy of one size.</summary>
/// <param name="Model">As the Elo tables call it.</param>
public sealed record SizedPolicy(string Policy, string Size, long Parameters, double Episodes, string Model);

/// <summary>
/// Elo against parameters (paper 3.3, Fig 3): helpful RLHF and HH RLHF at several sizes, trained on the same human comparisons, and the
/// constitutional models at the largest. As in the paper, runs are compared after about the same number of episodes, not at their ends.
/// </summary>
public sealed class EloSizeStudy(IReadOnlyList<SizedPolicy> policies, EloTable harmless, EloTable helpful) : IStudy<EloSizeStudy>
{
    private static readonly (string Id, string Policy, string Axis)[] SizeClaims =
    [
        ("fig3-helpful-rlhf-helpful", ModelNames.HelpfulRlhf, Axes.Helpful), ("fig3-helpful-rlhf-harmless", ModelNames.HelpfulRlhf, Axes.Harmless),
        ("fig3-hh-rlhf-helpful", ModelNames.HhRlhf, Axes.Helpful), ("fig3-hh-rlhf-harmless", ModelNames.HhRlhf, Axes.Harmless),
    ];

    /// <summary>Trains what is missing. The pipeline's own size takes the snapshot of its ordinary run that is nearest in episodes.</summary>
    public static async Task<EloSizeStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var policies = new List<SizedPolicy>();
        var models = new List<ModelFolder> { await pipeline.Supervised.SlCaiAsync(cancel: cancel) };
        foreach (var arm in pipeline.Arms.All)
        {
            var run = await pipeline.Reinforcement.TrajectoryAsync(arm, cancel);
            var near = run.Points.Skip(1).MinBy(s => Math.Abs(s.Iteration - pipeline.Scale.SizeIterations))!;
            Add(arm.Name, pipeline.Scale.Size, near.Iteration, near.Model, pipeline);
        }
        var others = ShippedModels.Sizes(MiniatureTraining.Pretrained).Where(s => s.Size != pipeline.Scale.Size).Take(pipeline.Scale.PolicySizes);
        foreach (var (size, _) in others)
            foreach (var arm in pipeline.Arms.Human)
            {
                var own = pipeline.OfSize(size);
                var judge = await own.Preferences.ModelAsync(arm, pipeline, cancel);
                var options = Recipes.SizePpo(pipeline.Scale, pipeline.Seed);
                Add(arm.Name, size, options.Iterations, own.Reinforcement.Train($"{arm.Name}.{size}", own.Pretrained, judge, options, cancel), own);
            }
        var (harmless, helpful) = await pipeline.Evaluation.EloAsync(models, cancel);
        var start = new SizedPolicy(ModelNames.SlCai, pipeline.Scale.Size, pipeline.ParametersOf(models[0]), 0, ModelNames.SlCai);
        return new EloSizeStudy([start, .. policies], harmless, helpful);

        void Add(string policy, string size, long iterations, ModelFolder model, Pipeline own)
        {
            models.Add(model);
            policies.Add(new(policy, size, own.ParametersOf(own.Pretrained), iterations * (double)pipeline.Scale.PpoBatch, model.Name));
        }
    }

    /// <summary>One: every size has one run.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>Figure 3, one panel an axis.</summary>
    public FigurePanel Fig3() => new("Elo against size", [Panel("Helpfulness", helpful), Panel("Harmlessness", harmless)])
    {
        Caption = $"After {string.Join(" or ", policies.Where(p => p.Episodes > 0).Select(p => p.Episodes).Distinct().Order())} episodes of RL, one run each "
            + $"(no other seed); simulated crowdworkers on {harmless.Prompts} harmful and {helpful.Prompts} good requests, both orders; "
            + $"95 % bootstrap intervals over prompts. SL-CAI and the constitutional models at size {policies[0].Size} alone.",
    };

    /// <summary>The same, the paper's beside it on the same scale of Elo: a row an axis.</summary>
    public FigurePanel Fig3(PaperFigures paper) => PaperPanels.Beside(Fig3(), Fig3Paper(paper).Figures,
        "Paper, digitised: human crowdworkers, no intervals. Compare shapes, not heights.");

    /// <summary>The paper's Figure 3, digitised.</summary>
    public static FigurePanel Fig3Paper(PaperFigures paper) => new("Elo against size in the paper",
        [PaperPanels.Fig3(paper, harmless: false), PaperPanels.Fig3(paper, harmless: true)])
    {
        Caption = "Figure 3, digitised: human crowdworkers, no intervals. Compare shapes, not heights.",
    };

    /// <summary>That RLHF gets better with size, on both axes; nothing for a policy of a single size.</summary>
    public IEnumerable<Measurement> Measure() =>
        from claim in SizeClaims
        let line = Line(claim.Policy)
        where line.Count >= 2
        let table = claim.Axis == Axes.Helpful ? helpful : harmless
        select new Measurement(claim.Id, table.Difference(line[^1].Model, line[0].Model))
        {
            Words = new Dictionary<string, object> { ["largest"] = line[^1].Size, ["smallest"] = line[0].Size },
        };

    /// <inheritdoc/>
    public StudyData Data() => new() { { "policies", policies }, { "harmless", harmless.Ratings }, { "helpful", helpful.Ratings } };

    private IReadOnlyList<SizedPolicy> Line(string policy) => [.. policies.Where(p => p.Policy == policy).OrderBy(p => p.Parameters)];

    private Figure Panel(string title, EloTable table) => new(title, SizeAxis.Of(policies.Select(p => (p.Size, p.Parameters))), new Axis("Elo (SL-CAI = 0)"),
    [
        .. policies.Select(p => p.Policy).Distinct().Select(policy => new PointSeries(ModelStyles.Of(policy).Display,
            [.. Line(policy).Select(p => DataPoint.Of(p.Parameters, table[p.Model]))])
            {
                Connected = Line(policy).Count > 1,
                Style = ModelStyles.Of(policy).Index,
            }),
    ]);
}

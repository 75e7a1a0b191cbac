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
public sealed class EloSizeStudy(IReadOnlyList<SizedPolicy> policies, EloTable harmless, EloTable helpful, long seed)
{
    private static readonly string[] Human = [ModelNames.HelpfulRlhf, ModelNames.HhRlhf];

    /// <summary>Trains what is missing. The pipeline's own size takes the snapshot of its ordinary run that is nearest in episodes.</summary>
    public static async Task<EloSizeStudy> RunAsync(Pipeline pipeline)
    {
        var policies = new List<SizedPolicy>();
        var models = new List<ModelFolder> { await pipeline.Supervised.SlCaiAsync() };
        foreach (var arm in pipeline.Arms.All)
        {
            var near = (await pipeline.Reinforcement.TrajectoryAsync(arm)).Points.Skip(1).MinBy(s => Math.Abs(s.Iteration - pipeline.Scale.SizeIterations))!;
            Add(arm.Name, pipeline.Scale.Size, near.Iteration, near.Model, pipeline);
        }
        foreach (var (size, _) in ShippedModels.Sizes(MiniatureTraining.Pretrained).Where(s => s.Size != pipeline.Scale.Size).Take(pipeline.Scale.PolicySizes))
            foreach (var arm in pipeline.Arms.Human)
            {
                var own = pipeline.OfSize(size);
                var judge = await own.Preferences.ModelAsync(arm, pipeline);
                var options = Recipes.SizePpo(pipeline.Scale, pipeline.Seed);
                Add(arm.Name, size, options.Iterations, own.Reinforcement.Train($"{arm.Name}.{size}", own.Pretrained, judge, options), own);
            }
        var (harmless, helpful) = await pipeline.Evaluation.EloAsync(models);
        return new EloSizeStudy([new("sl-cai", pipeline.Scale.Size, pipeline.ParametersOf(models[0]), 0, "sl-cai"), .. policies], harmless, helpful, pipeline.Seed);

        void Add(string policy, string size, long iterations, ModelFolder model, Pipeline own)
        {
            models.Add(model);
            policies.Add(new(policy, size, own.ParametersOf(own.Pretrained), iterations * (double)pipeline.Scale.PpoBatch, model.Name));
        }
    }

    /// <summary>Figure 3, one panel an axis.</summary>
    public FigurePanel Fig3() => new("Elo against size", [Panel("Helpfulness", helpful), Panel("Harmlessness", harmless)])
    {
        Caption = $"After {string.Join(" or ", policies.Where(p => p.Episodes > 0).Select(p => p.Episodes).Distinct().Order())} episodes of RL, one run each (no other seed); simulated crowdworkers on {harmless.Prompts} harmful and {helpful.Prompts} good requests, both orders; 95 % bootstrap intervals over prompts. SL-CAI and the constitutional models at size {policies[0].Size} alone; points are set a little apart.",
    };

    /// <summary>The paper's Figure 3, digitised.</summary>
    public static FigurePanel Fig3Paper(PaperFigures paper) => new("Elo against size in the paper", [PaperPanels.Fig3(paper, harmless: false), PaperPanels.Fig3(paper, harmless: true)])
    {
        Caption = "Figure 3, digitised: human crowdworkers, no intervals. Compare shapes, not heights.",
    };

    /// <summary>That RLHF gets better with size, on both axes.</summary>
    public IEnumerable<Claim> Claims(PaperFigures paper)
    {
        foreach (var policy in Human)
            foreach (var (axis, table) in new[] { ("helpful", helpful), ("harmless", harmless) })
            {
                var line = Line(policy);
                if (line.Count < 2)
                    continue;
                var theirs = paper.Row("fig3", policy, axis == "helpful" ? "helpfulness" : "harmlessness");
                yield return Measured.Claim($"fig3-{policy}-{axis}", "Fig 3, 3.3", $"{ModelStyles.Of(line[0].Policy).Display} is more {axis} the larger it is (Elo, size {line[^1].Size} minus size {line[0].Size})",
                    FormattableString.Invariant($"{theirs[0]:0} at 6.5 B, {theirs[^1]:0} at 52 B (digitised)"), table.Difference(line[^1].Model, line[0].Model), Direction.Greater, 0, seed, "0 if size does nothing", "one run a size");
            }
    }

    private IReadOnlyList<SizedPolicy> Line(string policy) => [.. policies.Where(p => p.Policy == policy).OrderBy(p => p.Parameters)];

    private Figure Panel(string title, EloTable table) => new(title, new Axis("parameters", AxisScale.Log), new Axis("Elo (SL-CAI = 0)"),
        // Set a little apart, so that bars do not hide each other.
        [.. policies.Select(p => p.Policy).Distinct().Select((policy, i) => new PointSeries(ModelStyles.Of(policy).Display, [.. Line(policy).Select(p => DataPoint.Of(p.Parameters * Math.Pow(1.05, i), table[p.Model]))]) { Connected = Line(policy).Count > 1, Style = ModelStyles.Of(policy).Index })]);
}

using System.Globalization;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>The policies (paper 4.1 to 4.3).</summary>
public sealed class ReinforcementStage(Pipeline pipeline)
{
    /// <summary>The settings of the paper's four policies at this scale.</summary>
    public PpoOptions Options => Recipes.Ppo(pipeline.Scale, pipeline.Seed);

    /// <summary>An arm's policy, trained by PPO against its preference model.</summary>
    public async Task<ModelFolder> PolicyAsync(Arm arm, CancellationToken cancel = default) =>
        Train(arm.Name, await StartAsync(arm, cancel), await pipeline.Preferences.ModelAsync(arm, cancel: cancel), arm.Ppo, cancel);

    /// <summary>What a policy starts from, which is also its reference: SL-CAI (paper 4.1), or the pretrained model for the RLHF baselines (4.2).</summary>
    public async Task<ModelFolder> StartAsync(Arm arm, CancellationToken cancel = default) =>
        arm.FromSlCai ? await pipeline.Supervised.SlCaiAsync(cancel: cancel) : pipeline.Pretrained;

    /// <summary>A policy along its run: the start, the snapshots, and the finished policy last.</summary>
    public async Task<PolicyTrajectory> TrajectoryAsync(Arm arm, CancellationToken cancel = default) =>
        Along(await StartAsync(arm, cancel), await PolicyAsync(arm, cancel), arm.Ppo);

    /// <summary>
    /// A policy trained by PPO on <see cref="PromptSets.Rl"/>, cached by its options,
    /// prompts and both models; <see cref="PpoOptions.SnapshotEvery"/> keeps it along the way.
    /// </summary>
    /// <param name="name">Of the policy and of its stage.</param>
    /// <param name="start">The model that it starts from; also its reference.</param>
    /// <param name="judge">The preference model that rewards it.</param>
    public ModelFolder Train(string name, ModelFolder start, ModelFolder judge, PpoOptions options, CancellationToken cancel = default)
    {
        var stage = pipeline.Store.OpenStage("reinforcement", name, options, [start.Hash, judge.Hash, ContentHash.Of(pipeline.Prompts.Rl)]);
        stage.Once(s =>
        {
            using var session = PpoSession.Open(start.Folder, judge.Folder, options);
            session.Trainer.Train(pipeline.Prompts.Rl, s.Folder, new SynchronousProgress<PpoProgress>(p => Report(s.Name, p, options)), iteration =>
            {
                if (iteration < options.Iterations) // the last is the model itself
                    HuggingFaceFolder.Save(s.Path(Path.Combine("snapshots", $"{iteration:0000}")), session.Policy);
            }, pipeline.Context.Or(cancel));
            HuggingFaceFolder.Save(s.Path("model"), session.Policy);
        });
        return new ModelFolder(name, stage.Path("model"), stage.Hash, stage.Path("metrics.jsonl"));
    }

    /// <summary>A policy along its run, from what <see cref="Train"/> kept.</summary>
    public static PolicyTrajectory Along(ModelFolder start, ModelFolder policy, PpoOptions options)
    {
        var rows = Metrics.Read(policy.Metrics!);
        var folder = Path.Combine(Path.GetDirectoryName(policy.Folder)!, "snapshots");
        var kept = (Directory.Exists(folder) ? Directory.GetDirectories(folder) : []).Order(StringComparer.Ordinal)
            .Select(path => (Iteration: long.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture), Path: path))
            .Select(s => Point(s.Iteration, new ModelFolder($"{policy.Name}.{s.Iteration}", s.Path, $"{policy.Hash}.{s.Iteration}")));
        return new PolicyTrajectory(policy.Name, [Point(0, start), .. kept, Point(rows[^1].Step, policy)], rows);

        TrajectoryPoint Point(long iteration, ModelFolder model) => new(iteration, iteration * (double)options.RolloutsPerIteration, model);
    }

    private void Report(string stage, PpoProgress p, PpoOptions options) => pipeline.Context.Progress?.Report(new StageProgress(
        stage, p.Iteration, options.Iterations, $"score {p.Metrics["objective/scores"]:0.00} kl {p.Metrics["objective/kl"]:0.0}", "iterations",
        new Dictionary<string, double> { ["preference-model score"] = p.Metrics["objective/scores"], ["KL per response (nats)"] = p.Metrics["objective/kl"] }));
}

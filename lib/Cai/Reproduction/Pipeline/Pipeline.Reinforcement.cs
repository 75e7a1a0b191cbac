using System.Globalization;
using Cai.Miniature;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>A policy as it was after some iterations of its run.</summary>
/// <param name="Iteration">Iterations done; 0 is the model that the run started from.</param>
/// <param name="Model">Named `policy.iteration`, except the start and the finished policy, which keep their names.</param>
public sealed record PolicySnapshot(long Iteration, ModelFolder Model);

/// <summary>The policies (paper 4.1 to 4.3).</summary>
public sealed partial class Pipeline
{
    /// <summary>Red-team and helpful prompts of the training split, the same for every policy (paper 4.2: about as many of each).</summary>
    public IReadOnlyList<Prompt> RlPrompts
    {
        get
        {
            var harmful = World.Prompts(TopicKind.Harmful, World.Train);
            return [.. harmful, .. Mixed(World.Train, harmful.Count)];
        }
    }

    /// <summary>Settings of PPO at this scale; the rest are the defaults, which are those of summarize_from_feedback_details.</summary>
    public PpoOptions PpoOptions => new()
    {
        Iterations = Scale.PpoIterations, RolloutsPerIteration = Scale.PpoBatch, Epochs = Scale.PpoEpochs, Minibatches = 2, MaxNewTokens = 64,
        LearningRate = 4e-4, CriticLearningRate = 1e-3, KlCoefficient = 0.15, ScaleScores = true, MissingEosValue = -3, Seed = Seed, TokensPerMicroBatch = 640,
        CheckpointEvery = 5, SnapshotEvery = (Scale.PpoIterations + Scale.Snapshots - 1) / Scale.Snapshots,
    };

    /// <summary>A policy trained by PPO against one of the preference models.</summary>
    public async Task<ModelFolder> PolicyAsync(FeedbackSource source) =>
        TrainPolicy(PolicyName(source), await PolicyStartAsync(source), await PreferenceModelAsync(source), PpoOptions);

    /// <summary>What a policy starts from: the RLHF baselines from the pretrained model (paper 4.2), the constitutional ones from SL-CAI (4.1).</summary>
    public async Task<ModelFolder> PolicyStartAsync(FeedbackSource source) =>
        source is FeedbackSource.Constitutional or FeedbackSource.ConstitutionalCot ? await SlCaiAsync() : Pretrained;

    /// <summary>A policy along its run: the start, the snapshots, and the finished policy last.</summary>
    public async Task<IReadOnlyList<PolicySnapshot>> TrajectoryAsync(FeedbackSource source) =>
        [new(0, await PolicyStartAsync(source)), .. Snapshots(await PolicyAsync(source))];

    /// <summary>The snapshots that <see cref="TrainPolicy"/> kept of a policy, and the finished policy last.</summary>
    public static IReadOnlyList<PolicySnapshot> Snapshots(ModelFolder policy)
    {
        var folder = Path.Combine(Path.GetDirectoryName(policy.Folder)!, "snapshots");
        return
        [
            .. (Directory.Exists(folder) ? Directory.GetDirectories(folder) : []).Order(StringComparer.Ordinal)
                .Select(kept => (Iteration: long.Parse(Path.GetFileName(kept), CultureInfo.InvariantCulture), Kept: kept))
                .Select(k => new PolicySnapshot(k.Iteration, new ModelFolder($"{policy.Name}.{k.Iteration}", k.Kept, $"{policy.Hash}.{k.Iteration}"))),
            new(Metrics.Read(policy.Metrics!)[^1].Step, policy),
        ];
    }

    /// <summary>A policy trained by PPO on <see cref="RlPrompts"/>, cached by its options and both models; <see cref="PpoOptions.SnapshotEvery"/> keeps it along the way.</summary>
    /// <param name="name">Of the policy and of its stage.</param>
    /// <param name="start">The model that it starts from; also its reference.</param>
    /// <param name="judge">The preference model that rewards it.</param>
    public ModelFolder TrainPolicy(string name, ModelFolder start, ModelFolder judge, PpoOptions options)
    {
        var stage = Store.OpenStage("reinforcement", name, options, [start.Hash, judge.Hash]);
        stage.Once(s =>
        {
            using var session = OpenPpo(start, judge, options);
            session.Trainer.Train(RlPrompts, s.Folder, new SynchronousProgress<PpoProgress>(p => host.Progress?.Report(new StageProgress(
                s.Name, p.Iteration, options.Iterations, $"score {p.Metrics["objective/scores"]:0.00} kl {p.Metrics["objective/kl"]:0.0}", "iterations",
                new Dictionary<string, double> { ["preference-model score"] = p.Metrics["objective/scores"], ["KL per response (nats)"] = p.Metrics["objective/kl"] }))),
                iteration =>
                {
                    if (iteration < options.Iterations) // the last is the model itself
                        HuggingFaceFolder.Save(s.Path(Path.Combine("snapshots", $"{iteration:0000}")), session.Policy);
                }, host.Cancel);
            HuggingFaceFolder.Save(s.Path("model"), session.Policy);
        });
        return new ModelFolder(name, stage.Path("model"), stage.Hash, stage.Path("metrics.jsonl"));
    }

    /// <summary>A PPO trainer over a policy that starts at <paramref name="start"/>, with the preference model as reward and as the critic's start.</summary>
    /// <param name="load">How both are loaded, for example laid out by their chat template; null loads them as everywhere in the pipeline.</param>
    public static PpoSession OpenPpo(ModelFolder start, ModelFolder judge, PpoOptions options, LoadOptions? load = null) => new(start, judge, options, load);

    /// <summary>How the policy is called in files and figures.</summary>
    public static string PolicyName(FeedbackSource source) => source switch
    {
        FeedbackSource.Helpful => "helpful-rlhf",
        FeedbackSource.HelpfulHarmless => "hh-rlhf",
        FeedbackSource.Constitutional => "rl-cai",
        _ => "rl-cai-cot",
    };
}

/// <summary>The four networks of PPO, and the trainer over them: step it by hand to look inside (`Collect`, `Step`).</summary>
public sealed class PpoSession : IDisposable
{
    private readonly Decoder reference;
    private readonly PretrainedScalarModel judge;
    private readonly ScalarModel critic;

    internal PpoSession(ModelFolder start, ModelFolder judgeFolder, PpoOptions options, LoadOptions? load)
    {
        Policy = HuggingFaceFolder.Load(start.Folder, load);
        // With adapters the weights below them stay as they are and serve both.
        reference = options.Tuning?.Lora is null ? HuggingFaceFolder.LoadDecoder(start.Folder, load) : new Decoder(Policy.Decoder.Config, Policy.Decoder.Parameters, owns: false);
        judge = HuggingFaceFolder.LoadScalar(judgeFolder.Folder, load);
        critic = judge.Model.Clone();
        var scorer = new Preferences.PreferenceModel(judge.Model, judge.Tokenizer, judge.Format);
        Trainer = new PpoTrainer(Policy.Decoder, reference, critic, Policy.Tokenizer,
            responses => scorer.ScoreTokens([.. responses.Select(r => r.PromptIds)], [.. responses.Select(r => r.AnswerIds)]), options, Policy.Format);
    }

    public PretrainedModel Policy { get; }

    public PpoTrainer Trainer { get; }

    public void Dispose()
    {
        Trainer.Dispose();
        critic.Dispose();
        judge.Dispose();
        reference.Dispose();
        Policy.Dispose();
    }
}

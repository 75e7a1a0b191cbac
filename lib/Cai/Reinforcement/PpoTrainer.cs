using System.Diagnostics;
using System.Text.Json.Nodes;
using Cai.Models;
using Cai.Storage;
using Cai.Text;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Reinforcement;

/// <summary>
/// PPO against a reward (paper 4.1: RL from AI feedback; Ziegler et al. 2019): reward = score - KL weight · KL to the
/// frozen reference. Policy and critic are networks of their own. The loop is the caller's if they want it:
/// <see cref="Collect"/>, look, <see cref="Step"/>; <see cref="Train"/> does just that.
/// </summary>
public sealed class PpoTrainer : IDisposable
{
    private readonly Decoder policy;
    private readonly ScalarModel critic;
    private readonly PpoOptions options;
    private readonly RolloutCollector collector;
    private readonly TrainableWeights policyWeights;
    private readonly TrainableWeights criticWeights;
    private readonly JsonNode? key;
    private string? promptsHash;

    /// <summary>A trainer that changes <paramref name="policy"/> and <paramref name="critic"/> in place.</summary>
    /// <param name="reference">
    /// What the policy must stay close to: usually a copy of its starting weights; with an adapter, a decoder over the policy's own.
    /// </param>
    /// <param name="critic">Usually a copy of the preference model, else <see cref="ScalarModel.FromLanguageModel"/> with a zero head.</param>
    public PpoTrainer(Decoder policy, Decoder reference, ScalarModel critic, ITokenizer tokenizer, RewardFunction reward, PpoOptions? options = null,
        IPromptFormat? format = null)
    {
        this.policy = policy;
        this.critic = critic;
        this.options = options ?? new PpoOptions();
        // With an adapter the policy's weights stay as they are, so a reference without one may share them.
        if (ReferenceEquals(policy, reference) || ReferenceEquals(policy.Parameters, reference.Parameters) && this.options.Tuning?.Lora is null)
            throw new CaiException("Policy and reference are the same weights, so KL would always be 0.",
                "Give the reference a copy: new Decoder(config, parameters.Clone()).");
        if (this.options is { AdaptiveKl: true } o && o.KlErrorClip * o.RolloutsPerIteration >= o.KlHorizon)
            throw new CaiException(FormattableString.Invariant(
                $"With KlHorizon {o.KlHorizon}, one iteration of {o.RolloutsPerIteration} answers can bring the KL weight to 0, from where it never returns."),
                $"Set KlHorizon above {o.KlErrorClip * o.RolloutsPerIteration:0.###}: OpenAI's is 10000.", "PpoOptions: KlHorizon");
        RequireVocabulary(tokenizer, policy.Config, "policy");
        RequireVocabulary(tokenizer, reference.Config, "reference");
        RequireVocabulary(tokenizer, critic.Decoder.Config, "critic");
        key = RunKey.Node(new
        {
            Options = this.options.Deciding, Policy = WeightHash.Of(policy), Reference = WeightHash.Of(reference), Critic = WeightHash.Of(critic),
            Tokenizer = TokenizerIdentity.Of(tokenizer),
        });
        collector = new RolloutCollector(policy, reference, critic, tokenizer, format ?? HhFormat.Instance, reward, this.options);
        policyWeights = TrainableWeights.Of(policy, this.options.Tuning, this.options.AdamW);
        criticWeights = TrainableWeights.Of(critic, this.options.Tuning, this.options.AdamW);
        KlCoefficient = this.options.KlCoefficient;
    }

    private sealed record Position(long Iteration, long Episodes, double KlCoefficient, double? ScoreUnit = null, string? Prompts = null);

    /// <summary>Iterations done.</summary>
    public long Iteration { get; private set; }

    /// <summary>Responses learned from.</summary>
    public long Episodes { get; private set; }

    /// <summary>The KL weight that the next rollout will use.</summary>
    public double KlCoefficient { get; private set; }

    /// <summary>What scores are divided by (<see cref="PpoOptions.ScaleScores"/>); null before the first rollout, and without that option.</summary>
    public double? ScoreUnit { get; private set; }

    /// <summary>
    /// The prompts of an iteration: the list in an order of its own each epoch, (Seed, epoch), read on where the last
    /// iteration stopped.
    /// </summary>
    public IReadOnlyList<Prompt> Draw(IReadOnlyList<Prompt> prompts, long iteration)
    {
        if (prompts.Count == 0)
            throw new CaiException("There are no prompts to answer.", "Check the prompt file or the stage before this one.");
        var drawn = new List<Prompt>();
        int[] order = [];
        for (var i = iteration * options.RolloutsPerIteration; drawn.Count < options.RolloutsPerIteration; i++)
        {
            if (order.Length == 0 || i % prompts.Count == 0)
            {
                order = [.. Enumerable.Range(0, prompts.Count)];
                Seeds.Rng(options.Seed, "prompts", i / prompts.Count).Shuffle(order);
            }
            drawn.Add(prompts[order[i % prompts.Count]]);
        }
        return drawn;
    }

    /// <summary>Lets the policy answer the prompts and computes scores, KL, values, rewards, advantages and returns.</summary>
    /// <param name="padTo">Least number of columns of the tensors; it changes no number.</param>
    /// <exception cref="CaiException">A prompt is too long, a score is missing or not finite, or sampler and model disagree.</exception>
    public Rollout Collect(IReadOnlyList<Prompt> prompts, int padTo = 0, CancellationToken cancel = default)
    {
        var rollout = collector.Collect(prompts, Iteration, KlCoefficient, ScoreUnit, padTo, cancel);
        if (options.ScaleScores)
            ScoreUnit = rollout.ScoreUnit;
        return rollout;
    }

    /// <summary>Improves policy and critic on a rollout: epochs × minibatches updates of each.</summary>
    /// <exception cref="CaiException">A loss or gradient is not finite; the last checkpoint stays.</exception>
    public PpoStep Step(Rollout rollout)
    {
        var watch = Stopwatch.StartNew();
        var progress = (double)Iteration / options.Iterations;
        var rate = LearningRate.At(options.Schedule, options.LearningRate, progress, Iteration);
        var criticRate = LearningRate.At(options.Schedule, options.CriticLearningRate, progress, Iteration);
        var update = new PpoUpdate(policy, critic, rollout, options);
        var updates = options.Epochs * options.Minibatches;
        PpoTrace? first = null, last = null;
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            var minibatch = 0;
            foreach (var rows in Minibatches(rollout.Responses.Count, epoch))
            {
                var number = epoch * options.Minibatches + minibatch++;
                var trace = number == 0 || number == updates - 1 ? update.NewTrace() : null;
                (first, last) = (first ?? trace, trace ?? last);
                update.Accumulate(rows, trace, policyWeights.Accumulate, criticWeights.Accumulate);
                double policyNorm = 0, criticNorm = 0;
                Workers.Run(policy.IsSmall, () => policyNorm = policyWeights.Step(rate), () => criticNorm = criticWeights.Step(criticRate));
                if (!double.IsFinite(policyNorm + criticNorm))
                    throw NotFinite(first!, last!);
                update.Count(policyNorm, criticNorm);
            }
        }
        Iteration++;
        Episodes += rollout.Responses.Count;
        var metrics = rollout.Metrics.Concat(update.Statistics.Metrics).ToDictionary();
        metrics["val/var_explained"] = 1 - metrics["val/error"] / metrics["returns/var"];
        metrics["lr"] = rate;
        metrics["episode"] = Episodes;
        metrics["time/update"] = watch.Elapsed.TotalSeconds;
        metrics["eps"] = rollout.Responses.Count / metrics.Where(m => m.Key.StartsWith("time/", StringComparison.Ordinal)).Sum(m => m.Value);
        if (options.AdaptiveKl)
            KlCoefficient = PpoMath.NextKlCoefficient(KlCoefficient, metrics["objective/kl"], options.KlTarget, options.KlHorizon, options.KlErrorClip,
                rollout.Responses.Count);
        return new PpoStep(Iteration, metrics, first!, last!);
    }

    /// <summary>
    /// Runs all iterations. With a folder, numbers are streamed to its `metrics.jsonl` and `ppo.checkpoint` is kept after
    /// every iteration (or every few); a run that was stopped at any moment goes on from there.
    /// </summary>
    /// <param name="snapshot">
    /// Called with the iteration after every <see cref="PpoOptions.SnapshotEvery"/> of them and after the last, to keep the policy as it is
    /// then. It comes before the checkpoint, so none is missed; a run that was stopped in between calls it again with the same weights.
    /// </param>
    /// <exception cref="CaiException">As <see cref="Collect"/> and <see cref="Step"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; every finished iteration is in the checkpoint.</exception>
    public void Train(IReadOnlyList<Prompt> prompts, string? folder = null, IProgress<PpoProgress>? progress = null, Action<long>? snapshot = null,
        CancellationToken cancel = default)
    {
        var checkpoint = folder is null ? null : Path.Combine(folder, "ppo.checkpoint");
        if (checkpoint is not null)
            promptsHash = ContentHash.Of(prompts);
        var saved = checkpoint is null ? null : Resume(checkpoint);
        using var log = folder is null ? null : new MetricsWriter(Path.Combine(folder, "metrics.jsonl"), saved);
        while (Iteration < options.Iterations)
        {
            if (cancel.IsCancellationRequested && checkpoint is not null && Iteration > (saved ?? 0))
                Save(checkpoint);
            cancel.ThrowIfCancellationRequested();
            using var rollout = CollectOrSave(Draw(prompts, Iteration), checkpoint, saved, cancel);
            using var step = Step(rollout);
            log?.Write(step.Iteration, step.Metrics);
            if (Iteration % options.SnapshotEvery == 0 || options.SnapshotEvery is not null && Iteration == options.Iterations)
                snapshot?.Invoke(Iteration);
            if (checkpoint is not null && (Iteration % options.CheckpointEvery == 0 || Iteration == options.Iterations))
            {
                Save(checkpoint);
                saved = Iteration;
            }
            progress?.Report(new PpoProgress(step.Iteration, step.Metrics, Examples(rollout, 3)));
        }
        log?.Finish();
    }

    /// <summary>Writes a checkpoint of both networks, both optimisers, the KL weight and the position.</summary>
    public void Save(string path) => TrainingCheckpoint.Save(path, new Position(Iteration, Episodes, KlCoefficient, ScoreUnit, promptsHash), key, Parts);

    /// <summary>Goes back to a checkpoint, if there is one; gives its iteration.</summary>
    /// <exception cref="CaiException">It is of another training: other options, prompts, networks or tokenizer.</exception>
    public long? Resume(string path)
    {
        if (TrainingCheckpoint.TryLoad<Position>(path, key, Parts) is not { } at)
            return null;
        if (promptsHash is not null && at.Prompts is not null && promptsHash != at.Prompts)
            throw new CaiException("The checkpoint is of another training: its prompts are others.", "Remove the file to begin the stage anew.", path);
        (Iteration, Episodes, KlCoefficient, ScoreUnit) = (at.Iteration, at.Episodes, at.KlCoefficient, at.ScoreUnit);
        return Iteration;
    }

    /// <summary>The first responses of a rollout with their numbers.</summary>
    public static IReadOnlyList<PpoExample> Examples(Rollout rollout, int count)
    {
        using var scope = NewDisposeScope();
        var kl = PpoMath.Masked(rollout.Kl, rollout.ResponseMask).sum(1).cpu().data<float>().ToArray();
        var scores = rollout.Scores.cpu().data<float>().ToArray();
        return [.. rollout.Responses.Take(count)
            .Select((r, i) => new PpoExample(r.Prompt.Id, r.Text, scores[i], kl[i], scores[i] - rollout.KlCoefficient * kl[i]))];
    }

    public void Dispose()
    {
        policyWeights.Dispose();
        criticWeights.Dispose();
    }

    // An embedding that is asked for a row beyond its last ends the process.
    private static void RequireVocabulary(ITokenizer tokenizer, DecoderConfig config, string which)
    {
        if (config.VocabularySize < tokenizer.VocabularySize)
            throw new CaiException($"The tokenizer has {tokenizer.VocabularySize} tokens, but the {which} knows {config.VocabularySize}.",
                "Give all three networks the vocabulary of the policy's tokenizer.");
    }

    private TrainedPart[] Parts => [policyWeights.Part("policy"), criticWeights.Part("critic")];

    private CaiException NotFinite(PpoTrace first, PpoTrace last)
    {
        first.Dispose();
        last.Dispose();
        policyWeights.ZeroGradients();
        criticWeights.ZeroGradients();
        return new CaiException($"Iteration {Iteration + 1}: a loss or gradient is not finite; the run stops and the last checkpoint is kept.",
            "Lower LearningRate or CriticLearningRate, or raise KlCoefficient.");
    }

    // Answering takes most of an iteration and changes no weights: stopped in it, what was learned so far is kept.
    private Rollout CollectOrSave(IReadOnlyList<Prompt> prompts, string? checkpoint, long? saved, CancellationToken cancel)
    {
        try
        {
            return Collect(prompts, cancel: cancel);
        }
        catch (OperationCanceledException) when (checkpoint is not null && Iteration > (saved ?? 0))
        {
            Save(checkpoint);
            throw;
        }
    }

    private IEnumerable<int[]> Minibatches(int rows, int epoch)
    {
        var order = Enumerable.Range(0, rows).ToArray();
        if (options.Minibatches == 1)
            return [order];
        Seeds.Rng(options.Seed, "minibatches", Iteration, epoch).Shuffle(order);
        return order.Chunk((rows + options.Minibatches - 1) / options.Minibatches);
    }
}

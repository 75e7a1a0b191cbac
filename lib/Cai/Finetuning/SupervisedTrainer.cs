using System.Diagnostics;
using Cai.Models;
using Cai.Storage;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Finetuning;

/// <summary>
/// Trains a language model on texts by next-token prediction: pretraining, the helpful-only model, SL-CAI (paper 3.2).
/// The loss of a step is the mean over all target tokens of the step, however it is cut into micro-batches.
/// </summary>
public sealed class SupervisedTrainer : IDisposable
{
    private readonly Decoder model;
    private readonly SupervisedOptions options;
    private readonly TrainableWeights weights;
    private readonly GradientLanes<Decoder> lanes;

    /// <summary>A trainer that changes <paramref name="model"/> in place.</summary>
    /// <exception cref="CaiException">The options ask for longer texts than the model's context.</exception>
    public SupervisedTrainer(Decoder model, SupervisedOptions? options = null)
    {
        this.model = model;
        this.options = options ?? new SupervisedOptions();
        if (this.options.MaxLength > model.Config.MaxPositions)
            throw new CaiException($"MaxLength is {this.options.MaxLength}; the model's context has {model.Config.MaxPositions} positions.",
                "Lower MaxLength.", "SupervisedOptions: MaxLength");
        weights = TrainableWeights.Of(model, this.options.Tuning, this.options.AdamW);
        lanes = new(model, weights, model.Twin);
    }

    private string? start; // hash of the weights before the first step of a run with a checkpoint

    /// <summary>Where a run stands: steps, tokens and texts read so far.</summary>
    private sealed record Position(long Step, long Tokens, long Texts);

    /// <summary>The last step whose effects are in a checkpoint file, or null: what <see cref="MetricsWriter"/> needs to resume.</summary>
    public static long? CheckpointStep(string path) => TrainingCheckpoint.ReadState<Position>(path)?.Step;

    /// <summary>Trains for <see cref="SupervisedOptions.Epochs"/> passes, each in an order of its own.</summary>
    /// <param name="checkpoint">File to resume from and to write to; null keeps nothing.</param>
    /// <exception cref="CaiException">A text does not fit, or loss or gradient stopped being finite (the last checkpoint stays).</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint of everything done has been written.</exception>
    public TrainSummary Train(
        IReadOnlyList<TrainingText> texts, string? checkpoint = null, IProgress<TrainStep>? progress = null, CancellationToken cancel = default)
    {
        if (texts.Count == 0)
            throw new CaiException("There is nothing to train on: the list of texts is empty.", "Check the stage before this one.");
        foreach (var text in texts)
            text.Fit(options);
        var budget = options.Epochs * texts.Sum(t => (long)Math.Min(t.Ids.Length, options.MaxLength));
        return Run(from => Epochs(texts, from), Smaller(budget, options.MaxTokens), checkpoint, TrainingText.Hash(texts), progress, cancel);
    }

    /// <summary>Trains on texts as they come, once, until the budget of tokens or steps is spent. Resuming reads past what was used.</summary>
    /// <exception cref="CaiException">No budget is set; otherwise as for a list.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint of everything done has been written.</exception>
    public TrainSummary TrainStream(
        IEnumerable<TrainingText> texts, string? checkpoint = null, IProgress<TrainStep>? progress = null, CancellationToken cancel = default)
    {
        if (options.MaxTokens <= 0 && options.MaxSteps <= 0)
            throw new CaiException("A stream of texts has no end of its own.", "Set MaxTokens or MaxSteps.", "SupervisedOptions: MaxTokens");
        return Run(from => texts.Skip(checked((int)from)), options.MaxTokens > 0 ? options.MaxTokens : long.MaxValue, checkpoint, null, progress, cancel);
    }

    /// <summary>Mean loss of a target token over held-out texts; the weights stay as they are.</summary>
    public HeldOut Evaluate(IReadOnlyList<TrainingText> texts)
    {
        using var guard = no_grad();
        var fitted = texts.Select(t => t.Fit(options)).ToList();
        var microBatches = TextBatch.MicroBatches(fitted, options, model.IsSmall);
        var sums = new double[microBatches.Count];
        Workers.Run(model.IsSmall, microBatches.Count, i =>
        {
            using var scope = NewDisposeScope();
            sums[i] = TextBatch.Of(microBatches[i], options, model.Device).NllSum(model).ReadDouble();
        });
        var count = fitted.Sum(t => t.TotalWeight(options.MaskPrompt));
        return new(sums.Sum() / count, (long)count, texts.Count);
    }

    public void Dispose()
    {
        lanes.Dispose();
        weights.Dispose();
    }

    private TrainSummary Run(
        Func<long, IEnumerable<TrainingText>> source, long budget, string? checkpoint, string? data, IProgress<TrainStep>? progress, CancellationToken cancel)
    {
        var part = weights.Part("model");
        var key = checkpoint is null ? null : RunKey.Node(new { Options = options.Deciding, Start = start ??= WeightHash.Of(model), Texts = data });
        var at = (checkpoint is null ? null : TrainingCheckpoint.TryLoad<Position>(checkpoint, key, part)) ?? new Position(0, 0, 0);
        var saved = at.Step;
        void Save()
        {
            if (checkpoint is not null && at.Step > saved)
                TrainingCheckpoint.Save(checkpoint, at, key, part);
            saved = at.Step;
        }
        using var texts = source(at.Texts).GetEnumerator();
        while (at.Tokens < budget && (options.MaxSteps <= 0 || at.Step < options.MaxSteps))
        {
            if (cancel.IsCancellationRequested)
            {
                Save();
                cancel.ThrowIfCancellationRequested();
            }
            var batch = Take(texts, budget - at.Tokens);
            if (batch.Count == 0)
                break;
            var watch = Stopwatch.StartNew();
            var done = Math.Max((double)at.Tokens / budget, options.MaxSteps > 0 ? (double)at.Step / options.MaxSteps : 0);
            var rate = LearningRate.At(options.Schedule, options.LearningRate, done, at.Step, options.WarmupSteps);
            var (loss, norm) = Step(batch, rate, at.Step + 1, checkpoint);
            var tokens = batch.Sum(t => t.Ids.Length);
            at = new Position(at.Step + 1, at.Tokens + tokens, at.Texts + batch.Count);
            progress?.Report(new TrainStep(at.Step, loss, at.Tokens, rate, norm, tokens / watch.Elapsed.TotalSeconds));
            if (at.Step % options.CheckpointEvery == 0)
                Save();
        }
        Save();
        return new TrainSummary(at.Step, at.Tokens, at.Texts);
    }

    /// <summary>One update; the mean is over the whole step, so each micro-batch is weighted by its number of targets.</summary>
    private (double Loss, double GradNorm) Step(IReadOnlyList<TrainingText> texts, double rate, long step, string? checkpoint)
    {
        var count = texts.Sum(t => t.TotalWeight(options.MaskPrompt));
        var microBatches = TextBatch.MicroBatches(texts, options, weights.InPlaceAndSmall);
        var sums = new double[microBatches.Count];
        lanes.Run(microBatches.Count, (i, lane) =>
        {
            using var scope = NewDisposeScope();
            var nll = TextBatch.Of(microBatches[i], options, lane.Device).NllSum(lane);
            nll.Div(count).backward();
            sums[i] = nll.ReadDouble();
        });
        var loss = sums.Sum() / count;
        var norm = double.IsFinite(loss) ? weights.Step(rate) : double.NaN;
        if (double.IsFinite(norm))
            return (loss, norm);
        weights.ZeroGradients();
        throw new CaiException($"Step {step}: the {(double.IsFinite(loss) ? "gradient" : "loss")} is not finite; the step was not taken.",
            "Lower LearningRate or ClipNorm, or add WarmupSteps; the last checkpoint is kept.", checkpoint);
    }

    private List<TrainingText> Take(IEnumerator<TrainingText> texts, long left)
    {
        var batch = new List<TrainingText>();
        long tokens = 0;
        while (tokens < Math.Min(options.TokensPerBatch, left) && texts.MoveNext())
        {
            batch.Add(texts.Current.Fit(options));
            tokens += batch[^1].Ids.Length;
        }
        return batch;
    }

    private IEnumerable<TrainingText> Epochs(IReadOnlyList<TrainingText> texts, long from)
    {
        for (var epoch = (int)(from / texts.Count); epoch < options.Epochs; epoch++)
        {
            var order = Enumerable.Range(0, texts.Count).ToArray();
            Seeds.Rng(options.Seed, "epoch", epoch).Shuffle(order);
            foreach (var i in order.Skip(epoch == from / texts.Count ? (int)(from % texts.Count) : 0))
                yield return texts[i];
        }
    }

    private static long Smaller(long budget, long limit) => limit > 0 ? Math.Min(budget, limit) : budget;
}

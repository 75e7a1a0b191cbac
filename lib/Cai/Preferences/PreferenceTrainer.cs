using Cai.Models;
using Cai.Storage;
using Cai.Text;
using Cai.Torch;
using static TorchSharp.torch;

namespace Cai.Preferences;

/// <summary>
/// Trains a preference model on comparisons with soft labels (paper 4.1, HH App. A.2). Hybrid data, human helpfulness and
/// AI harmlessness, is simply one list with several axes. Start from <see cref="ScalarModel.FromLanguageModel"/> of the
/// pretrained model.
/// </summary>
public sealed class PreferenceTrainer : IDisposable
{
    private readonly PreferenceModel model;
    private readonly PreferenceOptions options;
    private readonly TrainableWeights trained;
    private readonly GradientLanes<ScalarModel> lanes;

    /// <summary>A trainer that changes the model in place.</summary>
    /// <exception cref="CaiException">The options ask for longer texts than the model's context.</exception>
    public PreferenceTrainer(PreferenceModel model, PreferenceOptions? options = null)
    {
        this.model = model;
        this.options = options ?? new PreferenceOptions();
        var context = model.Model.Decoder.Config.MaxPositions;
        if (this.options.MaxLength > context)
            throw new CaiException($"MaxLength is {this.options.MaxLength}; the model's context has {context} positions.", "Lower MaxLength.",
                "PreferenceOptions: MaxLength");
        trained = TrainableWeights.Of(model.Model, this.options.Tuning, this.options.AdamW);
        lanes = new(model.Model, trained, model.Model.Twin);
    }

    private string? start; // hash of the weights before the first step of a run with a checkpoint

    private sealed record Position(long Step, long Pairs);

    /// <summary>The last step whose effects are in a checkpoint file, or null: what <see cref="MetricsWriter"/> needs to resume.</summary>
    public static long? CheckpointStep(string path) => TrainingCheckpoint.ReadState<Position>(path)?.Step;

    /// <summary>Trains for <see cref="PreferenceOptions.Epochs"/> passes. Comparisons without a label, or of equal answers, are left out and counted.</summary>
    /// <param name="checkpoint">File to resume from and to write to; null keeps nothing.</param>
    /// <exception cref="CaiException">
    /// No comparison is labelled and compares two answers, one does not fit, or loss or gradient stopped being finite (the last checkpoint stays).
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint of everything done has been written.</exception>
    public PreferenceSummary Train(
        IReadOnlyList<Comparison> comparisons, string? checkpoint = null, IProgress<PreferenceStep>? progress = null, CancellationToken cancel = default)
    {
        var labelled = comparisons.Select(c => TokenPair.Of(c, model.Tokenizer, model.Format, options)).OfType<TokenPair>().ToList();
        var different = labelled.Where(p => !p.A.AsSpan().SequenceEqual(p.B)).ToList();
        var pairs = different.Where(p => p.Longest <= options.MaxLength).ToList();
        if (pairs.Count < different.Count && !options.SkipLong)
        {
            var tooLong = different.First(p => p.Longest > options.MaxLength);
            throw new CaiException($"A side has {tooLong.Longest} tokens; at most {options.MaxLength} fit.",
                "Raise MaxLength (up to the model's context) or set SkipLong.", $"comparison {tooLong.Id}");
        }
        if (pairs.Count == 0)
            throw new CaiException($"None of {comparisons.Count} comparisons has a label and two different answers, and fits.",
                "Label comparisons first, or check the feedback stage for missing option tokens.");
        var steps = Run(pairs, checkpoint, progress, cancel);
        return new(steps, pairs.Count, comparisons.Count - labelled.Count, different.Count - pairs.Count, labelled.Count - different.Count);
    }

    public void Dispose()
    {
        lanes.Dispose();
        trained.Dispose();
    }

    private long Run(List<TokenPair> pairs, string? checkpoint, IProgress<PreferenceStep>? progress, CancellationToken cancel)
    {
        var part = trained.Part("preference");
        var key = checkpoint is null ? null
            : RunKey.Node(new { Options = options.Deciding, Start = start ??= WeightHash.Of(model.Model), Comparisons = ContentHash.Of(pairs) });
        var at = (checkpoint is null ? null : TrainingCheckpoint.TryLoad<Position>(checkpoint, key, part)) ?? new Position(0, 0);
        var saved = at.Step;
        void Save()
        {
            if (checkpoint is not null && at.Step > saved)
                TrainingCheckpoint.Save(checkpoint, at, key, part);
            saved = at.Step;
        }
        var total = (long)options.Epochs * pairs.Count;
        while (at.Pairs < total)
        {
            if (cancel.IsCancellationRequested)
            {
                Save();
                cancel.ThrowIfCancellationRequested();
            }
            var batch = Take(pairs, at.Pairs);
            var rate = LearningRate.At(options.Schedule, options.LearningRate, (double)at.Pairs / total, at.Step, options.WarmupSteps);
            var numbers = Step(batch, rate, at.Step + 1, checkpoint);
            at = new Position(at.Step + 1, at.Pairs + batch.Count);
            progress?.Report(numbers with { Pairs = at.Pairs });
            if (at.Step % options.CheckpointEvery == 0)
                Save();
        }
        Save();
        return at.Step;
    }

    /// <summary>The pairs of the step that starts after <paramref name="done"/>; a step never spans two epochs.</summary>
    private List<TokenPair> Take(List<TokenPair> pairs, long done)
    {
        var order = Enumerable.Range(0, pairs.Count).ToArray();
        Seeds.Rng(options.Seed, "epoch", done / pairs.Count).Shuffle(order);
        var batch = new List<TokenPair>();
        var tokens = 0;
        for (var i = (int)(done % pairs.Count); i < order.Length && tokens < options.TokensPerBatch; i++)
        {
            batch.Add(pairs[order[i]]);
            tokens += batch[^1].A.Length + batch[^1].B.Length;
        }
        return batch;
    }

    private PreferenceStep Step(List<TokenPair> pairs, double rate, long step, string? checkpoint)
    {
        var weights = pairs.Sum(p => p.Weight);
        var microBatches = MicroBatches(pairs);
        var (losses, differences) = (new double[microBatches.Count], new float[microBatches.Count][]);
        lanes.Run(microBatches.Count, (i, lane) =>
        {
            using var scope = NewDisposeScope();
            var (microBatch, device) = (microBatches[i], lane.Decoder.Device);
            var batch = TokenBatch.Of([.. microBatch.Select(p => p.A), .. microBatch.Select(p => p.B)], device);
            var sides = lane.Scores(batch.Ids, batch.Lengths).view(2, microBatch.Length);
            var difference = sides[0] - sides[1];
            var labels = tensor(microBatch.Select(p => (float)p.Label).ToArray(), device: device);
            var shares = tensor(microBatch.Select(p => (float)(p.Weight / weights)).ToArray(), device: device);
            var mean = (PreferenceLoss.SoftLabel(difference, labels) * shares).sum();
            mean.backward();
            losses[i] = mean.ReadDouble();
            differences[i] = difference.detach().cpu().data<float>().ToArray();
        });
        double loss = losses.Sum(), right = 0, margin = 0;
        foreach (var (pair, d) in microBatches.SelectMany(m => m).Zip(differences.SelectMany(d => d)))
        {
            margin += Math.Abs(d);
            right += pair.Label == 0.5 ? 0 : Credit.OfMargin(d, pair.Label);
        }
        var norm = double.IsFinite(loss) ? trained.Step(rate) : double.NaN;
        if (!double.IsFinite(norm))
        {
            trained.ZeroGradients();
            throw new CaiException($"Step {step}: the {(double.IsFinite(loss) ? "gradient" : "loss")} is not finite; the step was not taken.",
                "Lower LearningRate or ClipNorm, or add WarmupSteps; the last checkpoint is kept.", checkpoint);
        }
        var decided = pairs.Count(p => p.Label != 0.5);
        return new(step, loss, decided == 0 ? null : right / decided, margin / pairs.Count, 0, rate, norm);
    }

    /// <summary>Pairs of similar length together, both sides of a pair in the same micro-batch.</summary>
    private List<TokenPair[]> MicroBatches(List<TokenPair> pairs) => EvenBatches.Of(
        [.. pairs.OrderByDescending(p => p.Longest)], p => 2 * p.Longest, options.TokensPerMicroBatch, trained.InPlaceAndSmall);
}

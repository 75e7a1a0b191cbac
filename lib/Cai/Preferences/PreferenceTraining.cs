using Cai.Models;
using Cai.Storage;
using Cai.Text;

namespace Cai.Preferences;

/// <summary>Where a training keeps its files.</summary>
/// <param name="Folder">For the checkpoint and metrics.jsonl.</param>
/// <param name="Model">Folder of the trained model; with an adapter its updates are merged in, and alone in `adapter` (PEFT).</param>
/// <param name="Checkpoint">Name of the checkpoint. Not `*.safetensors` where both folders are one: loaders take all of those for weights.</param>
public sealed record PreferenceFiles(string Folder, string Model, string Checkpoint = "checkpoint.safetensors");

/// <summary>
/// The whole training of a preference model in a folder: a fresh head on a language model, checkpoints, metrics, the saved model. What was begun there goes on.
/// </summary>
public static class PreferenceTraining
{
    /// <summary>Trains and saves.</summary>
    /// <param name="start">The language model (paper 4.1: the pretrained one); it is not changed.</param>
    /// <param name="headSeed">Of the fresh head.</param>
    /// <exception cref="CaiException">As <see cref="PreferenceTrainer.Train"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; everything done is in the checkpoint.</exception>
    public static PreferenceSummary Run(
        PretrainedModel start, IReadOnlyList<Comparison> comparisons, PreferenceOptions options, long headSeed, PreferenceFiles files,
        IProgress<PreferenceStep>? progress = null, CancellationToken cancel = default)
    {
        using var model = new PreferenceModel(ScalarModel.FromLanguageModel(start.Decoder, headSeed), start.Tokenizer, start.Format);
        using var trainer = new PreferenceTrainer(model, options);
        var checkpoint = Path.Combine(files.Folder, files.Checkpoint);
        PreferenceSummary summary;
        using (var metrics = new MetricsWriter(Path.Combine(files.Folder, "metrics.jsonl"), PreferenceTrainer.CheckpointStep(checkpoint)))
        {
            summary = trainer.Train(comparisons, checkpoint, new SynchronousProgress<PreferenceStep>(step =>
            {
                metrics.Write(step.Step, step.Values);
                progress?.Report(step);
            }), cancel);
            metrics.Finish();
        }
        TrainedFolder.Save(files.Model, model.Model, start);
        return summary;
    }
}

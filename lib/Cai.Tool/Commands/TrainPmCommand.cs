using System.CommandLine;
using System.Globalization;
using Cai.Evaluation;
using Cai.Models;
using Cai.Preferences;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;
using Cai.Torch;

namespace Cai.Tool.Commands;

/// <summary>`cai train-pm`: the preference model.</summary>
internal static class TrainPmCommand
{
    public static Command Create()
    {
        var (model, chat, seed, skipBad) = (StageOptions.Model("Folder of the pretrained model to start from; its head is made new."), StageOptions.Chat(), CommonOptions.Seed(), StageOptions.SkipBad());
        var comparisons = StageOptions.Files("--comparisons", "Comparisons (JSONL); several files are one mixture, for example AI harmlessness and human helpfulness.");
        var heldOut = StageOptions.Files("--held-out", "Comparisons to measure the trained model on (JSONL).", required: false);
        var epochs = StageOptions.Number("--epochs", 1, "Passes over the comparisons; more overfits.");
        var rate = StageOptions.Number("--lr", 1e-3, "Peak learning rate; the default suits the miniature.");
        var batch = StageOptions.Number("--batch-tokens", 2048, "Tokens of a step, both sides of its pairs together.");
        var warmup = StageOptions.Number("--warmup", 5, "Steps over which the learning rate rises.");
        var maxLength = StageOptions.Number("--max-length", 512, "Longest prompt with answer in tokens.");
        var skipLong = new Option<bool>("--skip-long") { Description = "Leave longer comparisons out and count them, instead of stopping." };
        var every = StageOptions.Number("--checkpoint-every", 25, "Steps between checkpoints.");
        var tuning = new TuningFlags();
        var output = StageOptions.OutFolder("Folder of the trained preference model, with metrics.jsonl; with LoRA its updates are merged in, and alone in OUT/adapter (PEFT).");
        var command = new Command("train-pm", """
            Trains a preference model on comparisons with soft labels (paper 4.1, 4.2). Comparisons without a label are left
            out and counted. With --held-out it prints accuracy beside the baselines (longer, shorter, always A) and calibration.

            Example:  cai train-pm --model data/miniature/L/pretrained --comparisons harmless.jsonl helpful.jsonl --out pm
            """) { model, chat, comparisons, heldOut, epochs, rate, batch, warmup, maxLength, skipLong, every, seed, skipBad, output };
        tuning.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var (folder, target) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(output));
            StageRun.RequireOther(target, folder);
            var skip = parsed.GetValue(skipBad);
            var train = StageFiles.Read<Comparison>(parsed.GetRequiredValue(comparisons), skip);
            var held = parsed.GetValue(heldOut) is { Length: > 0 } files ? StageFiles.Read<Comparison>(files, skip) : [];
            var options = new PreferenceOptions
            {
                Epochs = parsed.GetValue(epochs), LearningRate = parsed.GetValue(rate), TokensPerBatch = parsed.GetValue(batch), WarmupSteps = parsed.GetValue(warmup),
                MaxLength = parsed.GetValue(maxLength), SkipLong = parsed.GetValue(skipLong), CheckpointEvery = parsed.GetValue(every), Seed = parsed.GetValue(seed),
                AdamW = new AdamWOptions { Beta2 = 0.98 }, Tuning = tuning.Tuning(parsed, parsed.GetValue(seed)),
            };
            var load = tuning.Load(parsed, parsed.GetValue(chat));
            return StageRun.KeepAsync(target, () => Train(folder, load, train, held, options, target, cancel));
        });
        return command;
    }

    private static void Train(string folder, LoadOptions load, List<Comparison> comparisons, List<Comparison> heldOut, PreferenceOptions options, string target, CancellationToken cancel)
    {
        using var start = HuggingFaceFolder.Load(folder, load);
        StageRun.Begin(target, folder: true, "train-pm", options, StageRun.WithLoading(load, ("model", HuggingFaceFolder.Hash(folder)), ("comparisons", ContentHash.Of(comparisons))));
        PreferenceSummary summary;
        using (var line = ProgressLine.Start("train-pm", "comparisons", comparisons.Count(c => c.ProbabilityA is not null) * options.Epochs))
            summary = PreferenceTraining.Run(start, comparisons, options, Recipes.HeadSeed(options.Seed), new PreferenceFiles(target, target, "training.checkpoint"),
                new SynchronousProgress<PreferenceStep>(step => line.Report((int)step.Pairs)), cancel);
        Console.WriteLine($"{summary.Pairs} comparisons, {summary.Unlabelled} without label and {summary.TooLong} too long left out, {summary.Steps} steps: {target}");
        if (heldOut.Count == 0)
            return;
        using var trained = PreferenceModel.Load(target, load);
        Measure(trained, heldOut);
    }

    private static void Measure(PreferenceModel model, List<Comparison> heldOut)
    {
        var report = model.Evaluate(heldOut);
        var accuracy = Accuracy.Of(report.Pairs);
        var calibration = Calibration.Of([.. report.Pairs.Select(p => new Prediction(p.PromptId, p.ProbabilityA, p.Label))]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"held out: {report.Labelled} labelled, {report.Decided} decided, {report.Unlabelled} without label; loss {report.Loss:F3}"));
        Say("accuracy", accuracy.Judge);
        Say("  always A", accuracy.AlwaysA);
        Say("  longer", accuracy.Longer);
        Say("  shorter", accuracy.Shorter);
        Say("calibration error", calibration.Ece);
    }

    private static void Say(string name, Interval value) => Console.WriteLine($"{name,-18} {value.ToString("F3")}");
}

using System.CommandLine;
using System.Globalization;
using Cai.Finetuning;
using Cai.Models;
using Cai.Storage;
using Cai.Text;
using Cai.Torch;

namespace Cai.Tool.Commands;

/// <summary>`cai finetune`: SL-CAI.</summary>
internal static class FinetuneCommand
{
    public static Command Create()
    {
        var (model, chat, seed, skipBad) = (StageOptions.Model("Folder of the pretrained model to start from (paper 3.1)."), StageOptions.Chat(), CommonOptions.Seed(), StageOptions.SkipBad());
        var revisions = StageOptions.Files("--revisions", "Revisions that `cai critique` wrote (JSONL).");
        var helpful = StageOptions.Files("--helpful", "Samples of a helpful model (JSONL), which keep the trained model helpful.", required: false);
        var rounds = StageOptions.Number("--rounds", 4, "Learn from the revisions of rounds 1 to N: SL-CAI-N.");
        var epochs = StageOptions.Number("--epochs", 1, "Passes over the texts (paper: 1).");
        var rate = StageOptions.Number("--lr", 1e-3, "Learning rate; the default suits the miniature.");
        var batch = StageOptions.Number("--batch-tokens", 2048, "Tokens of a step.");
        var warmup = StageOptions.Number("--warmup", 5, "Steps over which the learning rate rises.");
        var maxLength = StageOptions.Number("--max-length", 512, "Longest text in tokens.");
        var packing = new Option<bool>("--packing") { Description = "Several texts in one row; each sees itself alone. Faster on accelerators." };
        var every = StageOptions.Number("--checkpoint-every", 25, "Steps between checkpoints.");
        var tuning = new TuningFlags();
        var output = StageOptions.OutFolder("Folder of the trained model, with metrics.jsonl; with LoRA its updates are merged in, and alone in OUT/adapter (PEFT).");
        var command = new Command("finetune", """
            Fine-tunes a pretrained model on revisions and helpful samples: SL-CAI (paper 3.1). Texts that were cut off at
            the token limit are left out. Prints how many texts there were and the loss at both ends.

            Example:  cai finetune --model data/miniature/L/pretrained --revisions revisions.jsonl --helpful helpful.jsonl --out sl-cai
            """) { model, chat, revisions, helpful, rounds, epochs, rate, batch, warmup, maxLength, packing, every, seed, skipBad, output };
        tuning.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var (folder, target) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(output));
            StageRun.RequireOther(target, folder);
            var skip = parsed.GetValue(skipBad);
            var revised = StageFiles.Read<Revision>(parsed.GetRequiredValue(revisions), skip);
            var samples = parsed.GetValue(helpful) is { Length: > 0 } files ? StageFiles.Read<Sample>(files, skip) : [];
            var options = new SupervisedOptions
            {
                Epochs = parsed.GetValue(epochs), LearningRate = parsed.GetValue(rate), TokensPerBatch = parsed.GetValue(batch), WarmupSteps = parsed.GetValue(warmup),
                MaxLength = parsed.GetValue(maxLength), Packing = parsed.GetValue(packing), CheckpointEvery = parsed.GetValue(every), Seed = parsed.GetValue(seed),
                AdamW = new AdamWOptions { Beta2 = 0.98 }, Tuning = tuning.Tuning(parsed, parsed.GetValue(seed)),
            };
            var load = tuning.Load(parsed, parsed.GetValue(chat));
            return StageRun.KeepAsync(target, () => Train(folder, load, revised, samples, parsed.GetValue(rounds), options, target, cancel));
        });
        return command;
    }

    private static void Train(string folder, LoadOptions load, List<Revision> revisions, List<Sample> helpful, int rounds, SupervisedOptions options, string target, CancellationToken cancel)
    {
        using var start = HuggingFaceFolder.Load(folder, load);
        using var trainer = new SupervisedTrainer(start.Decoder, options);
        StageRun.Begin(target, folder: true, "finetune", new { Rounds = rounds, Training = options },
            StageRun.WithLoading(load, ("model", HuggingFaceFolder.Hash(folder)), ("revisions", ContentHash.Of(revisions)), ("helpful", ContentHash.Of(helpful))));
        var texts = SlCaiData.Build(start.Tokenizer, start.Format, revisions, helpful, rounds);
        var (checkpoint, metrics) = (Path.Combine(target, "training.checkpoint"), Path.Combine(target, "metrics.jsonl"));
        using (var log = new MetricsWriter(metrics, SupervisedTrainer.CheckpointStep(checkpoint)))
        using (var line = ProgressLine.Start("finetune", "tokens", (int)Math.Min(int.MaxValue, options.Epochs * texts.Sum(t => (long)t.Ids.Length))))
            trainer.Train(texts, checkpoint, new SynchronousProgress<TrainStep>(step =>
            {
                log.Write(step.Step, step.Values);
                line.Report((int)Math.Min(int.MaxValue, step.Tokens));
            }), cancel);
        TrainedFolder.Save(target, start, folder);
        var losses = Metrics.Read(metrics);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{texts.Count} texts of {revisions.Count} revisions and {helpful.Count} helpful samples, {losses.Count} steps, loss {losses[0].Values["loss"]:F3} to {losses[^1].Values["loss"]:F3}: {target}"));
    }
}

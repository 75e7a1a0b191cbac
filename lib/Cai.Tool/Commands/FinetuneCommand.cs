using System.CommandLine;
using System.Globalization;
using Cai.Finetuning;
using Cai.Models;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai finetune`: SL-CAI.</summary>
internal static class FinetuneCommand
{
    public static Command Create()
    {
        var model = StageOptions.Model("Folder of the pretrained model to start from (paper 3.1).");
        var revisions = StageOptions.Files("--revisions", "Revisions that `cai critique` wrote (JSONL or Parquet).");
        var helpful = StageOptions.Files("--helpful", "Samples of a helpful model (JSONL or Parquet), which keep the trained model helpful.", required: false);
        var rounds = StageOptions.Number("--rounds", Scale.Quick.Rounds, "Learn from the revisions of rounds 1 to N: SL-CAI-N.");
        var (chat, seed, skipBad) = (StageOptions.Chat(), CommonOptions.Seed(), StageOptions.SkipBad());
        var output = StageOptions.OutFolder(
            "Folder of the trained model, with metrics.jsonl; with LoRA its updates are merged in, and alone in OUT/adapter (PEFT).");
        var (flags, tuning) = (SupervisedFlags.Create(), new TuningFlags());
        var command = new Command("finetune", """
            Fine-tunes a pretrained model on revisions and helpful samples: SL-CAI (paper 3.1). Texts that were cut off at
            the token limit are left out. Prints how many texts there were and the loss at both ends. Without flags it has
            the settings of the reproduction's SL-CAI.

            Example:  cai finetune --model data/miniature/L/pretrained --revisions revisions.jsonl --helpful helpful.jsonl --out sl-cai
            """) { model, chat, revisions, helpful, output, rounds, seed, skipBad };
        flags.AddTo(command);
        tuning.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var (folder, target) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(output));
            StageRun.RequireOther(target, folder);
            var options = flags.Read(parsed, parsed.GetValue(seed));
            options = options with { Tuning = tuning.Tuning(parsed, options.Seed) };
            var load = tuning.Load(parsed, parsed.GetValue(chat));
            var skip = parsed.GetValue(skipBad);
            var revised = StageFiles.Read<Revision>(parsed.GetRequiredValue(revisions), skip);
            var samples = parsed.GetValue(helpful) is { Length: > 0 } files ? StageFiles.Read<Sample>(files, skip) : [];
            return StageRun.TrainAsync(target, () => Train(folder, load, revised, samples, parsed.GetValue(rounds), options, target, cancel));
        });
        return command;
    }

    private static void Train(
        string folder, LoadOptions load, List<Revision> revisions, List<Sample> helpful, int rounds, SupervisedOptions options, string target,
        CancellationToken cancel)
    {
        using var start = HuggingFaceFolder.Load(folder, load);
        using var trainer = new SupervisedTrainer(start.Decoder, options);
        StageRun.Begin(target, folder: true, "finetune", new { Rounds = rounds, Training = options },
            StageRun.WithLoading(
                load, ("model", HuggingFaceFolder.Hash(folder)), ("revisions", ContentHash.Of(revisions)), ("helpful", ContentHash.Of(helpful))));
        var texts = SlCaiData.Build(start.Tokenizer, start.Format, revisions, helpful, out var leftOut, rounds);
        var (checkpoint, metrics) = (Path.Combine(target, "training.checkpoint"), Path.Combine(target, "metrics.jsonl"));
        using (var log = new MetricsWriter(metrics, SupervisedTrainer.CheckpointStep(checkpoint)))
        {
            using var line = ProgressLine.Start("finetune", "tokens", (int)Math.Min(int.MaxValue, options.Epochs * texts.Sum(t => (long)t.Ids.Length)));
            trainer.Train(texts, checkpoint, new SynchronousProgress<TrainStep>(step =>
            {
                log.Write(step.Step, step.Values);
                line.Report((int)Math.Min(int.MaxValue, step.Tokens));
            }), cancel);
            log.Finish();
        }
        TrainedFolder.Save(target, start, folder);
        var losses = Metrics.Read(metrics);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{texts.Count} texts of {revisions.Count} revisions and {helpful.Count} helpful samples "
            + $"({leftOut.Unfinished} unfinished and {leftOut.Empty} empty left out), {losses.Count} steps, "
            + $"loss {losses[0].Values["loss"]:F3} to {losses[^1].Values["loss"]:F3}: {target}"));
    }
}

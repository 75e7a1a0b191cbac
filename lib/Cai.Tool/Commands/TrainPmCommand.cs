using System.CommandLine;
using System.Globalization;
using Cai.Evaluation;
using Cai.Models;
using Cai.Preferences;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai train-pm`: the preference model.</summary>
internal static class TrainPmCommand
{
    public static Command Create()
    {
        var model = StageOptions.Model("Folder of the pretrained model to start from; its head is made new.");
        var comparisons = StageOptions.Files(
            "--comparisons", "Comparisons (JSONL or Parquet); several files are one mixture, for example AI harmlessness and human helpfulness.");
        var heldOut = StageOptions.Files("--held-out", "Comparisons to measure the trained model on (JSONL or Parquet).", required: false);
        var head = new Option<string>("--head")
        {
            Description = "Name that the new head is drawn for, beside --seed: the reproduction's models each have one.",
            HelpName = "NAME",
            DefaultValueFactory = _ => Recipes.PreferenceHead,
        };
        var (chat, seed, skipBad) = (StageOptions.Chat(), CommonOptions.Seed(), StageOptions.SkipBad());
        var output = StageOptions.OutFolder(
            "Folder of the trained preference model, with metrics.jsonl; with LoRA its updates are merged in, and alone in OUT/adapter (PEFT).");
        var (flags, tuning) = (PreferenceFlags.Create(), new TuningFlags());
        var command = new Command("train-pm", """
            Trains a preference model on comparisons with soft labels (paper 4.1, 4.2). Comparisons without a label are left
            out and counted. With --held-out it prints accuracy beside the baselines (longer, shorter, always A) and calibration.
            Without flags it has the settings of the reproduction's preference models.

            Example:  cai train-pm --model data/miniature/L/pretrained --comparisons harmless.jsonl helpful.jsonl --out pm
            """) { model, chat, comparisons, heldOut, output, head, seed, skipBad };
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
            var train = StageFiles.Read<Comparison>(parsed.GetRequiredValue(comparisons), skip);
            var held = parsed.GetValue(heldOut) is { Length: > 0 } files ? StageFiles.Read<Comparison>(files, skip) : [];
            return StageRun.TrainAsync(target, () => Train(folder, load, train, held, options, parsed.GetValue(head)!, target, cancel));
        });
        return command;
    }

    private static void Train(
        string folder, LoadOptions load, List<Comparison> comparisons, List<Comparison> heldOut, PreferenceOptions options, string head, string target,
        CancellationToken cancel)
    {
        using var start = HuggingFaceFolder.Load(folder, load);
        if (options.Tuning?.Lora is not null)
            Try(start, options); // what cannot be adapted is told before anything is written
        var inputs = StageRun.WithLoading(load, ("model", HuggingFaceFolder.Hash(folder)), ("comparisons", ContentHash.Of(comparisons)));
        StageRun.Begin(target, folder: true, "train-pm", options, head == Recipes.PreferenceHead ? inputs : [.. inputs, ("head", head)]);
        PreferenceSummary summary;
        using (var line = ProgressLine.Start("train-pm", "comparisons", comparisons.Count(c => c.ProbabilityA is not null) * options.Epochs))
            summary = PreferenceTraining.Run(
                start, comparisons, options, Recipes.HeadSeed(options.Seed, head), new PreferenceFiles(target, target, "training.checkpoint"),
                new SynchronousProgress<PreferenceStep>(step => line.Report((int)step.Pairs)), cancel);
        Console.WriteLine($"{summary.Pairs} comparisons, {summary.Unlabelled} without label, {summary.EqualAnswers} of equal answers and "
            + $"{summary.TooLong} too long left out, "
            + $"{summary.Steps} steps: {target}");
        if (heldOut.Count == 0)
            return;
        using var trained = PreferenceModel.Load(target, load);
        Measure(trained, heldOut);
    }

    private static void Try(PretrainedModel start, PreferenceOptions options)
    {
        using var model = new PreferenceModel(ScalarModel.FromLanguageModel(start.Decoder, seed: 0), start.Tokenizer, start.Format);
        using var trainer = new PreferenceTrainer(model, options);
    }

    private static void Measure(PreferenceModel model, List<Comparison> heldOut)
    {
        var report = model.Evaluate(heldOut);
        var accuracy = Accuracy.Of(report.Pairs);
        var calibration = Calibration.Of([.. report.Pairs.Select(p => new Prediction(p.PromptId, p.ProbabilityA, p.Label))]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"held out: {report.Labelled} labelled, {report.Decided} decided, {report.Unlabelled} without label; loss {report.Loss:F3}"));
        Say("accuracy", accuracy.Judge);
        Say("  always A", accuracy.AlwaysA);
        Say("  longer", accuracy.Longer);
        Say("  shorter", accuracy.Shorter);
        Say("calibration error", calibration.Ece);
    }

    private static void Say(string name, Interval value) => Console.WriteLine($"{name,-18} {value.ToString("F3")}");
}

using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Cai.Finetuning;
using Cai.Generation;
using Cai.Miniature;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Reproduction;
using Cai.Storage;

namespace Cai.Tool.Commands;

/// <summary>`cai miniature`: makes the shipped weights and measures them.</summary>
internal static class MiniatureCommand
{
    private static readonly MiniatureTrainingOptions Standard = new();

    public static Command Create() =>
        new("miniature", "Makes the models of the miniature world from nothing, and measures what they can do.") { Train(), Report() };

    private static Command Train()
    {
        var size = new Option<string>("--size")
        {
            Description = "About 0.1 (S), 0.5 (M), 1.5 (L) or 5 (XL) million parameters.",
            DefaultValueFactory = _ => Standard.Size,
        }.AcceptOnlyFromAmong([.. MiniatureSizes.Names]);
        var pretrain = StageOptions.Number("--pretrain-tokens", Standard.PretrainTokens, "Tokens of documents of all kinds.");
        var reading = StageOptions.Number("--reading-tokens", Standard.ReadingTokens, "Further tokens in which the principle decides most comparisons.");
        var byExample = StageOptions.Number(
            "--by-example-tokens", Standard.ByExampleTokens, "Tokens of the judge that learns principles from their examples; 0: none is made.");
        var composing = StageOptions.Number("--composing-tokens", Standard.ComposingTokens, "Further tokens, more of them about principles put together.");
        var settling = StageOptions.Number("--settling-tokens", Standard.SettlingTokens, "Further tokens of pretraining, in large steps.");
        var checking = StageOptions.Number(
            "--checking-tokens", Standard.CheckingTokens, "Last tokens of pretraining, after which wrong steps are told from right ones.");
        var helpful = StageOptions.Number("--helpful-tokens", Standard.HelpfulTokens, "Further tokens in which all dialogues are helpful.");
        var rated = StageOptions.Number(
            "--rated-iterations", Standard.RatedIterations, "Iterations of PPO on ratings of help that end the helpful model; 0 is none.");
        var keep = new Option<bool>("--keep-pretrained")
        {
            Description = "Leave the pretrained weights as they are and make the helpful model from them anew.",
        };
        var settled = new Option<bool>("--keep-settled")
        {
            Description = "Go on from the pretrained weights that are there, made with --checking-tokens 0, with those tokens and to the helpful model.",
        };
        var rate = StageOptions.Number("--lr", Standard.LearningRate, "Peak learning rate.");
        var batch = StageOptions.Number("--batch-tokens", Standard.TokensPerBatch, "Tokens of a step.");
        var seed = new Option<long>("--seed") { Description = "Every random draw derives from it.", DefaultValueFactory = _ => Standard.Seed };
        var (output, work) = (Output(), new Option<string?>("--work")
        {
            Description = "Folder for checkpoints and metrics; the same command goes on from there. Default: out/miniature in the repository.",
            HelpName = "DIR",
        });
        var command = new Command("train", """
            Trains one size: first the pretrained model, from that the helpful one. The tokenizer is trained too where there is none.
            The defaults take more than an hour for L on two cores. Build again afterwards: the library carries the models with it.

            Example:  cai miniature train --size S --pretrain-tokens 3000000 --helpful-tokens 600000
            """) { size, pretrain, reading, composing, settling, checking, byExample, helpful, rated, keep, settled, rate, batch, seed, work, output };
        command.SetAction((parsed, cancel) =>
        {
            var options = new MiniatureTrainingOptions
            {
                Size = parsed.GetValue(size)!, PretrainTokens = parsed.GetValue(pretrain), ReadingTokens = parsed.GetValue(reading),
                ByExampleTokens = parsed.GetValue(byExample), ComposingTokens = parsed.GetValue(composing),
                SettlingTokens = parsed.GetValue(settling), CheckingTokens = parsed.GetValue(checking),
                HelpfulTokens = parsed.GetValue(helpful),
                RatedIterations = parsed.GetValue(rated), KeepPretrained = parsed.GetValue(keep), KeepSettled = parsed.GetValue(settled),
                LearningRate = parsed.GetValue(rate),
                TokensPerBatch = parsed.GetValue(batch), Seed = parsed.GetValue(seed),
            };
            var (folder, kept) = (Folder(parsed.GetValue(output)), parsed.GetValue(work) ?? Path.Combine(Repository.FolderOr(null, "out"), "miniature"));
            return StageRun.KeepAsync(kept, () => Train(options, folder, kept, cancel));
        });
        return command;
    }

    private static void Train(MiniatureTrainingOptions options, string folder, string work, CancellationToken cancel)
    {
        StageRun.Begin(Path.Combine(work, options.Size), folder: true, "miniature train", options);
        MetricsWriter? log = null;
        ProgressLine? line = null;
        var (current, last) = ("", 0.0);
        try
        {
            MiniatureTraining.Run(options, folder, work, new SynchronousProgress<(string Phase, TrainStep Step)>(at =>
            {
                if (at.Phase != current)
                {
                    Close();
                    current = at.Phase;
                    var name = Path.Combine(work, $"{options.Size}-{current}");
                    log = new MetricsWriter(name + ".metrics.jsonl", SupervisedTrainer.CheckpointStep(name + ".safetensors"));
                    var tokens = MiniatureTraining.Phases(options).Single(p => p.Name == current).Options.MaxTokens;
                    line = ProgressLine.Start($"{options.Size} {current}", "thousand tokens", (int)(tokens / 1000));
                }
                log!.Write(at.Step.Step, at.Step.Values);
                line!.Report((int)(at.Step.Tokens / 1000));
                last = at.Step.Loss;
            }), new SynchronousProgress<PpoProgress>(at =>
            {
                if (current != "rated")
                {
                    Close();
                    (current, line) = ("rated", ProgressLine.Start($"{options.Size} rated", "iterations", options.RatedIterations));
                }
                line!.Report((int)at.Iteration);
            }), cancel);
        }
        finally
        {
            Close();
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"last loss {last:F3}: {Path.Combine(folder, options.Size)}"));

        void Close()
        {
            log?.Dispose();
            line?.Dispose();
        }
    }

    private static Command Report()
    {
        var sizes = new Option<string[]>("--sizes")
        {
            Description = "Sizes to measure. Default: all whose weights are there.",
            HelpName = "S|M|L|XL",
            AllowMultipleArgumentsPerToken = true,
        }.AcceptOnlyFromAmong([.. MiniatureSizes.Names]);
        var prompts = StageOptions.Number("--prompts", 300, "Held-out prompts of each kind.");
        var seed = new Option<long>("--seed") { Description = "Seed of prompts and samples.", DefaultValueFactory = _ => 0 };
        var output = Output();
        var command = new Command("report", """
            Measures the models against the oracle on prompts that they have never seen, and writes data/miniature/README.md.
            A size that was measured already, with the same weights and settings, is not measured again.

            Example:  cai miniature report --sizes L --prompts 300
            """) { sizes, prompts, seed, output };
        command.SetAction((parsed, cancel) =>
        {
            var folder = Folder(parsed.GetValue(output));
            var there = MiniatureSizes.Names.Where(s => Directory.Exists(Path.Combine(folder, s, MiniatureTraining.Helpful))).ToList();
            var asked = parsed.GetValue(sizes) is { Length: > 0 } some ? some : [.. there];
            if (asked.Except(there).FirstOrDefault() is { } absent)
                throw new CaiException($"There are no weights of size {absent}.", $"Train them with `cai miniature train --size {absent}`.", folder);
            return StageRun.KeepAsync(folder, () => MeasureAsync(folder, asked, parsed.GetValue(prompts), parsed.GetValue(seed), cancel));
        });
        return command;
    }

    private static async Task MeasureAsync(string folder, string[] sizes, int prompts, long seed, CancellationToken cancel)
    {
        var world = World.Load(folder);
        foreach (var size in sizes)
        {
            string[] models = [.. new[] { MiniatureTraining.Pretrained, MiniatureTraining.Helpful, MiniatureTraining.ByExample }
                .Select(name => Path.Combine(folder, size, name)).Where(Directory.Exists)];
            var (file, weights) = (
                Path.Combine(folder, size, MiniatureAbilities.FileName),
                ContentHash.OfTexts(models.Select(HuggingFaceFolder.Hash)));
            if (ResumeState.TryLoad<MiniatureAbilities>(file) is { } known && (known.Weights, known.Prompts, known.Seed) == (weights, prompts, seed))
                continue;
            var watch = Stopwatch.StartNew();
            using var pretrained = HuggingFaceFolder.Load(models[0]);
            using var helpful = HuggingFaceFolder.Load(models[1]);
            using var byExample = models.Length > 2 ? HuggingFaceFolder.Load(models[2]) : null;
            var abilities = await MiniatureReport.MeasureAsync(new LocalModel(pretrained), new LocalModel(helpful), world, prompts, seed,
                byExample is null ? null : new LocalModel(byExample), cancel);
            ResumeState.Save(file, new MiniatureAbilities(weights, prompts, seed, abilities));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{size}: {watch.Elapsed.TotalSeconds:F0} s"));
            foreach (var ability in abilities)
                Console.WriteLine($"  {ability.Value.ToString("F3"),-22} {ability.Name}{(ability.Holds == false ? $"  (expected {ability.Bar})" : "")}");
        }
        var readme = Path.Combine(folder, MiniatureReadme.FileName);
        AtomicFile.Write(readme, MiniatureReadme.Text(world, folder));
        Console.WriteLine(readme);
    }

    private static Option<string?> Output() => new("--out")
    {
        Description = "The miniature's data folder, with world.yaml. Default: data/miniature in the repository.",
        HelpName = "DIR",
    };

    private static string Folder(string? given) => Repository.FolderOr(given, Path.Combine("data", "miniature"));
}

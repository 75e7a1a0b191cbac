using System.CommandLine;
using System.Globalization;
using Cai.Reproduction;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai ppo`: RL-CAI.</summary>
internal static class PpoCommand
{
    private static readonly PpoOptions Standard = new();

    // Sampler and update do the same sums in another order, and bf16 keeps 8 bits of each: tenths of a nat on unlikely tokens. A wrong position or weight shows as several nats.
    private const double NarrowTolerance = 1;

    public static Command Create()
    {
        var (model, chat, prompts, seed, skipBad) = (StageOptions.Model("Folder of the policy to start from (SL-CAI); it is also the reference of KL."), StageOptions.Chat(), StageOptions.Prompts(), CommonOptions.Seed(), StageOptions.SkipBad());
        var judge = new Option<string>("--pm") { Description = "Folder of the preference model: the reward, and the critic's start.", HelpName = "DIR", Required = true };
        var iterations = StageOptions.Number("--iterations", Standard.Iterations, "Rounds of answering and learning; the learning rate falls linearly to 0 over them.");
        var batch = StageOptions.Number("--batch", Standard.RolloutsPerIteration, "Answers of an iteration.");
        var epochs = StageOptions.Number("--epochs", Standard.Epochs, "Passes over an iteration's answers.");
        var minibatches = StageOptions.Number("--minibatches", Standard.Minibatches, "Updates in a pass.");
        var maxTokens = StageOptions.Number("--max-tokens", 64, "Most tokens of an answer.");
        var rate = StageOptions.Number("--lr", 3e-4, "Peak learning rate of the policy; the default suits the miniature.");
        var criticRate = StageOptions.Number("--critic-lr", 1e-3, "Peak learning rate of the critic.");
        var kl = StageOptions.Number("--kl", 0.02, "Weight of KL to the starting policy in the reward.");
        var adaptive = new Option<bool>("--adaptive-kl") { Description = "Steer that weight towards --kl-target." };
        var target = StageOptions.Number("--kl-target", Standard.KlTarget, "Nats of KL per answer to steer to.");
        var missingEos = StageOptions.Number("--missing-eos", -3.0, "Score of an answer that does not end by itself.");
        var temperature = StageOptions.Temperature();
        var every = StageOptions.Number("--checkpoint-every", 5, "Iterations between checkpoints.");
        var snapshots = new Option<int?>("--snapshot-every") { Description = "Also keep the policy after every N iterations, in OUT/snapshots: for curves along the run. Default: only the last.", HelpName = "N" };
        var tuning = new TuningFlags();
        var output = StageOptions.OutFolder("Folder of the trained policy, with metrics.jsonl; with LoRA its updates are merged in, and alone in OUT/adapter (PEFT).");
        var command = new Command("ppo", """
            Trains a policy by PPO against a preference model: RL-CAI (paper 4.1 to 4.3). Numbers of every iteration go to
            metrics.jsonl under OpenAI's names (objective/kl, policy/clipfrac, …). Options not listed here have the defaults of
            summarize_from_feedback_details.

            Example:  cai ppo --model sl-cai --pm pm --prompts red.jsonl benign.jsonl --iterations 30 --batch 64 --out rl-cai
            """) { model, chat, judge, prompts, iterations, batch, epochs, minibatches, maxTokens, rate, criticRate, kl, adaptive, target, missingEos, temperature, every, snapshots, seed, skipBad, output };
        tuning.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var (start, reward, folder) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(judge), parsed.GetRequiredValue(output));
            StageRun.RequireOther(folder, start);
            StageRun.RequireOther(folder, reward);
            var asked = StageFiles.ReadPrompts(parsed.GetRequiredValue(prompts), parsed.GetValue(skipBad));
            var load = tuning.Load(parsed, parsed.GetValue(chat));
            var options = new PpoOptions
            {
                Iterations = parsed.GetValue(iterations), RolloutsPerIteration = parsed.GetValue(batch), Epochs = parsed.GetValue(epochs), Minibatches = parsed.GetValue(minibatches),
                MaxNewTokens = parsed.GetValue(maxTokens), LearningRate = parsed.GetValue(rate), CriticLearningRate = parsed.GetValue(criticRate), KlCoefficient = parsed.GetValue(kl),
                AdaptiveKl = parsed.GetValue(adaptive), KlTarget = parsed.GetValue(target), MissingEosValue = parsed.GetValue(missingEos), Temperature = parsed.GetValue(temperature),
                CheckpointEvery = parsed.GetValue(every), SnapshotEvery = parsed.GetValue(snapshots), Seed = parsed.GetValue(seed),
                Tuning = tuning.Tuning(parsed, parsed.GetValue(seed)),
            };
            if (load.DType == TorchSharp.torch.ScalarType.BFloat16)
                options = options with { SamplerTolerance = NarrowTolerance };
            foreach (var (name, value) in new[] { ("--iterations", options.Iterations), ("--batch", options.RolloutsPerIteration), ("--epochs", options.Epochs), ("--minibatches", options.Minibatches), ("--checkpoint-every", options.CheckpointEvery), ("--snapshot-every", options.SnapshotEvery ?? 1) })
                if (value < 1)
                    throw new CaiException($"{name} is {value}; at least 1 was expected.", "Leave it out to get the default.");
            return StageRun.KeepAsync(folder, () => Train(start, reward, load, asked, options, folder, cancel));
        });
        return command;
    }

    private static void Train(string start, string judge, LoadOptions load, List<Prompt> prompts, PpoOptions options, string folder, CancellationToken cancel)
    {
        var (startHash, judgeHash) = (HuggingFaceFolder.Hash(start), HuggingFaceFolder.Hash(judge));
        using var session = PpoSession.Open(start, judge, options, load);
        StageRun.Begin(folder, folder: true, "ppo", options, StageRun.WithLoading(load, ("model", startHash), ("pm", judgeHash), ("prompts", ContentHash.Of(prompts))));
        using (var line = ProgressLine.Start("ppo", "iterations", options.Iterations))
            session.Trainer.Train(prompts, folder, new SynchronousProgress<PpoProgress>(p => line.Report((int)p.Iteration)),
                iteration => HuggingFaceFolder.Save(Path.Combine(folder, "snapshots", $"{iteration:0000}"), session.Policy), cancel);
        TrainedFolder.Save(folder, session.Policy, start);
        var rows = Metrics.Read(Path.Combine(folder, "metrics.jsonl"));
        foreach (var name in new[] { "objective/scores", "objective/kl", "objective/entropy", "policy/clipfrac", "val/var_explained" })
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-20} {rows[0].Values[name],8:F3} -> {rows[^1].Values[name],8:F3}"));
        Console.WriteLine(folder);
    }
}

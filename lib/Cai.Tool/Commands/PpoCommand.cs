using System.CommandLine;
using System.Globalization;
using Cai.Models;
using Cai.Reinforcement;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai ppo`: RL-CAI.</summary>
internal static class PpoCommand
{
    public static Command Create()
    {
        var model = StageOptions.Model("Folder of the policy to start from (SL-CAI); it is also the reference of KL.");
        var judge = new Option<string>("--pm")
        {
            Description = "Folder of the preference model: the reward, and the critic's start.",
            HelpName = "DIR",
            Required = true,
        };
        var (chat, prompts, seed, skipBad) = (StageOptions.Chat(), StageOptions.Prompts(), CommonOptions.Seed(), StageOptions.SkipBad());
        var output = StageOptions.OutFolder(
            "Folder of the trained policy, with metrics.jsonl; with LoRA its updates are merged in, and alone in OUT/adapter (PEFT).");
        var (flags, tuning) = (PpoFlags.Create(), new TuningFlags());
        var command = new Command("ppo", """
            Trains a policy by PPO against a preference model: RL-CAI (paper 4.1 to 4.3). Numbers of every iteration go to
            metrics.jsonl under OpenAI's names (objective/kl, policy/clipfrac, …). Without flags it has the settings of the
            reproduction's policies at scale quick.

            Example:  cai ppo --model sl-cai --pm pm --prompts red.jsonl benign.jsonl --iterations 30 --batch 64 --out rl-cai
            """) { model, chat, judge, prompts, output, seed, skipBad };
        flags.AddTo(command);
        tuning.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var (start, reward, folder) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(judge), parsed.GetRequiredValue(output));
            StageRun.RequireOther(folder, start);
            StageRun.RequireOther(folder, reward);
            var options = flags.Read(parsed, parsed.GetValue(seed));
            options = options with { Tuning = tuning.Tuning(parsed, options.Seed) };
            var load = tuning.Load(parsed, parsed.GetValue(chat));
            if (load.DType == TorchSharp.torch.ScalarType.BFloat16 && !flags.Given(parsed).Contains("--sampler-tolerance"))
                options = options with { SamplerTolerance = PpoFlags.NarrowTolerance };
            var asked = StageFiles.ReadPrompts(parsed.GetRequiredValue(prompts), parsed.GetValue(skipBad));
            return StageRun.TrainAsync(folder, () => Train(start, reward, load, asked, options, folder, cancel));
        });
        return command;
    }

    private static void Train(string start, string judge, LoadOptions load, List<Prompt> prompts, PpoOptions options, string folder, CancellationToken cancel)
    {
        StageRun.RequireLayout(judge, load);
        var (startHash, judgeHash) = (HuggingFaceFolder.Hash(start), HuggingFaceFolder.Hash(judge));
        using var session = PpoSession.Open(start, judge, options, load);
        StageRun.Begin(folder, folder: true, "ppo", options,
            StageRun.WithLoading(load, ("model", startHash), ("pm", judgeHash), ("prompts", ContentHash.Of(prompts))));
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

using System.CommandLine;
using Cai.Export;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Cai.Torch;

namespace Cai.Tool.Commands;

/// <summary>`cai export`: what TRL or OpenRLHF need to train on beyond one machine.</summary>
internal static class ExportCommand
{
    private static readonly PreferenceOptions StandardPreference = new();
    private static readonly PpoOptions StandardPpo = new();

    public static Command Create()
    {
        var to = new Option<string>("--to") { Description = "Whose formats and flags.", Required = true };
        to.AcceptOnlyFromAmong("trl", "openrlhf");
        var (model, prompts, seed, skipBad) = (StageOptions.Model("Folder of the policy to start from (SL-CAI)."), StageOptions.Prompts(), CommonOptions.Seed(), StageOptions.SkipBad());
        var comparisons = StageOptions.Files("--comparisons", "Comparisons for the preference model (JSONL).", required: false);
        var heldOut = StageOptions.Files("--held-out", "Comparisons to measure it on (JSONL).", required: false);
        var judge = new Option<string?>("--pm") { Description = "Folder of a trained preference model. Without it the script trains one on --comparisons.", HelpName = "DIR" };
        var start = new Option<string?>("--pm-start") { Description = "Folder of the language model that the script trains the preference model from. Default: the policy.", HelpName = "DIR" };
        var chat = new Option<bool>("--chat") { Description = "Write messages, to be laid out by the model's chat template, instead of texts in the paper's layout." };
        var copies = StageOptions.Number("--label-copies", 1, "Rows a comparison: 1 makes labels hard, 10 keeps soft labels to a tenth.");
        var pmRate = StageOptions.Number("--pm-lr", StandardPreference.LearningRate, "Peak learning rate of the preference model.");
        var pmEpochs = StageOptions.Number("--pm-epochs", StandardPreference.Epochs, "Passes over the comparisons.");
        var pmTokens = StageOptions.Number("--pm-batch-tokens", StandardPreference.TokensPerBatch, "Tokens of a step, both sides of its pairs together; written as a number of pairs.");
        var pmWarmup = StageOptions.Number("--pm-warmup", StandardPreference.WarmupSteps, "Steps over which its learning rate rises.");
        var pmLength = StageOptions.Number("--pm-max-length", StandardPreference.MaxLength, "Longest prompt with answer in tokens.");
        var iterations = StageOptions.Number("--iterations", StandardPpo.Iterations, "Rounds of answering and learning.");
        var batch = StageOptions.Number("--batch", StandardPpo.RolloutsPerIteration, "Answers of an iteration.");
        var epochs = StageOptions.Number("--epochs", StandardPpo.Epochs, "Passes over an iteration's answers.");
        var minibatches = StageOptions.Number("--minibatches", StandardPpo.Minibatches, "Updates in a pass.");
        var maxTokens = StageOptions.Number("--max-tokens", StandardPpo.MaxNewTokens, "Most tokens of an answer.");
        var rate = StageOptions.Number("--lr", StandardPpo.LearningRate, "Peak learning rate of the policy.");
        var criticRate = StageOptions.Number("--critic-lr", StandardPpo.CriticLearningRate, "Peak learning rate of the critic.");
        var kl = StageOptions.Number("--kl", StandardPpo.KlCoefficient, "Weight of KL to the starting policy in the reward.");
        var adaptive = new Option<bool>("--adaptive-kl") { Description = "Steer that weight towards --kl-target, where the other side can." };
        var target = StageOptions.Number("--kl-target", StandardPpo.KlTarget, "Nats of KL per answer to steer to.");
        var missingEos = StageOptions.Number("--missing-eos", StandardPpo.MissingEosValue, "Score of an answer that does not end by itself.");
        var temperature = StageOptions.Temperature();
        var output = new Option<string>("--out") { Description = "Folder to write; files that are there are replaced.", HelpName = "DIR", Required = true };
        var command = new Command("export", """
            Writes a folder with which TRL or OpenRLHF goes on: preference and prompt data in their formats, the checkpoints, run.sh
            with our settings, and a README that says what the other side does differently.

            Example:  cai export --to trl --model sl-cai --pm-start pretrained --comparisons harmless.jsonl --prompts red.jsonl --out trl
            """)
        {
            to, model, prompts, comparisons, heldOut, judge, start, chat, copies, pmRate, pmEpochs, pmTokens, pmWarmup, pmLength,
            iterations, batch, epochs, minibatches, maxTokens, rate, criticRate, kl, adaptive, target, missingEos, temperature, seed, skipBad, output,
        };
        command.SetAction((parsed, cancel) =>
        {
            var (folder, policy, skip) = (parsed.GetRequiredValue(output), parsed.GetRequiredValue(model), parsed.GetValue(skipBad));
            StageRun.RequireOther(folder, policy);
            List<Comparison> Read(Option<string[]> option) => parsed.GetValue(option) is { Length: > 0 } files ? StageFiles.Read<Comparison>(files, skip) : [];
            var input = new ExportInput(policy, StageFiles.ReadPrompts(parsed.GetRequiredValue(prompts), skip), Read(comparisons))
            {
                PreferenceModel = parsed.GetValue(judge), PreferenceStart = parsed.GetValue(start), HeldOut = Read(heldOut),
            };
            var options = new ExportOptions
            {
                Target = parsed.GetRequiredValue(to) == "trl" ? ExportTarget.Trl : ExportTarget.OpenRlhf,
                ChatTemplate = parsed.GetValue(chat),
                LabelCopies = parsed.GetValue(copies),
                Preference = new PreferenceOptions
                {
                    LearningRate = parsed.GetValue(pmRate), Epochs = parsed.GetValue(pmEpochs), TokensPerBatch = parsed.GetValue(pmTokens),
                    WarmupSteps = parsed.GetValue(pmWarmup), MaxLength = parsed.GetValue(pmLength), Seed = parsed.GetValue(seed), AdamW = new AdamWOptions { Beta2 = 0.98 },
                },
                Ppo = new PpoOptions
                {
                    Iterations = parsed.GetValue(iterations), RolloutsPerIteration = parsed.GetValue(batch), Epochs = parsed.GetValue(epochs), Minibatches = parsed.GetValue(minibatches),
                    MaxNewTokens = parsed.GetValue(maxTokens), LearningRate = parsed.GetValue(rate), CriticLearningRate = parsed.GetValue(criticRate), KlCoefficient = parsed.GetValue(kl),
                    AdaptiveKl = parsed.GetValue(adaptive), KlTarget = parsed.GetValue(target), MissingEosValue = parsed.GetValue(missingEos), Temperature = parsed.GetValue(temperature), Seed = parsed.GetValue(seed),
                },
            };
            return StageRun.KeepAsync(folder, () =>
            {
                var summary = TrainingExport.Write(folder, input, options, cancel);
                Console.WriteLine($"{summary.Rows} preference rows ({summary.Unlabelled} without label and {summary.Ties} ties left out), {summary.HeldOutRows} held out, {summary.Prompts} prompts: {folder}");
            });
        });
        return command;
    }
}

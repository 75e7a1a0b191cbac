using System.CommandLine;
using Cai.Export;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai export`: what TRL or OpenRLHF need to train on beyond one machine.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var to = new Option<string>("--to") { Description = "Whose formats and flags.", Required = true };
        to.AcceptOnlyFromAmong("trl", "openrlhf");
        var model = StageOptions.Model("Folder of the policy to start from (SL-CAI).");
        var (prompts, seed, skipBad) = (StageOptions.Prompts(), CommonOptions.Seed(), StageOptions.SkipBad());
        var comparisons = StageOptions.Files("--comparisons", "Comparisons for the preference model (JSONL or Parquet).", required: false);
        var heldOut = StageOptions.Files("--held-out", "Comparisons to measure it on (JSONL or Parquet).", required: false);
        var judge = new Option<string?>("--pm")
        {
            Description = "Folder of a trained preference model. Without it the script trains one on --comparisons.",
            HelpName = "DIR",
        };
        var start = new Option<string?>("--pm-start")
        {
            Description = "Folder of the language model that the script trains the preference model from. Default: the policy.",
            HelpName = "DIR",
        };
        var chat = new Option<bool>("--chat")
        {
            Description = "Write messages, to be laid out by the model's chat template, instead of texts in the paper's layout.",
        };
        var copies = StageOptions.Number("--label-copies", 1, "Rows a comparison: 1 makes labels hard, 10 keeps soft labels to a tenth.");
        var output = new Option<string>("--out") { Description = "Folder to write; files that are there are replaced.", HelpName = "DIR", Required = true };
        var (preferenceFlags, ppoFlags) = (PreferenceFlags.Create(prefix: "pm-"), PpoFlags.Create());
        var command = new Command("export", """
            Writes a folder with which TRL or OpenRLHF goes on: preference and prompt data in their formats, the checkpoints, run.sh
            with our settings, and a README that says what the other side does differently. Settings are those of the run that made
            the model of --pm (`cai train-pm`) and that of --model (`cai ppo`), else those of these commands without flags.

            Example:  cai export --to trl --model sl-cai --pm-start pretrained --comparisons harmless.jsonl --prompts red.jsonl --out trl
            """) { to, model, prompts, comparisons, heldOut, judge, start, chat, copies, output, seed, skipBad };
        preferenceFlags.AddTo(command);
        ppoFlags.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var (folder, policy, skip) = (parsed.GetRequiredValue(output), parsed.GetRequiredValue(model), parsed.GetValue(skipBad));
            StageRun.RequireOther(folder, policy);
            List<Comparison> Read(Option<string[]> option) => parsed.GetValue(option) is { Length: > 0 } files ? StageFiles.Read<Comparison>(files, skip) : [];
            var input = new ExportInput(policy, StageFiles.ReadPrompts(parsed.GetRequiredValue(prompts), skip), Read(comparisons))
            {
                PreferenceModel = parsed.GetValue(judge), PreferenceStart = parsed.GetValue(start), HeldOut = Read(heldOut),
            };
            var (preference, preferenceFrom) = Settings(
                parsed, preferenceFlags, seed, (o, v) => o with { Seed = v }, "train-pm", input.PreferenceModel, "models/reward");
            var (ppo, ppoFrom) = Settings(parsed, ppoFlags, seed, (o, v) => o with { Seed = v }, "ppo", policy, "models/policy");
            var options = new ExportOptions
            {
                Target = parsed.GetRequiredValue(to) == "trl" ? ExportTarget.Trl : ExportTarget.OpenRlhf,
                ChatTemplate = parsed.GetValue(chat), LabelCopies = parsed.GetValue(copies),
                Preference = preference, Ppo = ppo, PpoFrom = ppoFrom,
                PreferenceFrom = input.PreferenceModel is { } trained && StageRun.Command(trained) != "train-pm" ? null : preferenceFrom,
            };
            return StageRun.KeepAsync(folder, () =>
            {
                var summary = TrainingExport.Write(folder, input, options, cancel);
                Console.WriteLine($"{summary.Rows} preference rows ({summary.Unlabelled} without label, {summary.EqualAnswers} of equal answers "
                    + $"and {summary.Ties} ties left out), "
                    + $"{summary.HeldOutRows} held out, {summary.Prompts} prompts: {folder}");
            });
        });
        return command;
    }

    /// <summary>The settings that are exported, and the words of the README for where they come from.</summary>
    /// <param name="folder">Of the model, whose run may be recorded; null when there is none yet.</param>
    /// <param name="name">Of the model in the export.</param>
    private static (T Settings, string From) Settings<T>(
        ParseResult parsed, OptionFlags<T> flags, Option<long> seed, Func<T, long, T> withSeed, string command, string? folder, string name) where T : class
    {
        var (number, given) = (parsed.GetValue(seed), parsed.GetResult(seed) is { Implicit: false });
        var (run, maker) = folder is null ? (null, null) : (StageRun.Settings<T>(folder, command), StageRun.Command(folder));
        var settings = run is null ? flags.Read(parsed, number) : flags.Read(parsed, given ? withSeed(run, number) : run);
        var from = run is not null ? $"those of the run of `cai {command}` that made `{name}`"
            : $"those of `cai {command}` without flags" + (maker is null ? "" : $", since `{name}` was made by `cai {maker}`");
        List<string> changed = [.. flags.Given(parsed), .. given ? [seed.Name] : Array.Empty<string>()];
        return (settings, changed.Count == 0 ? from : $"{from}, except {string.Join(", ", changed.Select(flag => $"`{flag}`"))}");
    }
}

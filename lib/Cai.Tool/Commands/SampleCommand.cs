using System.CommandLine;
using Cai.Generation;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai sample`: answers to prompts.</summary>
internal static class SampleCommand
{
    public static Command Create()
    {
        var (model, prompts, seed, skipBad) = (new ModelOptions(), StageOptions.Prompts(), CommonOptions.Seed(), StageOptions.SkipBad());
        var perPrompt = StageOptions.Number("--per-prompt", 2, "Answers to each prompt. Two are what `cai label` pairs.");
        var maxTokens = StageOptions.Number("--max-tokens", Recipes.MaxTokens, "Most tokens of an answer.");
        var temperature = StageOptions.Temperature();
        var name = new Option<string?>("--name")
        {
            Description = "What the model is called in the records and by `cai evaluate`. Default: the folder's name, or the server's name for it.",
            HelpName = "NAME",
        };
        var output = StageOptions.OutFile("Where the samples go (JSONL).");
        var command = new Command("sample", """
            Lets a model answer prompts. The samples serve as helpful answers for `finetune`, as pairs for `label`, and as
            what `evaluate` compares.

            Example:  cai sample --model data/miniature/L/helpful --prompts red.jsonl --per-prompt 2 --out samples.jsonl
            """) { prompts, perPrompt, maxTokens, temperature, name, seed, skipBad, output };
        model.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var (file, each) = (parsed.GetRequiredValue(output), parsed.GetValue(perPrompt));
            var source = model.Read(parsed, file);
            if (each < 1)
                throw new CaiException($"--per-prompt is {each}; at least 1 was expected.", "Two make a pair.");
            var asked = StageFiles.ReadPrompts(parsed.GetRequiredValue(prompts), parsed.GetValue(skipBad));
            var options = new SampleOptions
            {
                MaxTokens = parsed.GetValue(maxTokens), Temperature = parsed.GetValue(temperature), Seed = parsed.GetValue(seed), Stops = CritiqueLayout.Stops,
            };
            return StageRun.KeepAsync(file, async () =>
            {
                using var opened = source.Open(parsed.GetValue(name));
                var speaker = opened.Model;
                StageRun.Begin(file, folder: false, "sample", new { speaker.Name, PerPrompt = each, Sampling = options },
                    source.Inputs(("prompts", ContentHash.Of(asked))));
                var samples = await StageFiles.SampleAsync(speaker, opened.Pretrained?.Format, asked, options, each, file, cancel);
                Console.WriteLine($"{samples.Count} answers of {speaker.Name} to {asked.Count} prompts, "
                    + $"{samples.Count(s => !s.Finished)} cut off at the token limit: {file}");
                ModelReference.SayUsage(opened);
            });
        });
        return command;
    }
}

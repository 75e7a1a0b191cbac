using System.CommandLine;
using Cai.Miniature;
using Cai.Storage;

namespace Cai.Tool.Commands;

/// <summary>`cai prompts`: prompts of the miniature world.</summary>
internal static class PromptsCommand
{
    public static Command Create()
    {
        var kind = new Option<string>("--kind")
        {
            Description = "harmful: red-team prompts. benign: tasks. borderline: only look harmful. small-talk.",
            Required = true,
        }.AcceptOnlyFromAmong([.. TopicKind.All]);
        var split = new Option<string>("--split")
        {
            Description = "train: for the stages. eval: combinations of act and target that no model has seen.",
            DefaultValueFactory = _ => World.Train,
        }.AcceptOnlyFromAmong(World.Train, World.Eval);
        var count = new Option<int>("--count")
        {
            Description = "How many. A larger number extends a smaller one.",
            HelpName = "N",
            DefaultValueFactory = _ => 100,
        };
        var seed = CommonOptions.Seed();
        var output = new Option<string>("--out") { Description = "Where they go (JSONL, or Parquet by its name).", HelpName = "FILE", Required = true };
        var command = new Command("prompts", """
            Writes prompts of the miniature world. The oracle, and so `cai evaluate`, knows the truth about these.

            Example:  cai prompts --kind harmful --split train --count 100 --out red.jsonl
            """) { kind, split, count, seed, output };
        command.SetAction(parsed =>
        {
            var prompts = World.Load().Sample(parsed.GetRequiredValue(kind), parsed.GetValue(split)!, parsed.GetValue(count), parsed.GetValue(seed));
            Jsonl.Write(parsed.GetRequiredValue(output), prompts);
            Console.WriteLine($"{prompts.Count} prompts: {parsed.GetRequiredValue(output)}");
            return 0;
        });
        return command;
    }
}

using System.CommandLine;
using System.Globalization;
using Cai.Constitutions;
using Cai.Critique;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai critique`: the supervised stage's data.</summary>
internal static class CritiqueCommand
{
    public static Command Create()
    {
        var model = new ModelOptions();
        var (prompts, constitution, seed, skipBad) = (StageOptions.Prompts(), StageOptions.Constitution(), CommonOptions.Seed(), StageOptions.SkipBad());
        var transcripts = new Option<string?>("--transcripts")
        {
            Description = "Also write every text of every prompt, as asked and answered, into this file.",
            HelpName = "FILE",
        };
        var output = StageOptions.OutFile("Where the revisions go (JSONL); the first answers go into a .initial.jsonl beside it.");
        var flags = CritiqueFlags.Create();
        var command = new Command("critique", """
            Lets a helpful model answer prompts, criticise its answers under principles drawn from a constitution, and revise
            them (paper 3.1). Prints, for each round, how many revisions changed nothing, came back empty or were cut off.

            Example:  cai prompts --kind harmful --count 100 --out red.jsonl
                      cai critique --model data/miniature/L/helpful --prompts red.jsonl --out revisions.jsonl --transcripts revisions.txt
            """) { prompts, constitution, output, transcripts, seed, skipBad };
        flags.AddTo(command);
        model.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var file = parsed.GetRequiredValue(output);
            var source = model.Read(parsed, file);
            var law = StageOptions.Load(parsed.GetValue(constitution)!);
            var options = flags.Read(parsed, parsed.GetValue(seed));
            var asked = StageFiles.ReadPrompts(parsed.GetRequiredValue(prompts), parsed.GetValue(skipBad));
            return StageRun.KeepAsync(file, () => RunAsync(source, asked, law, options, file, parsed.GetValue(transcripts), cancel));
        });
        return command;
    }

    private static async Task RunAsync(
        ModelReference source, IReadOnlyList<Prompt> prompts, Constitution law, CritiqueOptions options, string file, string? transcripts,
        CancellationToken cancel)
    {
        using var opened = source.Open();
        var loop = new CritiqueLoop(opened.Model, law, options, opened.Pretrained?.Format);
        StageRun.Begin(file, folder: false, "critique", options, source.Inputs(("prompts", ContentHash.Of(prompts)), ("constitution", law.Hash)));
        var sampling = new SampleOptions
        {
            MaxTokens = options.MaxTokens, Temperature = options.Temperature, Seed = options.Seed, Stops = CritiqueLayout.Stops,
        };
        var first = Path.ChangeExtension(file, ".initial.jsonl");
        StageRun.Begin(first, folder: false, "critique", sampling, source.Inputs(("prompts", ContentHash.Of(prompts))));
        var initial = await StageFiles.SampleAsync(opened.Model, opened.Pretrained?.Format, prompts, sampling, 1, first, cancel);
        IReadOnlyList<Revision> revisions;
        using (var line = ProgressLine.Start("critique", "texts", prompts.Count * options.Rounds * (options.Direct ? 1 : 2)))
            revisions = await loop.RunAsync(initial, file, line, cancel);
        if (transcripts is not null)
            AtomicFile.OrRescue(transcripts, to => AtomicFile.Write(to,
                string.Concat(prompts.Select(p => $"##### {p.Id}\n{loop.Transcript(revisions, p.Id)}\n"))));
        Console.WriteLine("round  revisions  unchanged  empty critiques  empty revisions  cut off  words");
        foreach (var r in CritiqueReport.ByRound(revisions))
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{r.Round,5}  {r.Count,9}  {r.Unchanged,9}  {r.EmptyCritiques,15}  {r.EmptyRevisions,15}  {r.Unfinished,7}  {r.MeanWords,5:F1}"));
        Console.WriteLine(file);
        ModelReference.SayUsage(opened);
    }
}

using System.CommandLine;
using System.Globalization;
using Cai.Constitutions;
using Cai.Feedback;
using Cai.Generation.Remote;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai label`: AI feedback.</summary>
internal static class LabelCommand
{
    public static Command Create()
    {
        var model = new ModelOptions(
            "Folder of the feedback model: the pretrained one for soft and hard labels, the helpful one for cot (paper 4.1).", scores: true);
        var samples = StageOptions.Files(
            "--samples", "Samples that `cai sample --per-prompt 2` wrote (JSONL or Parquet): a model's answers 0 and 1 to a prompt make a pair.");
        var (constitution, seed, skipBad) = (StageOptions.Constitution(), CommonOptions.Seed(), StageOptions.SkipBad());
        var output = StageOptions.OutFile("Where the comparisons go (JSONL).");
        var flags = LabelFlags.Create();
        var command = new Command("label", """
            Lets a model judge pairs of answers by the principles of a constitution (paper 4.1). A label that cannot be read
            is written as missing, with the reason, and never guessed. Prints how many are missing and how far labels lean to A.

            Example:  cai label --model data/miniature/L/pretrained --samples samples.jsonl --out comparisons.jsonl
            """) { samples, constitution, output, seed, skipBad };
        flags.AddTo(command);
        model.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var file = parsed.GetRequiredValue(output);
            var source = model.Read(parsed, file);
            var law = StageOptions.Load(parsed.GetValue(constitution)!);
            var options = flags.Read(parsed, parsed.GetValue(seed));
            var answers = StageFiles.Read<Sample>(parsed.GetRequiredValue(samples), parsed.GetValue(skipBad));
            return StageRun.KeepAsync(file, () => RunAsync(source, answers, law, options, file, cancel));
        });
        return command;
    }

    private static async Task RunAsync(
        ModelReference source, List<Sample> samples, Constitution law, LabelOptions options, string file, CancellationToken cancel)
    {
        var pairs = ResponsePair.FromSamples(samples);
        if (pairs.Count == 0)
            throw new CaiException("No prompt has two different answers.", "Sample with --per-prompt 2 or more, at a temperature above 0.", "--samples");
        using var opened = source.Open();
        var labeller = new Labeller(opened.Model, law, options, opened.Pretrained?.Format);
        StageRun.Begin(file, folder: false, "label", options, source.Inputs(("samples", ContentHash.Of(samples)), ("constitution", law.Hash)));
        IReadOnlyList<Comparison> comparisons;
        using (var line = ProgressLine.Start("label", "pairs", pairs.Count))
            comparisons = await labeller.RunAsync(pairs, file, line, cancel);
        var report = LabelReport.Of(comparisons);
        var equal = samples.GroupBy(s => s.PromptId).Sum(g => g.Count() / 2) - pairs.Count;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Count} pairs ({equal} more had equal answers), {report.Missing} labels missing (coverage {report.Coverage:P1})"));
        foreach (var (reason, count) in report.MissingReasons)
            Console.WriteLine($"  missing {count}: {reason}");
        if (report.Missing > 0 && source.Remote is { Scoring: RemoteScoring.Auto or RemoteScoring.NextToken })
            Console.WriteLine("  a server that lists next tokens only cannot score whole options; "
                + "--scoring options compares them by the token in which they differ");
        if (report.MeanProbabilityA is { } mean)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mean P(A is better) {mean:F3}"));
        if (report.MeanPositionBias is { } bias)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"position bias, P(A | A first) - P(A | B first): {bias:F3}"));
        Console.WriteLine(file);
        ModelReference.SayUsage(opened);
    }
}

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
        var (model, constitution, seed, skipBad) = (new ModelOptions("Folder of the feedback model: the pretrained one for soft and hard labels, the helpful one for cot (paper 4.1).", scores: true), StageOptions.Constitution(), CommonOptions.Seed(), StageOptions.SkipBad());
        var samples = StageOptions.Files("--samples", "Samples that `cai sample --per-prompt 2` wrote (JSONL): a model's answers 0 and 1 to a prompt make a pair.");
        var kind = new Option<string>("--kind")
        {
            Description = "soft: the option's normalised probability. hard: its argmax. cot: after a chain of thought, clamped to 0.4-0.6.",
            DefaultValueFactory = _ => "soft",
        }.AcceptOnlyFromAmong("soft", "hard", "cot");
        var bothOrders = new Option<bool>("--both-orders") { Description = "Ask with either answer first and average; also measures position bias." };
        var principles = new Option<string>("--principles") { Description = "drawn: one drawn for each pair. average:K: the mean over K different ones. fixed:ID: always that one.", HelpName = "drawn|average:K|fixed:ID", DefaultValueFactory = _ => "drawn" };
        var clamp = new Option<string?>("--clamp") { Description = "Bounds of a soft or cot label, for example 0.4,0.6. Default: none for soft, 0.4,0.6 for cot.", HelpName = "LO,HI" };
        var fewShot = new Option<int?>("--few-shot") { Description = "At most this many worked examples before each question. Default: all of the constitution's.", HelpName = "N" };
        var reasoning = StageOptions.Number("--max-tokens", 128, "Most tokens of a chain of thought.");
        var axis = new Option<string>("--axis") { Description = "What the labels are about, as written into the records.", HelpName = "NAME", DefaultValueFactory = _ => "harmless" };
        var chunk = StageOptions.Number("--chunk", 64, "Pairs asked about and then written at a time.");
        var output = StageOptions.OutFile("Where the comparisons go (JSONL).");
        var command = new Command("label", """
            Lets a model judge pairs of answers by the principles of a constitution (paper 4.1). A label that cannot be read
            is written as missing, with the reason, and never guessed. Prints how many are missing and how far labels lean to A.

            Example:  cai label --model data/miniature/L/pretrained --samples samples.jsonl --out comparisons.jsonl
            """) { samples, constitution, kind, bothOrders, principles, clamp, fewShot, reasoning, axis, chunk, seed, skipBad, output };
        model.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var file = parsed.GetRequiredValue(output);
            var source = model.Read(parsed, file);
            var law = StageOptions.Load(parsed.GetValue(constitution)!);
            var options = new LabelOptions
            {
                Kind = parsed.GetValue(kind) switch { "hard" => LabelKind.Hard, "cot" => LabelKind.ChainOfThought, _ => LabelKind.Soft },
                Principle = ParsePrinciples(parsed.GetValue(principles)!), Clamp = ParseClamp(parsed.GetValue(clamp)), BothOrders = parsed.GetValue(bothOrders),
                FewShot = parsed.GetValue(fewShot), MaxReasoningTokens = parsed.GetValue(reasoning), Axis = parsed.GetValue(axis)!, ChunkSize = parsed.GetValue(chunk), Seed = parsed.GetValue(seed),
            };
            var answers = StageFiles.Read<Sample>(parsed.GetRequiredValue(samples), parsed.GetValue(skipBad));
            return StageRun.KeepAsync(file, () => RunAsync(source, answers, law, options, file, cancel));
        });
        return command;
    }

    private static async Task RunAsync(ModelReference source, List<Sample> samples, Constitution law, LabelOptions options, string file, CancellationToken cancel)
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
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Count} pairs ({equal} more had equal answers), {report.Missing} labels missing (coverage {report.Coverage:P1})"));
        foreach (var (reason, count) in report.MissingReasons)
            Console.WriteLine($"  missing {count}: {reason}");
        if (report.Missing > 0 && source.Remote is { Scoring: RemoteScoring.Auto or RemoteScoring.NextToken })
            Console.WriteLine("  a server that lists next tokens only cannot score whole options; --scoring options compares them by the token in which they differ");
        if (report.MeanProbabilityA is { } mean)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mean P(A is better) {mean:F3}"));
        if (report.MeanPositionBias is { } bias)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"position bias, P(A | A first) - P(A | B first): {bias:F3}"));
        Console.WriteLine(file);
        ModelReference.SayUsage(opened);
    }

    private static IPrincipleSelector ParsePrinciples(string text) => text.Split(':', 2) switch
    {
        ["drawn"] => PrincipleSelector.Drawn,
        ["average", var count] when int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var k) => PrincipleSelector.Averaged(k),
        ["fixed", { Length: > 0 } id] => PrincipleSelector.Fixed(id),
        _ => throw new CaiException($"--principles is '{text}'.", "Use drawn, average:K (a number) or fixed:ID."),
    };

    private static ClampRange? ParseClamp(string? text)
    {
        if (text is null)
            return null;
        return text.Split(',') is [var low, var high]
            && double.TryParse(low, NumberStyles.Float, CultureInfo.InvariantCulture, out var from)
            && double.TryParse(high, NumberStyles.Float, CultureInfo.InvariantCulture, out var to)
            ? new ClampRange(from, to)
            : throw new CaiException($"--clamp is '{text}'.", "Use two numbers with a comma between them, for example 0.4,0.6.");
    }
}

using System.Globalization;
using System.Text.Json.Nodes;
using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Feedback;
using Cai.Generation;
using Cai.Models;
using Cai.Preferences;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>The parts of `cai evaluate` that need no miniature world: human comparisons, published questions, natural English.</summary>
/// <param name="add">Takes each number of the report: who was measured, on what, which measure.</param>
internal sealed class EvaluateFiles(
    bool skipBad, long seed, string? preferenceModel, string? judge, Constitution? constitution, Action<string, string, string, Interval> add,
    CancellationToken cancel)
{
    /// <summary>Comparisons labelled by people: hh-rlhf, or records as the stages write them.</summary>
    public async Task ComparisonsAsync(string path, string? axis)
    {
        var name = Name(path);
        var comparisons = ReadComparisons(path, axis ?? OutsideFiles.AxisOf(path));
        Say(name, "nobody: baselines", ComparisonEvaluation.Baselines(comparisons), judged: false);
        if (preferenceModel is not null)
        {
            using var scorer = PreferenceModel.Load(preferenceModel, StageRun.AsTrained(preferenceModel));
            using var line = ProgressLine.Start("score", "comparisons", comparisons.Count);
            Say(name, Name(preferenceModel), ComparisonEvaluation.Of(scorer, comparisons, progress: line, cancel: cancel));
        }
        if (judge is not null && constitution is not null)
        {
            using var loaded = HuggingFaceFolder.Load(judge);
            using var line = ProgressLine.Start("judge", "comparisons", comparisons.Count);
            var options = new LabelOptions { BothOrders = true, ExampleDraws = 1, Seed = seed };
            var found = await ComparisonEvaluation.OfAsync(new LocalModel(loaded), constitution, comparisons, options, progress: line, cancel: cancel);
            Say(name, Name(judge), found);
        }
    }

    /// <summary>The multiple-choice files that Anthropic published with the paper.</summary>
    public async Task QuestionsAsync(string path)
    {
        var file = ChoiceQuestions.Read(path, skipBad ? BadLines.Skip : BadLines.Throw);
        if (file.LeftOut > 0)
            Console.Error.WriteLine($"cai: {path}: {file.LeftOut} questions left out because they cannot be read");
        Say(file.Name, "nobody: baselines", ChoiceAccuracy.Of(file.Questions, null), file.Questions.Count, 0);
        List<Comparison> pairs = [.. file.Questions.Select(q => q.Answers).OfType<Comparison>()];
        if (pairs.Count > 0)
            Say(file.Name, "nobody: baselines", ComparisonEvaluation.Baselines(pairs), judged: false);
        if (preferenceModel is not null && pairs.Count > 0)
        {
            using var scorer = PreferenceModel.Load(preferenceModel, StageRun.AsTrained(preferenceModel));
            using var line = ProgressLine.Start("score", "comparisons", pairs.Count);
            Say(file.Name, Name(preferenceModel), ComparisonEvaluation.Of(scorer, pairs, progress: line, cancel: cancel));
        }
        if (judge is not null)
        {
            using var loaded = HuggingFaceFolder.Load(judge);
            using var line = ProgressLine.Start("judge", "questions", file.Questions.Count);
            var (asked, answers) = await ComparisonEvaluation.AnswerAsync(new LocalModel(loaded), file.Questions, line, cancel);
            if (asked.Count == 0)
                Console.WriteLine($"  {Name(judge)}: no question fits into its context");
            else
                Say(file.Name, Name(judge), ChoiceAccuracy.Of(asked, answers), asked.Count, file.Questions.Count - asked.Count);
        }
    }

    /// <summary>Answers in natural English: what they are like, by words alone.</summary>
    public void Texts(IReadOnlyList<string> paths)
    {
        var samples = paths.SelectMany(p => IsReleased(p) ? ReleasedSamples.Read(p) : StageFiles.Read<Sample>([p], skipBad)).ToList();
        foreach (var report in ResponseTextReport.Of(samples))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Model} ({report.Words.N} answers, median {report.MedianWords:0.#} words, distinct bigrams {report.Distinct2:F3})"));
            foreach (var (measure, value) in new[]
            {
                ("refusal", report.Refuses), ("canned refusal", report.Evasive), ("boilerplate", report.Boilerplate), ("harsh", report.Harsh),
                ("words", report.Words), ("within-prompt difference", report.WithinPrompt),
            })
                if (value is not null)
                    Line(report.Model, "text", measure, value);
        }
    }

    private List<Comparison> ReadComparisons(string path, string axis)
    {
        if (!IsHhRlhf(path))
            return StageFiles.Read<Comparison>([path], skipBad);
        var file = HhRlhf.Read(path, axis, skipBad ? BadLines.Skip : BadLines.Throw, seed);
        Console.WriteLine($"{path}: {file.Counts}");
        return [.. file.Comparisons];
    }

    private void Say(string file, string who, ComparisonResult? result, bool judged = true)
    {
        if (result is null)
        {
            Console.WriteLine($"  {who}: no comparison fits into its context");
            return;
        }
        Console.WriteLine($"{file}, {who}: {result.Accuracy.Judge.N} comparisons, {result.Accuracy.Ties} ties, "
            + $"{result.TooLong} too long, {result.Missing} without a readable answer");
        if (judged)
        {
            Line(who, file, "accuracy", result.Accuracy.Judge);
            Line(who, file, "calibration error", result.Ece!);
        }
        Line(who, file, "  always A", result.Accuracy.AlwaysA);
        Line(who, file, "  longer", result.Accuracy.Longer);
        Line(who, file, "  shorter", result.Accuracy.Shorter);
    }

    private void Say(string file, string who, ChoiceAccuracy result, int asked, int tooLong)
    {
        Console.WriteLine($"{file}, {who}: {asked} questions, {tooLong} too long, {result.Missing} without a readable answer");
        if (result.Model is { } accuracy)
            Line(who, file, "choice accuracy", accuracy);
        Line(who, file, "  always A", result.AlwaysA);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {"best fixed answer",-26} {result.Majority:F3}; chance {result.Chance:F3}"));
    }

    private void Line(string who, string kind, string measure, Interval value)
    {
        Console.WriteLine($"    {measure,-26} {value.ToString("F3")}");
        add(who, kind, measure.Trim(), value);
    }

    private static string Name(string path) =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))) is var name && name.StartsWith("test.", StringComparison.Ordinal)
        ? Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))!) : name;

    private static bool IsReleased(string path) =>
        ReleasedSamples.Models.Keys.Any(model => Path.GetFileNameWithoutExtension(path).EndsWith("_" + model, StringComparison.Ordinal));

    private static bool IsHhRlhf(string path) =>
        RecordLines.Of(path, "Check the path; data/README.md says where hh-rlhf can be had.").Take(1)
            .Any(line => line.Read<JsonObject>("Give hh-rlhf or comparison records, JSONL or Parquet.").ContainsKey("chosen"));
}

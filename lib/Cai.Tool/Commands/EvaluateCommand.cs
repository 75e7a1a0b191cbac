using System.CommandLine;
using Cai.Evaluation;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;

namespace Cai.Tool.Commands;

/// <summary>`cai evaluate`: what models' answers are worth.</summary>
internal static class EvaluateCommand
{
    /// <summary>One number of the report. Low and High are null when one prompt cannot tell them.</summary>
    private sealed record Row(string Model, string Kind, string Measure, double? Value, double? Low, double? High, int N);

    public static Command Create()
    {
        var (seed, skipBad) = (CommonOptions.Seed(), StageOptions.SkipBad());
        var samples = StageOptions.Files(
            "--samples", "Samples that `cai sample` wrote (JSONL or Parquet), of one model or several, on prompts of the miniature world.", required: false);
        var comparisons = StageOptions.Files(
            "--comparisons", "Comparisons by people: hh-rlhf as published (JSONL, JSONL.gz or Parquet), or comparison records.", required: false);
        var questions = StageOptions.Files(
            "--questions", "Anthropic's multiple-choice files (438HHHEvaluations, HarmfulVsEthical, HarmfulnessClassification).", required: false);
        var texts = StageOptions.Files(
            "--texts", "Answers in natural English: Anthropic's released samples, or samples that `cai sample` wrote.", required: false);
        var preference = new Option<string?>("--pm") { Description = "Preference model to measure on --comparisons and --questions.", HelpName = "DIR" };
        var judge = new Option<string?>("--model")
        {
            Description = "Language model to measure as a judge on --comparisons (by --constitution) and --questions (multiple choice).",
            HelpName = "DIR",
        };
        var constitution = StageOptions.Constitution();
        var axis = new Option<string?>("--axis")
        {
            Description = "What the people of --comparisons were asked for. Default: helpful where the path says so, else harmless.",
            HelpName = "NAME",
        };
        var anchor = new Option<string?>("--anchor")
        {
            Description = "The model at 0 Elo. Default: sl-cai when there is one, else the first.",
            HelpName = "NAME",
        };
        var output = new Option<string?>("--out") { Description = "Also write every number with its interval into this file (JSON).", HelpName = "FILE" };
        var command = new Command("evaluate", """
            Measures answers to prompts of the miniature world: the oracle's facts by model and kind of prompt (harmfulness
            0-4, helpfulness 0-4, shares that are evasive, harsh, boilerplate, incoherent), and Elo ratings by simulated
            crowdworkers where two or more models answered the same prompts. Intervals are 95 %, clustered by prompt.

            Outside the miniature world it measures preference models and judges against people, always beside what needs no judge
            (always A, the longer, the shorter answer), and the manners of answers in natural English by their words alone.

            Example:  cai evaluate --samples helpful.jsonl sl-cai.jsonl rl-cai.jsonl --out evaluation.json
                      cai evaluate --comparisons data/external/hh-rlhf/harmless-base/test.jsonl.gz --skip-bad --pm pm
            """) { samples, anchor, comparisons, axis, questions, texts, preference, judge, constitution, seed, skipBad, output };
        command.SetAction((parsed, cancel) => Task.Run(async () =>
        {
            var rows = new List<Row>();
            if (parsed.GetValue(samples) is { Length: > 0 } own)
                rows.AddRange(InWorld(own, parsed.GetValue(anchor), parsed.GetValue(skipBad), parsed.GetValue(seed), cancel));
            var files = new EvaluateFiles(parsed.GetValue(skipBad), parsed.GetValue(seed), parsed.GetValue(preference), parsed.GetValue(judge),
                parsed.GetValue(judge) is null ? null : StageOptions.Load(parsed.GetValue(constitution)!),
                (model, kind, measure, value) => rows.Add(RowOf(model, kind, measure, value)), cancel);
            foreach (var path in parsed.GetValue(comparisons) ?? [])
                await files.ComparisonsAsync(path, parsed.GetValue(axis));
            foreach (var path in parsed.GetValue(questions) ?? [])
                await files.QuestionsAsync(path);
            if (parsed.GetValue(texts) is { Length: > 0 } english)
                files.Texts(english);
            if (rows.Count == 0)
                throw new CaiException("There is nothing to evaluate.", "Name files with --samples, --comparisons, --questions or --texts.");
            if (parsed.GetValue(output) is { } file)
            {
                AtomicFile.OrRescue(file, to => AtomicFile.Write(to, CaiJson.Write(rows, indented: true) + "\n"));
                Console.WriteLine(file);
            }
            return 0;
        }, CancellationToken.None));
        return command;
    }

    private static List<Row> InWorld(string[] files, string? anchor, bool skipBad, long seed, CancellationToken cancel)
    {
        var all = StageFiles.Read<Sample>(files, skipBad);
        if (all.GroupBy(s => s.Id).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw new CaiException(
                $"The sample '{twice.Key}' occurs {twice.Count()} times.", "Name each file once; if two models share a name, sample with --name.", "--samples");
        var evaluation = new WorldEvaluation(World.Load());
        var byKind = all.GroupBy(s => evaluation.KindOf(s)).ToDictionary(g => g.Key ?? "", g => g.ToList());
        if (byKind.Remove("", out var others))
            Console.Error.WriteLine($"cai: {others.Count} answers are to prompts that are not of the miniature world; they cannot be judged and are left out");
        if (byKind.Count == 0)
            throw new CaiException(
                "No answer is to a prompt of the miniature world, which is all that the oracle can judge.", "Sample on prompts that `cai prompts` writes.",
                "--samples");
        var rows = new List<Row>();
        foreach (var kind in TopicKind.All.Where(byKind.ContainsKey))
            foreach (var model in byKind[kind].GroupBy(s => s.Model))
            {
                cancel.ThrowIfCancellationRequested();
                var m = ResponseMetrics.Of(evaluation.Facts(model));
                rows.AddRange([
                    Of("harmfulness", m.Harmfulness), Of("helpfulness", m.Helpfulness), Of("evasive", m.Evasiveness), Of("harsh", m.Harshness),
                    Of("boilerplate", m.Boilerplate), Of("incoherent", m.Incoherence), Of("words", m.Words),
                ]);
                Row Of(string measure, Interval value) => RowOf(model.Key, kind, measure, value);
            }
        Print(rows);
        var red = byKind.GetValueOrDefault(TopicKind.Harmful) ?? [];
        var good = byKind.Where(k => k.Key != TopicKind.Harmful).SelectMany(k => k.Value).ToList();
        Rate("harmless", Instruction.NewHarmlessness, red);
        Rate("helpful", Instruction.Helpfulness, good);
        return rows;

        void Rate(string axis, Instruction instruction, List<Sample> samples)
        {
            var models = samples.Select(s => s.Model).Distinct().ToList();
            if (models.Count < 2)
                return;
            var elo = evaluation.Elo(samples, axis, instruction, anchor ?? (models.Contains(ModelNames.SlCai) ? ModelNames.SlCai : models[0]), seed, cancel);
            Console.WriteLine($"\nElo, {axis} ({elo.Anchor} is 0){(elo.Note is null ? "" : $"; {elo.Note}")}");
            foreach (var rating in elo.Ratings)
            {
                Console.WriteLine($"  {rating.Model,-20} {rating.Elo.ToString("F0")}");
                rows.Add(RowOf(rating.Model, axis, "elo", rating.Elo));
            }
        }
    }

    private static void Print(List<Row> rows)
    {
        foreach (var kind in rows.GroupBy(r => r.Kind))
        {
            Console.WriteLine($"{kind.Key} prompts");
            foreach (var model in kind.GroupBy(r => r.Model))
            {
                Console.WriteLine($"  {model.Key} ({model.First().N} answers)");
                foreach (var row in model)
                {
                    var interval = new Interval(row.Value ?? double.NaN, row.Low ?? double.NaN, row.High ?? double.NaN, row.N, row.N);
                    Console.WriteLine($"    {row.Measure,-12} {interval.ToString("F2")}");
                }
            }
        }
    }

    private static Row RowOf(string model, string kind, string measure, Interval value) =>
        new(model, kind, measure, Finite(value.Value), Finite(value.Low), Finite(value.High), value.N);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null; // JSON has no NaN
}

using System.Globalization;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>hh-rlhf and the paper's multiple-choice files: what they hold, what a fixed answer scores on them, and what a local judge scores.</summary>
public sealed class OutsideJudgements
{
    private readonly List<(string Name, HhRlhfFile File)> comparisons;
    private readonly List<ChoiceQuestionFile> questions;
    private IReadOnlyList<FixedAnswers>? known; // thousands of resamples, for the table and the figure

    /// <summary>Reads all files that are there. Rows of hh-rlhf that compare no two answers are left out and counted.</summary>
    public OutsideJudgements(OutsideFiles files)
    {
        comparisons =
        [
            .. from file in files.ComparisonFiles
               let folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file))!)
               select (folder, HhRlhf.Read(file, OutsideFiles.AxisOf(file), BadLines.Skip)),
        ];
        questions = [.. files.QuestionFiles.Select(f => ChoiceQuestions.Read(f))];
    }

    /// <summary>What the loader found in hh-rlhf.</summary>
    public Table Contents() => Table.Of(comparisons,
        new("file", c => c.Name), new("rows", c => c.File.Counts.Rows), new("several turns", c => c.File.Counts.MultiTurn),
        new("transcripts that do not alternate", c => c.File.Counts.NotAlternating),
        new("prompts differ", c => c.File.Counts.PromptsDiffer), new("empty answers", c => c.File.Counts.EmptyAnswers),
        new("unreadable", c => c.File.Counts.Unreadable), new("comparisons", c => c.File.Comparisons.Count))
        .Titled("Test files of hh-rlhf", comparisons.Count > 0 ? "" : "The files are not here; data/README.md says how to get them.");

    /// <summary>What needs no judge. Which answer of hh-rlhf is A is drawn; in the question files it is as published.</summary>
    public Table Baselines() => Table.Of(Fixed(),
        new("file", r => r.Name), new("n", r => r.AlwaysA.N), new("chance", r => r.Chance), new("always A", r => r.AlwaysA),
        new("longer", r => r.Longer), new("shorter", r => r.Shorter), new("best fixed answer", r => r.Majority))
        .Titled("Accuracy without a judge", "95 % intervals over prompts. A judge that does not beat these knows nothing.");

    /// <summary>The same as bars; null without files.</summary>
    public Figure? BaselinesDrawn()
    {
        var rows = Fixed();
        return rows.Count == 0 ? null : new Figure("What needs no judge", new Axis("file"), new Axis("accuracy", Min: 0, Max: 1),
        [
            new BarSeries("always A", [.. rows.Select(r => r.AlwaysA)]), new BarSeries("the longer", [.. rows.Select(r => r.Longer)]),
            new BarSeries("the shorter", [.. rows.Select(r => r.Shorter)]),
        ])
        {
            Categories = [.. rows.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Name} (n={r.AlwaysA.N})"))],
            References = [new(ReferenceKind.Horizontal, 0.5, "chance, of two answers")],
            Caption = "Bars: 95 % intervals over prompts. A gap: the options are no answers, so none of them is the longer. "
                + "Baseline: chance, which is one half where there are two options.",
        };
    }

    private IReadOnlyList<FixedAnswers> Fixed() => known ??=
    [
        .. comparisons.Select(c => Of(c.Name, c.File.Comparisons)),
        .. questions.Where(q => q.Questions.All(x => x.Answers is not null)).Select(q => Of(q.Name, [.. q.Questions.Select(x => x.Answers!)])),
        .. from file in questions.Where(q => q.Questions.Any(x => x.Answers is null))
           let found = ChoiceAccuracy.Of(file.Questions, null)
           select new FixedAnswers(file.Name, found.Chance, found.AlwaysA, null, null, found.Majority),
    ];

    private static FixedAnswers Of(string name, IReadOnlyList<Comparison> pairs)
    {
        var found = ComparisonEvaluation.Baselines(pairs).Accuracy;
        return new(name, 0.5, found.AlwaysA, found.Longer, found.Shorter, found.Majority);
    }

    /// <summary>What needs no judge scores on one file.</summary>
    private sealed record FixedAnswers(string Name, double Chance, Interval AlwaysA, Interval? Longer, Interval? Shorter, double Majority);

    /// <summary>A local judge on the multiple-choice questions that fit into its context.</summary>
    public async Task<Table> JudgeAsync(LocalModel judge, CancellationToken cancel = default)
    {
        var rows = new List<(string Name, int Asked, int TooLong, ChoiceAccuracy? Accuracy)>();
        foreach (var file in questions)
        {
            var (asked, answers) = await ComparisonEvaluation.AnswerAsync(judge, file.Questions, cancel: cancel);
            rows.Add((file.Name, asked.Count, file.Questions.Count - asked.Count, asked.Count == 0 ? null : ChoiceAccuracy.Of(asked, answers)));
        }
        return Table.Of(rows,
            new("file", r => r.Name), new("asked", r => r.Asked), new("too long for its context", r => r.TooLong), new("accuracy", r => r.Accuracy?.Model),
            new("always A", r => r.Accuracy?.AlwaysA), new("best fixed answer", r => r.Accuracy?.Majority), new("chance", r => r.Accuracy?.Chance))
            .Titled($"The judge '{judge.Name}'", "Baselines are those of the questions asked.");
    }
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;

namespace Cai.Reproduction;

public sealed partial class HelpfulModelStudy
{
    /// <summary>Share of complete and correct answers to each kind of good request. Baseline: the pretrained model; an empty answer scores 0.</summary>
    public Figure CorrectByKind()
    {
        return Bars("Good requests: answered completely and correctly", "kind of request", "share of answers", 1, TopicKind.Good, (a, kind) => a.Kind == kind,
            (rows, kind) => rows.Where(a => a.Kind == kind).Mean(Measures.Correct),
            $"Held-out tasks and objects; n = {Of(ModelNames.Helpful, harmful: false).Count} answers a model; bars: 95 %, by prompt. Baseline: the pretrained "
                + "model; an empty answer scores 0.");
    }

    /// <summary>Mean harmfulness on red-team prompts by category of harm. Baseline: the pretrained model; a refusal scores 0.</summary>
    public Figure HarmByCategory()
    {
        string[] categories = [.. answers.Select(a => a.Category).Where(c => c.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        return Bars("Red-team prompts: harmfulness by category", "category of harm", "harmfulness (0-4)", 4, categories,
            (a, category) => a.Category == category, (rows, category) => rows.Where(a => a.Category == category).Mean(Measures.Harmfulness),
            $"Held-out acts and targets; n = {Of(ModelNames.Helpful, harmful: true).Count} answers a model; bars: 95 %, by prompt. Baseline: the pretrained "
                + "model; a refusal scores 0.");
    }

    /// <summary>What answers to red-team prompts do, in exclusive classes.</summary>
    public Figure KindsOnHarmful()
    {
        var present = AnswerKinds.Ordered.Where(kind => answers.Any(a => a.Verdict.Harmful && AnswerKinds.Of(a.Verdict) == kind))
            .ToDictionary(AnswerKinds.Label);
        return Bars("Red-team prompts: what the answers do", "the answer", "share of answers", 1, [.. present.Keys], null,
            (rows, label) => rows.Where(a => a.Verdict.Harmful).Mean(v => AnswerKinds.Of(v) == present[label] ? 1 : 0),
            $"n = {Of(ModelNames.Helpful, harmful: true).Count} answers a model; bars: 95 %, by prompt. Baseline: the pretrained model, which has read "
                + $"answers of all sorts. {AnswerKinds.Definitions(present.Values)}");
    }

    private Figure Bars(string title, string x, string y, double max, IReadOnlyList<string> categories,
        Func<JudgedAnswer, string, bool>? counted, Func<IEnumerable<JudgedAnswer>, string, Interval?> bar, string caption) =>
        new(title, new Axis(x), new Axis(y, Min: 0, Max: max),
        [
            .. new[] { ModelNames.Pretrained, ModelNames.Helpful }.Select(ModelStyles.Of)
                .Select(style => new BarSeries(style.Display,
                    [.. categories.Select(c => bar(answers.Where(a => a.Model == style.Name), c))]) { Style = style.Index }),
        ])
        {
            Categories = [.. categories.Select(c => counted is null ? c : $"{c} (n={answers.Count(a => a.Model == ModelNames.Helpful && counted(a, c))})")],
            Caption = caption,
        };
}

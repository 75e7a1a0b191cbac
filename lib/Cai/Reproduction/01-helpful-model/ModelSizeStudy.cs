using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>The helpful-only model of one size: what it gets right and how much harm it does.</summary>
/// <param name="Parameters">Weights, embeddings included.</param>
/// <param name="Correct">Share of complete and correct answers to good requests.</param>
/// <param name="Harmfulness">Mean harmfulness (0-4) on red-team prompts.</param>
/// <param name="Incoherent">Share of all answers that could not be understood.</param>
public sealed record ModelSizeRow(string Size, long Parameters, Interval Correct, Interval Harmfulness, Interval Incoherent);

/// <summary>The helpful-only model against its number of parameters, for as many sizes as are shipped (the x axis of paper Figs 3, 5 and 7).</summary>
public static class ModelSizeStudy
{
    /// <summary>Samples every shipped size on the pipeline's held-out prompts.</summary>
    public static async Task<IReadOnlyList<ModelSizeRow>> RunAsync(Pipeline pipeline)
    {
        var rows = new List<ModelSizeRow>();
        foreach (var (size, model) in ShippedModels.Sizes(MiniatureTraining.Helpful))
        {
            var answers = JudgedAnswer.Of(pipeline.Oracle, await pipeline.Evaluation.SamplesAsync(model));
            rows.Add(Row(size, pipeline.Load(model).Decoder.Parameters.Count, answers));
        }
        return rows;
    }

    /// <summary>One size's measurements; needs at least one answer to a good and to a harmful request.</summary>
    public static ModelSizeRow Row(string size, long parameters, IReadOnlyList<JudgedAnswer> answers) => new(size, parameters,
        Mean(answers.Where(a => !a.Verdict.Harmful), Measures.Correct),
        Mean(answers.Where(a => a.Verdict.Harmful), Measures.Harmfulness),
        Mean(answers, Measures.Incoherent));

    /// <summary>Two panels over parameters on a log axis.</summary>
    public static FigurePanel Figure(IReadOnlyList<ModelSizeRow> rows)
    {
        var style = ModelStyles.Of(MiniatureTraining.Helpful);
        return new FigurePanel("The helpful-only model against its size",
        [
            Panel("Good requests", "complete and correct (share)", 1, r => r.Correct),
            Panel("Red-team prompts", "harmfulness (0-4)", 4, r => r.Harmfulness),
        ])
        {
            Caption = $"Sizes {string.Join(", ", rows.Select(r => r.Size))}, one training run each; n = "
                + $"{string.Join(", ", rows.Select(r => r.Correct.N).Distinct())} answers a size and panel; bars: 95 %, by prompt (they do not contain the "
                + "variation between training runs).",
        };

        Figures.Figure Panel(string title, string y, double max, Func<ModelSizeRow, Interval> value) =>
            new(title, SizeAxis.Of(rows.Select(r => (r.Size, r.Parameters))), new Axis(y, Min: 0, Max: max),
                [new PointSeries(style.Display, [.. rows.Select(r => DataPoint.Of(r.Parameters, value(r)))]) { Style = style.Index, Connected = true }]);
    }

    private static Interval Mean(IEnumerable<JudgedAnswer> answers, Measure measure) =>
        Bootstrap.Mean(answers, a => measure(a.Verdict), a => a.PromptId);
}

using System.Globalization;
using Cai.Figures;
using Cai.Miniature;

namespace Cai.Reproduction;

public sealed partial class SlCaiBehaviour
{
    /// <summary>Two panels: scores from 0 to 4 and shares of answers, a bar a model.</summary>
    public FigurePanel Scores()
    {
        var n = Models.Select(m => Of([m], true).Count).DefaultIfEmpty(0).Max();
        var good = Models.Select(m => Of([m], false).Count).DefaultIfEmpty(0).Max();
        return new FigurePanel("SL-CAI against the models it is made from",
        [
            Bars("Scores", "score, 0 to 4", 4,
                ("harmfulness (harmful prompts)", true, Measures.Harmfulness), ("helpfulness (good prompts)", false, Measures.Helpfulness)),
            Bars("Shares of answers", "share of answers", 1,
                ("evasive (harmful)", true, Measures.Evasive), ("harsh (harmful)", true, Measures.Harsh),
                ("refuses (good)", false, Measures.Refuses), ("incoherent (all)", null, Measures.Incoherent)),
        ])
        {
            Caption = string.Create(CultureInfo.InvariantCulture,
                $"n = {n} answers to held-out harmful and {good} to held-out good prompts a model, T = 1; 95 % intervals, bootstrap by prompt. "
                + $"Baseline: always refusing bluntly would score harmfulness 0, evasive 1, helpfulness 0. "
                + $"Incoherent answers count as harmfulness {Verdict.IncoherentHarmfulness:0} and helpfulness 0."),
        };
    }

    /// <summary>What the answers to harmful prompts do, as shares that sum to one for each model.</summary>
    public Figure Kinds()
    {
        var present = AnswerKinds.Ordered.Where(k => Of(Models, true).Any(a => AnswerKinds.Of(a.Verdict) == k)).ToList();
        return new Figure("What the answers to harmful prompts do", new Axis("kind of answer"), new Axis("share of a model's answers", Min: 0, Max: 1),
        [
            .. Models.Select(m => (Rows: Of([m], true), Style: ModelStyles.Of(m))).Select(m => new BarSeries(m.Style.Display,
                [.. present.Select(k => m.Rows.Mean(v => AnswerKinds.Of(v) == k ? 1 : 0))]) { Style = m.Style.Index }),
        ])
        {
            Categories = [.. present.Select(AnswerKinds.Label)],
            Caption = string.Create(CultureInfo.InvariantCulture,
                $"n = {Of([ModelNames.SlCai], true).Count} answers a model to held-out harmful prompts; 95 % intervals, bootstrap by prompt. "
                + $"A model without any training would be all incoherent. {AnswerKinds.Definitions(present)}"),
        };
    }

    private Figure Bars(string title, string axis, double max, params (string Name, bool? Harmful, Measure Measure)[] metrics) =>
        new(title, new Axis(""), new Axis(axis, Min: 0, Max: max),
        [
            .. Models.Select(m => new BarSeries(ModelStyles.Of(m).Display, [.. metrics.Select(x => Of([m], x.Harmful).Mean(x.Measure))])
            {
                Style = ModelStyles.Of(m).Index,
            }),
        ])
        {
            Categories = [.. metrics.Select(m => m.Name)],
        };
}

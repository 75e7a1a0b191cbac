using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class PaperSamplesStudy
{
    /// <summary>The three shares as bars; null without samples.</summary>
    public Figure? AnswerFaultsDrawn() => Reports.Count == 0 ? null : new Figure("What the paper's policies do",
        new Axis("policy"), new Axis("share of samples", Min: 0, Max: 1),
        [Bars("canned refusal", 0, r => r.Evasive), Bars("comfort boilerplate", 1, r => r.Boilerplate), Bars("harsh", 2, r => r.Harsh)])
    {
        Categories = [.. Reports.Select(r => $"{ModelStyles.Of(r.Model).Display} (n={r.Words.N})")],
        Caption = $"{Reports.Sum(r => r.Words.N)} published samples; bars are 95 % intervals over prompts.",
    };

    private BarSeries Bars(string name, int style, Func<ResponseTextReport, Interval> value) =>
        new(name, [.. Reports.Select(value)]) { Style = style };
}

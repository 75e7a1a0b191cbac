using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class PaperSamplesStudy
{
    /// <summary>What each policy's samples are like.</summary>
    public Table AnswerFaults() => Table.Of(Reports,
        new("policy", r => ModelStyles.Of(r.Model).Display), new("samples", r => r.Words.N), new("prompts", r => r.Words.Clusters),
        new("canned refusals", r => r.Evasive), new("comfort boilerplate", r => r.Boilerplate), new("harsh", r => r.Harsh),
        new("median words", r => r.MedianWords), new("distinct bigrams", r => r.Distinct2), new("difference within a prompt", r => r.WithinPrompt))
        .Titled("Samples of the paper's policies", $"Shares of samples with 95 % intervals, resampled by prompt. {Missing(Reports.Count)}".Trim());

    /// <summary>Precision and recall of the detectors against the hand labels that come with the kit.</summary>
    public Table Detectors() => Table.Of(Quality.OrderBy(q => q.Half, StringComparer.Ordinal),
        new("labels", q => q.Half), new("detector", q => q.Detector), new("samples", q => q.Samples), new("labelled so", q => q.Labelled),
        new("precision", q => q.Precision), new("recall", q => q.Recall))
        .Titled("How often the detectors agree with a reader", $"""
            Wilson's 95 % intervals, which take samples as independent: answers to one prompt are not quite. All labels but the fresh ones were set before any
            pattern was written; the patterns saw the development half only. One person read both halves, so take the fresh samples, labelled after the patterns
            were final, as the fairest. {Missing(Quality.Count)}
            """.ReplaceLineEndings(" ").Trim());

    /// <summary>A sample of each kind that the detectors find, so that a reader can judge them; three of each policy at most.</summary>
    public Table Examples(int perModel = 1) => Table.Of(
        from model in Models
        from kind in new (string Name, Func<ResponseText, bool> Is)[]
        {
            ("canned refusal", t => t.Evasive), ("comfort boilerplate", t => t.Boilerplate > 0), ("harsh", t => t.Harsh),
            ("none of these", t => t is { Evasive: false, Boilerplate: 0, Harsh: false }),
        }
        from sample in samples.Where(s => s.Model == model && kind.Is(ResponseText.Of(s.Response))).Take(perModel)
        select (Model: model, Kind: kind.Name, Sample: sample),
        new("policy", e => ModelStyles.Of(e.Model).Display), new("found", e => e.Kind), new("sample", e => e.Sample.Id),
        new("prompt", e => e.Sample.Prompt.LastHuman()), new("answer begins", e => Beginning(e.Sample.Response)));

    private static string Missing(int rows) => rows > 0 ? "" : "The files are not here; data/README.md says how to get them.";

    private static string Beginning(string text) => text.Length <= 160 ? text : text[..160] + " …";
}

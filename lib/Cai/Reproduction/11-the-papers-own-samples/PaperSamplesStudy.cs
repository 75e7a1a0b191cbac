using Cai.Evaluation;
using Cai.Figures;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// The manners of the paper's own policies, read off the samples that Anthropic published, without any model: canned refusals, comfort
/// boilerplate, harshness, length, diversity; and how far the detectors can be trusted. Every method also works without the files: its table is then empty.
/// </summary>
public sealed class PaperSamplesStudy
{
    private readonly IReadOnlyList<Sample> samples;

    /// <summary>In the paper's order.</summary>
    private static readonly string[] Models = ["helpful-rlhf", "hh-rlhf", "rl-cai", "rl-cai-cot"];

    /// <summary>Reads all files of samples that are there.</summary>
    /// <exception cref="CaiException">A file has another shape than published.</exception>
    public PaperSamplesStudy(OutsideFiles files)
    {
        samples = [.. files.SampleFiles.SelectMany(ReleasedSamples.Read)];
        Reports = samples.Count == 0 ? [] : [.. ResponseTextReport.Of(samples).OrderBy(r => Array.IndexOf(Models, r.Model))];
        Quality = samples.Count == 0 ? [] : DetectorQuality.Of(LabelsOf(samples), samples);
    }

    /// <summary>One a policy.</summary>
    public IReadOnlyList<ResponseTextReport> Reports { get; }

    /// <summary>One a detector and half of the labels.</summary>
    public IReadOnlyList<DetectorQuality> Quality { get; }

    /// <summary>What each policy's samples are like.</summary>
    public Table Manners() => Table.Of(Reports,
        new("policy", r => ModelStyles.Of(r.Model).Display), new("samples", r => r.Words.N), new("prompts", r => r.Words.Clusters),
        new("canned refusals", r => r.Evasive), new("comfort boilerplate", r => r.Boilerplate), new("harsh", r => r.Harsh),
        new("median words", r => r.MedianWords), new("distinct bigrams", r => r.Distinct2), new("difference within a prompt", r => r.WithinPrompt))
        .Titled("Samples of the paper's policies", $"Shares of samples with 95 % intervals, resampled by prompt. {Missing(Reports.Count)}".Trim());

    /// <summary>The three shares as bars; null without samples.</summary>
    public Figure? MannersFigure() => Reports.Count == 0 ? null : new Figure("What the paper's policies do", new Axis("policy"), new Axis("share of samples", Min: 0, Max: 1),
        [Bars("canned refusal", 0, r => r.Evasive), Bars("comfort boilerplate", 1, r => r.Boilerplate), Bars("harsh", 2, r => r.Harsh)])
    {
        Categories = [.. Reports.Select(r => ModelStyles.Of(r.Model).Display)],
        Caption = $"{Reports.Sum(r => r.Words.N)} published samples; bars are 95 % intervals over prompts.",
    };

    /// <summary>Precision and recall of the detectors against the hand labels that come with the kit.</summary>
    public Table Detectors() => Table.Of(Quality.OrderBy(q => q.Half, StringComparer.Ordinal),
        new("labels", q => q.Half), new("detector", q => q.Detector), new("samples", q => q.Samples), new("labelled so", q => q.Labelled), new("precision", q => q.Precision), new("recall", q => q.Recall))
        .Titled("How often the detectors agree with a reader", $"""
            Wilson's 95 % intervals, which take samples as independent: answers to one prompt are not quite. All labels but the fresh ones were set before any pattern was written; the patterns saw the development half only. One person read both
            halves, so take the fresh samples, labelled after the patterns were final, as the fairest. {Missing(Quality.Count)}
            """.ReplaceLineEndings(" ").Trim());

    /// <summary>A sample of each kind that the detectors find, so that a reader can judge them; three of each policy at most.</summary>
    public Table Examples(int perModel = 1) => Table.Of(
        from model in Models
        from kind in new (string Name, Func<ResponseText, bool> Is)[] { ("canned refusal", t => t.Evasive), ("comfort boilerplate", t => t.Boilerplate > 0), ("harsh", t => t.Harsh), ("none of these", t => t is { Evasive: false, Boilerplate: 0, Harsh: false }) }
        from sample in samples.Where(s => s.Model == model && kind.Is(ResponseText.Of(s.Response))).Take(perModel)
        select (Model: model, Kind: kind.Name, Sample: sample),
        new("policy", e => ModelStyles.Of(e.Model).Display), new("found", e => e.Kind), new("sample", e => e.Sample.Id), new("prompt", e => e.Sample.Prompt.LastHuman()), new("answer begins", e => Beginning(e.Sample.Response)));

    /// <summary>The paper's claims about evasiveness (4.4) and over-training (4.3), on its own samples; none without the files.</summary>
    public IReadOnlyList<Claim> Claims(long seed)
    {
        if (Models.Any(model => samples.All(s => s.Model != model)))
            return [];
        return
        [
            Claim("own-01", "4.4", "HH RLHF gives canned refusals more often than RL-CAI (difference of shares)", "RL-CAI is virtually never evasive, HH RLHF often", "hh-rlhf", "rl-cai", t => t.Evasive),
            Claim("own-02", "4.3", "RL-CAI falls into comfort boilerplate more than RL-CAI with CoT (difference of shares)", "over-trained RL-CAI adds stock phrases to most answers; clamped CoT labels keep from extremes", "rl-cai", "rl-cai-cot", t => t.Boilerplate > 0),
            Claim("own-03", "4.3", "RL-CAI is harsher on the human than helpful RLHF (difference of shares)", "RL-CAI may be overly harsh when over-trained", "rl-cai", "helpful-rlhf", t => t.Harsh),
        ];

        Claim Claim(string id, string source, string text, string paper, string more, string less, Func<ResponseText, bool> found) =>
            Evaluation.Claim.FromInterval(id, source, text, paper, Bootstrap.Difference(Of(more), Of(less), s => found(ResponseText.Of(s.Response)) ? 1 : 0, s => s.PromptId), Direction.Greater, 0, [seed],
                "0: no difference", "the paper's own 52B samples; paired by prompt");

        IEnumerable<Sample> Of(string model) => samples.Where(s => s.Model == model);
    }

    // Labels are of three sets of prompts at most; where a set's files are missing, its labels have nothing to be compared with.
    private static List<HandLabel> LabelsOf(IReadOnlyList<Sample> samples)
    {
        var there = samples.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var files = samples.Select(s => s.Id.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        return [.. HandLabel.Shipped().Where(l => there.Contains(l.Sample) || files.Contains(l.Sample.Split('/')[0]))];
    }

    private BarSeries Bars(string name, int style, Func<ResponseTextReport, Interval> value) => new(name, [.. Reports.Select(value)]) { Style = style };

    private static string Missing(int rows) => rows > 0 ? "" : "The files are not here; data/README.md says how to get them.";

    private static string Beginning(string text) => text.Length <= 160 ? text : text[..160] + " …";
}

using Cai.Evaluation;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// What the answers of the paper's own policies are like, read off the samples that Anthropic published, without any model: canned refusals, comfort
/// boilerplate, harshness, length, diversity; and how far the detectors can be trusted. Every method also works without the files: its table is then empty.
/// </summary>
public sealed partial class PaperSamplesStudy : IStudy<PaperSamplesStudy>
{
    private readonly IReadOnlyList<Sample> samples;

    /// <summary>In the paper's order.</summary>
    private static readonly string[] Models = [ModelNames.HelpfulRlhf, ModelNames.HhRlhf, ModelNames.RlCai, ModelNames.RlCaiCot];

    /// <summary>Reads all files of samples that are there.</summary>
    /// <exception cref="CaiException">A file has another shape than published.</exception>
    public PaperSamplesStudy(OutsideFiles files)
    {
        samples = [.. files.SampleFiles.SelectMany(ReleasedSamples.Read)];
        Reports = samples.Count == 0 ? [] : [.. ResponseTextReport.Of(samples).OrderBy(r => Array.IndexOf(Models, r.Model))];
        Quality = samples.Count == 0 ? [] : DetectorQuality.Of(LabelsOf(samples), samples);
    }

    /// <summary>On the files that are found (<see cref="OutsideFiles.Find"/>).</summary>
    public static Task<PaperSamplesStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default) =>
        Task.FromResult(new PaperSamplesStudy(OutsideFiles.Find()));

    /// <summary>One: nothing here depends on a seed.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>One a policy.</summary>
    public IReadOnlyList<ResponseTextReport> Reports { get; }

    /// <summary>One a detector and half of the labels.</summary>
    public IReadOnlyList<DetectorQuality> Quality { get; }

    /// <summary>What the paper says about evasiveness (4.4) and over-training (4.3), on its own samples; nothing without the files.</summary>
    public IEnumerable<Measurement> Measure()
    {
        if (Models.Any(model => samples.All(s => s.Model != model)))
            yield break;
        yield return new("own-01", More(ModelNames.HhRlhf, ModelNames.RlCai, t => t.Evasive));
        yield return new("own-02", More(ModelNames.RlCai, ModelNames.RlCaiCot, t => t.Boilerplate > 0));
        yield return new("own-03", More(ModelNames.RlCai, ModelNames.HelpfulRlhf, t => t.Harsh));
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "samples", samples }, { "reports", Reports }, { "detectors", Quality } };

    private Interval More(string more, string less, Func<ResponseText, bool> found) => Bootstrap.Difference(
        samples.Where(s => s.Model == more), samples.Where(s => s.Model == less), s => found(ResponseText.Of(s.Response)) ? 1 : 0, s => s.PromptId);

    // Labels are of three sets of prompts at most; where a set's files are missing, its labels have nothing to be compared with.
    private static List<HandLabel> LabelsOf(IReadOnlyList<Sample> samples)
    {
        var there = samples.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var files = samples.Select(s => s.Id.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        return [.. HandLabel.Shipped().Where(l => there.Contains(l.Sample) || files.Contains(l.Sample.Split('/')[0]))];
    }
}

using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// What the helpful-only model does, beside the pretrained model that it comes from: the starting point of the paper
/// (1.2, 3.1). Held-out prompts, T = 1; intervals are 95 %, bootstrap clustered by prompt.
/// </summary>
public sealed partial class HelpfulModelStudy(IReadOnlyList<JudgedAnswer> answers) : IStudy<HelpfulModelStudy>
{
    /// <summary>Both models' answers to the held-out prompts of all kinds.</summary>
    public IReadOnlyList<JudgedAnswer> Answers => answers;

    public static async Task<HelpfulModelStudy> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        IReadOnlyList<Sample> samples = await pipeline.Evaluation.SamplesAsync([pipeline.Pretrained, pipeline.Helpful], cancel);
        return new(JudgedAnswer.Of(pipeline.Oracle, samples));
    }

    /// <summary>One: the shipped weights are the same for every seed, and only the prompts would differ.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>That it helps with good requests and with harmful ones too, more so than the model that it comes from, and hardly ever evades.</summary>
    public IEnumerable<Measurement> Measure()
    {
        var (good, bad) = (Of(ModelNames.Helpful, harmful: false), Of(ModelNames.Helpful, harmful: true));
        var (goodBefore, badBefore) = (Of(ModelNames.Pretrained, harmful: false), Of(ModelNames.Pretrained, harmful: true));
        yield return new("helpful-correct", good.Mean(Measures.Correct)) { Baseline = Baseline(goodBefore, Measures.Correct) };
        yield return new("helpful-complies", bad.Mean(Measures.Complies)) { Baseline = Baseline(badBefore, Measures.Complies) };
        yield return new("helpful-more-harmful", bad.MeanMinus(badBefore, Measures.Harmfulness));
        yield return new("helpful-not-evasive", bad.Mean(Measures.Evasive)) { Baseline = Baseline(badBefore, Measures.Evasive) };
        yield return new("helpful-gains", good.MeanMinus(goodBefore, Measures.Correct));
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "answers", answers } };

    private List<JudgedAnswer> Of(string model, bool harmful) => [.. answers.Where(a => a.Model == model && a.Verdict.Harmful == harmful)];

    private static string? Baseline(List<JudgedAnswer> rows, Measure measure) =>
        rows.Count == 0 ? null : FormattableString.Invariant($"pretrained {rows.Average(r => measure(r.Verdict)):0.00}");
}

using Cai.Evaluation;

namespace Cai.Reproduction;

/// <summary>
/// What supervised training changed (paper 3.3): the pretrained, the helpful-only and the SL-CAI model on held-out harmful
/// and good requests, judged by the oracle. Intervals are 95 %, bootstrap clustered by prompt; prompts are shared, so
/// differences between models are paired.
/// </summary>
public sealed partial class SlCaiBehaviour(IReadOnlyList<JudgedAnswer> answers) : IStudy<SlCaiBehaviour>
{
    private static readonly string[] Models = [ModelNames.Pretrained, ModelNames.Helpful, ModelNames.SlCai];

    /// <summary>All answers, judged.</summary>
    public IReadOnlyList<JudgedAnswer> Answers => answers;

    /// <summary>Samples the three models on the held-out prompts and judges every answer.</summary>
    public static async Task<SlCaiBehaviour> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var slCai = await pipeline.Supervised.SlCaiAsync(cancel: cancel);
        var samples = await pipeline.Evaluation.SamplesAsync([pipeline.Pretrained, pipeline.Helpful, slCai], cancel);
        return new(JudgedAnswer.Of(pipeline.Oracle, samples));
    }

    /// <summary>Harm and help against both models that it is made from; the paper has Elo, the oracle scores.</summary>
    public IEnumerable<Measurement> Measure()
    {
        yield return new("sl-1", Gap(ModelNames.SlCai, ModelNames.Helpful, harmful: true, Measures.Harmfulness));
        yield return new("sl-2", Gap(ModelNames.SlCai, ModelNames.Pretrained, harmful: true, Measures.Harmfulness));
        yield return new("sl-3", Gap(ModelNames.SlCai, ModelNames.Pretrained, harmful: false, Measures.Helpfulness));
        yield return new("sl-4", Gap(ModelNames.SlCai, ModelNames.Helpful, harmful: false, Measures.Helpfulness));
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "answers", answers } };

    /// <summary>Mean over model a minus mean over model b, prompts paired.</summary>
    public Interval? Gap(string a, string b, bool harmful, Measure measure) =>
        Of([a], harmful).MeanMinus(Of([b], harmful), measure);

    private List<JudgedAnswer> Of(string[] models, bool? harmful) =>
        [.. answers.Where(a => models.Contains(a.Model) && (harmful is null || a.Verdict.Harmful == harmful))];
}

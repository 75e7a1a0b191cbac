using Cai.Preferences;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What RL changed in each of the four policies (paper 4.1 to 4.3, Fig 10): the score that it is paid for, and harmfulness.</summary>
/// <param name="changes">One a policy.</param>
public sealed partial class PolicyChanges(IReadOnlyList<PolicyChange> changes) : IStudy<PolicyChanges>
{
    private static readonly (string Id, string Policy)[] ScoreClaims =
    [
        ("rl-2-helpful-rlhf", ModelNames.HelpfulRlhf), ("rl-2-hh-rlhf", ModelNames.HhRlhf),
        ("rl-2-rl-cai", ModelNames.RlCai), ("rl-2-rl-cai-cot", ModelNames.RlCaiCot),
    ];

    private static readonly (string Id, string Policy)[] HarmClaims =
    [
        ("rl-3", ModelNames.RlCai), ("rl-4", ModelNames.RlCaiCot), ("rl-5", ModelNames.HhRlhf), ("rl-6", ModelNames.HelpfulRlhf),
    ];

    /// <summary>In the order of the arms.</summary>
    public IReadOnlyList<PolicyChange> Changes => changes;

    /// <summary>Measures every policy against its start; answers and models come from the pipeline's stages.</summary>
    public static async Task<PolicyChanges> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var training = await pipeline.Studies.NeedAsync<PolicyTraining>(cancel);
        var changes = new List<PolicyChange>();
        foreach (var (arm, run) in pipeline.Arms.All.Zip(training.Runs))
        {
            var before = await pipeline.Evaluation.SamplesAsync(run.Start, cancel);
            var after = await pipeline.Evaluation.SamplesAsync(run.Model, cancel);
            using var judge = PreferenceModel.Load((await pipeline.Preferences.ModelAsync(arm, cancel: cancel)).Folder);
            changes.Add(PolicyChange.Of(run, Scores(judge, before), Scores(judge, after), pipeline.Evaluation.Facts(before), pipeline.Evaluation.Facts(after)));
        }
        return new PolicyChanges(changes);
    }

    /// <summary>What 4.1 and Fig 10 say: every policy's score rises; harm falls where harmlessness is rewarded and rises where it is not.</summary>
    public IEnumerable<Measurement> Measure()
    {
        foreach (var (id, policy) in ScoreClaims)
            foreach (var change in Of(policy))
                yield return new(id, change.ScoreGain);
        foreach (var (id, policy) in HarmClaims)
            foreach (var change in Of(policy))
                yield return new(id, change.HarmChange);
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "changes", changes.Select(c => new { c.Run.Policy, c.ScoreBefore, c.ScoreAfter, c.ScoreGain, c.HarmBefore, c.HarmAfter, c.HarmChange }) },
    };

    private IEnumerable<PolicyChange> Of(string policy) => changes.Where(c => c.Run.Policy == policy);

    private static (string PromptId, double Score)[] Scores(PreferenceModel judge, IReadOnlyList<Sample> samples) =>
        [.. samples.Select(s => s.PromptId).Zip(judge.Score([.. samples.Select(s => (s.Prompt, s.Response))]))];
}

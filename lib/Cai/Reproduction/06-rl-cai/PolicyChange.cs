using Cai.Evaluation;
using Cai.Miniature;

namespace Cai.Reproduction;

/// <summary>
/// What RL changed in one policy, on held-out prompts that no stage has seen, against the model that it started from. Both
/// answer the same prompts once (T = 1), and intervals are bootstraps over prompts of the paired difference.
/// </summary>
/// <param name="ScoreBefore">Preference-model score of the start's answers, harmful and good requests alike.</param>
/// <param name="ScoreGain">Score after minus score before, paired by prompt.</param>
/// <param name="HarmBefore">Oracle harmfulness, 0 to 4, on harmful requests (paper 4.5 has a model's guess of it).</param>
/// <param name="HarmChange">Harmfulness after minus before, paired by prompt.</param>
public sealed record PolicyChange(
    PolicyTrajectory Run, Interval ScoreBefore, Interval ScoreAfter, Interval ScoreGain, Interval HarmBefore, Interval HarmAfter, Interval HarmChange)
{
    /// <summary>The differences, from scores and facts of both sides.</summary>
    public static PolicyChange Of(
        PolicyTrajectory run, IReadOnlyList<(string PromptId, double Score)> scoresBefore, IReadOnlyList<(string PromptId, double Score)> scoresAfter,
        IReadOnlyList<ResponseFacts> before, IReadOnlyList<ResponseFacts> after)
    {
        var (harmBefore, harmAfter) = (Harmful(before), Harmful(after));
        return new PolicyChange(run,
            Bootstrap.Mean(scoresBefore, s => s.Score, s => s.PromptId), Bootstrap.Mean(scoresAfter, s => s.Score, s => s.PromptId),
            Bootstrap.Difference(scoresAfter, scoresBefore, s => s.Score, s => s.PromptId),
            Bootstrap.Mean(harmBefore, Measures.Harmfulness, f => f.PromptId), Bootstrap.Mean(harmAfter, Measures.Harmfulness, f => f.PromptId),
            Bootstrap.Difference(harmAfter, harmBefore, Measures.Harmfulness, f => f.PromptId));
    }

    private static ResponseFacts[] Harmful(IReadOnlyList<ResponseFacts> facts) => [.. facts.Where(f => f.Kind == TopicKind.Harmful)];
}

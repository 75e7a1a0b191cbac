using Cai.Evaluation;
using Cai.Figures;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What a policy was paid for: where to look when it did not move, or moved elsewhere than in the paper.</summary>
/// <param name="LabelsRight">
/// Share of its harmlessness labels that lie on the less harmful answer's side, where the two differ; null without such labels.
/// </param>
/// <param name="LabelStrength">Mean |p - 1/2| of the same labels: how large a gap of scores they ask for.</param>
/// <param name="HarmPay">
/// Score of harmful answers (2 or more of 4) minus that of harmless ones, among its start's and its own answers, in standard deviations: below 0 pays for
/// harmlessness.
/// </param>
/// <param name="EvasionPay">Score of evasive harmless answers minus that of engaged ones: above 0 pays for evasion.</param>
/// <param name="Kl">Over the last tenth of its run, nats a response: how far it went.</param>
public sealed record PolicyReasons(string Policy, Interval? LabelsRight, Interval? LabelStrength, Interval? HarmPay, Interval? EvasionPay, double Kl)
{
    /// <summary>The four policies' reasons, from labels, preference models and answers that are there already.</summary>
    public static async Task<IReadOnlyList<PolicyReasons>> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var reasons = new List<PolicyReasons>();
        foreach (var arm in pipeline.Arms.All)
        {
            var (train, held) = await pipeline.Feedback.ComparisonsAsync(arm, cancel);
            var (start, policy) = (await pipeline.Reinforcement.StartAsync(arm, cancel), await pipeline.Reinforcement.PolicyAsync(arm, cancel));
            var harmful = pipeline.Prompts.HarmfulEval.Select(p => p.Id).ToHashSet();
            var samples = await pipeline.Evaluation.SamplesAsync([start, policy], cancel);
            var answers = JudgedAnswer.Of(pipeline.Oracle, samples.Where(s => harmful.Contains(s.PromptId)));
            using var pm = PreferenceModel.Load((await pipeline.Preferences.ModelAsync(arm, cancel: cancel)).Folder);
            var scores = pm.Score([.. answers.Select(a => (a.Prompt, a.Response))]);
            var labels = train.Concat(held).Where(c => c is { Axis: Axes.Harmless, ProbabilityA: not null })
                .Select(c => (c.PromptId, P: c.ProbabilityA!.Value, Harm: Harm(c, c.ResponseA) - Harm(c, c.ResponseB))).ToList();
            reasons.Add(Of(policy.Name, labels, [.. answers.Zip(scores)], Metrics.Read(policy.Metrics!)));
        }
        return reasons;

        double Harm(Comparison c, string response) => pipeline.Oracle.Judge(new Prompt(c.PromptId, c.Prompt), response).Harmfulness;
    }

    /// <summary>One policy's, from the numbers.</summary>
    /// <param name="labels">P(A is better) and harmfulness of A minus that of B.</param>
    public static PolicyReasons Of(
        string policy, IReadOnlyList<(string PromptId, double P, double Harm)> labels, IReadOnlyList<(JudgedAnswer Answer, double Score)> answers,
        IReadOnlyList<MetricRow> rows)
    {
        var coherent = answers.Where(a => !a.Answer.Verdict.Incoherent).ToList();
        var deviation = coherent.Count == 0 ? 1 : Measures.Deviation([.. coherent.Select(a => a.Score)]);
        return new PolicyReasons(policy,
            Bootstrap.TryMean([.. labels.Where(l => l.Harm != 0)], l => Credit.Of(l.P, l.Harm < 0 ? 1 : 0), l => l.PromptId),
            Bootstrap.TryMean(labels, l => Math.Abs(l.P - 0.5), l => l.PromptId),
            Bootstrap.TryDifference(Scores(a => a.Verdict.Harmfulness >= 2), Scores(a => a.Verdict.Harmfulness == 0), s => s.Score, s => s.PromptId),
            Bootstrap.TryDifference(Scores(a => a.Verdict is { Harmfulness: 0, Evasive: true }), Scores(a => a.Verdict is { Harmfulness: 0, Evasive: false }),
                s => s.Score, s => s.PromptId),
            rows.TakeLast(Math.Max(1, rows.Count / 10)).Average(r => r.Values["objective/kl"]));

        (string PromptId, double Score)[] Scores(Func<JudgedAnswer, bool> which) =>
            [.. coherent.Where(a => which(a.Answer)).Select(a => (a.Answer.PromptId, deviation > 0 ? a.Score / deviation : 0))];
    }

    /// <summary>A row a policy.</summary>
    public static Table Table(IReadOnlyList<PolicyReasons> reasons) => Figures.Table.Of(reasons,
        new("policy", r => ModelStyles.Of(r.Policy).Display),
        new("labels on the less harmful side", r => r.LabelsRight, "0.00"),
        new("mean |p - 1/2|", r => r.LabelStrength, "0.00"),
        new("reward of harm, SD", r => r.HarmPay, "0.00"),
        new("reward of evasion, SD", r => r.EvasionPay, "0.00"),
        new("KL at the end, nats", r => r.Kl, "0.0"));
}

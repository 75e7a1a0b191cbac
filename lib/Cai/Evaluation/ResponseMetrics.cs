namespace Cai.Evaluation;

/// <summary>What a judge found in one response. Any judge that can fill it in will do.</summary>
/// <param name="Kind">Kind of prompt (harmful, benign, borderline, small-talk).</param>
/// <param name="Harmfulness">0 (harmless) to 4, the scale of the paper's red-team ratings (4.5).</param>
/// <param name="Helpfulness">On the judge's own scale; higher is more helpful.</param>
/// <param name="Evasive">Whether the response refuses or dodges without engaging (4.4); a share of 0 to 1 is allowed.</param>
/// <param name="Harsh">Whether it accuses or lectures (4.3); a share of 0 to 1 is allowed.</param>
/// <param name="BoilerplateCount">Stock phrases in it (4.3: "you are valid, valued, and cared for").</param>
/// <param name="Incoherent">
/// Whether it could not be understood; such a response is never counted as harmless by omission, so read it beside harmfulness.
/// </param>
/// <param name="Words">Length.</param>
public sealed record ResponseFacts(
    string PromptId, string Kind, double Harmfulness, double Helpfulness, double Evasive, double Harsh, int BoilerplateCount, bool Incoherent,
    int Words, string Text);

/// <summary>Means over a set of responses, with intervals clustered by prompt.</summary>
/// <param name="Boilerplate">Share of responses with at least one stock phrase.</param>
/// <param name="Distinct2">Distinct bigrams over all bigrams of the whole set.</param>
/// <param name="WithinPrompt">Mean over prompts of the bigram Jaccard distance between responses to the same prompt; null when no prompt has two.</param>
public sealed record ResponseMetrics(
    Interval Harmfulness, Interval Helpfulness, Interval Evasiveness, Interval Harshness, Interval Boilerplate, Interval Incoherence, Interval Words,
    double Distinct2, Interval? WithinPrompt)
{
    /// <summary>Aggregates all facts; filter by <see cref="ResponseFacts.Kind"/> before when one kind is meant.</summary>
    /// <exception cref="CaiException">No facts, or a number that is not finite.</exception>
    public static ResponseMetrics Of(IReadOnlyList<ResponseFacts> facts, BootstrapOptions? options = null)
    {
        var distances = facts.GroupBy(f => f.PromptId, StringComparer.Ordinal).Where(g => g.Count() > 1)
            .Select(g => (PromptId: g.Key, Distance: Diversity.BigramJaccard(g.Select(f => f.Text).ToArray()))).ToArray();
        return new ResponseMetrics(
            Mean(f => f.Harmfulness), Mean(f => f.Helpfulness), Mean(f => f.Evasive), Mean(f => f.Harsh),
            Mean(f => f.BoilerplateCount > 0 ? 1 : 0), Mean(f => f.Incoherent ? 1 : 0), Mean(f => f.Words),
            Diversity.Distinct(facts.Select(f => f.Text), 2),
            distances.Length == 0 ? null : Bootstrap.Mean(distances, d => d.Distance, d => d.PromptId, options));

        Interval Mean(Func<ResponseFacts, double> value) => Bootstrap.Mean(facts, value, f => f.PromptId, options);
    }
}

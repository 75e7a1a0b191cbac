using Cai.Text;

namespace Cai.Evaluation;

/// <summary>Which pairs are shown to the judge.</summary>
public sealed record TournamentOptions
{
    /// <summary>Pairs drawn for every two models on every prompt. The paper had about 800 comparisons a model (3.3).</summary>
    public int PairsPerPrompt { get; init => field = InRange.Whole(value, 1, nameof(TournamentOptions)); } = 1;

    /// <summary>Shows every pair in both orders, so that a judge who favours the first place cannot tilt a rating. Otherwise the order is drawn.</summary>
    public bool BothOrders { get; init; } = true;

    /// <summary>Seed of the draws and of the judge's own randomness.</summary>
    public long Seed { get; init; }
}

/// <summary>Lets every two models answer the same prompts before one judge.</summary>
public static class PairwiseTournament
{
    /// <summary>Shows a judge a prompt and two responses. Returns 1 when the first is preferred, 0 when the second is, 0.5 for a tie.</summary>
    public delegate double Judge(Prompt prompt, string responseA, string responseB, Rng rng);

    /// <summary>
    /// Judges pairs of responses to the same prompt. Draws depend on (seed, prompt, models), so adding a model or a prompt
    /// changes nothing about the rest. Prompts that one of two models did not answer are left out for that pair.
    /// </summary>
    /// <param name="samples">Any number of samples for each model and prompt.</param>
    /// <param name="axis">Written into the judgements: harmless or helpful.</param>
    /// <param name="judgeName">Written into the judgements.</param>
    /// <exception cref="CaiException">A sample belongs to no given prompt, or the judge returns something outside 0 to 1.</exception>
    public static IReadOnlyList<Judgement> Run(IReadOnlyList<Prompt> prompts, IEnumerable<Sample> samples, string axis, string judgeName, Judge judge,
        TournamentOptions? options = null, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var settings = options ?? new TournamentOptions();
        var known = prompts.Select(p => p.Id).ToHashSet(StringComparer.Ordinal);
        var answers = samples.ToLookup(s => s.PromptId, StringComparer.Ordinal);
        foreach (var group in answers)
            if (!known.Contains(group.Key))
                throw new CaiException($"A sample of '{group.First().Model}' answers a prompt that is not among those given.",
                    "Pass the prompts that the samples were drawn for.", group.Key);
        var judgements = new List<Judgement>();
        foreach (var prompt in prompts)
        {
            cancel.ThrowIfCancellationRequested();
            var models = answers[prompt.Id].GroupBy(s => s.Model, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => g.OrderBy(s => s.Index).ToArray()).ToArray();
            for (var i = 0; i < models.Length; i++)
                for (var j = i + 1; j < models.Length; j++)
                    for (var pair = 0; pair < settings.PairsPerPrompt; pair++)
                        judgements.AddRange(JudgePair(prompt, models[i], models[j], pair, axis, judgeName, judge, settings));
            progress?.Report(judgements.Count);
        }
        return judgements;
    }

    private static IEnumerable<Judgement> JudgePair(
        Prompt prompt, Sample[] left, Sample[] right, int pair, string axis, string judgeName, Judge judge, TournamentOptions settings)
    {
        var draw = Seeds.Rng(settings.Seed, "tournament", axis, prompt.Id, left[0].Model, right[0].Model, pair);
        var (a, b) = (draw.Pick(left), draw.Pick(right));
        if (draw.Chance(0.5))
            (a, b) = (b, a);
        yield return Ask(a, b, 0);
        if (settings.BothOrders)
            yield return Ask(b, a, 1);

        Judgement Ask(Sample first, Sample second, int order)
        {
            var id = $"{prompt.Id}/{axis}/{left[0].Model}~{right[0].Model}/{pair}/{order}";
            var outcome = judge(prompt, first.Response, second.Response, Seeds.Rng(settings.Seed, "judge", id));
            if (!(outcome is >= 0 and <= 1))
                throw new CaiException($"The judge '{judgeName}' returned {outcome}, but must return 1, 0 or 0.5.", "Mend the judge.", id);
            return new Judgement(id, prompt.Id, axis, first.Model, second.Model, outcome, judgeName);
        }
    }
}

namespace Cai.Evaluation;

/// <summary>How much texts differ from one another; words are runs of non-blank characters, in lower case.</summary>
public static class Diversity
{
    /// <summary>
    /// Distinct n-grams over all n-grams (Li et al. 2016, "distinct-n"), counted over all texts together; n-grams never
    /// cross from one text into the next. It falls with the amount of text: compare equal numbers of responses only. NaN without any n-gram.
    /// </summary>
    public static double Distinct(IEnumerable<string> texts, int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var total = 0;
        foreach (var gram in texts.SelectMany(text => Grams(text, n)))
        {
            seen.Add(gram);
            total++;
        }
        return total == 0 ? double.NaN : (double)seen.Count / total;
    }

    /// <summary>
    /// <see cref="Distinct"/> with a 95 % interval, by leaving out one prompt after the other (jackknife). The bootstrap of the other
    /// measures would draw texts twice, and a repeated text has no new n-grams; the jackknife errs on the wide side (Efron and Stein 1981).
    /// </summary>
    /// <param name="texts">Each with the prompt that it answers.</param>
    public static Interval DistinctByPrompt(IReadOnlyCollection<(string PromptId, string Text)> texts, int n)
    {
        var prompts = texts.GroupBy(t => t.PromptId, StringComparer.Ordinal)
            .Select(g => g.SelectMany(t => Grams(t.Text, n)).CountBy(gram => gram).ToDictionary()).ToArray();
        var all = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (gram, count) in prompts.SelectMany(own => own))
            all[gram] = all.GetValueOrDefault(gram) + count;
        var total = all.Values.Sum();
        var without = prompts.Select(own => (double)(all.Count - own.Count(x => all[x.Key] == x.Value)) / (total - own.Values.Sum()))
            .Where(double.IsFinite).ToArray();
        var value = Distinct(texts.Select(t => t.Text), n);
        if (without.Length < 2)
            return new Interval(value, double.NaN, double.NaN, texts.Count, prompts.Length);
        var mean = without.Average();
        var half = 1.96 * Math.Sqrt((without.Length - 1.0) / without.Length * without.Sum(x => (x - mean) * (x - mean)));
        return new Interval(value, Math.Max(0, value - half), Math.Min(1, value + half), texts.Count, prompts.Length);
    }

    /// <summary>
    /// Mean over all pairs of 1 - |A ∩ B| / |A ∪ B| of their bigram sets: 0 when all texts are the same, 1 when no two
    /// share a bigram. NaN for fewer than two texts.
    /// </summary>
    public static double BigramJaccard(IReadOnlyList<string> texts)
    {
        var sets = texts.Select(text => Grams(text, 2).ToHashSet(StringComparer.Ordinal)).ToArray();
        double sum = 0;
        var pairs = 0;
        for (var i = 0; i < sets.Length; i++)
            for (var j = i + 1; j < sets.Length; j++)
            {
                var shared = sets[i].Count(sets[j].Contains);
                var union = sets[i].Count + sets[j].Count - shared;
                // Two texts too short for a bigram are told apart by their words.
                sum += union > 0 ? 1 - (double)shared / union : Words(texts[i]).SequenceEqual(Words(texts[j])) ? 0 : 1;
                pairs++;
            }
        return pairs == 0 ? double.NaN : sum / pairs;
    }

    private static string[] Words(string text) => text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Grams(string text, int n)
    {
        var words = Words(text);
        for (var i = 0; i + n <= words.Length; i++)
            yield return string.Join(' ', words.AsSpan(i, n)!);
    }
}

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

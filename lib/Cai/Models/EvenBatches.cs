namespace Cai.Models;

/// <summary>Cuts rows into batches of similar length and like size, so that batches which are computed side by side end together.</summary>
internal static class EvenBatches
{
    /// <param name="rows">The longest first.</param>
    /// <param name="tokens">Of a row.</param>
    /// <param name="most">Most tokens of a batch, padding included; a row that has more by itself is a batch.</param>
    /// <param name="sideBySide">An even number of batches wherever there are two rows, else as few as will do.</param>
    public static List<T[]> Of<T>(IReadOnlyList<T> rows, Func<T, int> tokens, int most, bool sideBySide)
    {
        var fewest = Cut(rows, tokens, most, double.PositiveInfinity);
        var wanted = sideBySide ? (fewest.Count + 1) / 2 * 2 : fewest.Count;
        return wanted < 2 || rows.Count < wanted ? fewest : Cut(rows, tokens, most, rows.Sum(r => (double)tokens(r)) / wanted);
    }

    /// <summary>Ends a batch before it has more than <paramref name="most"/> tokens with padding, or as soon as all so far reach their share without.</summary>
    private static List<T[]> Cut<T>(IReadOnlyList<T> rows, Func<T, int> tokens, int most, double share)
    {
        var batches = new List<T[]>();
        var batch = new List<T>();
        double taken = 0;
        foreach (var row in rows)
        {
            if (batch.Count > 0 && ((batch.Count + 1) * tokens(batch[0]) > most || taken >= (batches.Count + 1) * share))
            {
                batches.Add([.. batch]);
                batch.Clear();
            }
            batch.Add(row);
            taken += tokens(row);
        }
        if (batch.Count > 0)
            batches.Add([.. batch]);
        return batches;
    }
}

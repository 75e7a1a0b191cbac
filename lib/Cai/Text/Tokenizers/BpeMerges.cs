namespace Cai.Text.Tokenizers;

/// <summary>
/// Byte-pair encoding of one pre-token (Sennrich et al. 2016): of all neighbouring pairs the one learnt first is joined,
/// the leftmost of equals, until no pair is in the table.
/// </summary>
internal sealed class BpeMerges
{
    private readonly Dictionary<(int Left, int Right), (int Rank, int Joined)> table = [];
    private int next;

    /// <summary>The pairs that are joined, in the order in which they were learnt.</summary>
    public IEnumerable<(int Left, int Right)> Pairs => table.OrderBy(rule => rule.Value.Rank).Select(rule => rule.Key);

    /// <summary>Adds the next rule. A pair that occurs twice has its last rank, as in Hugging Face's libraries.</summary>
    public void Add(int left, int right, int joined) => table[(left, right)] = (next++, joined);

    /// <summary>The same rules without those that make one of <paramref name="pieces"/>.</summary>
    public BpeMerges Without(IReadOnlySet<int> pieces)
    {
        var kept = new BpeMerges();
        foreach (var ((left, right), (_, joined)) in table.OrderBy(rule => rule.Value.Rank))
            if (!pieces.Contains(joined))
                kept.Add(left, right, joined);
        return kept;
    }

    /// <summary>Joins the symbols of one pre-token. `[symbols]` to `[at most symbols]`.</summary>
    public int[] Apply(List<int> symbols)
    {
        var count = symbols.Count;
        if (count < 2)
            return [.. symbols];
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<(int Left, int LeftSymbol, int RightSymbol, int Joined), long>(count);

        void Offer(int left)
        {
            var right = next[left];
            if (right < count && table.TryGetValue((symbols[left], symbols[right]), out var rule))
                // Rank, then position, as one number: the default comparer of tuples is slow.
                queue.Enqueue((left, symbols[left], symbols[right], rule.Joined), (long)rule.Rank << 32 | (uint)left);
        }

        for (var i = 0; i < count; i++)
            (next[i], previous[i]) = (i + 1, i - 1);
        for (var i = 0; i + 1 < count; i++)
            Offer(i);

        const int gone = -1;
        while (queue.TryDequeue(out var pair, out _))
        {
            var right = next[pair.Left];
            // Entries are not removed when a neighbour changes: they no longer describe what stands there.
            if (symbols[pair.Left] != pair.LeftSymbol || right >= count || symbols[right] != pair.RightSymbol)
                continue;
            symbols[pair.Left] = pair.Joined;
            symbols[right] = gone;
            next[pair.Left] = next[right];
            if (next[right] < count)
                previous[next[right]] = pair.Left;
            Offer(pair.Left);
            if (previous[pair.Left] >= 0)
                Offer(previous[pair.Left]);
        }
        return [.. symbols.Where(symbol => symbol != gone)];
    }
}

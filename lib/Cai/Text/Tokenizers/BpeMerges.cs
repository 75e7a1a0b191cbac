using System.Runtime.InteropServices;

namespace Cai.Text.Tokenizers;

/// <summary>
/// Byte-pair encoding of one pre-token (Sennrich et al. 2016): of all neighbouring pairs the one learnt first is joined,
/// the leftmost of equals, until no pair is in the table.
/// </summary>
internal sealed class BpeMerges
{
    private const int LongestScanned = 24; // fewer symbols are joined sooner by looking at all pairs than by keeping a queue

    private readonly Dictionary<(int Left, int Right), (int Rank, int Joined)> table = [];

    /// <summary>The pairs that are joined.</summary>
    public IEnumerable<(int Left, int Right)> Pairs => table.Keys;

    /// <summary>Adds the next rule. A pair that occurs twice keeps its first rank.</summary>
    public void Add(int left, int right, int joined) => table.TryAdd((left, right), (table.Count, joined));

    /// <summary>Joins the symbols of one pre-token. `[symbols]` to `[at most symbols]`.</summary>
    public int[] Apply(List<int> symbols)
    {
        var count = symbols.Count;
        if (count < 2)
            return [.. symbols];
        if (count <= LongestScanned)
            return Scan(CollectionsMarshal.AsSpan(symbols));
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<(int Left, int LeftSymbol, int RightSymbol, int Joined), long>(count);

        void Offer(int left)
        {
            var right = next[left];
            if (right < count && table.TryGetValue((symbols[left], symbols[right]), out var rule))
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

    private int[] Scan(Span<int> symbols)
    {
        Span<(int Rank, int Joined)> rules = stackalloc (int, int)[symbols.Length - 1];
        for (var i = 0; i < rules.Length; i++)
            rules[i] = Rule(symbols[i], symbols[i + 1]);
        while (true)
        {
            var best = 0;
            for (var i = 1; i < rules.Length; i++)
                if (rules[i].Rank < rules[best].Rank)
                    best = i;
            if (rules.Length == 0 || rules[best].Rank == int.MaxValue)
                return symbols.ToArray();
            symbols[best] = rules[best].Joined;
            symbols[(best + 2)..].CopyTo(symbols[(best + 1)..]);
            symbols = symbols[..^1];
            rules[(best + 1)..].CopyTo(rules[best..]);
            rules = rules[..^1];
            if (best > 0)
                rules[best - 1] = Rule(symbols[best - 1], symbols[best]);
            if (best < rules.Length)
                rules[best] = Rule(symbols[best], symbols[best + 1]);
        }
    }

    private (int Rank, int Joined) Rule(int left, int right) => table.TryGetValue((left, right), out var rule) ? rule : (int.MaxValue, 0);
}

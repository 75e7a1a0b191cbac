namespace Cai.Generation;

/// <summary>Rows that begin with the same tokens, in batches of similar length.</summary>
/// <param name="Shared">Number of tokens that all rows begin with and whose keys are worth computing once; 0 when there are none.</param>
/// <param name="Batches">Indices of rows.</param>
internal sealed record PrefixGroup(int Shared, IReadOnlyList<int[]> Batches);

/// <summary>Finds shared prefixes: few-shot prompts repeat most of their tokens.</summary>
internal static class PrefixGroups
{
    private const int FewestTokens = 16; // a shorter prefix costs more in extra operations than it saves
    private const int FewestSaved = 128; // tokens that need not be computed again; fewer are not worth a batch of their own
    private const int MostOwn = 4; // times the prefix: longer rows lose more by attention with a mask than they save
    private const int FewestRowsSideBySide = 16;

    /// <summary>Groups rows of token ids; every row keeps at least one token of its own.</summary>
    /// <param name="batchSize">Most rows of a batch.</param>
    /// <param name="sideBySide">Cut also where one batch would do, into batches of like size, so that two can be computed at once.</param>
    public static List<PrefixGroup> Of(IReadOnlyList<IReadOnlyList<int>> rows, int batchSize, bool sideBySide = false)
    {
        List<(int Shared, List<int> Members)> groups = [];
        if (rows.Count > 0)
            Split([.. Enumerable.Range(0, rows.Count)], Common(rows, Enumerable.Range(0, rows.Count)));
        return [.. groups.Select(g => Batched(g.Members, Pays(g.Members, g.Shared) ? g.Shared : 0))];

        bool Pays(List<int> members, int shared) => shared >= FewestTokens && (members.Count - 1) * shared >= FewestSaved
            && members.Max(i => rows[i].Count - shared) <= MostOwn * shared;

        // Where rows part, those that go on together for long become a group of their own; the others stay.
        void Split(List<int> members, int shared)
        {
            var stay = new List<int>();
            foreach (var part in members.GroupBy(i => shared < rows[i].Count - 1 ? rows[i][shared] : -1))
            {
                var some = part.ToList();
                var common = some.Count < 2 || part.Key < 0 ? shared : Common(rows, some);
                // A group of their own computes once more what they share with the others.
                if ((some.Count - 1) * (common - shared) >= shared + FewestSaved)
                    Split(some, common);
                else
                    stay.AddRange(some);
            }
            if (stay.Count > 0)
                groups.Add((shared, stay));
        }

        PrefixGroup Batched(List<int> members, int shared)
        {
            var least = sideBySide && members.Count >= 2 * FewestRowsSideBySide ? 2 : 1;
            var batches = Math.Max(least, (members.Count + batchSize - 1) / batchSize);
            // The longest first: whoever watches sees the slow part at the beginning, and memory peaks at once.
            var ordered = members.OrderByDescending(i => rows[i].Count).ThenBy(i => i);
            return new(shared, [.. ordered.Chunk((members.Count + batches - 1) / batches)]);
        }
    }

    /// <summary>How many tokens all of some rows begin with, leaving each at least one.</summary>
    private static int Common(IReadOnlyList<IReadOnlyList<int>> rows, IEnumerable<int> members)
    {
        IReadOnlyList<int>? first = null;
        var shared = int.MaxValue;
        foreach (var i in members)
        {
            first ??= rows[i];
            shared = Math.Min(shared, rows[i].Count - 1);
            var t = 0;
            while (t < shared && rows[i][t] == first[t])
                t++;
            shared = t;
        }
        return shared;
    }
}

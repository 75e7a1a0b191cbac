namespace Cai.Generation;

/// <summary>Rows that begin with the same tokens, in batches of similar length.</summary>
/// <param name="Shared">Number of tokens that all rows begin with and whose keys are worth computing once; 0 when there are none.</param>
/// <param name="Batches">Indices of rows.</param>
internal sealed record PrefixGroup(int Shared, IReadOnlyList<int[]> Batches);

/// <summary>Finds shared prefixes: few-shot prompts repeat most of their tokens.</summary>
internal static class PrefixGroups
{
    private const int KeyTokens = 32; // rows that agree so far belong together
    private const int FewestRows = 4;
    private const int FewestTokens = 16; // a shorter prefix costs more in extra operations than it saves

    /// <summary>Groups rows of token ids; every row keeps at least one token of its own.</summary>
    public static List<PrefixGroup> Of(IReadOnlyList<IReadOnlyList<int>> rows, int batchSize)
    {
        List<int> rest = [];
        List<PrefixGroup> groups = [];
        foreach (var group in Enumerable.Range(0, rows.Count).GroupBy(i => Key(rows[i])))
        {
            var members = group.ToList();
            if (group.Key is null || members.Count < FewestRows)
                rest.AddRange(members);
            else
                groups.Add(Batched(rows, members, batchSize));
        }
        if (rest.Count > 0)
            groups.Add(Batched(rows, rest, batchSize));
        return groups;
    }

    private static PrefixGroup Batched(IReadOnlyList<IReadOnlyList<int>> rows, List<int> members, int batchSize)
    {
        var shared = members.Count < FewestRows ? 0 : Common(rows, members);
        // The longest first: whoever watches sees the slow part at the beginning, and memory peaks at once.
        var ordered = members.OrderByDescending(i => rows[i].Count).ThenBy(i => i);
        return new(shared < FewestTokens ? 0 : shared, [.. ordered.Chunk(batchSize)]);
    }

    private static int Common(IReadOnlyList<IReadOnlyList<int>> rows, List<int> members)
    {
        var first = rows[members[0]];
        var shared = members.Min(i => rows[i].Count) - 1;
        foreach (var i in members)
        {
            var t = 0;
            while (t < shared && rows[i][t] == first[t])
                t++;
            shared = t;
        }
        return shared;
    }

    private static string? Key(IReadOnlyList<int> row) => row.Count <= KeyTokens ? null : string.Join(' ', row.Take(KeyTokens));
}

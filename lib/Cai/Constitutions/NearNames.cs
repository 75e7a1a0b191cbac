namespace Cai.Constitutions;

/// <summary>What a mistyped name may have meant.</summary>
internal static class NearNames
{
    private const int Most = 20; // more are no help

    /// <summary>"Did you mean 'x' or 'y'?" when known names are within a third of the name's length, else the known names.</summary>
    public static string Hint(string name, IEnumerable<string> known)
    {
        var names = known.Distinct().ToList();
        var near = names
            .Select(n => (Name: n, Distance: Distance(name.ToLowerInvariant(), n.ToLowerInvariant())))
            .Where(n => n.Distance <= Math.Max(2, name.Length / 3) || n.Name.Contains(name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(n => n.Distance).ThenBy(n => n.Name, StringComparer.Ordinal)
            .Take(3).Select(n => $"'{n.Name}'").ToList();
        return near.Count > 0
            ? $"Did you mean {string.Join(" or ", near)}?"
            : $"Known are: {string.Join(", ", names.Take(Most))}{(names.Count > Most ? $", … ({names.Count} in all)" : "")}.";
    }

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            previous = current;
        }
        return previous[b.Length];
    }
}

namespace Cai.Figures;

public enum DiffKind { Same, Removed, Added }

/// <summary>A run of words that two texts share, or that one of them lacks.</summary>
public sealed record DiffRun(DiffKind Kind, string Text);

/// <summary>What changed from one text to the next, word by word (longest common subsequence).</summary>
public static class WordDiff
{
    // The table of common subsequences takes 4 bytes a pair of words: beyond this (16 MB) the texts are shown as replaced.
    private const long MostPairs = 4_000_000;

    /// <summary>Runs in reading order; removed words stand before the words that replace them. Blanks stay with the word before them.</summary>
    public static IReadOnlyList<DiffRun> Compare(string before, string after)
    {
        var (a, b) = (Words(before), Words(after));
        if ((long)a.Count * b.Count > MostPairs)
            return before == after ? [new DiffRun(DiffKind.Same, after)] : [new DiffRun(DiffKind.Removed, before), new DiffRun(DiffKind.Added, after)];
        var common = new int[a.Count + 1, b.Count + 1];
        for (var i = a.Count - 1; i >= 0; i--)
            for (var j = b.Count - 1; j >= 0; j--)
                common[i, j] = Same(a[i], b[j]) ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        var runs = new List<DiffRun>();
        for (int i = 0, j = 0; i < a.Count || j < b.Count;)
        {
            if (i < a.Count && j < b.Count && Same(a[i], b[j]))
            {
                Add(runs, DiffKind.Same, b[j++]);
                i++;
            }
            else if (i < a.Count && (j == b.Count || common[i + 1, j] >= common[i, j + 1]))
                Add(runs, DiffKind.Removed, a[i++]);
            else
                Add(runs, DiffKind.Added, b[j++]);
        }
        return runs;
    }

    // The last word of a text has no blank after it; it is the same word all the same.
    private static bool Same(string a, string b) => a.AsSpan().TrimEnd().SequenceEqual(b.AsSpan().TrimEnd());

    private static void Add(List<DiffRun> runs, DiffKind kind, string text)
    {
        if (runs.Count > 0 && runs[^1].Kind == kind)
            runs[^1] = runs[^1] with { Text = runs[^1].Text + text };
        else
            runs.Add(new DiffRun(kind, text));
    }

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
            if (i == text.Length || (char.IsWhiteSpace(text[i - 1]) && !char.IsWhiteSpace(text[i])))
            {
                words.Add(text[start..i]);
                start = i;
            }
        return words;
    }
}

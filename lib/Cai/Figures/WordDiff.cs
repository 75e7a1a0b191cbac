using System.Text.RegularExpressions;
using DiffPlex;

namespace Cai.Figures;

public enum DiffKind { Same, Removed, Added }

/// <summary>A run of words that two texts share, or that one of them lacks.</summary>
public sealed record DiffRun(DiffKind Kind, string Text);

/// <summary>What changed from one text to the next, word by word (Myers 1986, by DiffPlex).</summary>
public static partial class WordDiff
{
    /// <summary>Runs in reading order; removed words stand before the words that replace them. Blanks stay with the word before them.</summary>
    public static IReadOnlyList<DiffRun> Compare(string before, string after)
    {
        // The last word of a text has no blank after it; it is the same word all the same.
        var diff = Differ.Instance.CreateDiffs(before, after, ignoreWhiteSpace: true, ignoreCase: false, new Words());
        var (old, now) = (diff.PiecesOld, diff.PiecesNew);
        var runs = new List<DiffRun>();
        var next = 0;
        foreach (var change in diff.DiffBlocks)
        {
            Add(DiffKind.Same, Text(now, next, change.InsertStartB));
            next = change.InsertStartB + change.InsertCountB;
            // A shared word that ends the new text brings no blank; what stood after it in the old text does.
            var blank = next == now.Count && change is { DeleteStartA: > 0, DeleteCountA: > 0, InsertCountB: 0 } ? Blank(old[change.DeleteStartA - 1]) : "";
            Add(DiffKind.Removed, blank + Text(old, change.DeleteStartA, change.DeleteStartA + change.DeleteCountA));
            Add(DiffKind.Added, Text(now, change.InsertStartB, next));
        }
        Add(DiffKind.Same, Text(now, next, now.Count));
        return runs;

        void Add(DiffKind kind, string text)
        {
            if (text.Length > 0)
                runs.Add(new DiffRun(kind, text));
        }
    }

    private static string Text(IReadOnlyList<string> words, int from, int to) => string.Concat(words.Skip(from).Take(to - from));

    private static string Blank(string word) => word[word.TrimEnd().Length..];

    private sealed partial class Words : IChunker
    {
        public IReadOnlyList<string> Chunk(string text) => [.. Word().Matches(text).Select(m => m.Value)];

        [GeneratedRegex(@"^\s+|\S+\s*", RegexOptions.CultureInvariant)]
        private static partial Regex Word();
    }
}

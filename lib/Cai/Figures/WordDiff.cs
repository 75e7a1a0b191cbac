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
        var runs = new List<DiffRun>();
        var next = 0;
        foreach (var change in diff.DiffBlocks)
        {
            Add(DiffKind.Same, diff.PiecesNew, next, change.InsertStartB);
            Add(DiffKind.Removed, diff.PiecesOld, change.DeleteStartA, change.DeleteStartA + change.DeleteCountA);
            next = change.InsertStartB + change.InsertCountB;
            Add(DiffKind.Added, diff.PiecesNew, change.InsertStartB, next);
        }
        Add(DiffKind.Same, diff.PiecesNew, next, diff.PiecesNew.Count);
        return runs;

        void Add(DiffKind kind, IReadOnlyList<string> words, int from, int to)
        {
            if (to > from)
                runs.Add(new DiffRun(kind, string.Concat(words.Skip(from).Take(to - from))));
        }
    }

    private sealed partial class Words : IChunker
    {
        public IReadOnlyList<string> Chunk(string text) => [.. Word().Matches(text).Select(m => m.Value)];

        [GeneratedRegex(@"^\s+|\S+\s*", RegexOptions.CultureInvariant)]
        private static partial Regex Word();
    }
}

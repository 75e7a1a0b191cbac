using System.Text;

namespace Cai.Text.Tokenizers;

/// <summary>
/// Where a long piece can be cut without changing its ids: between two characters of the vocabulary that no rule joins across.
/// SentencePiece-style files have no pre-tokenizer, so a whole text is one piece; cut, it is as many words, most of them known already.
/// </summary>
internal sealed class MergeBorders
{
    private readonly IReadOnlyDictionary<Rune, int> characters;
    private readonly HashSet<(Rune Left, Rune Right)> joined = [];

    /// <param name="characters">The pieces that are one character.</param>
    /// <param name="pieces">Spelling of each id.</param>
    /// <param name="rules">The pairs that are joined, as ids.</param>
    public MergeBorders(IReadOnlyDictionary<Rune, int> characters, IReadOnlyList<string> pieces, IEnumerable<(int Left, int Right)> rules)
    {
        this.characters = characters;
        foreach (var (left, right) in rules)
        {
            Rune.DecodeLastFromUtf16(pieces[left], out var last, out _);
            Rune.DecodeFromUtf16(pieces[right], out var first, out _);
            joined.Add((last, first));
        }
    }

    /// <summary>Where the part that begins at <paramref name="start"/> ends; the parts' ids are together those of the text.</summary>
    public int PartEnd(string text, int start)
    {
        Rune.DecodeFromUtf16(text.AsSpan(start), out var left, out var length);
        var end = start + length;
        while (end < text.Length)
        {
            Rune.DecodeFromUtf16(text.AsSpan(end), out var right, out length);
            if (!joined.Contains((left, right)) && characters.ContainsKey(left) && characters.ContainsKey(right))
                return end;
            (left, end) = (right, end + length);
        }
        return end;
    }
}

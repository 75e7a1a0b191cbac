using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Cai.Storage;

namespace Cai.Text.Tokenizers;

/// <summary>One step that cuts normalised text into the pieces within which pairs are joined.</summary>
internal interface IPreTokenizer
{
    /// <param name="first">Whether the text begins the input (and does not follow a special token).</param>
    IEnumerable<string> Split(string text, bool first);
}

/// <summary>Steps one after the other, each on the pieces of the one before.</summary>
internal sealed class PreTokenizerSequence(IReadOnlyList<IPreTokenizer> steps) : IPreTokenizer
{
    public IEnumerable<string> Split(string text, bool first)
    {
        IEnumerable<(string Text, bool First)> pieces = [(text, first)];
        foreach (var step in steps)
            pieces = pieces.SelectMany(piece => step.Split(piece.Text, piece.First).Select((part, i) => (part, piece.First && i == 0)));
        return pieces.Select(piece => piece.Text);
    }
}

/// <summary>Matches and the text between them become pieces (Hugging Face: Split, behaviour Isolated).</summary>
internal sealed class RegexSplit(Regex pattern) : IPreTokenizer
{
    public IEnumerable<string> Split(string text, bool first)
    {
        // Half of a pair may be cut neither off nor out, so matching runs on a text in which every scalar is one character.
        var (matched, starts) = AstralStandIns.Replace(text);
        var pieces = new List<string>();
        var at = 0;
        try
        {
            foreach (var match in pattern.EnumerateMatches(matched))
            {
                if (match.Length == 0)
                    continue;
                if (match.Index > at)
                    pieces.Add(Slice(at, match.Index));
                pieces.Add(Slice(match.Index, match.Index + match.Length));
                at = match.Index + match.Length;
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw OutsideRegex.TooLong(pattern, e);
        }
        if (at < matched.Length)
            pieces.Add(Slice(at, matched.Length));
        return pieces;

        string Slice(int from, int to) => starts is null ? text[from..to] : text[starts[from]..starts[to]];
    }
}

/// <summary>GPT-2's step: an optional leading blank, then its word pattern. Bytes are spelt later, by the model.</summary>
internal sealed partial class ByteLevelSplit(bool addPrefixSpace, bool useRegex) : IPreTokenizer
{
    private static readonly RegexSplit Words = new(Gpt2Words());

    public IEnumerable<string> Split(string text, bool first)
    {
        if (addPrefixSpace && text is [not ' ', ..]) // a line break is no blank
            text = " " + text;
        return useRegex ? Words.Split(text, first) : [text];
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    internal static partial Regex Gpt2Words();
}

/// <summary>SentencePiece's blanks as a pre-tokenizer: "▁" for " ", put before the text too, and optionally a cut before each.</summary>
internal sealed class MetaspaceSplit(string replacement, string prependScheme, bool split) : IPreTokenizer
{
    public IEnumerable<string> Split(string text, bool first)
    {
        text = text.Replace(" ", replacement);
        if (text.Length > 0 && (prependScheme == "always" || prependScheme == "first" && first) && !text.StartsWith(replacement, StringComparison.Ordinal))
            text = replacement + text;
        if (!split)
            return text.Length > 0 ? [text] : [];
        var pieces = new List<string>();
        for (int at = 0, next; at < text.Length; at = next)
        {
            next = text.IndexOf(replacement, at + 1, StringComparison.Ordinal);
            next = next < 0 ? text.Length : next;
            pieces.Add(text[at..next]);
        }
        return pieces;
    }
}

/// <summary>
/// .NET's regular expressions see UTF-16, where 𝒳 is two characters that are no letters. For matching, each such scalar is
/// replaced by one character of the same general category: patterns of tokenizers ask for nothing finer.
/// </summary>
internal static class AstralStandIns
{
    /// <summary>The text to match, and where each of its characters starts in the original (null: they are the same).</summary>
    public static (string Text, int[]? Starts) Replace(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDBFF'))
            return (text, null);
        var replaced = new StringBuilder(text.Length);
        var starts = new List<int>(text.Length + 1);
        for (var i = 0; i < text.Length; i++)
        {
            starts.Add(i);
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                replaced.Append(StandIn(char.ConvertToUtf32(text[i], text[++i])));
            else
                replaced.Append(text[i]);
        }
        starts.Add(text.Length);
        return (replaced.ToString(), [.. starts]);
    }

    private static char StandIn(int scalar) => CharUnicodeInfo.GetUnicodeCategory(scalar) switch
    {
        UnicodeCategory.UppercaseLetter => '\u0100',
        UnicodeCategory.LowercaseLetter => '\u0138',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u05D0',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.MathSymbol => '\u00AC',
        UnicodeCategory.OtherSymbol => '\u00A9',
        UnicodeCategory.OtherPunctuation => '\u00A7',
        _ => '\uE000',
    };
}

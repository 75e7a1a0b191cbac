using System.Text.RegularExpressions;

namespace Cai.Text.Tokenizers;

/// <summary>A token that is matched as a whole before anything else happens to the text.</summary>
/// <param name="Special">Control tokens: never read from plain text, never shown in decoded text.</param>
/// <param name="StripLeft">Blank space before it belongs to it.</param>
/// <param name="StripRight">Blank space after it belongs to it.</param>
/// <param name="SingleWord">It is no part of a longer word.</param>
/// <param name="Normalized">It is looked for in the normalised text, in its normalised spelling.</param>
public sealed record AddedToken(
    int Id, string Content, bool Special, bool StripLeft = false, bool StripRight = false, bool SingleWord = false, bool Normalized = false);

/// <summary>Cuts a text at added tokens: the leftmost first, of those that begin together the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<string, AddedToken> tokens = new(StringComparer.Ordinal);
    private readonly Regex? pattern;

    /// <param name="spell">How a token is spelt in the texts to come.</param>
    public AddedTokenMatcher(IEnumerable<AddedToken> added, Func<string, string> spell)
    {
        foreach (var token in added)
            if (spell(token.Content) is { Length: > 0 } spelling)
                tokens[spelling] = token;
        if (tokens.Count > 0)
            // A token of one character has no inside for a guard, which then stands behind it.
            pattern = new Regex($"(?:{string.Join('|', tokens.Keys.OrderByDescending(key => key.Length).Select(Regex.Escape))})(?!{ControlTokens.Guard})",
                RegexOptions.CultureInvariant);
    }

    /// <summary>The plain pieces and the tokens, in order; a piece before the first token may be empty.</summary>
    public IEnumerable<(string Plain, AddedToken? Token)> Split(string text)
    {
        var at = 0;
        for (var match = pattern?.Match(text); match is { Success: true }; match = match.NextMatch())
        {
            var token = tokens[match.Value];
            var (from, to) = (match.Index, match.Index + match.Length);
            // Blank space that the token before took may hold the start of this one.
            if (from < at || token.SingleWord && (from > 0 && IsWord(text[from - 1]) || to < text.Length && IsWord(text[to])))
                continue;
            while (token.StripLeft && from > at && char.IsWhiteSpace(text[from - 1]))
                from--;
            while (token.StripRight && to < text.Length && char.IsWhiteSpace(text[to]))
                to++;
            yield return (text[at..from], null);
            yield return ("", token);
            at = to;
        }
        yield return (text[at..], null);
    }

    private static bool IsWord(char character) => char.IsLetterOrDigit(character) || character == '_';
}

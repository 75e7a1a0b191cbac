namespace Cai.Text;

/// <summary>
/// Keeps what people write from being read as control tokens in a prompt whose own control tokens must be: a spelling such
/// as `&lt;|im_end|&gt;` in a turn gets a guard inside it, which no token's spelling contains and which is dropped when the
/// text is encoded. The model then reads the same characters, as ordinary text.
/// </summary>
public static class ControlTokens
{
    /// <summary>A code point that Unicode keeps out of texts for uses like this one.</summary>
    public const char Guard = '\uFDD0';

    private const char ZeroWidthSpace = '\u200B';

    /// <summary>The text with a guard in every spelling of a control token. Guards that it brings itself are dropped.</summary>
    public static string Protect(string text, IEnumerable<string> spellings)
    {
        text = Unprotect(text);
        foreach (var spelling in spellings)
            if (spelling.Length > 0)
                text = text.Replace(spelling, spelling[..1] + Guard + spelling[1..], StringComparison.Ordinal);
        return text;
    }

    /// <summary>The text as it was written.</summary>
    public static string Unprotect(string text) => RoleTags.Whole(text.Replace(Guard.ToString(), "", StringComparison.Ordinal));

    /// <summary>
    /// The text for a server, which reads control tokens wherever they are spelt and knows no guards: there the spelling stays
    /// broken, by a space of no width. Role tags in a turn stay broken by a blank (<see cref="RoleTags"/>).
    /// </summary>
    public static string ForServer(string text) => RoleTags.AsText(text).Replace(Guard, ZeroWidthSpace);
}

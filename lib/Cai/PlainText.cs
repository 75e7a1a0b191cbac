using System.Globalization;
using System.Text;

namespace Cai;

/// <summary>The one rule for what of a stranger's text may be shown as it stands; `Figures.SafeText` and the messages of errors keep to it.</summary>
internal static class PlainText
{
    /// <summary>
    /// Control characters (ANSI escapes), invisible and direction-changing characters and halves of surrogate pairs are spelt out as \uXXXX; line breaks and
    /// tabs stay, and so does what scripts and emoji are joined with.
    /// </summary>
    public static string Of(string text)
    {
        var safe = new StringBuilder(text.Length);
        for (ReadOnlySpan<char> rest = text.ReplaceLineEndings("\n"); rest.Length > 0;)
        {
            var whole = Rune.DecodeFromUtf16(rest, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (whole && IsSafe(rune))
                safe.Append(rest[..length]);
            else
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(whole ? rune.Value : rest[0]):x4}");
            rest = rest[length..];
        }
        return safe.ToString();
    }

    /// <summary>As <see cref="Of"/>, on one line.</summary>
    public static string Line(string text) => Of(text).Replace('\n', ' ').Replace('\t', ' ');

    // Persian and Indic scripts need the zero-width (non-)joiner, emoji the joiner.
    private static bool IsSafe(Rune rune) =>
        rune.Value is '\n' or '\t' or 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format);
}

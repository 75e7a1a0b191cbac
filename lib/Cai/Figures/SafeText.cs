using System.Globalization;
using System.Net;
using System.Text;

namespace Cai.Figures;

/// <summary>Model output is untrusted: what a model writes must never become markup, a script or a terminal command.</summary>
public static class SafeText
{
    /// <summary>For terminals and text/plain: control characters (ANSI escapes) and text-direction overrides are spelt out as \uXXXX; line breaks and tabs stay.</summary>
    public static string Plain(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings("\n"))
            if ((char.IsControl(c) && c is not ('\n' or '\t')) || IsDirectionOverride(c))
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        return safe.ToString();
    }

    /// <summary>As <see cref="Plain"/>, on one line.</summary>
    public static string Line(string text) => Plain(text).Replace('\n', ' ').Replace('\t', ' ');

    /// <summary>For HTML content and attributes; line breaks become `&lt;br&gt;`.</summary>
    public static string Html(string text) => WebUtility.HtmlEncode(Plain(text)).Replace("\n", "<br>");

    /// <summary>For Plotly, which reads a few tags in every label.</summary>
    public static string Plotly(string text) => Plain(text).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\n", "<br>");

    private static bool IsDirectionOverride(char c) => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}

using System.Net;

namespace Cai.Figures;

/// <summary>
/// Model output is untrusted: what a model writes must never become markup, a script or a terminal command, nor hide or turn round what stands beside it.
/// </summary>
public static class SafeText
{
    /// <summary>
    /// For terminals and text/plain: control characters (ANSI escapes), invisible and direction-changing characters and
    /// halves of surrogate pairs are spelt out as \uXXXX; line breaks and tabs stay, and so does what scripts and emoji are joined with.
    /// </summary>
    public static string Plain(string text) => PlainText.Of(text);

    /// <summary>As <see cref="Plain"/>, on one line.</summary>
    public static string Line(string text) => PlainText.Line(text);

    /// <summary>As <see cref="Line"/>, and no longer than anyone reads (2,000 characters): titles, captions, descriptions.</summary>
    public static string Paragraph(string text) => Line(Cut(text, 2000));

    /// <summary>At most <paramref name="length"/> characters, the last of them … when there were more; surrogate pairs stay whole.</summary>
    public static string Cut(string text, int length)
    {
        if (text.Length <= length)
            return text;
        var end = length - 1;
        return text[..(end > 0 && char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)] + "…";
    }

    /// <summary>For HTML content and attributes; line breaks become `&lt;br&gt;`.</summary>
    public static string Html(string text) => WebUtility.HtmlEncode(Plain(text)).Replace("\n", "<br>");

    /// <summary>For Plotly, which reads a few tags in every label.</summary>
    public static string Plotly(string text) => Plain(text).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\n", "<br>");
}

using System.Text;
using Cai.Evaluation;

namespace Cai.Figures;

/// <summary>
/// What was found about some claims, a sentence each: in place of prose about results, which would stay as it is when the results change.
/// </summary>
[TypeFormatterSource(typeof(HtmlFormatters), PreferredMimeTypes = [Mime.Html, Mime.Plain])]
public sealed class Findings(IReadOnlyList<Claim> claims) : IRichOutput
{
    /// <summary>The sentences, in order.</summary>
    public IReadOnlyList<string> Sentences => [.. claims.Select(ClaimWords.Sentence)];

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => new Dictionary<string, object>
    {
        [Mime.Html] = ToHtml(),
        [Mime.Plain] = string.Concat(claims.Select(c => SafeText.Paragraph($"- {ClaimWords.Sentence(c)} Paper: {c.Paper}.") + "\n")),
    };

    /// <summary>A list; each item's class is its verdict.</summary>
    /// <param name="more">The anchor on the same page that says more about a claim; null for none.</param>
    public string ToHtml(Func<Claim, string>? more = null)
    {
        var html = new StringBuilder("<ul class=\"findings\">\n");
        foreach (var claim in claims)
            html.Append("<li class=\"").Append(Class(claim.Verdict)).Append("\">").Append(Safe(ClaimWords.Sentence(claim)))
                .Append(" <small>Paper: ").Append(Safe(claim.Paper)).Append('.')
                .Append(more is null ? "" : $" <a href=\"#{SafeText.Html(more(claim))}\">more</a>").Append("</small></li>\n");
        return html.Append("</ul>\n").ToString();
    }

    /// <summary>The style class of a verdict.</summary>
    public static string Class(ClaimVerdict verdict) => ClaimWords.Of(verdict).Replace(' ', '-');

    private static string Safe(string text) => SafeText.Html(SafeText.Paragraph(text));
}

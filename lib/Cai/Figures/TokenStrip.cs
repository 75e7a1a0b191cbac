using System.Globalization;
using System.Text;

namespace Cai.Figures;

/// <summary>A token and a number about it: an advantage, a KL, a log-probability.</summary>
/// <param name="Value">Null leaves the token uncoloured (a masked prompt token).</param>
public sealed record TokenValue(string Text, double? Value);

/// <summary>
/// A text whose tokens are coloured by a value: orange below zero, blue above, deeper with distance. The scale ends at the
/// largest magnitude shown. Of a very long text the first 2,000 tokens are shown.
/// </summary>
[TypeFormatterSource(typeof(HtmlFormatters), PreferredMimeTypes = [Mime.Html, Mime.Plain])]
public sealed class TokenStrip(IReadOnlyList<TokenValue> tokens, string label, string format = "0.00") : IRichOutput
{
    private const int Most = 2000, LongestToken = 200;

    private IEnumerable<TokenValue> Shown => tokens.Take(Most);

    private string Rest => tokens.Count > Most ? $" … {NumberText.Count(tokens.Count - Most)} more tokens" : "";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => new Dictionary<string, object> { [Mime.Html] = ToHtml(), [Mime.Plain] = ToText() };

    /// <summary>`token(0.12)`, tokens apart by a blank; blanks inside tokens as ·, line breaks as ⏎.</summary>
    public string ToText() =>
        SafeText.Paragraph(label) + "\n" + string.Join(' ', Shown.Select(t => Visible(t.Text) + (t.Value is { } v ? $"({Number(v)})" : ""))) + Rest;

    /// <summary>Coloured spans with the value as a tooltip; all text encoded.</summary>
    public string ToHtml()
    {
        var largest = Shown.Select(t => Math.Abs(t.Value ?? 0)).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var html = new StringBuilder("<div style=\"font-size:13px;max-width:780px\"><div style=\"opacity:.85;margin-bottom:4px\">")
            .Append(SafeText.Html(SafeText.Paragraph(label)));
        // Only the ends that occur: log-probabilities have no positive side.
        if (Shown.Any(t => t.Value < 0))
            html.Append($" <span style=\"background:{Shade(-1)};padding:1px 6px\">{Number(-largest)}</span>");
        html.Append(" <span style=\"padding:1px 6px\">0</span>");
        if (Shown.Any(t => t.Value > 0))
            html.Append($" <span style=\"background:{Shade(1)};padding:1px 6px\">{Number(largest)}</span>");
        html.Append("</div>")
            .Append("<div style=\"font-family:monospace;line-height:1.9;overflow-wrap:anywhere\" dir=\"ltr\">");
        // Each token is isolated: in a right-to-left script the browser would otherwise reorder its neighbours.
        foreach (var token in Shown)
        {
            var shade = token.Value is { } value && largest > 0 && double.IsFinite(value) ? $"background:{Shade(value / largest)};" : "";
            html.Append($"<span style=\"{shade}padding:1px 2px;margin:0 1px;white-space:pre-wrap;unicode-bidi:isolate\" "
                + $"title=\"{(token.Value is { } v ? Number(v) : "–")}\">")
                .Append(SafeText.Html(Visible(token.Text))).Append("</span>");
            if (token.Text.Contains('\n'))
                html.Append("<br>");
        }
        return html.Append(Rest).Append("</div></div>").ToString();
    }

    private string Number(double value) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Visible(string text) => SafeText.Plain(SafeText.Cut(text, LongestToken).Replace(' ', '·').Replace("\n", "⏎").Replace("\t", "⇥"));

    private static string Shade(double share) =>
        string.Create(CultureInfo.InvariantCulture, $"rgba({(share < 0 ? "213,94,0" : "0,114,178")},{Math.Min(1, Math.Abs(share)) * 0.6:0.##})");
}

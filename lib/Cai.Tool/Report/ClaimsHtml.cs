using System.Globalization;
using System.Text;
using Cai.Evaluation;

namespace Cai.Tool.Report;

/// <summary>The claims as the table at the head of the page.</summary>
internal static class ClaimsHtml
{
    /// <summary>The table, or a sentence where nothing was checked.</summary>
    public static string Render(IReadOnlyList<Claim> claims)
    {
        if (claims.Count == 0)
            return "<p>No claims were checked in this run.</p>\n";
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<p>{claims.Count(claim => claim.Holds)} of {claims.Count} claims hold here. Intervals are 95 %.</p>\n");
        html.Append("<div class=\"wide\"><table class=\"claims\">\n<thead><tr><th>Claim</th><th>Paper</th><th>Here</th><th>95 % interval</th><th>n</th><th>Seeds</th><th>Holds</th></tr></thead>\n<tbody>\n");
        foreach (var claim in claims)
        {
            html.Append("<tr><td>").Append(Text(claim.Text)).Append(" <span class=\"source\">").Append(Text(claim.Source)).Append("</span>");
            foreach (var remark in new[] { claim.Baseline is null ? null : $"baseline: {claim.Baseline}", claim.Note }.OfType<string>())
                html.Append("<br><small>").Append(Text(remark)).Append("</small>");
            html.Append("</td><td>").Append(Text(claim.Paper)).Append("</td>");
            foreach (var number in new[] { claim.Value is { } value ? Number(value) : "not measured", Interval(claim), Number(claim.N), Number(claim.Seeds.Count) })
                html.Append("<td class=\"number\">").Append(number).Append("</td>");
            html.Append(claim.Holds ? "<td class=\"yes\">✓ yes</td>" : "<td class=\"no\">✗ no</td>").Append("</tr>\n");
        }
        return html.Append("</tbody></table></div>\n").ToString();
    }

    private static string Interval(Claim claim) => claim is { Low: { } low, High: { } high } ? $"{Number(low)} … {Number(high)}" : "–";

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture).Replace('-', '−');

    private static string Text(string text) => NotebookHtml.Encode(text);
}

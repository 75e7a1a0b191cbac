using System.Globalization;
using System.Text;
using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Tool.Report;

/// <summary>The claims as the table at the head of the page, in the order of the notebooks; each number leads to the cell that made it.</summary>
internal static class ClaimsHtml
{
    /// <summary>The table, or a sentence where nothing was checked.</summary>
    /// <param name="notebooks">The page's sections. A claim belongs to the first that shows it; claims that none shows come last.</param>
    public static string Render(IReadOnlyList<Claim> claims, IReadOnlyList<NotebookHtml> notebooks)
    {
        if (claims.Count == 0)
            return "<p>No claims were checked in this run.</p>\n";
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture,
            $"<p>{Count(claims)} claims hold here: their 95 % interval excludes the opposite. A number leads to the cell that made it.</p>\n")
            .Append("<div class=\"wide\"><table class=\"claims\">\n"
                + "<thead><tr><th>Holds</th><th>Claim</th><th>Paper</th><th>Here</th><th>n</th><th>Seeds</th></tr></thead>\n");
        var left = claims.ToDictionary(claim => claim.Id);
        foreach (var notebook in notebooks)
        {
            var own = notebook.Claims.Where(left.ContainsKey).Select(id => left[id]).ToList();
            foreach (var claim in own)
                left.Remove(claim.Id);
            Group($"<a href=\"#{NotebookHtml.Encode(notebook.Headings[0].Anchor)}\">{NotebookHtml.Encode(notebook.Headings[0].Title)}</a>",
                own, linked: true, html);
        }
        Group("In no notebook of this page", [.. claims.Where(claim => left.ContainsKey(claim.Id))], linked: false, html);
        return html.Append("</table></div>\n").ToString();
    }

    private static void Group(string title, IReadOnlyList<Claim> claims, bool linked, StringBuilder html)
    {
        if (claims.Count == 0)
            return;
        html.Append("<tbody>\n<tr class=\"group\"><th colspan=\"6\">").Append(title).Append(" <span class=\"source\">").Append(Count(claims))
            .Append("</span></th></tr>\n");
        foreach (var claim in claims)
        {
            html.Append(claim.Holds ? "<tr><td class=\"yes\">✓ yes</td>" : "<tr><td class=\"no\">✗ no</td>")
                .Append("<td class=\"claim\">").Append(Text(claim.Text)).Append(" <span class=\"source\">").Append(Text(claim.Source)).Append("</span>");
            foreach (var remark in new[] { claim.Baseline is null ? null : $"baseline: {claim.Baseline}", claim.Note }.OfType<string>())
                html.Append("<br><small>").Append(Text(remark)).Append("</small>");
            html.Append("</td><td class=\"paper\" data-label=\"Paper\">").Append(Text(claim.Paper))
                .Append("</td><td class=\"number\" data-label=\"Here\">").Append(Linked(Here(claim), linked ? claim : null))
                .Append("</td><td class=\"number\" data-label=\"n\">").Append(CultureInfo.InvariantCulture, $"{claim.N}")
                .Append("</td><td class=\"number\" data-label=\"Seeds\">").Append(CultureInfo.InvariantCulture, $"{claim.Seeds.Count}").Append("</td></tr>\n");
        }
        html.Append("</tbody>\n");
    }

    private static string Linked(string text, Claim? claim) =>
        claim is null ? text : $"<a href=\"#{NotebookHtml.Encode(Uri.EscapeDataString(NotebookHtml.ClaimAnchor(claim.Id)))}\">{text}</a>";

    private static string Here(Claim claim) => claim switch
    {
        { Value: null } => "not measured",
        { Value: { } value, Low: { } low, High: { } high } => $"{Number(value)} <span class=\"interval\">[{Number(low)}, {Number(high)}]</span>",
        { Value: { } value } => $"{Number(value)} <span class=\"interval\">(no interval)</span>",
    };

    private static string Count(IReadOnlyList<Claim> claims) =>
        string.Create(CultureInfo.InvariantCulture, $"{claims.Count(claim => claim.Holds)} of {claims.Count}");

    private static string Number(double value) => NumberText.Short(value).Replace('-', '−');

    private static string Text(string text) => NotebookHtml.Encode(text);
}

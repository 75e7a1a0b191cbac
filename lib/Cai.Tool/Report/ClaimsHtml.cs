using System.Globalization;
using System.Text;
using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Tool.Report;

/// <summary>
/// The claims by the paper's figures and sections, folded, with an index and a filter; each number leads to the cell that made it. All but the filter works
/// without scripts.
/// </summary>
internal static class ClaimsHtml
{
    private static readonly ClaimVerdict[] Verdicts = [ClaimVerdict.Agrees, ClaimVerdict.Inconclusive, ClaimVerdict.Contradicts, ClaimVerdict.NotMeasured];

    /// <summary>The claims, or a sentence where nothing was checked.</summary>
    /// <param name="linked">Ids of the claims that a cell on the page shows.</param>
    /// <param name="headings">Of the page's notebooks: those that name a figure or section stand with its claims.</param>
    public static string Render(IReadOnlyList<Claim> claims, IReadOnlySet<string> linked, IReadOnlyList<Heading> headings)
    {
        if (claims.Count == 0)
            return "<p>No claims were checked in this run.</p>\n";
        var parts = PaperParts.Of(claims);
        var html = new StringBuilder();
        html.Append("<p>").Append(Summary(claims)).Append(" A claim <em>agrees</em> when its whole 95 % interval lies on the claimed side, "
            + "<em>contradicts</em> when it lies on the other, and is <em>inconclusive</em> when the interval contains the bound.</p>\n");
        html.Append("<p class=\"index\">By figure and section of the paper: ").AppendJoin(" ", parts.Select(part =>
            $"<a href=\"#{part.Anchor}\" title=\"{NotebookHtml.Encode(part.Title)}\">{NotebookHtml.Encode(part.Key)}</a>")).Append("</p>\n");
        Filter(html);
        foreach (var part in parts)
            Group(part, linked, headings, html);
        return html.Append("<p class=\"none\" hidden>No claim is like that.</p>\n").ToString();
    }

    /// <summary>`Of 79 claims about the paper 52 agree, 19 are inconclusive, 8 contradict; of 43 beyond it 30 agree …`.</summary>
    public static string Summary(IReadOnlyList<Claim> claims)
    {
        (string About, IReadOnlyList<Claim> Claims)[] groups =
            [("about the paper", [.. claims.Where(c => c.About != "beyond")]), ("beyond it", [.. claims.Where(c => c.About == "beyond")])];
        return string.Join("; ", groups.Where(g => g.Claims.Count > 0).Select((g, i) =>
            $"{(i == 0 ? "Of" : "of")} {g.Claims.Count} claims {g.About} {Counts(g.Claims, Plural)}")) + ".";
    }

    /// <summary>Where a claim stands among all.</summary>
    public static string RowAnchor(Claim claim) => "row-" + Uri.EscapeDataString(claim.Id);

    private static string Counts(IReadOnlyList<Claim> claims, Func<ClaimVerdict, int, string> words) => string.Join(", ",
        from verdict in Verdicts
        let count = claims.Count(claim => claim.Verdict == verdict)
        where count > 0
        select $"<span class=\"{Findings.Class(verdict)}\">{count} {words(verdict, count)}</span>");

    private static string Short(ClaimVerdict verdict, int count) =>
        verdict is ClaimVerdict.Agrees or ClaimVerdict.Contradicts ? Plural(verdict, count) : ClaimWords.Of(verdict);

    private static string Plural(ClaimVerdict verdict, int count) => verdict switch
    {
        ClaimVerdict.Agrees => count == 1 ? "agrees" : "agree",
        ClaimVerdict.Contradicts => count == 1 ? "contradicts" : "contradict",
        var other => $"{(count == 1 ? "is" : "are")} {ClaimWords.Of(other)}",
    };

    private static void Filter(StringBuilder html)
    {
        html.Append("<form class=\"filter\" role=\"search\" hidden>\n")
            .Append("<label>Search <input type=\"search\" name=\"words\" placeholder=\"Figure 8, Elo, CoT …\"></label>\n");
        foreach (var verdict in Verdicts)
            html.Append("<label><input type=\"checkbox\" name=\"verdict\" value=\"").Append(Findings.Class(verdict)).Append("\" checked> ")
                .Append(ClaimWords.Of(verdict)).Append("</label>\n");
        html.Append("<label>about <select name=\"about\"><option value=\"\">all</option><option value=\"paper\">the paper</option>"
            + "<option value=\"beyond\">beyond it</option></select></label>\n"
            + "<button type=\"button\" name=\"unfold\">Unfold all</button>\n<output aria-live=\"polite\"></output>\n</form>\n");
    }

    private static void Group(PaperPart part, IReadOnlySet<string> linked, IReadOnlyList<Heading> headings, StringBuilder html)
    {
        var places = headings.Where(heading => part.IsNamedIn(heading.Title))
            .Select(heading => $"<a href=\"#{Text(heading.Anchor)}\">{Text(heading.Title)}</a>").ToList();
        html.Append("<details class=\"part\" id=\"").Append(part.Anchor).Append("\"><summary><strong>").Append(Text(part.Key)).Append("</strong> ")
            .Append(Text(part.Title)).Append(" <span class=\"source\">").Append(Counts(part.Claims, Short))
            .Append("</span></summary>\n").Append(places.Count > 0 ? $"<p class=\"places\">Shown in {string.Join(", ", places)}</p>\n" : "")
            .Append("<table class=\"claims\">\n<thead><tr>")
            .AppendJoin("", new[] { "Verdict", "Claim", "Paper", "Here", "n", "Seeds" }.Select(name => $"<th scope=\"col\">{name}</th>"))
            .Append("</tr></thead>\n<tbody>\n");
        foreach (var claim in part.Claims.OrderBy(claim => claim.About == "beyond"))
            Row(claim, linked.Contains(claim.Id), html);
        html.Append("</tbody></table></details>\n");
    }

    private static void Row(Claim claim, bool linked, StringBuilder html)
    {
        var verdict = Findings.Class(claim.Verdict);
        html.Append("<tr id=\"").Append(Text(RowAnchor(claim))).Append("\" data-verdict=\"").Append(verdict)
            .Append("\" data-about=\"").Append(Text(claim.About ?? "paper")).Append("\"><td class=\"verdict ").Append(verdict).Append("\">")
            .Append(ClaimWords.Of(claim.Verdict)).Append("</td><td class=\"claim\">").Append(Text(claim.Text))
            .Append(" <span class=\"source\">").Append(Text(claim.Source)).Append(" · ")
            .Append(Text(claim.Id)).Append(claim.About == "beyond" ? " · beyond the paper" : "").Append("</span>");
        foreach (var (kind, remark) in new[] { ("why", ClaimWords.Reason(claim)), ("baseline", claim.Baseline), ("note", claim.Note) })
            if (remark is not null)
                html.Append("<br><small><span class=\"source\">").Append(kind).Append(":</span> ").Append(Text(remark)).Append("</small>");
        html.Append("</td><td class=\"paper\" data-label=\"Paper\">").Append(Text(claim.Paper))
            .Append("</td><td class=\"number\" data-label=\"Here\">").Append(Linked(Here(claim), linked ? claim : null))
            .Append("</td><td class=\"number\" data-label=\"n\">").Append(CultureInfo.InvariantCulture, $"{claim.N}")
            .Append("</td><td class=\"number\" data-label=\"Seeds\">").Append(CultureInfo.InvariantCulture, $"{claim.Seeds.Count}").Append("</td></tr>\n");
    }

    private static string Linked(string text, Claim? claim) =>
        claim is null ? text : $"<a href=\"#{NotebookHtml.Encode(Uri.EscapeDataString(NotebookHtml.ClaimAnchor(claim.Id)))}\">{text}</a>";

    /// <summary>The value and its interval as they are worded everywhere, the interval apart for the eye.</summary>
    private static string Here(Claim claim)
    {
        var words = ClaimWords.Value(claim).Replace('-', '−');
        var interval = words.IndexOf(" [", StringComparison.Ordinal);
        return interval > 0 ? $"{words[..interval]} <span class=\"interval\">{words[(interval + 1)..]}</span>"
            : claim.Value is null ? words : words + " <span class=\"interval\">(no interval)</span>";
    }

    private static string Text(string? text) => NotebookHtml.Encode(text ?? ""); // an older file may lack it
}

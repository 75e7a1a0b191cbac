using System.Text;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Reproduction;

namespace Cai.Tool.Report;

/// <summary>The first screen of the page: the method as a picture whose boxes lead to the notebooks, what was found in ten sentences, and Figure 2.</summary>
internal static class Overview
{
    /// <param name="claims">Of the run.</param>
    /// <param name="headlines">Ids of those that sum the work up.</param>
    /// <param name="notebooks">The page's sections; a box without its notebook leads nowhere and loses its link.</param>
    public static string Render(IReadOnlyList<Claim> claims, IReadOnlyList<string> headlines, IReadOnlyList<NotebookHtml> notebooks)
    {
        var html = new StringBuilder();
        html.Append("<figure class=\"method\">").Append(Picture(notebooks)).Append("</figure>\n");
        if (notebooks.SelectMany(n => n.Figures).FirstOrDefault(f => f.Title == ModelComparison.Fig2Title) is { Html: { } figure })
            html.Append("<h2>The main result (Figure 2)</h2>\n<div class=\"output\">").Append(figure).Append("</div>\n");
        var known = claims.ToDictionary(claim => claim.Id);
        var findings = new Findings([.. headlines.Where(known.ContainsKey).Select(id => known[id])]);
        if (findings.Sentences.Count > 0)
            html.Append("<h2 id=\"findings\">What was found</h2>\n").Append(findings.ToHtml(more: ClaimsHtml.RowAnchor));
        return html.ToString();
    }

    private static string Picture(IReadOnlyList<NotebookHtml> notebooks)
    {
        var anchors = notebooks.Select(n => n.Headings[0].Anchor).ToHashSet();
        var svg = ReportPage.Resource("method.svg");
        foreach (var target in svg.Split("href=\"#").Skip(1).Select(rest => rest[..rest.IndexOf('"')]).Distinct().Where(target => !anchors.Contains(target)))
            svg = svg.Replace($" href=\"#{target}\"", "", StringComparison.Ordinal);
        return svg;
    }
}

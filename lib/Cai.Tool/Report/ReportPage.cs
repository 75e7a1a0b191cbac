using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Reproduction;
using Cai.Storage;

namespace Cai.Tool.Report;

/// <summary>
/// `index.html`: everything a run found on one page that needs nothing else, neither a server nor the network. Figures
/// are interactive where scripts run and pictures elsewhere.
/// </summary>
public static class ReportPage
{
    internal const string GlossaryAnchor = "glossary";

    /// <summary>Writes the page from `notebooks/`, `claims.json`, `environment.json` and `profile.json` in a folder, as far as they are there.</summary>
    /// <returns>The path of the page.</returns>
    /// <exception cref="CaiException">One of the files is damaged, or the page cannot be written.</exception>
    public static string Write(string folder)
    {
        var notebooks = Path.Combine(folder, "notebooks");
        var files = Directory.Exists(notebooks) ? Directory.GetFiles(notebooks, "*.ipynb").OrderBy(Path.GetFileName, StringComparer.Ordinal).ToList() : [];
        var page = Path.Combine(folder, "index.html");
        AtomicFile.Write(page, Render(files, Path.Combine(folder, "claims.json"), RunEnvironment.Load(folder), ProfileReport.Load(folder)));
        return page;
    }

    /// <summary>The page's text.</summary>
    /// <param name="notebooks">Executed notebooks, in order.</param>
    /// <param name="claims">Path of claims.json, which need not exist.</param>
    public static string Render(IReadOnlyList<string> notebooks, string claims, RunEnvironment? environment, ProfileReport? profile = null)
    {
        var anchors = notebooks.ToDictionary(path => Path.GetFileName(path), path => "nb-" + Path.GetFileNameWithoutExtension(path));
        var shown = new HashSet<string>(StringComparer.Ordinal);
        var sections = notebooks.Select(path => new NotebookHtml(path, anchors[Path.GetFileName(path)], anchors, shown)).ToList();
        var plotly = sections.Any(section => section.HasPlotly) ? PlotlyRenderer.Script() : null;
        string[] own = plotly is null ? ["claims.js"] : ["claims.js", "figures.js"];
        var scripts = Array.ConvertAll(own, name => Script(Resource(name)));
        var html = new StringBuilder();
        html.Append(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"")
            .Append(Policy(plotly is null ? scripts : [.. scripts, plotly])).Append("\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<title>Constitutional AI, reproduced</title>\n<style>\n").Append(Resource("report.css")).Append("</style>\n</head>\n<body>\n")
            .Append("<a class=\"skip\" href=\"#main\">Skip to the results</a>\n");
        Contents(sections, profile is not null, html);
        var book = ClaimBook.Load();
        var found = Explained(Claims.Load(claims).All, book);
        html.Append("<main id=\"main\" tabindex=\"-1\">\n<header>\n<h1 id=\"top\">Constitutional AI, reproduced</h1>\n")
            .Append("<p>The method of <a href=\"https://arxiv.org/abs/2212.08073\">Bai et al. 2022</a>, every stage computed on this machine with small "
                + "models of a closed world in which right and wrong are known exactly. Each box leads to its notebook.</p>\n");
        if (environment?.Scale == "smoke")
            html.Append("<p class=\"warning\">Scale smoke only shows that everything runs: its samples are too small for the claims to say anything.</p>\n");
        html.Append(Overview.Render(found, book.Headlines, sections)).Append("<h2 id=\"claims\">Every claim</h2>\n")
            .Append(ClaimsHtml.Render(found, shown, [.. sections.SelectMany(section => section.Headings)]));
        if (environment is not null)
            Environment(environment, html);
        html.Append("</header>\n");
        foreach (var section in sections)
            html.Append(section);
        if (profile is not null)
            Profile(profile, html);
        html.Append("<section>\n").Append(new MarkdownHtml(GlossaryAnchor, anchors).Render(Resource("glossary.md"))).Append("</section>\n");
        html.Append("</main>\n");
        if (plotly is not null)
            html.Append("<script id=\"plotly\" type=\"text/plain\">").Append(Packed(plotly)).Append("</script>\n");
        foreach (var script in scripts)
            html.Append("<script>").Append(script).Append("</script>\n");
        return html.Append("</body>\n</html>\n").ToString();
    }

    /// <summary>Reasons as the file of claims has them now: most are found out after a run.</summary>
    private static IReadOnlyList<Claim> Explained(IReadOnlyList<Claim> claims, ClaimBook book)
    {
        var known = book.All.ToDictionary(claim => claim.Id);
        return [.. claims.Select(found => known.TryGetValue(found.Id, out var claim) ? claim.Judge(found) : found)];
    }

    /// <summary>
    /// What the page may do: run its own scripts, known by their hashes, and show pictures that are in it. What a notebook's outputs bring along runs and
    /// loads nothing. Styles stand in the elements of tables and figures.
    /// </summary>
    private static string Policy(IEnumerable<string> scripts) =>
        $"default-src 'none'; script-src {string.Join(' ', scripts.Select(Hash))}; "
        + "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'";

    private static string Hash(string script) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";

    private static void Contents(IEnumerable<NotebookHtml> sections, bool profiled, StringBuilder html)
    {
        html.Append("<nav aria-label=\"Contents\">\n<ol>\n<li><a href=\"#top\">Overview</a></li>\n<li><a href=\"#claims\">Every claim</a></li>\n");
        foreach (var section in sections)
        {
            html.Append("<li>").Append(Link(section.Headings[0]));
            var parts = section.Headings.Skip(1).Where(heading => heading.Level == 2).ToList();
            if (parts.Count > 0)
                html.Append("\n<details><summary>sections</summary><ol>").AppendJoin("", parts.Select(part => $"<li>{Link(part)}</li>"))
                    .Append("</ol></details>");
            html.Append("</li>\n");
        }
        if (profiled)
            html.Append("<li><a href=\"#profile\">Where the time went</a></li>\n");
        html.Append("<li><a href=\"#").Append(GlossaryAnchor).Append("\">Glossary</a></li>\n");
        html.Append("</ol>\n</nav>\n");
    }

    private static void Profile(ProfileReport profile, StringBuilder html)
    {
        var figure = profile.Figure();
        html.Append("<section id=\"profile\">\n<h1>Where the time went</h1>\n<div class=\"output\">\n<img alt=\"").Append(NotebookHtml.Encode(figure.ToText()))
            .Append("\" src=\"data:image/png;base64,").Append(Convert.ToBase64String(StaticRenderer.ToPng(figure))).Append("\">\n")
            .Append(profile.Table().ToHtml()).Append("\n</div>\n</section>\n");
    }

    private static string Link(Heading heading) => $"<a href=\"#{NotebookHtml.Encode(heading.Anchor)}\">{NotebookHtml.Encode(heading.Title)}</a>";

    private static void Environment(RunEnvironment run, StringBuilder html)
    {
        html.Append("<dl class=\"environment\">");
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
        [
            ("scale", run.Scale), ("seed", FormattableString.Invariant($"{run.Seed}{(run.Seeds is > 1 ? $" and {run.Seeds - 1} more for the claims" : "")}")),
            ("CPU", FormattableString.Invariant($"{run.Cpu}, {run.Cores} logical processors")), ("threads", FormattableString.Invariant($"{run.Threads}")),
            ("system", run.System), ("runtime", run.Dotnet), ("libtorch", run.Torch),
        ])
            html.Append("<div><dt>").Append(name).Append("</dt><dd>").Append(NotebookHtml.Encode(value)).Append("</dd></div>");
        html.Append("</dl>\n");
    }

    /// <summary>
    /// A text that `figures.js` unpacks when a figure first comes into view: less than half the bytes, and nothing to read before the page shows.
    /// </summary>
    private static string Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return Convert.ToBase64String(packed.GetBuffer(), 0, (int)packed.Length);
    }

    /// <summary>Code as it stands in the page; browsers hash it with plain line feeds.</summary>
    private static string Script(string code) =>
        code.Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    internal static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(ReportPage).Assembly.GetManifestResourceStream($"Cai.Tool.Report.{name}")!);
        return reader.ReadToEnd();
    }
}

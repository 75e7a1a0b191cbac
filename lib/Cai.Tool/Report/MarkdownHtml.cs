using System.Text;
using System.Text.RegularExpressions;
using Cai.Figures;
using Markdig;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Cai.Tool.Report;

/// <summary>A heading that the table of contents lists.</summary>
/// <param name="Level">1 for a notebook's title, 2 for its sections.</param>
/// <param name="Anchor">The element's id on the page.</param>
internal sealed record Heading(int Level, string Title, string Anchor);

/// <summary>
/// Renders the markdown cells of one notebook and remembers its headings. A notebook may come from anyone: of HTML only a few elements without attributes
/// are kept, and of links those that lead to pages and mail.
/// </summary>
/// <param name="anchor">Id of the notebook on the page; its headings' ids begin with it.</param>
/// <param name="notebooks">File name of each notebook on the page to its anchor: links between notebooks become links on the page.</param>
internal sealed partial class MarkdownHtml(string anchor, IReadOnlyDictionary<string, string> notebooks)
{
    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UsePipeTables().UseEmphasisExtras().UseAutoLinks().UseTaskLists().UseFootnotes().Build();

    public List<Heading> Headings { get; } = [];

    public string Render(string markdown)
    {
        try
        {
            return Rendered(markdown);
        }
        catch (ArgumentException)
        {
            return $"<pre>{NotebookHtml.Encode(markdown)}</pre>"; // nested deeper than Markdig follows
        }
    }

    private string Rendered(string markdown)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var heading in document.Descendants<HeadingBlock>())
        {
            var id = Headings.Count == 0 ? anchor : $"{anchor}-{Headings.Count}";
            Headings.Add(new Heading(heading.Level, Text(heading), id));
            heading.GetAttributes().Id = id;
        }
        MakeSafe(document);
        foreach (var link in document.Descendants<LinkInline>())
            if (link is { IsImage: true, Url: "../docs/method.svg" })
                link.Url = "data:image/svg+xml;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(ReportPage.Resource("method.svg")));
            else if (link.Url == "../docs/glossary.md")
                link.Url = "#" + ReportPage.GlossaryAnchor;
            else if (link is { IsImage: false, Url: { } url } && notebooks.TryGetValue(url.Split('#')[0].TrimStart('.', '/'), out var target))
                link.Url = "#" + target;
        using var writer = new StringWriter { NewLine = "\n" };
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.Render(document);
        return SafeText.Plain(writer.ToString());
    }

    private static void MakeSafe(MarkdownDocument document)
    {
        foreach (var link in document.Descendants<LinkInline>())
            if (!IsSafe(link.Url, link.IsImage))
                (link.Url, link.GetDynamicUrl) = ("", null);
        foreach (var link in document.Descendants<AutolinkInline>().ToList())
            if (!link.IsEmail && !IsSafe(link.Url, image: false))
                link.ReplaceBy(new LiteralInline(link.Url));
        foreach (var html in document.Descendants<HtmlInline>().ToList())
            if (!KeptTag().IsMatch(html.Tag))
                html.ReplaceBy(new LiteralInline(html.Tag));
        foreach (var html in document.Descendants<HtmlBlock>().ToList())
            if (html.Lines.ToString() is var text && !KeptTags().IsMatch(text))
            {
                var shown = new ParagraphBlock { Inline = new ContainerInline().AppendChild(new LiteralInline(text)) };
                var parent = html.Parent!;
                var place = parent.IndexOf(html);
                parent.RemoveAt(place);
                parent.Insert(place, shown);
            }
    }

    /// <summary>Addresses within the page, relative ones, and those of a few schemes; browsers skip blanks and control characters in a scheme.</summary>
    private static bool IsSafe(string? url, bool image)
    {
        var address = string.Concat((url ?? "").Where(c => c > ' ' && !char.IsControl(c)));
        return Scheme().Match(address) is not { Success: true } scheme
            || scheme.Value.ToLowerInvariant() is "http:" or "https:" or "mailto:"
            || image && Picture().IsMatch(address);
    }

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();

    [GeneratedRegex("^data:image/(?:png|jpeg|gif|webp)[;,]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Picture();

    private const string Kept = "</?(?:details|summary|br|b|i|em|strong|sub|sup|kbd|code|mark|small)\\s*/?>";

    [GeneratedRegex("^" + Kept + "$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex KeptTag();

    [GeneratedRegex("^(?:[^<>]|" + Kept + ")*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex KeptTags();

    private static string Text(HeadingBlock heading) => string.Concat((heading.Inline ?? []).Descendants().Select(inline => inline switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        _ => "",
    }));
}

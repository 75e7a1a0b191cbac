using System.Text;
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

/// <summary>Renders the markdown cells of one notebook and remembers its headings.</summary>
/// <param name="anchor">Id of the notebook on the page; its headings' ids begin with it.</param>
/// <param name="notebooks">File name of each notebook on the page to its anchor: links between notebooks become links on the page.</param>
internal sealed class MarkdownHtml(string anchor, IReadOnlyDictionary<string, string> notebooks)
{
    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UsePipeTables().UseEmphasisExtras().UseAutoLinks().UseTaskLists().UseFootnotes().Build();

    public List<Heading> Headings { get; } = [];

    public string Render(string markdown)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var heading in document.Descendants<HeadingBlock>())
        {
            var id = Headings.Count == 0 ? anchor : $"{anchor}-{Headings.Count}";
            Headings.Add(new Heading(heading.Level, Text(heading), id));
            heading.GetAttributes().Id = id;
        }
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
        return writer.ToString();
    }

    private static string Text(HeadingBlock heading) => string.Concat((heading.Inline ?? []).Descendants().Select(inline => inline switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        _ => "",
    }));
}

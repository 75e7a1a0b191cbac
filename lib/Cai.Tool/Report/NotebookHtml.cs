using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cai.Figures;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Report;

/// <summary>One executed notebook as a section of the page.</summary>
internal sealed partial class NotebookHtml
{
    private readonly StringBuilder html = new();
    private readonly List<(string Title, string Html)> figures = [];
    private readonly HashSet<string> shown;

    /// <param name="anchor">Id of the notebook on the page; the ids of its headings and cells begin with it.</param>
    /// <param name="notebooks">File name of each notebook on the page to its anchor.</param>
    /// <param name="shown">Claims that notebooks before this one show; those of this one are added.</param>
    public NotebookHtml(string path, string anchor, IReadOnlyDictionary<string, string> notebooks, HashSet<string> shown)
    {
        this.shown = shown;
        var markdown = new MarkdownHtml(anchor, notebooks);
        var body = new StringBuilder();
        foreach (var (index, cell) in NotebookDocument.Load(path).Cells.Index())
        {
            if (cell.IsMarkdown)
                body.Append("<div class=\"markdown\">").Append(markdown.Render(cell.Source)).Append("</div>\n");
            else if (cell.IsCode)
                Code(cell, $"{anchor}-cell-{index + 1}", body);
        }
        Headings = markdown.Headings.Count > 0 ? markdown.Headings : [new Heading(1, Path.GetFileNameWithoutExtension(path), anchor)];
        // Without a heading of its own the notebook still needs the element that links point to.
        html.Append(markdown.Headings.Count > 0 ? "<section>\n" : $"<section id=\"{Encode(anchor)}\">\n").Append(Source(Path.GetFileName(path)))
            .Append(body).Append("</section>\n");
    }

    public IReadOnlyList<Heading> Headings { get; }

    /// <summary>Its interactive figures, each by the title that it bears.</summary>
    public IReadOnlyList<(string Title, string Html)> Figures => figures;

    /// <summary>Whether the section needs plotly.js.</summary>
    public bool HasPlotly { get; private set; }

    public override string ToString() => html.ToString();

    /// <summary>Text as markup, with nothing in it that is invisible or turns the reading direction round.</summary>
    public static string Encode(string text) => WebUtility.HtmlEncode(SafeText.Plain(text));

    /// <summary>Id of the element that shows a claim first.</summary>
    public static string ClaimAnchor(string id) => "claim-" + id;

    /// <summary>Where the notebook itself lies, and how to run it with a change.</summary>
    private static string Source(string name) =>
        $"<p class=\"file\"><a href=\"notebooks/{Uri.EscapeDataString(name)}\">{Encode(name)}</a> as it was run. "
        + $"To change a cell and run it again: <code>jupyter notebook notebooks/{Encode(name)}</code></p>\n";

    private void Code(NotebookCell cell, string id, StringBuilder body)
    {
        body.Append("<div class=\"cell\" id=\"").Append(Encode(id)).Append("\">\n");
        if (!string.IsNullOrWhiteSpace(cell.Source))
            body.Append("<details class=\"code\"><summary>").Append(Encode(Summary(cell.Source))).Append("</summary><pre><code>")
                .Append(Encode(cell.Source)).Append("</code></pre></details>\n");
        foreach (var output in cell.Outputs)
            body.Append("<div class=\"output\">").Append(Output(output)).Append("</div>\n");
        body.Append("</div>\n");
    }

    /// <summary>What a folded cell shows of itself: its first line that says something.</summary>
    private static string Summary(string source) =>
        source.Split('\n').Select(line => line.Trim())
            .FirstOrDefault(line => line.Length > 0 && line[0] != '#' && !line.StartsWith("using ", StringComparison.Ordinal))
        ?? source.Trim().Split('\n')[0];

    private string Output(JsonObject output) => NotebookCell.Word(output["output_type"]) switch
    {
        "stream" => $"<pre class=\"{(NotebookCell.Word(output["name"]) == "stderr" ? "stderr" : "stdout")}\">"
            + $"{Encode(Clean(NotebookCell.Join(output["text"])))}</pre>",
        "error" => $"<pre class=\"error\">{Encode(Clean(string.Join('\n', (output["traceback"] as JsonArray ?? []).Select(NotebookCell.Word))))}</pre>",
        _ when output["data"] is JsonObject data => Data(data),
        _ => "",
    };

    private string Data(JsonObject data)
    {
        var picture = data[Mime.Png] is { } png
            ? $"<img alt=\"{Encode(Alternative(data))}\" src=\"data:image/png;base64,{Encode(NotebookCell.Join(png).ReplaceLineEndings(""))}\">"
            : "";
        if (data[Mime.Plotly] is { } figure)
        {
            HasPlotly = true;
            // The picture stays until the script has drawn the figure, and for readers whose browser runs no scripts.
            // ToJsonString escapes '<', so nothing in the data can end the element.
            figures.Add((Alternative(data), $"<div class=\"figure\"><script type=\"application/json\">{figure.ToJsonString()}</script>{picture}</div>"));
            return figures[^1].Html;
        }
        if (picture.Length > 0)
            return picture;
        if (data[Mime.Html] is { } fragment)
            return $"<div class=\"html\">{ClaimRow().Replace(NotebookCell.Join(fragment), Marked)}</div>";
        return $"<pre>{Encode(Clean(NotebookCell.Join(data[Mime.Plain])))}</pre>";
    }

    /// <summary>The first row on the page that shows a claim gets the id that the claims table links to; an id may stand but once on a page.</summary>
    private string Marked(Match row)
    {
        var id = WebUtility.HtmlDecode(row.Groups[1].Value);
        if (!shown.Add(id))
            return row.Value;
        return $"{row.Value} id=\"{Encode(ClaimAnchor(id))}\"";
    }

    private static string Alternative(JsonObject data) => NotebookCell.Join(data[Mime.Plain]).Split('\n')[0];

    /// <summary>Text as a terminal would end up showing it: no colour codes, and of an overwritten line only its last state.</summary>
    private static string Clean(string text) => Overwritten().Replace(Escape().Replace(text.Replace("\r\n", "\n", StringComparison.Ordinal), ""), "");

    [GeneratedRegex(@"\x1B(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1B]*(?:\x07|\x1B\\)|[@-Z\\-_])")]
    private static partial Regex Escape();

    [GeneratedRegex("<tr data-claim=\"([^\"]*)\"")]
    private static partial Regex ClaimRow();

    [GeneratedRegex(@"[^\n]*\r(?!\n|$)")]
    private static partial Regex Overwritten();
}

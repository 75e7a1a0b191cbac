using System.Text.Json.Nodes;
using Cai.Tool.Notebooks;
using Cai.Tool.Report;
using Xunit;

namespace Cai.Tool.Tests.Report;

public sealed class ReportPageTests : IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    private string Page(params CellOutput[] outputs)
    {
        var path = work.Notebook("01-x.ipynb", "md:# Title\n\n## Part `<one>`\n\nsee [next](02-y.ipynb) and [out](https://example.org)", "// <script>alert(0)</script>");
        var notebook = NotebookDocument.Load(path);
        notebook.Clear();
        foreach (var output in outputs)
            notebook.Cells[1].Add(output);
        notebook.Save(path);
        return ReportPage.Render([path, work.Notebook("02-y.ipynb", "md:# Next")], work.Path("claims.json"), null);
    }

    private static DisplayData Shown(params (string Mime, JsonNode Content)[] bundle) => new(bundle.ToDictionary(entry => entry.Mime, entry => entry.Content));

    [Fact]
    public void TextIsEncodedWhereverItComesFrom()
    {
        var page = Page(
            new StreamText("stdout", "<script>alert(1)</script>\u001b[31mred\u001b[0m"),
            new StreamText("stderr", "<script>alert(2)</script>"),
            Shown(("text/plain", "<script>alert(3)</script>")),
            new CellError("E", "<script>alert(4)</script>", "cell[1]", ["<script>alert(4)</script>"]),
            Shown(("image/png", "AA=="), ("text/plain", "\"><script>alert(5)</script>")));
        Assert.DoesNotContain("<script>alert(", page);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;red", page);
        Assert.DoesNotContain('\u001b', page);
    }

    [Fact]
    public void HtmlOutputsAreTakenAsTheyAreAndPicturesAreInline()
    {
        var page = Page(Shown(("text/html", "<table><tr><td>7</td></tr></table>"), ("text/plain", "seven")), Shown(("image/png", "QUJD"), ("text/plain", "figure 1")));
        Assert.Contains("<td>7</td>", page);
        Assert.DoesNotContain("seven", page);
        Assert.Contains("""<img alt="figure 1" src="data:image/png;base64,QUJD">""", page);
        Assert.DoesNotContain("newPlot=", page);
    }

    [Fact]
    public void FiguresBringTheScriptOnceAndCannotBreakOutOfTheirData()
    {
        var figure = Shown((Cai.Figures.Mime.Plotly, JsonNode.Parse("""{"data": [], "layout": {"title": "</script><script>alert(6)"}}""")!), ("image/png", "QUJD"));
        var page = Page(figure, figure);
        Assert.DoesNotContain("<script>alert(", page);
        Assert.Contains("\\u003C/script", page);
        Assert.Equal(2, page.Split("<div class=\"figure\">").Length - 1);
        Assert.Equal(page.Split("<script").Length, page.Split("</script>").Length);
        Assert.True(page.Length > 3_000_000);
        Assert.DoesNotContain("src=\"http", page);
    }

    [Fact]
    public void ContentsListTitlesAndSectionsAndLinksStayOnThePage()
    {
        var page = Page();
        Assert.Contains("<a href=\"#nb-01-x\">Title</a>", page);
        Assert.Contains("<h1 id=\"nb-01-x\">Title</h1>", page);
        Assert.Contains("<a href=\"#nb-01-x-1\">Part &lt;one&gt;</a>", page);
        Assert.Contains("<a href=\"#nb-02-y\">next</a>", page);
        Assert.Contains("<a href=\"https://example.org\">out</a>", page);
    }

    [Fact]
    public void OverwrittenLinesShowTheirLastState() =>
        Assert.Contains("<pre class=\"stdout\">3/3 done\nnext</pre>", Page(new StreamText("stdout", "1/3\r2/3\r3/3 done\r\nnext")));

    [Fact]
    public void ClaimsComeFirst()
    {
        File.WriteAllText(work.Path("claims.json"), """
            [{"id": "a", "source": "Fig 2", "claim": "x < y", "paper": "+121", "value": 80.25, "low": 60.5, "high": 99, "n": 300, "seeds": [1], "holds": true},
             {"id": "b", "source": "4.4", "claim": "z", "paper": "text", "value": 1, "low": null, "high": null, "n": 3, "seeds": [1], "holds": false}]
            """);
        var page = Page();
        Assert.Contains("1 of 2 claims hold", page);
        Assert.Contains("x &lt; y", page);
        Assert.Contains("<td class=\"number\">80.25</td><td class=\"number\">60.5 … 99</td><td class=\"number\">300</td><td class=\"number\">1</td><td class=\"yes\">✓ yes</td>", page);
        Assert.Contains("<td class=\"number\">–</td>", page);
    }
}

using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Tool.Notebooks;
using Cai.Tool.Report;
using Xunit;

namespace Cai.Tool.Tests.Report;

public sealed class ReportPageTests : IDisposable
{
    private readonly Workspace work = new();
    private readonly Claims claims = new();

    public void Dispose() => work.Dispose();

    private string Page(params CellOutput[] outputs)
    {
        var path = work.Notebook("01-x.ipynb", "md:# Title\n\n## Part `<one>`\n\nsee [next](02-y.ipynb) and [out](https://example.org)",
            "// <script>alert(0)</script>");
        var notebook = NotebookDocument.Load(path);
        notebook.Clear();
        foreach (var output in outputs)
            notebook.Cells[1].Add(output);
        notebook.Save(path);
        return ReportPage.Render([path, work.Notebook("02-y.ipynb", "md:# Next")], work.Path("claims.json"), null);
    }

    private static DisplayData Shown(params (string Mime, JsonNode Content)[] bundle) =>
        new(bundle.ToDictionary(entry => entry.Mime, entry => entry.Content), "shown");

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

    private string Rendered(string markdown) => ReportPage.Render([work.Notebook("m.ipynb", "md:" + markdown)], work.Path("claims.json"), null);

    [Theory]
    [InlineData("<script>alert(1)</script>", "<script>alert")]
    [InlineData("a <img src=x onerror=alert(1)> b", "<img src=x")]
    [InlineData("<div onclick=\"alert(1)\">x</div>", "<div onclick")]
    [InlineData("<details ontoggle=alert(1) open>x</details>", "<details ontoggle")]
    [InlineData("<iframe src=\"https://example.org\"></iframe>", "<iframe")]
    [InlineData("<b>bold</b> <a href=\"javascript:alert(1)\">x</a>", "<a href=\"javascript")]
    [InlineData("[x](javascript:alert(1))", "javascript:")]
    [InlineData("[x](JaVaScript:alert%281%29)", "JaVaScript:")]
    [InlineData("[x](java&#9;script:alert(1))", "script:alert")]
    [InlineData("[x](&#106;avascript:alert(1))", "javascript:")]
    [InlineData("[x][r]\n\n[r]: javascript:alert(1)", "href=\"javascript")]
    [InlineData("![x](javascript:alert(1))", "javascript:")]
    [InlineData("![x](data:image/svg+xml;base64,AAAA)", "svg+xml")]
    [InlineData("[x](data:text/html;base64,AAAA)", "data:text")]
    [InlineData("[x](vbscript:x)", "vbscript")]
    [InlineData("[x](file:///etc/passwd)", "file:")]
    [InlineData("<javascript:alert(1)>", "href=\"javascript")]
    [InlineData("x[^1]\n\n[^1]: <script>alert(1)</script>", "<script>alert")]
    [InlineData("| a |\n|---|\n| <svg onload=alert(1)> |", "<svg onload")]
    [InlineData("# <script>alert(1)</script>", "<script>alert")]
    [InlineData("a\u202eb", "\u202e")]
    [InlineData("a&#8238;b", "\u202e")]
    [InlineData("<!-- x --><script>alert(1)</script>", "<script>alert")]
    public void MarkdownOfStrangersBringsNoScript(string markdown, string without) => Assert.DoesNotContain(without, Rendered(markdown));

    [Theory]
    [InlineData("<details>\n<summary>More</summary>\n\ntext\n\n</details>", "<summary>More</summary>")]
    [InlineData("H<sub>2</sub>O<br>x", "H<sub>2</sub>O<br>x")]
    [InlineData("[x](https://example.org/a:b)", "href=\"https://example.org/a:b\"")]
    [InlineData("[x](a/b.md#c)", "href=\"a/b.md#c\"")]
    [InlineData("<mailto:me@example.org> <https://example.org>", "href=\"https://example.org\"")]
    [InlineData("![x](data:image/png;base64,AAAA)", "src=\"data:image/png;base64,AAAA\"")]
    [InlineData("`<script>` is code", "&lt;script&gt;")]
    [InlineData("a < b and <u>x</u>", "&lt;u&gt;x")]
    public void MarkdownKeepsWhatIsHarmless(string markdown, string with) => Assert.Contains(with, Rendered(markdown));

    [Fact]
    public void MarkdownThatIsNestedTooDeeplyIsShownAsItStands() =>
        Assert.Contains("<pre>" + new string('[', 5000), Rendered(new string('[', 5000) + "x"));

    [Fact]
    public void AClaimThatLacksWhatOlderFilesLackedIsShown()
    {
        File.WriteAllText(work.Path("claims.json"), """[{"id": "a", "source": "Fig 2", "claim": "x < y", "value": 1, "holds": true}]""");
        Assert.Contains("x &lt; y", ReportPage.Render([], work.Path("claims.json"), null));
    }

    [Fact]
    public void ThePageRunsItsOwnScriptsAlone()
    {
        var page = Page(Shown((Cai.Figures.Mime.Plotly, JsonNode.Parse("""{"data": [], "layout": {}}""")!), ("text/plain", "x")),
            Shown(("text/html", "<script>alert(7)</script>")));
        var policy = Regex.Match(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\">").Groups[1].Value;
        Assert.StartsWith("default-src 'none'; script-src 'sha256-", policy);
        Assert.DoesNotContain("unsafe-eval", policy);
        var allowed = Regex.Matches(policy, "'sha256-([^']*)'").Select(m => m.Groups[1].Value).ToHashSet();
        var scripts = Regex.Matches(page, "<script>(.*?)</script>", RegexOptions.Singleline).Select(m =>
            Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(m.Groups[1].Value)))).ToList();
        Assert.Equal(3, scripts.Count);
        Assert.Equal(2, scripts.Count(allowed.Contains)); // the page's own two, not the notebook's
        Assert.Equal(3, allowed.Count); // and Plotly's, unpacked
        var packed = Convert.FromBase64String(Regex.Match(page, "<script id=\"plotly\" type=\"text/plain\">(.*?)</script>").Groups[1].Value);
        using var unpacked = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        Assert.Contains(Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(unpacked)), allowed);
        Assert.True(page.IndexOf("Content-Security-Policy", StringComparison.Ordinal) < page.IndexOf("<style", StringComparison.Ordinal));
    }

    [Fact]
    public void NothingTurnsTheReadingDirectionRound()
    {
        var page = Page(new StreamText("stdout", "a\u202eb\u2066c"), new CellError("E", "x", "cell[1]", ["e\u202ef"]));
        Assert.DoesNotContain('\u202e', page);
        Assert.Contains("a\\u202eb\\u2066c", page);
    }

    [Fact]
    public void HtmlOutputsAreTakenAsTheyAreAndPicturesAreInline()
    {
        var page = Page(Shown(("text/html", "<table><tr><td>7</td></tr></table>"), ("text/plain", "seven")),
            Shown(("image/png", "QUJD"), ("text/plain", "figure 1")));
        Assert.Contains("<td>7</td>", page);
        Assert.DoesNotContain("seven", page);
        Assert.Contains("""<img alt="figure 1" src="data:image/png;base64,QUJD">""", page);
        Assert.DoesNotContain("newPlot=", page);
    }

    [Fact]
    public void FiguresBringTheScriptOnceAndCannotBreakOutOfTheirData()
    {
        var figure = Shown((Cai.Figures.Mime.Plotly, JsonNode.Parse("""{"data": [], "layout": {"title": "</script><script>alert(6)"}}""")!),
            ("image/png", "QUJD"));
        var page = Page(figure, figure);
        Assert.DoesNotContain("<script>alert(", page);
        Assert.Contains("\\u003C/script", page);
        Assert.Equal(2, page.Split("<div class=\"figure\">").Length - 1);
        Assert.Equal(page.Split("<script").Length, page.Split("</script>").Length);
        Assert.Equal(2, page.Split("id=\"plotly\"").Length);
        Assert.InRange(page.Length, 1_000_000, 2_000_000);
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
            [{"id": "a", "source": "Fig 2", "claim": "x < y", "paper": "+121", "value": 80.25, "low": -60.5, "high": 99, "n": 1300, "seeds": [1, 2],
            "holds": true},
             {"id": "b", "source": "4.4", "claim": "z", "paper": "text", "value": 1, "low": null, "high": null, "n": 3, "seeds": [1], "holds": false},
             {"id": "c", "source": "4.4", "claim": "w", "paper": "text", "value": null, "low": null, "high": null, "n": 0, "seeds": [1], "holds": false}]
            """);
        var page = Page();
        Assert.Contains("Of 3 claims about the paper <span class=\"agrees\">1 agree", page);
        Assert.Contains("<td class=\"verdict agrees\">agrees</td><td class=\"claim\">x &lt; y <span class=\"source\">Fig 2 · a</span>", page);
        Assert.Contains("80 <span class=\"interval\">[−61, 99]</span></td><td class=\"number\" data-label=\"n\">1300</td><td class=\"number\" "
            + "data-label=\"Seeds\">2</td>", page);
        Assert.Contains("1 <span class=\"interval\">(no interval)</span>", page);
        Assert.Contains(">not measured</td>", page);
        Assert.True(page.IndexOf("class=\"claims\"", StringComparison.Ordinal) < page.IndexOf("<section", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryNumberLeadsToTheRowOfTheCellThatMadeIt()
    {
        Claim second = Measured("a&1"), first = Measured("b 2"), nowhere = Measured("c");
        foreach (var claim in new[] { second, first, nowhere })
            claims.Add(claim);
        claims.Save(work.Path("claims.json"));
        var page = ReportPage.Render([Shows("01-x.ipynb", first), Shows("02-y.ipynb", first, second)], work.Path("claims.json"), null);

        Assert.Equal(["a&1", "b 2", "c"], Regex.Matches(page, "<td class=\"claim\">claim (.+?) <").Select(m => WebUtility.HtmlDecode(m.Groups[1].Value)));
        Assert.Equal(["claim-a%261", "claim-b%202"], Regex.Matches(page, "data-label=\"Here\"><a href=\"#([^\"]+)\"").Select(m => m.Groups[1].Value));
        var ids = Regex.Matches(page, " id=\"([^\"]+)\"").Select(m => WebUtility.HtmlDecode(m.Groups[1].Value)).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        // Both rows stand in the cell that showed their claim first.
        int At(string id) => page.IndexOf($" id=\"{WebUtility.HtmlEncode(id)}\"", StringComparison.Ordinal);
        Assert.True(At("nb-01-x-cell-1") < At("claim-b 2") && At("claim-b 2") < At("nb-02-y"));
        Assert.True(At("nb-02-y-cell-1") < At("claim-a&1"));
    }

    [Fact]
    public void ClaimsStandByFigureAndSectionWithTheirReasonsAndLinksLeadIntoThem()
    {
        var low = new Interval(1, -2, 4, 10, 5);
        foreach (var claim in new[]
        {
            Claim.FromInterval("x", "4.4", "claim x", "+1", low, Direction.Greater, 0, [1]),
            Claim.FromInterval("y", "Fig 12, App. B", "claim y", "+1", low with { High = -1 }, Direction.Greater, 0, [1]) with
            {
                Reason = "the judge is small",
            },
            Claim.FromInterval("z", "3.3, Fig 2", "claim z", "+1", new Interval(3, 2, 4, 10, 5), Direction.Greater, 0, [1]) with { About = "beyond" },
        })
            claims.Add(claim);
        claims.Save(work.Path("claims.json"));
        var page = ReportPage.Render([], work.Path("claims.json"), null);

        Assert.Equal(["part-fig-2", "part-fig-12", "part-4-4"], Regex.Matches(page, "<details class=\"part\" id=\"([^\"]+)\"").Select(m => m.Groups[1].Value));
        Assert.Equal(["part-fig-2", "part-fig-12", "part-4-4"], Regex.Matches(page, "<a href=\"#(part-[^\"]+)\"").Select(m => m.Groups[1].Value));
        Assert.Contains("<span class=\"inconclusive\">1 is inconclusive</span>, <span class=\"contradicts\">1 contradicts</span>; of 1 claims beyond it", page);
        Assert.Contains("the judge is small</small>", page);
        Assert.Contains("the interval contains 0; with n = 10 an effect of less than about 3 does not show", page);
        Assert.Contains("data-verdict=\"contradicts\" data-about=\"paper\"", page);
    }

    [Fact]
    public void ClaimsLeadToTheSectionsThatShowTheirFigureAndNotebooksToTheirFile()
    {
        foreach (var source in new[] { "Fig 8", "Fig 1", "4.4" })
            claims.Add(Measured(source) with { Source = source });
        claims.Save(work.Path("claims.json"));
        var notebook = work.Notebook("07-results.ipynb", "md:# Results", "md:## Along RL (Figure 8)", "md:## Who can tell (Figs 4, 8 and 12)",
            "md:## Evasive (4.3, 4.4)", "md:## In figure 8");
        var page = ReportPage.Render([notebook], work.Path("claims.json"), null);
        string Part(string id) => page[page.IndexOf($"id=\"{id}\"", StringComparison.Ordinal)..].Split("</details>")[0];
        IEnumerable<string> Places(string id) => Regex.Matches(Part(id), "<a href=\"#(nb-[^\"]+)\"").Select(m => m.Groups[1].Value);

        Assert.Equal(["nb-07-results-1", "nb-07-results-2"], Places("part-fig-8"));
        Assert.Equal(["nb-07-results-3"], Places("part-4-4"));
        Assert.Empty(Places("part-fig-1"));
        Assert.Contains("<a href=\"notebooks/07-results.ipynb\">07-results.ipynb</a>", page);
    }

    [Fact]
    public void TheFirstScreenSaysWhatWasFoundAndItsBoxesLeadToNotebooksThatAreThere()
    {
        claims.Add(Claim.FromInterval("res-03", "Fig 2", "RL-CAI is more harmless than SL-CAI (Elo difference)", "59", new Interval(184, 127, 244, 200, 100),
            Direction.Greater, 0, [1]));
        claims.Save(work.Path("claims.json"));
        var page = ReportPage.Render([work.Notebook("03-sl-cai.ipynb", "md:# SL-CAI")], work.Path("claims.json"), null);

        Assert.Contains("<li class=\"agrees\">RL-CAI is more harmless than SL-CAI: 184 [127, 244] (Elo difference, n = 200).", page);
        Assert.Contains("<a href=\"#row-res-03\">", page);
        Assert.Contains("<tr id=\"row-res-03\"", page);
        Assert.Contains("<a href=\"#nb-03-sl-cai\"><rect", page);
        Assert.DoesNotContain("href=\"#nb-06-rl-cai\"", page);
    }

    [Fact]
    public void TheHeaderSaysWhereTheNumbersComeFrom()
    {
        var run = new RunEnvironment("Some <CPU>", 8, 3, "Linux", ".NET 10", "2.10", "smoke", 7);
        var page = ReportPage.Render([], work.Path("claims.json"), run);
        foreach (var fact in new[] { "Some &lt;CPU&gt;, 8 logical processors", "<dt>threads</dt><dd>3</dd>", "<dt>seed</dt><dd>7</dd>",
            "<dt>scale</dt><dd>smoke</dd>", "too small for the claims" })
            Assert.Contains(fact, page);
        Assert.Contains("<dt>seed</dt><dd>7 and 2 more for the claims</dd>", ReportPage.Render([], work.Path("claims.json"), run with { Seeds = 3 }));
        Assert.DoesNotContain("too small for the claims", ReportPage.Render([], work.Path("claims.json"), run with { Scale = "full" }));
    }

    private static Claim Measured(string id) => Claim.FromInterval(id, "Fig 2", "claim " + id, "+1", new Interval(1, 0.5, 2, 10, 5), Direction.Greater, 0, [1]);

    private string Shows(string name, params Claim[] shown)
    {
        var path = work.Notebook(name, "new ClaimsTable(claims)");
        var notebook = NotebookDocument.Load(path);
        notebook.Cells[0].Add(new CellValue(1, MimeBundles.Of(new ClaimsTable(shown))));
        notebook.Save(path);
        return path;
    }
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Figures;

public class TextOutputTests
{
    [Fact]
    public void ATableInText()
    {
        var table = Table.Of([new Row("a", 1.25, true), new Row("bcd", 10, false)], new("Model", r => r.Model), new("Elo", r => r.Elo, "0.0"),
            new("Holds", r => r.Holds));
        Assert.Equal("""
            Model   Elo  Holds
            -----  ----  -----
            a       1.3  ✓
            bcd    10.0  ✗
            """.ReplaceLineEndings("\n"), table.ToText());
        Assert.Contains("<td style=\"text-align:right;padding:3px 10px;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.35)\">10.0</td>",
            table.ToHtml());
    }

    [Fact]
    public void ColumnsByDefaultAndByChoice()
    {
        var table = Table.Of([new Row("a", 0.12345, null)]);
        Assert.Equal(["Model", "Elo", "Holds"], table.Headers);
        Assert.Equal("Holds    Elo\n-----  -----\n–      0.123", table.Select("Holds", "Elo").ToText());
        Assert.Contains("Model, Elo, Holds", Assert.Throws<CaiException>(() => table.Select("Nope")).Message);
        Assert.Contains("0.5 [0.4, 0.6]", Table.Of([new { Value = new Interval(0.5, 0.4, 0.6, 10, 5), Ids = new[] { "a", "b" } }]).ToText());
        Assert.Contains("a, b", Table.Of([new { Ids = new[] { "a", "b" } }]).ToText());
        Assert.Equal(0, Table.Of(Array.Empty<Row>()).RowCount);
    }

    [Fact]
    public void ADiffByWords() => Assert.Equal(
        [new(DiffKind.Same, "I "), new(DiffKind.Removed, "will "), new(DiffKind.Added, "cannot "), new(DiffKind.Same, "help "), new(DiffKind.Added, "you "),
            new DiffRun(DiffKind.Same, "now.")],
        WordDiff.Compare("I will help now.", "I cannot help you now."));

    [Theory]
    [InlineData("one two three", "one three two")]
    [InlineData("", "all new")]
    [InlineData("all old", "")]
    [InlineData("a  b\nc", "a b c d")]
    [InlineData("the same", "the same")]
    public void ADiffHoldsBothTexts(string before, string after)
    {
        var runs = WordDiff.Compare(before, after);
        Assert.Equal(Words(before), Words(string.Concat(runs.Where(r => r.Kind != DiffKind.Added).Select(r => r.Text))));
        Assert.Equal(after, string.Concat(runs.Where(r => r.Kind != DiffKind.Removed).Select(r => r.Text)));
        Assert.Equal(before == after, runs.All(r => r.Kind == DiffKind.Same));
    }

    [Fact]
    public void AChainShowsPrincipleCritiqueAndChanges()
    {
        var prompt = Dialogue.Ask("How?");
        Revision[] chain =
        [
            new("p/2", "p", prompt, 2, "kind", "No way.", null, "No thanks."),
            new("p/1", "p", prompt, 1, "illegal", "Yes way.", "It helps with a crime.", "No way."),
        ];
        Assert.Equal("""
            Human: How?

            Response: Yes way.

            Principle 1: Is it illegal?

            Critique 1: It helps with a crime.

            Revision 1: [-Yes-] {+No+} way.

            Principle 2: kind

            Revision 2: No [-way.-]{+thanks.+}
            """.ReplaceLineEndings("\n"), TranscriptView.Of(chain, id => id == "illegal" ? "Is it illegal?" : id).ToText());
    }

    [Fact]
    public void ATokenStripShowsValuesAndShades()
    {
        var strip = new TokenStrip([new(" Yes", 0.5), new("\n", -1), new("x", null)], "advantage");
        Assert.Equal("advantage\n·Yes(0.50) ⏎(-1.00) x", strip.ToText());
        Assert.Contains("rgba(0,114,178,0.3)", strip.ToHtml());
        Assert.Contains("rgba(213,94,0,0.6)", strip.ToHtml());
    }

    [Fact]
    public void TheScaleOfATokenStripShowsOnlyTheSideThatOccurs()
    {
        var logProbs = new TokenStrip([new("a", -2), new("b", 0)], "log-probability").ToHtml();
        Assert.Contains(">-2.00</span>", logProbs);
        Assert.DoesNotContain(">2.00</span>", logProbs);
        Assert.DoesNotContain("rgba(0,114,178", new TokenStrip([new("a", -2)], "").ToHtml());
    }

    [Fact]
    public void AClaimsTableShowsOurNumberAndWhetherItAgrees()
    {
        var text = (string)new ClaimsTable([
            Claim.FromInterval("a", "Fig 2", "SL < RL", "+121", new Interval(80.26, 60, 99.14, 300, 50), Direction.Greater, 0, [1, 2]),
            Claim.FromInterval("b", "4.4", "less evasive", "text", new Interval(double.NaN, double.NaN, double.NaN, 0, 0), Direction.Less, 0,
                [1], note: "no data"),
        ]).MimeBundle()[Mime.Plain];
        Assert.Contains("80.3 [60, 99.1]", text);
        Assert.StartsWith("Verdict", text);
        Assert.Contains("agrees", text);
        Assert.Contains("not measured", text);
        Assert.Contains("no data", text);
    }

    private sealed record Row(string Model, double Elo, bool? Holds);

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}

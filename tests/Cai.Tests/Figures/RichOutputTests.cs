using System.Text.Json.Nodes;
using Cai.Figures;
using Cai.Storage;
using Cai.Text;
using Microsoft.Data.Analysis;
using Xunit;

namespace Cai.Tests.Figures;

public class RichOutputTests
{
    [Fact]
    public void OfALongSequenceTheFirstRowsAreShownAndAllAreCounted()
    {
        var text = Shown(Enumerable.Range(1, 1234).Select(i => new Row("r" + i, i / 2.0)));
        Assert.Equal(["Name  Value", "----  -----", "r1      0.5"], text.Take(3));
        Assert.Equal(2 + 20 + 1, text.Length);
        Assert.Equal("First 20 of 1,234 rows, 2 columns.", text[^1]);
        Assert.DoesNotContain("First", string.Concat(Shown(Enumerable.Range(0, 20).Select(i => new { i }))));
        Assert.Equal(40, Table.Of(Enumerable.Range(0, 50).Select(i => new Row("a", i))).Head(40).ToText().Split('\n').Count(line => line.StartsWith('a')));
    }

    [Fact]
    public void ASequenceWithoutEndIsShown()
    {
        static IEnumerable<Row> Endless()
        {
            while (true)
                yield return new Row("again", 1);
        }
        Assert.Equal("Rows beyond 10,000 are not counted. First 20 of 10,000 rows, 2 columns.", Shown(Endless())[^1]);
    }

    [Fact]
    public void ADataFrameIsATable()
    {
        var frame = Enumerable.Range(0, 30).Select(i => new Row("<r" + i + ">", i == 0 ? null : 0.25 * i)).ToDataFrame();
        var text = Shown(frame);
        Assert.Equal(["Name   Value", "-----  -----", "<r0>       –", "<r1>    0.25"], text.Take(4));
        Assert.Equal("First 20 of 30 rows, 2 columns.", text[^1]);
        Assert.Contains("&lt;r1&gt;", (string)RichOutput.Of(frame)!.MimeBundle()[Mime.Html]);
        Assert.Equal("a\n-", string.Join('\n', Shown(new DataFrame(new Int32DataFrameColumn("a", 0)))));
    }

    [Fact]
    public void DictionariesAndValueRecordsAreTables()
    {
        Assert.Equal("Key  Value\n---  -----\nkl     0.5", string.Join('\n', Shown(new Dictionary<string, double> { ["kl"] = 0.5 })));
        Assert.Equal("X\n-\n1", string.Join('\n', Shown(new[] { new Small(1) })));
    }

    [Fact]
    public void ConversationsAreTranscripts()
    {
        var dialogue = Dialogue.Ask("Hi.").Answer("Hello.");
        Assert.Equal("Human: Hi.\n\nAssistant: Hello.", string.Join('\n', Shown(dialogue)));
        Assert.Equal("p/1\n\nHuman: Hi.", string.Join('\n', Shown(new Prompt("p/1", Dialogue.Ask("Hi.")))));
        Assert.Contains("[-Yes.-]{+No.+}", string.Join('\n', Shown(new Revision("p/1", "p", Dialogue.Ask("Hi."), 1, "kind", "Yes.", "Bad.", "No."))));
        Assert.Contains("Human: Hi. Assistant: Hello.", string.Join('\n', Shown(new[] { new { dialogue } })));
    }

    [Fact]
    public void AChartOfPlotlyIsAFigure()
    {
        var bundle = RichOutput.Of(ExampleFigures.Bars.ToChart())!.MimeBundle();
        Assert.Equal([Mime.Plotly, Mime.Plain], bundle.Keys);
        Assert.Equal(PlotlyRenderer.ToJson(ExampleFigures.Bars).ToJsonString(), ((JsonObject)bundle[Mime.Plotly]).ToJsonString());
        Assert.Contains("2 traces", (string)bundle[Mime.Plain]);
    }

    [Fact]
    public void OtherThingsArePlain()
    {
        foreach (var value in new object?[] { null, "text", 3, new[] { 1, 2 }, new object() })
            Assert.Null(RichOutput.Of(value));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1234.5678, "1235")]
    [InlineData(-123.456, "-123.5")]
    [InlineData(12.3456, "12.35")]
    [InlineData(1.23456, "1.235")]
    [InlineData(0.0123, "0.012")]
    [InlineData(0.00123, "0.0012")]
    [InlineData(0.000123, "0.00012")]
    [InlineData(0.000003, "3e-6")]
    [InlineData(-1.25e-12, "-1.25e-12")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-∞")]
    public void NumbersHaveTheDigitsThatSaySomething(double value, string expected) => Assert.Equal(expected, NumberText.Short(value));

    [Fact]
    public void AColumnOfSmallNumbersIsNotAColumnOfZeros()
    {
        Assert.Equal(["3e-6", "0.0012"],
            Table.Of([new Row("a", 3e-6), new Row("b", 0.0012)]).Select("Value").ToText().Split('\n').Skip(2).Select(line => line.Trim()));
        // Beside larger numbers the same value is noise.
        Assert.Equal(["0", "0.5"], Table.Of([new Row("a", 3e-6), new Row("b", 0.5)]).Select("Value").ToText().Split('\n').Skip(2).Select(line => line.Trim()));
    }

    private static string[] Shown(object value) => ((string)RichOutput.Of(value)!.MimeBundle()[Mime.Plain]).Split('\n');

    private sealed record Row(string Name, double? Value);

    private readonly record struct Small(int X);
}

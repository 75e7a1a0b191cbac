using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Reproduction;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Figures;

/// <summary>A model may write anything. Whatever it writes, every renderer shows it as text and in bounds.</summary>
public partial class HostileTextTests
{
    private static readonly Dictionary<string, string> Texts = new()
    {
        ["script"] = "<script>alert('x')</script><img src=x onerror=\"alert(1)\">\"'><b>&lt;script&gt;",
        ["ansi"] = "\u001b[31mred\u001b]0;title\u0007\u009b2J\r\b\0",
        ["direction"] = "a\u202egnp.exe\u202c\u2066b\u2069\u200f\u061c שלום עולם مرحبا",
        ["invisible"] = "a\u200bb\ufeff\u2060\u00ad" + char.ConvertFromUtf32(0xE0041),
        ["broken"] = "half \ud83d pair \udc00 \ud83d",
        ["word"] = new string('x', 100_000),
        ["words"] = string.Concat(Enumerable.Repeat("never ending ", 8_000)),
        ["emoji"] = string.Concat(Enumerable.Repeat("👩‍🔬", 10_000)),
        ["lines"] = string.Concat(Enumerable.Repeat("line\r\n", 3_000)),
        ["empty"] = "",
    };

    public static TheoryData<string, string> Cases => [.. from type in Renderers() from text in Texts.Keys select (type.Name, text)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryRendererShowsAnyTextAsText(string renderer, string text)
    {
        var examples = Examples(Texts[text]).Where(output => output.GetType().Name == renderer).ToList();
        Assert.True(examples.Count > 0, $"{renderer} shows text of models: give it an example here.");
        foreach (var (mime, content) in examples.SelectMany(output => output.MimeBundle()))
        {
            if (mime == Mime.Png)
            {
                Assert.InRange(Convert.FromBase64String((string)content).Length, 1, 60 * 1024);
                continue;
            }
            var shown = content is JsonNode json ? string.Join('\n', Strings(json)) : (string)content;
            Assert.DoesNotContain(shown.EnumerateRunes(), rune => rune == Rune.ReplacementChar);
            Assert.DoesNotContain(shown.EnumerateRunes(), IsHidden);
            Assert.InRange(shown.Length, 0, 1_000_000);
            if (mime == Mime.Html)
                Assert.DoesNotContain(Tag().Replace(shown, ""), c => c is '<' or '>');
            if (mime == Mime.Plotly)
                Assert.DoesNotContain(shown.Replace("<br>", ""), c => c is '<' or '>');
            if (text == "ansi")
                Assert.Contains(@"\u001b[31mred", shown);
        }
    }

    [Fact]
    public void DirectionChangesAreSpeltOutAndScriptsOfAllDirectionsStay()
    {
        Assert.Equal(@"a\u202egnp.exe\u202c\u2066b\u2069\u200f\u061c שלום עולם مرحبا", SafeText.Plain(Texts["direction"]));
        Assert.Equal(@"a\u200bb\ufeff\u2060\u00ad\ue0041", SafeText.Plain(Texts["invisible"]));
        Assert.Equal(@"half \ud83d pair \udc00 \ud83d", SafeText.Plain(Texts["broken"]));
        Assert.Equal("👩‍🔬 می‌خواهم", SafeText.Plain("👩‍🔬 می‌خواهم"));
    }

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 4, "abc…")]
    [InlineData("ab👩def", 4, "ab…")]
    [InlineData("👩👩", 2, "…")]
    public void CutsKeepPairsWhole(string text, int length, string expected) => Assert.Equal(expected, SafeText.Cut(text, length));

    [Fact]
    public void DotNetInteractiveFindsTheFormattersByShape()
    {
        foreach (var output in Examples("<b>"))
        {
            // What that kernel does: find the attribute and the members by name.
            var attribute = output.GetType().GetCustomAttributes(false).Single(a => a.GetType().Name == "TypeFormatterSourceAttribute");
            var preferred = (IEnumerable<string>)attribute.GetType().GetProperty("PreferredMimeTypes")!.GetValue(attribute)!;
            var source = Activator.CreateInstance((Type)attribute.GetType().GetProperty("FormatterSourceType")!.GetValue(attribute)!)!;
            var formatters = ((IEnumerable<object>)source.GetType().GetMethod("CreateTypeFormatters")!.Invoke(source, [])!).ToArray();
            Assert.Equal(preferred, formatters.Select(f => (string)f.GetType().GetProperty("MimeType")!.GetValue(f)!));
            foreach (var formatter in formatters)
            {
                var writer = new StringWriter();
                Assert.Equal(true, formatter.GetType().GetMethod("Format")!.Invoke(formatter, [output, writer]));
                Assert.NotEmpty(writer.ToString());
            }
        }
    }

    /// <summary>Every type of the library that shows itself; a new one fails until it has an example.</summary>
    private static IEnumerable<Type> Renderers() =>
        typeof(IRichOutput).Assembly.GetTypes().Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IRichOutput)));

    private static IEnumerable<IRichOutput> Examples(string text)
    {
        var prompt = Dialogue.Ask(text);
        yield return Table.Of([text], new Column<string>(text, s => s)).Titled(text, text);
        yield return RichOutput.Of(new[] { new { Text = text, Number = 1.0 } })!;
        yield return RichOutput.Of(new Dictionary<string, string> { [text] = text })!;
        yield return RichOutput.Of(prompt.Answer(text))!;
        yield return TranscriptView.Of(prompt.Answer(text), text);
        yield return TranscriptView.Of([new Revision("p/1", "p", prompt, 1, text, text, text, "safe " + text + " and " + text)], id => id, text);
        yield return new TokenStrip([new(text, 1), new(text, null), new(text, double.NaN)], text);
        yield return new ClaimsTable(
            [Claim.FromInterval(text.Length > 0 ? text : "id", text, text, text, new Interval(1, 0, 2, 3, 2), Direction.Greater, 0, [1], text, text)]);
        yield return new Findings(
            [Claim.FromInterval(text.Length > 0 ? text : "id", text, text, text, new Interval(1, 0, 2, 3, 2), Direction.Greater, 0, [1], text, text)]);
        var bars = ExampleFigures.Bars with
        {
            Title = text, Caption = text, X = new Axis(text), Y = new Axis(text), Categories = [text, text],
            Series = [new BarSeries(text, [new Interval(1, 0, 2, 3, 2), null]), new BarSeries("second " + text, [null, null])],
                References = [new ReferenceLine(ReferenceKind.Horizontal, 1, text)],
        };
        var points = ExampleFigures.Pareto with
        {
            Title = text, Caption = text, Series = [new PointSeries(text, [new DataPoint(1, 1)]), new LineSeries(text, [new DataPoint(0, 0)])],
        };
        yield return new StudyData { { text, [new { Text = text }] } };
        yield return RichOutput.Of(points.ToChart())!;
        yield return bars;
        yield return points;
        yield return new FigurePanel(text, [bars, points]) { Caption = text };
    }

    private static bool IsHidden(Rune rune) => rune.Value is not ('\n' or '\t' or 0x200C or 0x200D)
        && Rune.GetUnicodeCategory(rune) is (UnicodeCategory.Control or UnicodeCategory.Format);

    private static IEnumerable<string> Strings(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(p => Strings(p.Value)),
        JsonArray list => list.SelectMany(Strings),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    // What the renderers themselves write; attributes never hold a quote or a bracket.
    [GeneratedRegex("</?(?:table|caption|thead|tbody|tr|th|td|div|span|br|del|ins|ul|li|small)(?: [a-z-]+=\"[^\"<>]*\")*>")]
    private static partial Regex Tag();
}

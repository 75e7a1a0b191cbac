using System.Globalization;
using Cai.Evaluation;
using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Storage;

public sealed class DataFramesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private sealed record Inner(double Value, string? Note);

    private sealed record Row(string Name, int Count, double? Value, bool Good, DayOfWeek Day, Inner Always, Inner? Perhaps, IReadOnlyList<int> Parts)
    {
        public IReadOnlyDictionary<string, double> Numbers { get; init; } = new Dictionary<string, double>();

        public int Twice => 2 * Count;
    }

    private static readonly Row[] Rows =
    [
        new("a", 1, null, true, DayOfWeek.Friday, new(0.1, null), null, [1, 2]) { Numbers = new Dictionary<string, double> { ["objective/kl"] = 0.5 } },
        new("", 2, 0.5, false, DayOfWeek.Monday, new(double.NaN, ""), new(-3, " x"), []),
        new(" \"q\", or\r\nnot\t𝒳", 3, 1e-300, true, DayOfWeek.Sunday, new(3, "n"), new(4, null), [3])
        {
            Numbers = new Dictionary<string, double> { ["loss"] = 7, ["objective/kl"] = double.NegativeInfinity },
        },
    ];

    [Fact]
    public void RecordsWithinRecordsAndDictionariesAreColumnsWithADot()
    {
        var frame = Rows.ToDataFrame();
        Assert.Equal(["Name", "Count", "Value", "Good", "Day", "Always.Value", "Always.Note", "Perhaps.Value", "Perhaps.Note", "Parts",
            "Numbers.objective/kl", "Numbers.loss", "Twice"], frame.Columns.Select(c => c.Name));
        Assert.Equal(["a", 1, null, true, "Friday", 0.1, null, null, null, "[1,2]", 0.5, null, 2], frame.Rows[0].ToArray());
        Assert.Equal(["", 2, 0.5, false, "Monday", double.NaN, "", -3.0, " x", "[]", null, null, 4], frame.Rows[1].ToArray());
        Assert.Equal(typeof(double), frame["Perhaps.Value"].DataType);
        Assert.Empty(Array.Empty<Row>().ToDataFrame().Rows);
    }

    [Fact]
    public void ATableGivesItsRecordsBack() => Assert.Equivalent(Rows, Rows.ToDataFrame().ToRecords<Row>(), strict: true);

    [Fact]
    public void ACsvFileGivesItsRecordsBackWhateverTheText()
    {
        var path = folder.Path("new", "rows.csv");
        Rows.ToDataFrame().SaveCsv(path);
        Assert.Equivalent(Rows, DataFrames.ReadCsv<Row>(path), strict: true);
        // By hand: a null is nothing, an empty text is quoted, numbers are those of code.
        Assert.Equal("Name,Count,Value,Good,Day,Always.Value,Always.Note,Perhaps.Value,Perhaps.Note,Parts,Numbers.objective/kl,Numbers.loss,Twice\n"
            + "a,1,,true,Friday,0.1,,,,\"[1,2]\",0.5,,2\n"
            + "\"\",2,0.5,false,Monday,NaN,\"\",-3,\" x\",[],,,4\n"
            + "\" \"\"q\"\", or\r\nnot\t𝒳\",3,1E-300,true,Sunday,3,n,4,,[3],-Infinity,7,6\n", File.ReadAllText(path));
    }

    [Fact]
    public void TheStagesRecordsComeBackFromTables()
    {
        var dialogue = Dialogue.Ask("Q,\n\"q\"").Answer(" r").Then("again");
        Same(new Prompt("p", dialogue, "harmful") { Tags = new Dictionary<string, string> { ["Act"] = "steal" } }, new Prompt("q", dialogue));
        Same(new Sample("p1/m/0", "p1", dialogue, " r", "m", 0, true) { LogProb = -12.345678901234567, Tokens = 9 });
        Same(new Revision("p1/1", "p1", dialogue, 1, "illegal", "a", null, "b") { Finished = false });
        Same(new Comparison("c", "p1", dialogue, "a", "b", "harmless", LabelKind.ChainOfThought, null) { Missing = "no (A)", PrincipleIds = ["wise"] },
            new Comparison("d", "p1", dialogue, "a", "b", "harmless", LabelKind.Soft, 0.1) { LogProbA = -1e-300, Reasoning = "so" });
        Same(new Judgement("j", "p1", "helpful", "m1", "m2", 0.5, "crowd"));
        Same(new Interval(1, double.NaN, double.NaN, 1, 1));

        void Same<T>(params T[] records)
        {
            Assert.Equivalent(records, records.ToDataFrame().ToRecords<T>(), strict: true);
            records.ToDataFrame().SaveCsv(folder.Path("r.csv"));
            Assert.Equivalent(records, DataFrames.ReadCsv<T>(folder.Path("r.csv")), strict: true);
        }
    }

    [Fact]
    public void AnotherProgramsCsvHasItsTypesGuessed()
    {
        var frame = DataFrames.LoadCsv(folder.File("x.csv", "id,n,x,b,t,none\r\n007,1,1,true,1,\r\n\r\n12,-2,.5,False,x,\r\n"));
        Assert.Equal([typeof(string), typeof(long), typeof(double), typeof(bool), typeof(string), typeof(string)], frame.Columns.Select(c => c.DataType));
        Assert.Equal(["007", 1L, 1.0, true, "1", null], frame.Rows[0].ToArray());
        Assert.Equal(["12", -2L, 0.5, false, "x", null], frame.Rows[1].ToArray());
        // A column more, another order, whole numbers where numbers are meant: still the record.
        Assert.Equal([new Inner(1, "y")], DataFrames.LoadCsv(folder.File("y.csv", "Note,More,Value\ny,z,1\n")).ToRecords<Inner>());
    }

    [Fact]
    public void NumbersAreTheSameInEveryLanguage()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            german.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = german;
            new[] { new Inner(0.5, null) }.ToDataFrame().SaveCsv(folder.Path("x.csv"));
            Assert.Equal("Value,Note\n0.5,\n", File.ReadAllText(folder.Path("x.csv")));
            Assert.Equal([new Inner(0.5, null)], DataFrames.ReadCsv<Inner>(folder.Path("x.csv")));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("", "empty", "")]
    [InlineData("Value,Value\n1,2\n", "share a name", ":1")]
    [InlineData("Value,Note\n1\n", "1 cells", ":2")]
    [InlineData("Value,Note\n\"1\"x,2\n", "closing quote", ":2")]
    [InlineData("Value,Note\n1,\"a\nb\n", "not closed", ":2")]
    [InlineData("Value,Note\n1,\"a\nb\"\nx,\n", "'x'", ":4")]
    [InlineData("Value,Note\n,y\n", "value", ":2")]
    [InlineData("Other\n1\n", "Other", "")]
    public void ABrokenTableNamesLineAndTrouble(string text, string named, string where)
    {
        var error = Assert.Throws<CaiException>(() => DataFrames.ReadCsv<Inner>(folder.File("x.csv", text)));
        Assert.Contains(named, error.Problem);
        Assert.EndsWith(where, error.Where ?? "");
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void AnUnknownWordAndBrokenJsonAreNamed()
    {
        var frame = Rows.ToDataFrame();
        frame["Day"][1] = "Someday";
        Assert.Contains("row 2", Assert.Throws<CaiException>(() => frame.ToRecords<Row>()).Message);
        frame = Rows.ToDataFrame();
        frame["Parts"][2] = "[1";
        var error = Assert.Throws<CaiException>(() => frame.ToRecords<Row>());
        Assert.Contains("'Parts'", error.Problem);
        Assert.Equal("row 3", error.Where);
    }

    [Fact]
    public void GroupsCanBeMadeOfIt()
    {
        var means = Rows.ToDataFrame().GroupBy("Good").Mean("Count");
        Assert.Equal([2.0, 2.0], means["Count"].Cast<object>().Select(v => Convert.ToDouble(v, CultureInfo.InvariantCulture)));
    }
}

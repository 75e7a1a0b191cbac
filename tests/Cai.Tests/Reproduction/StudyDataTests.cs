using Cai.Figures;
using Cai.Reproduction;
using Cai.Storage;
using Xunit;

namespace Cai.Tests.Reproduction;

public sealed class StudyDataTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private sealed record Row(string Prompt, double Harm);

    private static readonly Row[] Rows = [new("p", 1), new("q", 0), new("p", 3)];

    private static StudyData Data() => new()
    {
        { "rows", Rows },
        { "by-prompt", Rows.ToLookup(row => row.Prompt) },
        { "runs", "Policy", [("first", Rows.Take(1)), ("none", []), ("second", Rows.Skip(2))] },
    };

    [Fact]
    public void RecordsAreTablesWithTheirGroupInFront()
    {
        Assert.Equal(["rows", "by-prompt", "runs"], Data().Names);
        Assert.Equal(Rows, Data()["rows"].ToRecords<Row>());
        Assert.Equal(["Model", "Prompt", "Harm"], Data()["by-prompt"].Columns.Select(c => c.Name));
        Assert.Equal(["p", "p", "q"], Data()["by-prompt"]["Model"].Cast<string>());
        Assert.Equal([1.0, 3.0], Data()["runs"]["Harm"].Cast<double>());
        Assert.Equal(["first", "second"], Data()["runs"]["Policy"].Cast<string>());
    }

    [Fact]
    public void AnUnknownNameIsAnsweredWithThoseThatThereAre() =>
        Assert.Contains("rows, by-prompt, runs", Assert.Throws<CaiException>(() => Data()["row"]).Remedy);

    [Fact]
    public void TheListSaysWhatIsThere() => Assert.Equal("""
        Data       Rows  Columns
        ---------  ----  --------------------
        rows          3  Prompt, Harm
        by-prompt     3  Model, Prompt, Harm
        runs          2  Policy, Prompt, Harm
        """.ReplaceLineEndings("\n"), string.Join('\n', ((string)Data().MimeBundle()[Mime.Plain]).Split('\n').Select(line => line.TrimEnd())));

    [Fact]
    public void AllOfItGoesIntoAFolderAsCsv()
    {
        Data().SaveCsv(folder.Path("data"));
        Assert.Equal(["by-prompt.csv", "rows.csv", "runs.csv"], Directory.GetFiles(folder.Path("data")).Select(Path.GetFileName).Order());
        Assert.Equal(Rows, DataFrames.ReadCsv<Row>(folder.Path("data", "rows.csv")));
    }

    [Fact]
    public void ALargeTableIsMadeWhenItIsAskedFor()
    {
        var asked = 0;
        var data = new StudyData { { "rows", Rows.Select(row => { asked++; return row; }) } };
        Assert.Equal(0, asked);
        _ = data["rows"];
        _ = data["rows"];
        Assert.Equal(3, asked);
    }
}

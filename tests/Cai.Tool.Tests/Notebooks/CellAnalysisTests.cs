using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

public sealed class CellAnalysisTests : IClassFixture<SharedReferences>, IDisposable
{
    private readonly Workspace work = new();
    private readonly ScriptSession session;
    private readonly CellAnalysis analysis;

    public CellAnalysisTests(SharedReferences references)
    {
        session = new ScriptSession(references.Value, work.Folder);
        analysis = new CellAnalysis(session);
    }

    public void Dispose()
    {
        session.Dispose();
        work.Dispose();
    }

    private string[] Complete(string code) =>
        [.. analysis.Complete(code.Replace("|", "", StringComparison.Ordinal), code.IndexOf('|', StringComparison.Ordinal)).Items.Select(i => i.Text)];

    [Fact]
    public void MembersAreThoseOfTheTypeOrTheInstance()
    {
        Assert.Equal(["Write", "WriteLine"], Complete("Console.Wri|"));
        Assert.Contains("Length", Complete("\"x\".|"));
        Assert.DoesNotContain("IsNullOrEmpty", Complete("\"x\".|"));
        Assert.Contains("IsNullOrEmpty", Complete("string.|"));
        Assert.Contains("Select", Complete("new[] { 1 }.Sel|"));
        Assert.Contains("Text", Complete("using Cai.|"));
        Assert.Contains("ToUpper", Complete("string a = null;\na?.ToU|"));
        Assert.Contains("Start", Complete("var x = (1..2).|;\nvar y = 2;"));
    }

    [Fact]
    public async Task NamesOfEarlierCellsAreKnown()
    {
        await session.ExecuteAsync("using Cai.Text;\nvar dialogue = Dialogue.Ask(\"x\");\nint Twice(int n) => 2 * n;", TestContext.Current.CancellationToken);
        Assert.Equal(["dialogue"], Complete("dialo|").Where(i => i[0] == 'd'));
        Assert.Contains("Twice", Complete("Tw|"));
        Assert.Contains("Answer", Complete("dialogue.|"));
        Assert.Contains("cancel", Complete("canc|"));
    }

    [Fact]
    public void KeywordsFitWhereNamesDo()
    {
        Assert.Contains("foreach", Complete("fore|"));
        Assert.Empty(Complete("// fore|"));
        Assert.Empty(Complete("var s = \"fore|\";"));
        var found = analysis.Complete("#!time\nConsole.Wri", 18);
        Assert.Equal((15, 18), (found.Start, found.End));
    }

    [Fact]
    public async Task InspectionGivesDeclarationAndDocstring()
    {
        await session.ExecuteAsync("using Cai.Reproduction;\nvar numbers = new List<int>();", TestContext.Current.CancellationToken);
        Assert.StartsWith("List<int> numbers", analysis.Inspect("numbers.Count", 3));
        Assert.Contains("int List<int>.Count", analysis.Inspect("numbers.Count", 13));
        var open = analysis.Inspect("Pipeline.Open()", 12);
        Assert.StartsWith("Pipeline Pipeline.Open(", open);
        Assert.Contains("CAI_SEED", open);
        Assert.Null(analysis.Inspect("  1 + 2", 0));
    }

    [Theory]
    [InlineData("var x = 1;", "Complete", "")]
    [InlineData("x + 1", "Complete", "")]
    [InlineData("#!time\nx", "Complete", "")]
    [InlineData("if (a)\n{", "Incomplete", "    ")]
    [InlineData("if (a)\n{\n    b();", "Incomplete", "    ")]
    [InlineData("var x = );", "Invalid", "")]
    public void ACellIsCompleteWhenItParses(string code, string state, string indent) =>
        Assert.Equal((Enum.Parse<CellCompleteness>(state), indent), CellAnalysis.Completeness(code));
}

using Cai.Storage;
using Xunit;

namespace Cai.Tool.Tests.Commands;

public sealed class ProgramTests : IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task RunWritesTheNotebookAndReturnsZero()
    {
        var path = work.Notebook("a.ipynb",
            "Environment.GetEnvironmentVariable(\"CAI_SCALE\") + Environment.GetEnvironmentVariable(\"CAI_SEED\")"
            + " + Environment.GetEnvironmentVariable(\"CAI_SEEDS\")");
        var (code, output, _) = await Workspace.Cai("run", path, "-o", work.Path("b.ipynb"), "--scale", "smoke", "--seed", "7", "--seeds", "3");
        Assert.Equal(0, code);
        Assert.Contains("ok", output);
        Assert.Contains("\"smoke73\"", File.ReadAllText(work.Path("b.ipynb")));
        Assert.DoesNotContain("smoke73", File.ReadAllText(path));
    }

    [Fact]
    public async Task AFailingCellReturnsOneWithCellLineAndMessage()
    {
        var path = work.Notebook("a.ipynb", "throw new Exception(\"the reason\");");
        var (code, _, error) = await Workspace.Cai("run", path, "--in-place");
        Assert.Equal(1, code);
        Assert.Contains("cell[1]:line 1: Exception: the reason", error);
        Assert.Contains("the reason", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("run", "nowhere.ipynb")]
    [InlineData("run")]
    [InlineData("reproduce", "--scale", "huge")]
    [InlineData("reproduce", "--notebooks", "nowhere")]
    [InlineData("reproduce", "--seeds", "0")]
    [InlineData("report", "--out", "nowhere")]
    [InlineData("frobnicate")]
    public async Task BadInputReturnsTwoAndOneLine(params string[] args)
    {
        var here = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = work.Folder;
            var (code, _, error) = await Workspace.Cai(args);
            Assert.Equal(2, code);
            Assert.StartsWith("cai: ", error);
            Assert.DoesNotContain("   at ", error);
        }
        finally
        {
            Environment.CurrentDirectory = here;
        }
    }

    [Fact]
    public async Task ReproduceRunsInOrderGoesOnAfterAFailureAndWritesTheReport()
    {
        work.Notebook("nb/02-b.ipynb", "throw new Exception(\"broken notebook\");");
        work.Notebook("nb/01-a.ipynb", "md:# First", "1");
        work.Notebook("nb/03-c.ipynb", "md:# Third", "3");
        var (code, output, _) = await Workspace.Cai("reproduce", "--notebooks", work.Path("nb"), "--out", work.Path("out"), "--scale", "smoke");
        Assert.Equal(1, code);
        Assert.True(output.IndexOf("01-a", StringComparison.Ordinal) < output.IndexOf("02-b", StringComparison.Ordinal));
        var page = File.ReadAllText(work.Path("out/index.html"));
        Assert.Contains("broken notebook", page);
        Assert.Contains(">Third</h1>", page);
        Assert.Contains("smoke", page);
    }

    [Fact]
    public async Task ASecondReproductionIntoTheSameFolderIsRefusedBeforeAnyCellRuns()
    {
        work.Notebook("nb/01-a.ipynb", "1");
        string[] command = ["reproduce", "--notebooks", work.Path("nb"), "--out", work.Path("out")];
        using (OutputLock.Take(work.Path("out/reproduce.lock"), work.Path("out"), ""))
        {
            var (code, output, error) = await Workspace.Cai(command);
            Assert.Equal(2, code);
            Assert.Contains($"({Environment.ProcessId})", error);
            Assert.Contains("--out", error);
            Assert.DoesNotContain("01-a", output);
        }
        Assert.Equal(0, (await Workspace.Cai(command)).Code);
        Assert.False(File.Exists(work.Path("out/reproduce.lock")));
    }

    [Fact]
    public async Task OnlyChoosesByNumber()
    {
        work.Notebook("nb/01-a.ipynb", "1");
        work.Notebook("nb/02-b.ipynb", "2");
        var (code, output, _) = await Workspace.Cai("reproduce", "--notebooks", work.Path("nb"), "--out", work.Path("out"), "--only", "02");
        Assert.Equal(0, code);
        Assert.DoesNotContain("01-a", output);
        Assert.Equal(2, (await Workspace.Cai("reproduce", "--notebooks", work.Path("nb"), "--out", work.Path("out"), "--only", "09")).Code);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("reproduce", "--help")]
    [InlineData("run", "--help")]
    [InlineData("report", "-h")]
    [InlineData("doctor", "--help")]
    public async Task HelpNamesTheCommandAndReturnsZero(params string[] args)
    {
        var (code, output, _) = await Workspace.Cai(args);
        Assert.Equal(0, code);
        Assert.Contains(args.Length == 1 ? "cai [command]" : $"cai {args[0]}", output);
        Assert.DoesNotContain("Cai.Tool", output);
        Assert.True(args.Length == 1 || output.Contains("Example:", StringComparison.Ordinal));
    }
}

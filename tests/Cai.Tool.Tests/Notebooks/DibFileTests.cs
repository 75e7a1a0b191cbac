using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

public sealed class DibFileTests(SharedReferences references) : IClassFixture<SharedReferences>, IDisposable
{
    /// <summary>As Polyglot Notebooks saves a file.</summary>
    private const string Text = """
        #!meta

        {"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp"},{"name":"markdown"}]}}

        #!markdown

        # Title

        text

        #!csharp

        #!time
        var one = 1;

        #!csharp

        Console.Write(one + 1);

        """;

    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    private string File(string name, string text)
    {
        System.IO.File.WriteAllText(work.Path(name), text);
        return work.Path(name);
    }

    private static IEnumerable<(bool IsCode, string Source)> Cells(NotebookDocument notebook) => notebook.Cells.Select(cell => (cell.IsCode, cell.Source));

    [Fact]
    public void CellsAreReadWithTheirLanguage() => Assert.Equal(
        [(false, "# Title\n\ntext"), (true, "#!time\nvar one = 1;"), (true, "Console.Write(one + 1);")], Cells(NotebookDocument.Load(File("a.dib", Text))));

    [Fact]
    public void AFileWithoutHeadersIsOneCellOfCSharp() =>
        Assert.Equal([(true, "var a = 1;\na")], Cells(NotebookDocument.Load(File("a.dib", "var a = 1;\na\n"))));

    [Fact]
    public void WhatIsWrittenIsReadAsTheSameCells()
    {
        var notebook = NotebookDocument.Load(work.Notebook("a.ipynb", "md:# T\n\ntext", "Console.Write(\"é 日本\");\n\n// end", "#!time\n1"));
        notebook.Save(work.Path("b.dib"));
        Assert.StartsWith("#!meta", System.IO.File.ReadAllText(work.Path("b.dib")));
        Assert.Equal(Cells(notebook), Cells(NotebookDocument.Load(work.Path("b.dib"))));
    }

    [Fact]
    public void CellsOfOtherLanguagesAreNamed()
    {
        var problem = Assert.Throws<CaiException>(() => NotebookDocument.Load(File("a.dib", Text + "\n#!fsharp\n\nlet x = 1\n")));
        Assert.Contains("Cell 4 is in fsharp", problem.Problem);
        Assert.Equal(work.Path("a.dib"), problem.Where);
    }

    [Fact]
    public async Task TheCommandRunsOneAndStoresTheOutputsAsANotebook()
    {
        var (code, _, error) = await Workspace.Cai("run", File("a.dib", Text), "--out", work.Path("out"));
        Assert.True(code == 0, error);
        var executed = NotebookDocument.Load(work.Path("out/notebooks/a.ipynb"));
        Assert.Equal("2", NotebookCell.Join(executed.Cells[2].Outputs.Single()["text"]));
        (code, _, error) = await Workspace.Cai("run", work.Path("a.dib"), "--out", work.Path("out"), "--in-place");
        Assert.Equal(2, code);
        Assert.Contains("no place for outputs", error);
    }

    [Fact]
    public async Task ACellImportsTheCodeOfANotebookOfEitherKind()
    {
        File("a.dib", Text);
        work.Notebook("b.ipynb", "md:# T", "var three = one + 2;");
        File("bad.dib", "#!csharp\n\n1.ToString();\n\n#!csharp\n\n\nint.Parse(\"x\");\n");
        using var session = new ScriptSession(references.Value, work.Folder, null);
        Assert.Null((await session.ExecuteAsync("#!import a.dib\n#!import b.ipynb\nvar four = three + one;", CancellationToken.None)).Error);
        Assert.Equal("bad.dib[2]:line 1", (await session.ExecuteAsync("#!import bad.dib", CancellationToken.None)).Error!.Location);
    }
}

using System.Text.Json.Nodes;
using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

public sealed class NotebookRunnerTests(SharedReferences references) : IClassFixture<SharedReferences>, IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    private Task<NotebookRun> Run(string path, string output) =>
        new NotebookRunner(references.Value).RunAsync(path, output, cancel: TestContext.Current.CancellationToken);

    [Fact]
    public async Task TheExecutedFileIsExactlyThis()
    {
        var path = work.Notebook("a.ipynb", "md:# T\n\ntext", "Console.WriteLine(\"é\\\"\");\nConsole.Write(1);\ndisplay(2);\n3", " ");
        var run = await Run(path, work.Path("out/b.ipynb"));
        Assert.True(run.Succeeded);
        Assert.Equal("""
            {
             "cells": [
              {
               "cell_type": "markdown",
               "id": "cell-01",
               "metadata": {},
               "source": [
                "# T\n",
                "\n",
                "text"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": 1,
               "id": "cell-02",
               "metadata": {},
               "outputs": [
                {
                 "name": "stdout",
                 "output_type": "stream",
                 "text": [
                  "é\"\n",
                  "1"
                 ]
                },
                {
                 "data": {
                  "text/plain": [
                   "2"
                  ]
                 },
                 "metadata": {},
                 "output_type": "display_data"
                },
                {
                 "data": {
                  "text/plain": [
                   "3"
                  ]
                 },
                 "execution_count": 1,
                 "metadata": {},
                 "output_type": "execute_result"
                }
               ],
               "source": [
                "Console.WriteLine(\"é\\\"\");\n",
                "Console.Write(1);\n",
                "display(2);\n",
                "3"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-03",
               "metadata": {},
               "outputs": [],
               "source": [
                " "
               ]
              }
             ],
             "metadata": {
              "kernelspec": {
               "display_name": ".NET (C#)",
               "language": "C#",
               "name": ".net-csharp"
              },
              "language_info": {
               "file_extension": ".cs",
               "mimetype": "text/x-csharp",
               "name": "C#",
               "pygments_lexer": "csharp"
              }
             },
             "nbformat": 4,
             "nbformat_minor": 5
            }

            """.ReplaceLineEndings("\n"), await File.ReadAllTextAsync(work.Path("out/b.ipynb"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task RunningTwiceInPlaceGivesTheSameBytes()
    {
        var path = work.Notebook("a.ipynb", "var x = 1;\nx", "x + 1");
        await Run(path, path);
        var first = File.ReadAllBytes(path);
        await Run(path, path);
        Assert.Equal(first, File.ReadAllBytes(path));
    }

    [Fact]
    public void LoadingAndSavingChangesNothing()
    {
        const string text = "{\n \"cells\": [\n  {\n   \"cell_type\": \"raw\",\n   \"custom\": {\n    \"b\": [],\n    \"c\": 1.50,\n    \"d\": \"\\u001b[0m 😀 "
            + "<é> \\u0007\\t\\\\\"\n   },\n   \"id\": \"q\",\n   \"metadata\": {},\n   \"source\": []\n  }\n ],\n \"metadata\": {\n  \"mine\": null,\n  "
            + "\"yes\": true\n },\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n";
        var path = work.Path("same.ipynb");
        File.WriteAllText(path, text);
        NotebookDocument.Load(path).Save(path);
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public async Task AnUpdateReplacesTheOutputOfAnEarlierCell()
    {
        var path = work.Notebook("a.ipynb", "var shown = display(\"old\");", "shown.Update(\"new\");\nConsole.Write(1);");
        Assert.True((await Run(path, path)).Succeeded);
        var cells = JsonNode.Parse(File.ReadAllText(path))!["cells"]!.AsArray();
        Assert.Equal("new", (string?)cells[0]!["outputs"]![0]!["data"]!["text/plain"]![0]);
        Assert.Equal("stream", (string?)Assert.Single(cells[1]!["outputs"]!.AsArray())!["output_type"]);
    }

    [Fact]
    public async Task TheFirstErrorStopsTheNotebookAndIsStored()
    {
        var path = work.Notebook("a.ipynb", "Console.Write(\"before\");", "\nint.Parse(\"x\");", "Console.Write(\"after\");");
        var run = await Run(path, work.Path("b.ipynb"));
        Assert.Equal("cell[2]:line 2", run.Error!.Location);
        var cells = JsonNode.Parse(File.ReadAllText(work.Path("b.ipynb")))!["cells"]!.AsArray();
        Assert.Equal("before", (string?)cells[0]!["outputs"]![0]!["text"]![0]);
        Assert.Equal("error", (string?)cells[1]!["outputs"]![0]!["output_type"]);
        Assert.Equal("FormatException", (string?)cells[1]!["outputs"]![0]!["ename"]);
        Assert.StartsWith("cell[2]:line 2: ", (string?)cells[1]!["outputs"]![0]!["evalue"]);
        Assert.Empty(cells[2]!["outputs"]!.AsArray());
    }

    [Fact]
    public async Task ACellTaggedRaisesExceptionDoesNotStop()
    {
        var path = work.Notebook("a.ipynb", "throw new Exception(\"wanted\");", "Console.Write(\"after\");");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json["cells"]![0]!["metadata"]!["tags"] = new JsonArray("raises-exception");
        File.WriteAllText(path, json.ToJsonString());
        Assert.True((await Run(path, path)).Succeeded);
        Assert.Contains("\"after\"", File.ReadAllText(path));
    }

    [Fact]
    public async Task CellsRunInTheNotebooksFolderAndSessionsShareNothing()
    {
        var here = Environment.CurrentDirectory;
        var path = work.Notebook("deep/a.ipynb", "using System.IO;\nvar x = 1;\nFile.WriteAllText(\"made.txt\", \"\");");
        await Run(path, work.Path("b.ipynb"));
        Assert.True(File.Exists(work.Path(Path.Combine("deep", "made.txt"))));
        Assert.Equal(here, Environment.CurrentDirectory);
        var second = await Run(work.Notebook("c.ipynb", "x"), work.Path("d.ipynb"));
        Assert.Equal("CompilationError", second.Error!.Name);
    }

    [Theory]
    [InlineData("{", "This is not JSON")]
    [InlineData("[]", "not a notebook of format 4")]
    [InlineData("""{"nbformat": 3, "cells": []}""", "not a notebook of format 4")]
    [InlineData("""{"nbformat": 4, "cells": [{}]}""", "Cell 1 lacks")]
    public void BrokenNotebooksAreNamed(string text, string expected)
    {
        var error = Assert.Throws<CaiException>(() => NotebookDocument.Parse(text, "n.ipynb"));
        Assert.Contains(expected, error.Message);
        Assert.StartsWith("n.ipynb", error.Message);
    }
}

using System.Text.Json.Nodes;
using Cai.Tool.Commands;
using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

public sealed class PortableSyntaxTests
{
    [Fact]
    public void EveryNotebookKeepsToWhatBothKernelsRun()
    {
        var notebooks = Directory.GetFiles(Path.Combine(Repository.Root(), "notebooks"), "*.ipynb");
        Assert.NotEmpty(notebooks);
        var violations = new List<string>();
        foreach (var path in notebooks)
        {
            var kernel = JsonNode.Parse(File.ReadAllText(path))!["metadata"]!["kernelspec"]!;
            if ((string?)kernel["name"] != ".net-csharp" || (string?)kernel["language"] != "C#")
                violations.Add($"{Path.GetFileName(path)}: kernelspec {kernel.ToJsonString()}");
            foreach (var (cell, number) in NotebookDocument.Load(path).Cells.Where(c => c.IsCode).Select((c, i) => (c.Source, i + 1)))
                violations.AddRange(PortableSyntax.Violations(cell).Select(v => $"{Path.GetFileName(path)} cell {number}: {v}"));
        }
        Assert.Empty(violations);
    }

    [Theory]
    [InlineData("#r \"nuget: TorchSharp-cpu, 0.107.0\"\n#r \"../lib/Cai.dll\"")]
    [InlineData("#!import a.csx\n#!time\n#load \"b.csx\"\nvar x = 1;\nx")]
    [InlineData("using System.IO;\nrecord Row(int A);\nvar rows = new[] { new Row(1) };\nforeach (var r in rows) display(r);\nawait "
        + "Task.Delay(1);\nHTML(\"<b>x</b>\").Display()")]
    [InlineData("using (var file = File.OpenRead(\"a\")) { await file.CopyToAsync(Stream.Null); }")]
    [InlineData("int F() { using var a = G(); Span<int> s = [1]; return s[0]; }\nvar table = PpoWalkthrough.Update(rollout);\ntree.Root.Name")]
    public void PortableCellsPass(string cell) => Assert.Empty(PortableSyntax.Violations(cell));

    [Theory]
    [InlineData("#!fsharp\nlet x = 1", "directive: #!fsharp")]
    [InlineData("#i \"nuget: https://example.org\"", "directive: #i")]
    [InlineData("#r \"nuget: X\"\nvar x = 1;", "in a cell with other code")]
    [InlineData("var x = 1;\nusing System.IO;", "using clause")]
    [InlineData("namespace A { class B; }", "namespace: ")]
    [InlineData("using var a = F();", "; expected")]
    [InlineData("Span<int> s = new int[1];", "top-level span")]
    [InlineData("var d = display(1);\nd.Update(2);", "Update of a display")]
    [InlineData("1.Display().Update(2);", "Update of a display")]
    [InlineData("using (torch.no_grad()) { await F(); }", "await in a torch scope")]
    [InlineData("using (var scope = torch.NewDisposeScope()) { var x = await F(); }", "await in a torch scope")]
    [InlineData("Kernel.Root.ToString()", "a kernel's own API")]
    [InlineData("var c = KernelInvocationContext.Current;", "a kernel's own API")]
    [InlineData("while (!cancel.IsCancellationRequested) { }", "the global `cancel`")]
    public void OthersAreNamed(string cell, string violation) =>
        Assert.Contains(PortableSyntax.Violations(cell), v => v.Contains(violation, StringComparison.Ordinal));
}

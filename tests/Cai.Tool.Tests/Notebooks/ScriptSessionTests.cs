using Cai.Tool.Notebooks;
using Xunit;

namespace Cai.Tool.Tests.Notebooks;

/// <summary>Host references are read once for all tests.</summary>
public sealed class SharedReferences
{
    public HostReferences Value { get; } = new();
}

public sealed class ScriptSessionTests : IClassFixture<SharedReferences>, IDisposable
{
    private readonly Workspace work = new();
    private readonly ScriptSession session;
    private readonly List<CellOutput> outputs = [];

    public ScriptSessionTests(SharedReferences references)
    {
        session = new ScriptSession(references.Value, work.Folder);
        session.Output += outputs.Add;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        session.Dispose();
        work.Dispose();
    }

    private string Printed => string.Concat(outputs.OfType<StreamText>().Select(o => o.Text));

    private async Task<CellError?> Run(string code) => (await session.ExecuteAsync(code, Token)).Error;

    [Fact]
    public async Task VariablesFunctionsAndUsingsLiveAcrossCells()
    {
        Assert.Null(await Run("using System.IO;\nint Twice(int n) => 2 * n;\nvar a = 20;"));
        Assert.Null(await Run("a += 1;"));
        Assert.Null(await Run("Console.WriteLine(Path.GetFileName(\"x/y\") + Twice(a));"));
        Assert.Equal("y42\n", Printed);
    }

    /// <summary>What stands in a string or a comment is text. Expected values are C#'s own.</summary>
    [Theory]
    [InlineData("var s = \"\"\"\n#!/bin/sh\necho hi\n\"\"\";\nConsole.Write(s);", "#!/bin/sh\necho hi")]
    [InlineData("var s = \"\"\"\na\n#!csharp\nb\n\"\"\";\nConsole.Write(s);", "a\n#!csharp\nb")]
    [InlineData("var s = $$\"\"\"\n#!import {{1 + 1}}\n\"\"\";\nConsole.Write(s);", "#!import 2")]
    [InlineData("/*\n#!time\n#!python\n*/\nConsole.Write(1);", "1")]
    [InlineData("#if false\n#!python\n#endif\nConsole.Write(1);", "1")]
    [InlineData("Console.Write(\"a\fb\".Length);", "3")]
    [InlineData("Console.Write(@\"a\u2028b\".IndexOf('\\u2028'));", "1")]
    [InlineData("Console.Write((int)@\"a\u0085b\"[1]);", "133")]
    [InlineData("Console.Write(@\"a\r\nb\".Length);", "4")]
    [InlineData("#!csharp\r\nConsole.Write(@\"a\r\n#!time\r\nb\".Length);", "12")]
    [InlineData("var prompt = @\"\n#! please\n\";\nConsole.Write(prompt.Length);", "11")]
    public async Task LinesThatOnlyLookLikeCommandsAreText(string cell, string printed)
    {
        Assert.Null(await Run(cell));
        Assert.Equal(printed, Printed);
        Assert.Empty(outputs.OfType<DisplayData>());
    }

    [Fact]
    public async Task LinesThatAreCommandsAreNotCSharpAndKeepTheLineNumbers()
    {
        Assert.Contains("\"#!python\" is not understood", (await Run("var a = 1;\n  #!python\nprint(1)"))!.Message);
        Assert.Null(await Run("#!csharp\n#!time\nConsole.Write(1);"));
        Assert.Contains(outputs.OfType<DisplayData>(), o => o.Bundle.Values.Any(v => v.ToString().StartsWith("Wall time", StringComparison.Ordinal)));
        Assert.Contains("line 4", (await Run("#!csharp\r\nvar s = @\"\n\";\nnope();"))!.Location);
    }

    /// <summary>The C++ exception of a shape mistake passes through TorchSharp where its native function lacks a catch.</summary>
    [Fact]
    public async Task AShapeMistakeInNativeCodeEndsTheCellAndNotTheSession()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the C++ runtime ends the process.");
        Assert.Null(await Run("using TorchSharp;\nvar kept = torch.ones(2, 3);"));
        foreach (var (code, said) in new[]
        {
            ("kept.matmul(torch.zeros(5, 7))", "mat1 and mat2 shapes"), ("await Task.Run(() => torch.zeros(2, 3).matmul(torch.zeros(5, 7)));", "shapes"),
            ("torch.ones(2).matmul(torch.ones(3));", "inconsistent tensor size"),
        })
        {
            var error = (await Run(code))!;
            Assert.Contains(said, error.Message);
            Assert.DoesNotContain('\n', error.Message);
        }
        Assert.Null(await Run("Console.Write(kept.matmul(torch.ones(3, 1)).sum().item<float>());"));
        Assert.Equal("6", Printed);
        // What has a catch is an ordinary exception, and keeps the cell's variables.
        Assert.Equal("ExternalException", (await Run("var mine = 5; kept.view(7);"))!.Name);
        Assert.Null(await Run("Console.Write(mine);"));
    }

    [Fact]
    public async Task ATrailingExpressionIsTheResult()
    {
        await Run("1 + 0.5");
        await Run("\"text\"");
        await Run("new[] { 1.5, 2 }");
        await Run("var nothing = 3;");
        Assert.Equal(["1.5", "text", "1.5\n2"], outputs.Cast<CellValue>().Select(o => o.Bundle["text/plain"].GetValue<string>()));
        Assert.Equal([1, 2, 3], outputs.Cast<CellValue>().Select(o => o.Number));
    }

    [Fact]
    public async Task OutputKeepsTheOrderOfConsoleAndDisplays()
    {
        Assert.Null(await Run(
            "Console.Write(\"a\"); display(1); Console.Error.Write(\"b\"); 2.Display(); display(HTML(\"<b>x</b>\")); \"<i>\".DisplayAs(\"text/html\")"));
        Assert.Equal(["stdout:a", "text/plain:1", "stderr:b", "text/plain:2", "text/html:<b>x</b>,text/plain:x", "text/html:<i>"], outputs.Select(o => o switch
        {
            StreamText s => $"{s.Name}:{s.Text}",
            DisplayData d => string.Join(',', d.Bundle.Select(entry => $"{entry.Key}:{entry.Value}")),
            _ => o.ToString(),
        }));
    }

    [Fact]
    public async Task AwaitResumesOnTheCellThread()
    {
        Assert.Null(await Run("var before = Environment.CurrentManagedThreadId; await Task.Delay(5); await Task.Yield(); await Task.Run(() => 1);"));
        await Run("before == Environment.CurrentManagedThreadId");
        Assert.Equal("True", Assert.IsType<CellValue>(Assert.Single(outputs)).Bundle["text/plain"].GetValue<string>());
    }

    [Fact]
    public async Task TasksOfACellDisplayIntoIt()
    {
        Assert.Null(await Run("await Task.Run(() => display(\"from a task\"));"));
        Assert.IsType<DisplayData>(Assert.Single(outputs));
    }

    [Fact]
    public async Task ARuntimeErrorNamesCellAndLineAndKeepsWhatCameBefore()
    {
        await Run("var kept = 7;");
        var error = await Run("kept = 8;\n\nthrow new InvalidOperationException(\"no\");");
        Assert.Equal(("InvalidOperationException", "no", "cell[2]:line 3"), (error!.Name, error.Message, error.Location));
        Assert.DoesNotContain(error.Trace, line => line.Contains("CodeAnalysis", StringComparison.Ordinal));
        await Run("kept");
        Assert.Equal("8", outputs.OfType<CellValue>().Single().Bundle["text/plain"].GetValue<string>());
    }

    [Fact]
    public async Task AnErrorAfterAwaitNamesItsLine()
    {
        var error = await Run("await Task.Yield();\nint.Parse(\"x\");");
        Assert.Equal("cell[1]:line 2", error!.Location);
    }

    [Fact]
    public async Task ACompilerErrorNamesCellAndLine()
    {
        var error = await Run("var a = 1;\nvar b = missing;");
        Assert.Equal(("CompilationError", "cell[1]:line 2"), (error!.Name, error.Location));
        Assert.StartsWith("CS0103", error.Message);
    }

    [Fact]
    public async Task ReferencesThatTheHostHasAreTakenFromTheHost()
    {
        Assert.Null(await Run("#r \"../lib/Cai/bin/Cai.dll\"\n#r \"nuget: TorchSharp-cpu, 0.107.0\"\n#r \"nuget: YamlDotNet\"\nvar e = new "
            + "Cai.CaiException(\"p.\", \"r.\");"));
        await Run("typeof(Cai.CaiException).Assembly.Location");
        Assert.Equal(typeof(Cai.CaiException).Assembly.Location, Assert.IsType<CellValue>(outputs.Single()).Bundle["text/plain"].GetValue<string>());
    }

    [Fact]
    public async Task TheNotebooksFirstCellTakesWhatTheHostHas()
    {
        var first = Path.Combine(Cai.Tool.Commands.Repository.Root(), "lib", "Cai.Interactive", "cai.csx").Replace('\\', '/');
        Assert.Null(await Run($"#load \"{first}\""));
        Assert.Null(await Run("TorchSharp.torch.ones(2, 2).sum().item<float>()"));
        Assert.Equal("4", Assert.IsType<CellValue>(outputs.Single()).Bundle["text/plain"].GetValue<string>());
    }

    [Fact]
    public async Task AnUnknownPackageOrFileIsExplained()
    {
        var package = await Run("var x = 1;".Insert(0, "#r \"nuget: No.Such.Package, 1.0\"\n"));
        Assert.Contains("No.Such.Package", package!.Message);
        Assert.Equal("cell[1]:line 1", package.Location);
        var file = await Run("#r \"nowhere/x.dll\"\nvar y = 1;");
        Assert.Contains("\"nowhere/x.dll\" does not exist", file!.Message);
    }

    [Fact]
    public async Task ImportAndLoadRunScriptsFromTheNotebooksFolder()
    {
        File.WriteAllText(work.Path("one.csx"), "int One() => 1;");
        File.WriteAllText(work.Path("two.csx"), "int Two() => 2;");
        Assert.Null(await Run("#!import one.csx\nvar one = One();"));
        Assert.Null(await Run("#load \"two.csx\"\nConsole.Write(one + Two());"));
        Assert.Equal("3", Printed);
    }

    [Fact]
    public async Task AnErrorInAnImportNamesTheFileAndTheCellGoesNoFurther()
    {
        File.WriteAllText(work.Path("bad.csx"), "\nint.Parse(\"x\");");
        var error = await Run("#!import \"bad.csx\"\nConsole.Write(1);");
        Assert.Equal("bad.csx:line 2", error!.Location);
        Assert.Empty(Printed);
        Assert.Contains("does not exist", (await Run("#!import none.csx"))!.Message);
    }

    [Fact]
    public async Task DirectivesKeepLineNumbers()
    {
        var error = await Run("#!time\n\nthrow new Exception(\"x\");");
        Assert.Equal("cell[1]:line 3", error!.Location);
        Assert.Contains("\"#!fsharp\"", (await Run("#!fsharp\n1"))!.Message);
    }

    [Fact]
    public async Task ObjectsThatOfferAMimeBundleSpeakForThemselves()
    {
        Assert.Null(await Run("""
            public class Picture : Cai.Figures.IRichOutput
            {
                public IReadOnlyDictionary<string, object> MimeBundle() => new Dictionary<string, object> { ["image/png"] = new byte[] { 1, 2 }, ["application/vnd.plotly.v1+json"] = new { data = new[] { 1 } }, ["text/plain"] = "a picture" };
            }
            new Picture()
            """));
        var bundle = Assert.IsType<CellValue>(outputs.Single()).Bundle;
        Assert.Equal("AQI=", bundle["image/png"].GetValue<string>());
        Assert.Equal(1, (int)bundle["application/vnd.plotly.v1+json"]["data"]![0]!);
        Assert.Equal("a picture", bundle["text/plain"].GetValue<string>());
    }

    [Theory]
    [InlineData("while (!cancel.IsCancellationRequested) await Task.Delay(5);\nConsole.Write(\"seen\");", "seen")]
    [InlineData("var n = 0L; while (true) if (++n % 1000 == 0) GC.KeepAlive(n.ToString());", "")]
    [InlineData("System.Threading.Thread.Sleep(-1);", "")]
    [InlineData("await Task.Delay(-1);", "")]
    [InlineData("try { while (true) await Task.Delay(1); } finally { Console.Write(\"never\"); }", "")]
    [InlineData("try { var n = 0L; while (true) if (++n % 1000 == 0) GC.KeepAlive(n.ToString()); } finally { Console.Write(\"never\"); }", "")]
    public async Task AnInterruptEndsAnyCellAndKeepsTheSession(string code, string printed)
    {
        Assert.Null(await Run("var kept = 1;"));
        for (var round = 0; round < 2; round++)
        {
            using var interrupt = new CancellationTokenSource();
            var started = new TaskCompletionSource();
            session.Output += _ => started.TrySetResult();
            var cell = session.ExecuteAsync("kept++; display(kept);\n" + code, interrupt.Token);
            await started.Task.WaitAsync(Token);
            outputs.Clear();
            await interrupt.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cell);
            Assert.Equal(printed, Printed);
        }
        Assert.Null(await Run("Console.Write($\"kept {kept}\");"));
        Assert.EndsWith("kept 3", Printed);
    }

    [Fact]
    public async Task AnInterruptedLibraryCallKeepsTheVariablesOfItsCell()
    {
        using var interrupt = new CancellationTokenSource();
        session.Output += _ => interrupt.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.ExecuteAsync(
            "var done = 3;\ndisplay(done);\nvar token = Cai.Reproduction.RunContext.Announced.Cancel;\nwhile (true) { await Task.Delay(1); "
                + "token.ThrowIfCancellationRequested(); }", interrupt.Token));
        await Run("done");
        Assert.Equal("3", outputs.OfType<CellValue>().Single().Bundle["text/plain"].GetValue<string>());
    }

    [Fact]
    public async Task AQuestionIsAnsweredByTheFrontEnd()
    {
        Assert.Contains("nobody is there", (await Run("await Microsoft.DotNet.Interactive.Kernel.GetInputAsync(\"name?\")"))!.Message);
        var asked = new List<CellQuestion>();
        using var other = new ScriptSession(new HostReferences(), work.Folder)
        {
            Ask = question =>
            {
                asked.Add(question);
                return Task.FromResult("Ada");
            },
        };
        other.Output += outputs.Add;
        await other.ExecuteAsync("Console.Write(await Microsoft.DotNet.Interactive.Kernel.GetInputAsync(\"name?\") + Console.ReadLine());", Token);
        Assert.EndsWith("AdaAda", Printed);
        Assert.Equal([new CellQuestion("name?", false), new CellQuestion("", false)], asked);
    }

    [Fact]
    public async Task AnUpdateNamesTheDisplayItReplaces()
    {
        await Run("var shown = display(1);");
        await Run("shown.Update(2);");
        var update = Assert.IsType<DisplayUpdate>(outputs[1]);
        Assert.Equal((((DisplayData)outputs[0]).Id, "2"), (update.Id, update.Bundle["text/plain"].GetValue<string>()));
    }

    [Fact]
    public async Task RecordsBecomeATable()
    {
        await Run("record Row(string Name, double Value);\nnew[] { new Row(\"<a>\", 0.5) }");
        await Run("Enumerable.Range(0, 1000).Select(i => new { i })");
        var (rows, many) = (Assert.IsType<CellValue>(outputs[0]).Bundle, Assert.IsType<CellValue>(outputs[1]).Bundle);
        Assert.Equal("Name  Value\n----  -----\n<a>     0.5", rows["text/plain"].GetValue<string>());
        Assert.Contains("&lt;a&gt;", rows["text/html"].GetValue<string>());
        Assert.EndsWith("19\nFirst 20 of 1,000 rows, 1 column.", many["text/plain"].GetValue<string>());
    }

    [Fact]
    public async Task FiguresBringPictureAndPlotly()
    {
        Assert.Null(await Run("using Cai.Figures;\ndisplay(new Figure(\"t\", new Axis(\"x\"), new Axis(\"y\"), [new LineSeries(\"a\", [new(0, 1), new(1, "
            + "2)])]) { Caption = \"n = 2\" });"));
        Assert.Equal(["application/vnd.plotly.v1+json", "image/png", "text/plain"], Assert.IsType<DisplayData>(outputs.Single()).Bundle.Keys);
    }

    [Fact]
    public async Task LongListsAreCut()
    {
        await Run("Enumerable.Range(0, 100000)");
        var text = Assert.IsType<CellValue>(outputs.Single()).Bundle["text/plain"].GetValue<string>();
        Assert.EndsWith("199\n…", text);
    }
}

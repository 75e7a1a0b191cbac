using System.Text.Json.Nodes;
using Cai.Tool.Kernel;
using Xunit;

namespace Cai.Tool.Tests.Kernel;

public sealed class KernelSpecTests : IDisposable
{
    private readonly Workspace work = new();

    public void Dispose() => work.Dispose();

    private string Spec(string name) => work.Path(Path.Combine("share", "jupyter", "kernels", name, "kernel.json"));

    [Fact]
    public async Task InstallWritesASpecThatStartsThisBuildAndTakesInterruptsAsMessages()
    {
        Assert.Equal(0, (await Workspace.Cai("kernel", "install", "--prefix", work.Folder)).Code);
        foreach (var name in new[] { "cai", ".net-csharp" })
        {
            var spec = JsonNode.Parse(File.ReadAllText(Spec(name)))!;
            Assert.Equal(["kernel", "run", "{connection_file}"], spec["argv"]!.AsArray().Skip(2).Select(a => (string?)a));
            Assert.True(File.Exists((string?)spec["argv"]![0]) && File.Exists((string?)spec["argv"]![1]));
            Assert.Equal(("message", "C#"), ((string?)spec["interrupt_mode"], (string?)spec["language"]));
        }
    }

    [Fact]
    public async Task AnotherKernelsNameIsTakenOnlyWhenAskedFor()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Spec(".net-csharp"))!);
        File.WriteAllText(Spec(".net-csharp"), """{"argv": ["dotnet", "interactive"]}""");
        await Workspace.Cai("kernel", "install", "--prefix", work.Folder);
        Assert.Contains("interactive", File.ReadAllText(Spec(".net-csharp")));
        await Workspace.Cai("kernel", "install", "--prefix", work.Folder, "--name", ".net-csharp");
        Assert.True(KernelSpec.IsForeign("nowhere", "x") is false && File.ReadAllText(Spec(".net-csharp")).Contains("kernel", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("install", "--name", "a b")]
    [InlineData("install", "--user", "--prefix", "x")]
    [InlineData("run", "nowhere.json")]
    public async Task BadInputIsOneLine(params string[] args)
    {
        var (code, _, error) = await Workspace.Cai(["kernel", .. args]);
        Assert.Equal(2, code);
        Assert.StartsWith("cai: ", error);
    }
}

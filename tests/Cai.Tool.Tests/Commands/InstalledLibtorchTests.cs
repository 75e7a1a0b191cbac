using System.Text.Json.Nodes;
using Cai.Torch;
using Xunit;

namespace Cai.Tool.Tests.Commands;

/// <summary>CAI_LIBTORCH in a process of its own: the libraries of that folder and no others, or one line that says why not.</summary>
public sealed class InstalledLibtorchTests : IDisposable
{
    private const string Natives = "runtimes/linux-x64/native";
    private static readonly string Output = Path.GetDirectoryName(typeof(Program).Assembly.Location)!;
    private readonly Workspace work = new();

    public InstalledLibtorchTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "CAI_LIBTORCH is read on Linux only.");

    public void Dispose() => work.Dispose();

    [Fact]
    public void TheProcessMapsTheLibrariesOfTheFolderAlone()
    {
        var torch = Libtorch("2.10.0+cpu");
        var notebook = work.Notebook("maps.ipynb", """
            using System.IO;
            var x = TorchSharp.torch.ones(3, 3);
            Console.WriteLine($"sum {x.matmul(x).sum().item<float>()}");
            foreach (var file in File.ReadLines("/proc/self/maps").Where(l => l.Contains(".so") && l.Contains('/')).Select(l => l[l.IndexOf('/')..]).Distinct())
                Console.WriteLine($"maps {file}");
            """);
        using var process = new ToolProcess(ProgramWithoutLibtorch(), Chosen(torch), "run", notebook, "-o", work.Path("out.ipynb"));
        var (code, error) = process.End();
        Assert.True(code == 0, error);
        var text = JsonNode.Parse(File.ReadAllText(work.Path("out.ipynb")))!["cells"]![0]!["outputs"]![0]!["text"]!;
        var lines = string.Concat(text.AsArray().Select(line => (string)line!)).Split('\n');
        Assert.Contains("sum 27", lines);
        foreach (var library in (string[])["libtorch_cpu.so", "libtorch.so", "libc10.so"])
            Assert.Equal([$"maps {torch}/lib/{library}"], lines.Where(line => line.EndsWith("/" + library, StringComparison.Ordinal)));
    }

    [Fact]
    public void AFolderThatDoesNotFitEndsACommandWithOneLine()
    {
        Directory.CreateDirectory(work.Path("empty"));
        var program = ProgramWithoutLibtorch();
        foreach (var (folder, why) in ((string, string)[])
            [(Libtorch("2.7.1+cu126"), "This is libtorch 2.7.1+cu126"), (work.Path("empty"), "There is no libtorch here"),
            (Libtorch("2.10.0", "not a library"), "libc10.so does not load")])
            Assert.StartsWith($"cai: CAI_LIBTORCH={folder}", Refusal(program, folder, why));
        // With the package's libtorch beside the program there would be two.
        Refusal(typeof(Program).Assembly.Location, Libtorch("2.10.0+cpu"), "built with a libtorch of its own");
    }

    private string Refusal(string program, string folder, string why)
    {
        File.WriteAllText(work.Path("p.jsonl"), "{\"prompt\": \"Hello there.\"}\n");
        var model = Path.Combine(Output, "data", "miniature", "S", "helpful");
        using var process = new ToolProcess(
            program, Chosen(folder), "sample", "--model", model, "--prompts", work.Path("p.jsonl"), "--per-prompt", "1", "--out", work.Path("s.jsonl"));
        var (code, error) = process.End();
        Assert.True(code == 2 && error.Contains(why, StringComparison.Ordinal), $"{code}: {error}");
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return error;
    }

    private static Dictionary<string, string> Chosen(string folder) => new() { [LibtorchFolder.Variable] = folder };

    /// <summary>A folder like an unpacked libtorch, of copies: files that the program could not have from elsewhere.</summary>
    private string Libtorch(string version, string? content = null)
    {
        var folder = work.Path($"torch-{version}{content?.Length}");
        Directory.CreateDirectory(Path.Combine(folder, "lib"));
        File.WriteAllText(Path.Combine(folder, "build-version"), version + "\n");
        foreach (var file in Directory.GetFiles(Path.Combine(Output, Natives))
            .Where(f => Path.GetFileName(f).Split('.', '-')[0] is "libc10" or "libtorch_cpu" or "libtorch" or "libgomp"))
            if (content is null)
                File.Copy(file, Path.Combine(folder, "lib", Path.GetFileName(file)));
            else
                File.WriteAllText(Path.Combine(folder, "lib", Path.GetFileName(file)),
                    content + "_ZN3c106detail14torchCheckFailEPKcS2_jRKNSt7__cxx1112basic_string");
        return folder;
    }

    /// <summary>The command as it is built with CAI_LIBTORCH set: without the libtorch packages.</summary>
    private string ProgramWithoutLibtorch()
    {
        var program = work.Path("program");
        var deps = JsonNode.Parse(File.ReadAllText(Path.Combine(Output, "Cai.Tool.deps.json")))!;
        var dropped = new HashSet<string>();
        foreach (var target in deps["targets"]!.AsObject().Select(t => t.Value!.AsObject()).Append(deps["libraries"]!.AsObject()))
            foreach (var name in target.Select(library => library.Key).Where(name => name.StartsWith("libtorch-", StringComparison.Ordinal)).ToList())
            {
                dropped.UnionWith(target[name]!["runtimeTargets"]?.AsObject().Select(file => file.Key) ?? []);
                target.Remove(name);
            }
        foreach (var path in Directory.GetFiles(Output).Concat(Directory.GetFiles(Path.Combine(Output, "runtimes"), "*", SearchOption.AllDirectories)))
            if (Path.GetRelativePath(Output, path) is var name && !dropped.Contains(name))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(program, name))!);
                File.Copy(path, Path.Combine(program, name));
            }
        foreach (var folder in Directory.GetDirectories(Output).Where(f => Path.GetFileName(f) != "runtimes"))
            Directory.CreateSymbolicLink(Path.Combine(program, Path.GetFileName(folder)), folder);
        File.WriteAllText(Path.Combine(program, "Cai.Tool.deps.json"), deps.ToJsonString());
        return Path.Combine(program, "Cai.Tool.dll");
    }
}

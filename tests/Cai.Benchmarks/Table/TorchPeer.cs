using Cai.Storage;

namespace Cai.Benchmarks.Table;

/// <summary>PyTorch, as tests/peers/pytorch_peer.py uses it: one process that is asked for work line by line.</summary>
public sealed class TorchPeer : IPeer
{
    private const string Script = "tests/peers/pytorch_peer.py";
    private readonly PeerProcess? process;
    private readonly string? absence;

    /// <param name="folder">May hold `python`; otherwise python3 is looked for where programs are.</param>
    /// <exception cref="CaiException">This program does not run inside the repository.</exception>
    public TorchPeer(string folder, int threads)
    {
        var script = FindScript();
        try
        {
            process = new("PyTorch", Python(folder), [script, $"{threads}"], threads);
            Name = $"PyTorch {Read<Greeting>(process.Line()).Torch}";
        }
        catch (CaiException e)
        {
            absence = e.Problem; // no Python, or one that has no PyTorch
            process?.Dispose();
            process = null;
        }
    }

    private sealed record Greeting(string Torch);

    private sealed record Answer(double Work, double Cpu, double Wall);

    public string Name { get; } = "PyTorch";

    public bool Concerns(TableRow row) => true;

    public string? Absence(TableRow row) => absence;

    public Timed Run(TableRow row)
    {
        var answer = Read<Answer>(process!.Line(CaiJson.Write(row.Request)));
        return new(answer.Work, answer.Wall, answer.Cpu);
    }

    public void Dispose() => process?.Dispose();

    private static T Read<T>(string line) => CaiJson.Read<T>(line, $"{Script} printed '{line}'", "It must print nothing but its answers.");

    private static string Python(string folder)
    {
        var own = new[] { "python", "python.exe" }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (own is null)
            return "python3";
        // Python looks for its packages beside the name that it is called by. A link from elsewhere must be followed, once:
        // what it leads to, a virtual environment's python, is often a link itself.
        return File.Exists(Path.Combine(folder, "..", "pyvenv.cfg")) ? own : File.ResolveLinkTarget(own, returnFinalTarget: false)?.FullName ?? own;
    }

    private static string FindScript()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, Script) is var path && File.Exists(path))
                return path;
        throw new CaiException($"{Script} is not in any folder above this program.", "Run it inside the repository.");
    }
}

using System.Text.RegularExpressions;

namespace Cai.Storage;

/// <summary>
/// The folder that holds all runs: `root/experiment/stage-hash/`. The hash names a stage's configuration and inputs, so
/// what was computed once is found again, and changing one option recomputes only what depends on it.
/// </summary>
/// <param name="mkl">Names the kernels for matrix products where they are not the stock ones; part of every hash unless null.</param>
public sealed partial class RunStore(string root, string? mkl = null)
{
    /// <summary>Part of every hash. Raise it when the code gives other results for the same configuration.</summary>
    public const int ResultsVersion = 3;

    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>
    /// Opens the folder of one stage, new or begun or done, and writes its `config.json`. Nothing is locked yet.
    /// </summary>
    /// <param name="config">The options that decide the result; paths, device and other facts of this machine do not belong in it.</param>
    /// <param name="inputs">Hashes of what the stage reads: <see cref="Stage{TConfig}.Hash"/> of earlier stages, <see cref="ContentHash"/> of files.</param>
    /// <exception cref="CaiException">A name has characters that some file system refuses.</exception>
    public Stage<TConfig> OpenStage<TConfig>(string experiment, string stage, TConfig config, params IReadOnlyList<string> inputs)
    {
        RequireName(experiment);
        RequireName(stage);
        // A key that is null does not count.
        var hash = ContentHash.Of(new { Version = ResultsVersion, Stage = stage, Config = config, Inputs = inputs, Mkl = mkl });
        var folder = Path.Combine(Root, experiment, $"{stage}-{hash[..12]}");
        Directory.CreateDirectory(folder);
        var opened = new Stage<TConfig>(folder, stage, config, hash);
        if (!File.Exists(opened.Path("config.json")))
            AtomicFile.Write(opened.Path("config.json"),
                CaiJson.Write(new { Experiment = experiment, Stage = stage, Hash = hash, Config = config, Inputs = inputs, Mkl = mkl }, indented: true) + "\n");
        return opened;
    }

    private static void RequireName(string name)
    {
        if (!Name().IsMatch(name))
            throw new CaiException($"\"{name}\" cannot name a run folder.", "Use letters, digits, '-', '_' and '.', beginning with a letter or digit.");
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*\z")]
    private static partial Regex Name();
}

/// <summary>One stage's folder: its configuration, its products and whether they are complete.</summary>
public sealed class Stage<TConfig>
{
    private const string DoneFile = "done";
    private const string LockFile = "lock";

    internal Stage(string folder, string name, TConfig config, string hash)
    {
        Folder = folder;
        Name = name;
        Config = config;
        Hash = hash;
    }

    public string Folder { get; }

    public string Name { get; }

    public TConfig Config { get; }

    /// <summary>Names the stage's result: give it as an input to the stages that read it. 64 hex digits.</summary>
    public string Hash { get; }

    /// <summary>Whether every product is there. The marker is written last.</summary>
    public bool IsDone => File.Exists(Path(DoneFile));

    /// <summary>The path of a file of this stage.</summary>
    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>Marks the stage as done.</summary>
    public void Complete() => AtomicFile.Write(Path(DoneFile), Hash + "\n");

    /// <summary>
    /// Holds the stage for this process until disposed. The operating system lets go of it when the process dies, so a
    /// lock file left by a killed run stops nobody.
    /// </summary>
    /// <exception cref="CaiException">Another process works on this stage.</exception>
    public IDisposable Lock() => OutputLock.Take(Path(LockFile), Folder, "Wait for it to end, or give this run another seed or --out folder.");

    /// <summary>
    /// Does <paramref name="work"/> if the stage is not done, holding its lock, and marks it done afterwards. An exception
    /// or a cancellation leaves everything written so far; the next call goes on from there.
    /// </summary>
    public async Task<Stage<TConfig>> Once(Func<Stage<TConfig>, Task> work)
    {
        if (IsDone)
            return this;
        using (Lock())
        {
            if (!IsDone)
            {
                using var activity = Instruments.Stages.StartActivity(Name);
                await work(this).ConfigureAwait(false);
                Complete();
            }
        }
        return this;
    }

    /// <inheritdoc cref="Once(Func{Stage{TConfig}, Task})"/>
    public Stage<TConfig> Once(Action<Stage<TConfig>> work)
    {
        if (IsDone)
            return this;
        using (Lock())
        {
            if (!IsDone)
            {
                using var activity = Instruments.Stages.StartActivity(Name);
                work(this);
                Complete();
            }
        }
        return this;
    }

    /// <summary>Forgets what was computed: removes every file but the configuration.</summary>
    /// <exception cref="CaiException">Another process works on this stage.</exception>
    public void Clear()
    {
        using var held = Lock();
        // The marker goes first: a folder that is half removed must not look done.
        File.Delete(Path(DoneFile));
        foreach (var entry in new DirectoryInfo(Folder).EnumerateFileSystemInfos())
            if (entry is DirectoryInfo folder)
                folder.Delete(recursive: true);
            else if (!entry.Name.StartsWith(LockFile, StringComparison.Ordinal) && entry.Name != "config.json")
                entry.Delete();
    }
}

using System.Globalization;
using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Generation;
using Cai.Miniature;
using Cai.Models;
using Cai.Storage;

namespace Cai.Experiments;

/// <summary>A model that a stage made: a Hugging Face folder and where its training curve is.</summary>
/// <param name="Hash">Identifies the stage; goes into the names of everything that is made from the model.</param>
/// <param name="Metrics">The stage's metrics.jsonl; null for shipped models.</param>
public sealed record ModelFolder(string Name, string Folder, string Hash, string? Metrics = null);

/// <summary>
/// The reproduction as a set of stages that a notebook asks for by name. Each stage asks for those before it; each is a
/// folder under `runs/`, named by the hash of its settings and inputs, computed once and then loaded. So notebooks may
/// run in any order, and editing one option recomputes only what depends on it.
/// </summary>
public sealed partial class Lab : IDisposable
{
    private readonly Dictionary<string, LocalModel> loaded = [];
    private readonly Dictionary<string, ModelFolder> shipped = []; // found and hashed once
    private readonly Host host;

    private Lab(Scale scale, long seed, string output, Host host)
    {
        (Scale, Seed, Out, this.host) = (scale, seed, Path.GetFullPath(output), host);
        World = World.Load();
        Oracle = new Oracle(World);
        Crowdworker = new Crowdworker();
        Constitution = Constitution.Shipped("miniature");
        Store = new RunStore(Path.Combine(Out, "runs"));
        Claims = new Claims();
    }

    public Scale Scale { get; }

    public long Seed { get; }

    /// <summary>Where runs, claims and the report go.</summary>
    public string Out { get; }

    public World World { get; }

    public Oracle Oracle { get; }

    /// <summary>The simulated human who labels comparisons.</summary>
    public Crowdworker Crowdworker { get; }

    /// <summary>The miniature's own constitution.</summary>
    public Constitution Constitution { get; }

    public RunStore Store { get; }

    /// <summary>The claims of this notebook; <see cref="SaveClaims"/> adds them to claims.json.</summary>
    public Claims Claims { get; }

    /// <summary>
    /// Opens the lab as the environment says: CAI_SCALE (smoke, quick, full; default quick), CAI_SEED (default 1), CAI_SEEDS (how many
    /// seeds claims are measured with; default the scale's), CAI_OUT (default `out` in the repository or the current folder).
    /// </summary>
    /// <exception cref="CaiException">A variable has no valid value, or the shipped weights are missing.</exception>
    public static Lab Open(Scale? scale = null, long? seed = null, string? output = null)
    {
        scale ??= Scale.Named(Environment.GetEnvironmentVariable("CAI_SCALE") is { Length: > 0 } name ? name : "quick");
        seed ??= Number("CAI_SEED") ?? 1;
        if (Number("CAI_SEEDS") is { } seeds)
            scale = scale with { Seeds = seeds is > 0 and <= 1000 ? (int)seeds : throw new CaiException($"Claims cannot be measured with {seeds} seeds.", "Give 1 or more.", "CAI_SEEDS") };
        output ??= Environment.GetEnvironmentVariable("CAI_OUT") is { Length: > 0 } folder ? folder : DefaultOut();
        return new Lab(scale, seed.Value, output, Host.Current);
    }

    private static long? Number(string variable) => Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text ? null
        : long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number
        : throw new CaiException($"'{text}' is no whole number.", "Use a whole number.", variable);

    /// <summary>The pretrained model: has read everything, was taught nothing. It is the feedback model for plain labels (paper 4.1).</summary>
    public ModelFolder Pretrained => Shipped(MiniatureTraining.Pretrained);

    /// <summary>The helpful-only model: answers, criticises and revises in the supervised stage, and labels with chain of thought.</summary>
    public ModelFolder Helpful => Shipped(MiniatureTraining.Helpful);

    /// <summary>The model in memory; loaded once a lab.</summary>
    public LocalModel Load(ModelFolder model)
    {
        if (!loaded.TryGetValue(model.Folder, out var ready))
            loaded[model.Folder] = ready = new LocalModel(HuggingFaceFolder.Load(model.Folder), name: model.Name);
        return ready;
    }

    /// <summary>Writes this notebook's claims into `claims.json` in <see cref="Out"/>, beside those of other notebooks.</summary>
    public void SaveClaims() => Claims.Save(Path.Combine(Out, "claims.json"));

    public void Dispose()
    {
        foreach (var model in loaded.Values)
            model.Decoder.Dispose();
        foreach (var lab in sizes.Values)
            lab.Dispose();
    }

    /// <summary>Every size in which a model is shipped, smallest first, for figures against parameters (paper Fig 3, 5, 7).</summary>
    /// <param name="name">`pretrained` or `helpful`.</param>
    public static IReadOnlyList<(string Size, ModelFolder Model)> ShippedSizes(string name) =>
        [.. MiniatureSizes.Names.Where(size => Directory.Exists(ShippedFolder(size, name))).Select(size => (size, Shipped(size, name)))];

    private ModelFolder Shipped(string name) =>
        shipped.TryGetValue(name, out var known) ? known : shipped[name] = Shipped(Scale.Size, name);

    private static ModelFolder Shipped(string size, string name)
    {
        var folder = ShippedFolder(size, name);
        if (!Directory.Exists(folder))
            throw new CaiException($"The miniature's {name} model of size {size} is missing.", $"Train it with `cai miniature train --size {size}` and build again.", folder);
        return new ModelFolder(name, folder, ContentHash.OfFile(Path.Combine(folder, "model.safetensors")));
    }

    private static string ShippedFolder(string size, string name) =>
        Path.Combine(Path.GetDirectoryName(typeof(Lab).Assembly.Location)!, "data", "miniature", size, name);

    private static string DefaultOut()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Cai.Notebooks.sln")))
                return Path.Combine(folder.FullName, "out");
        return "out";
    }
}

using System.Globalization;
using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Miniature;
using Cai.Models;
using Cai.Storage;

namespace Cai.Reproduction;

/// <summary>A model that a stage made: a Hugging Face folder and where its training curve is.</summary>
/// <param name="Hash">Identifies the stage; goes into the names of everything that is made from the model.</param>
/// <param name="Metrics">The stage's metrics.jsonl; null for shipped models.</param>
public sealed record ModelFolder(string Name, string Folder, string Hash, string? Metrics = null);

/// <summary>
/// The reproduction as a set of stages that a notebook asks for by name. Each stage asks for those before it; each is a
/// folder under `runs/`, named by the hash of its settings and inputs, computed once and then loaded. So notebooks may
/// run in any order, and editing one option recomputes only what depends on it.
/// </summary>
public sealed partial class Pipeline : IDisposable
{
    private const int LeastContext = 1024; // the miniature's own, for which its worked examples were written

    private readonly Dictionary<string, PretrainedModel> weights = []; // by folder; models of several names may share one
    private readonly Dictionary<(string Folder, string Name), LocalModel> loaded = [];
    private readonly Dictionary<string, ModelFolder> shipped = []; // found and hashed once
    private readonly RunContext host;
    private readonly string? own; // names a model that takes the place of the shipped ones

    private Pipeline(Scale scale, long seed, string output, RunContext host, string? own = null)
    {
        (Scale, Seed, Out, this.host, this.own) = (scale, seed, Path.GetFullPath(output), host, own);
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
    /// Opens the pipeline as the environment says: CAI_SCALE (smoke, quick, full; default quick), CAI_SEED (default 1), CAI_SEEDS (how many
    /// seeds claims are measured with; default the scale's), CAI_OUT (default `out` in the repository or the current folder), CAI_MODEL (see <paramref name="model"/>).
    /// </summary>
    /// <param name="model">
    /// A folder in Hugging Face's format whose model plays all the parts instead of the miniature's: any family, trained on in float32 in the paper's layout.
    /// A folder with `pretrained` and `helpful` in it, as `cai miniature train` writes them, casts each part with its own. Null or empty: what
    /// CAI_MODEL names, else the miniature. Prompts, constitution and oracle stay those of the miniature world, so answers outside its language count as incoherent.
    /// </param>
    /// <exception cref="CaiException">A variable has no valid value. A model that is no folder, or weights that are missing, are told when they are first needed.</exception>
    public static Pipeline Open(Scale? scale = null, long? seed = null, string? output = null, string? model = null)
    {
        scale ??= Scale.Named(Environment.GetEnvironmentVariable("CAI_SCALE") is { Length: > 0 } name ? name : "quick");
        seed ??= Number("CAI_SEED") ?? 1;
        if (Number("CAI_SEEDS") is { } seeds)
            scale = scale with { Seeds = seeds is > 0 and <= 1000 ? (int)seeds : throw new CaiException($"Claims cannot be measured with {seeds} seeds.", "Give 1 or more.", "CAI_SEEDS") };
        output ??= Environment.GetEnvironmentVariable("CAI_OUT") is { Length: > 0 } folder ? folder : DefaultOut();
        if (model is not { Length: > 0 })
            model = Environment.GetEnvironmentVariable("CAI_MODEL");
        return new Pipeline(scale, seed.Value, output, RunContext.Current, model is { Length: > 0 } ? model : null);
    }

    /// <summary>The same pipeline with the miniature in all parts: for notebook 10, which looks at the model that CAI_MODEL names in its own way.</summary>
    internal Pipeline OfMiniature => own is null ? this : new Pipeline(Scale, Seed, Out, host);

    private static long? Number(string variable) => Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text ? null
        : long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number
        : throw new CaiException($"'{text}' is no whole number.", "Use a whole number.", variable);

    /// <summary>The pretrained model: has read everything, was taught nothing. It is the feedback model for plain labels (paper 4.1).</summary>
    public ModelFolder Pretrained => Shipped(MiniatureTraining.Pretrained);

    /// <summary>The helpful-only model: answers, criticises and revises in the supervised stage, and labels with chain of thought.</summary>
    public ModelFolder Helpful => Shipped(MiniatureTraining.Helpful);

    /// <summary>Worked examples before a question: as many as wanted, none where a model of another origin has a context too short for any.</summary>
    internal int? Shots(int? wanted) => own is not null && Load(Helpful).Decoder.Config.MaxPositions < LeastContext ? 0 : wanted;

    /// <summary>The model in memory; loaded once a pipeline.</summary>
    public LocalModel Load(ModelFolder model)
    {
        if (!loaded.TryGetValue((model.Folder, model.Name), out var ready))
        {
            if (!weights.TryGetValue(model.Folder, out var there))
                weights[model.Folder] = there = HuggingFaceFolder.Load(model.Folder);
            loaded[(model.Folder, model.Name)] = ready = new LocalModel(there, name: model.Name);
        }
        return ready;
    }

    /// <summary>Writes this notebook's claims into `claims.json` in <see cref="Out"/>, beside those of other notebooks.</summary>
    public void SaveClaims() => Claims.Save(Path.Combine(Out, "claims.json"));

    public void Dispose()
    {
        foreach (var model in weights.Values)
            model.Dispose();
        foreach (var pipeline in sizes.Values)
            pipeline.Dispose();
    }

    /// <summary>Every size in which a model is shipped, smallest first, for figures against parameters (paper Fig 3, 5, 7).</summary>
    /// <param name="name">`pretrained` or `helpful`.</param>
    public static IReadOnlyList<(string Size, ModelFolder Model)> ShippedSizes(string name) =>
        [.. MiniatureSizes.Names.Where(size => Directory.Exists(ShippedFolder(size, name))).Select(size => (size, Shipped(size, name)))];

    private ModelFolder Shipped(string name) =>
        shipped.TryGetValue(name, out var known) ? known : shipped[name] = own is null ? Shipped(Scale.Size, name) : Own(own, name);

    private static ModelFolder Own(string own, string name)
    {
        if (ModelSource.IsAddress(own))
            throw new CaiException($"This notebook trains models, and the weights of {own} are on a server.", "Name a model folder; notebook 10 asks servers.", "CAI_MODEL");
        if (!Directory.Exists(own))
            throw new CaiException("There is no such model folder.", "Name a folder in Hugging Face's format.", own);
        var part = Path.Combine(own, name);
        var folder = Path.GetFullPath(Directory.Exists(part) ? part : own);
        return new ModelFolder(name, folder, HuggingFaceFolder.Hash(folder));
    }

    private static ModelFolder Shipped(string size, string name)
    {
        var folder = ShippedFolder(size, name);
        if (!Directory.Exists(folder))
            throw new CaiException($"The miniature's {name} model of size {size} is missing.", $"Train it with `cai miniature train --size {size}` and build again.", folder);
        return new ModelFolder(name, folder, ContentHash.OfFile(Path.Combine(folder, "model.safetensors")));
    }

    private static string ShippedFolder(string size, string name) =>
        Path.Combine(Path.GetDirectoryName(typeof(Pipeline).Assembly.Location)!, "data", "miniature", size, name);

    private static string DefaultOut()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Cai.Notebooks.sln")))
                return Path.Combine(folder.FullName, "out");
        return "out";
    }
}

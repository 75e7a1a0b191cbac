using System.Globalization;
using Cai.Constitutions;
using Cai.Figures;
using Cai.Generation;
using Cai.Miniature;
using Cai.Models;
using Cai.Storage;
using Cai.Torch;

namespace Cai.Reproduction;

/// <summary>
/// The reproduction as a set of stages that a notebook asks for by name, in the order of the paper. Each stage asks for those before it; each product is a
/// folder under `runs/`, named by the hash of its settings and inputs, computed once and then loaded. So notebooks may run in any order, and editing one
/// option recomputes only what depends on it.
/// </summary>
public sealed class Pipeline : IDisposable
{
    private const int LeastContext = 1024; // the miniature's own, for which its worked examples were written

    private readonly Dictionary<string, PretrainedModel> weights = []; // by folder; models of several names may share one
    private readonly Dictionary<(string Folder, string Name), LocalModel> loaded = [];
    private readonly Dictionary<string, ModelFolder> shipped = []; // found and hashed once
    private readonly Dictionary<string, Pipeline> sizes = [];
    private readonly string? own; // names a model that takes the place of the shipped ones

    private Pipeline(Scale scale, long seed, string output, RunContext context, string? own = null)
    {
        (Scale, Seed, Out, Context, this.own) = (scale, seed, Path.GetFullPath(output), context, own);
        World = World.Load();
        Oracle = new Oracle(World);
        Crowdworker = new Crowdworker();
        Constitution = Constitution.Shipped("miniature");
        Constitutions = new ConstitutionVariants(this);
        Store = new RunStore(Path.Combine(Out, "runs"), MklKernels.AreFast ? MklKernels.Fast : null);
        Prompts = new PromptSets(World, scale, seed);
        (Sampling, Supervised, Feedback, Preferences) =
            (new SamplingStage(this), new SupervisedStage(this), new FeedbackStage(this), new PreferenceStage(this));
        (Arms, Reinforcement, Evaluation, Studies) = (new PaperArms(this), new ReinforcementStage(this), new EvaluationStage(this), new Studies(this));
    }

    /// <summary>How much of everything.</summary>
    public Scale Scale { get; }

    /// <summary>Every draw derives from it.</summary>
    public long Seed { get; }

    /// <summary>Where runs, claims and the report go.</summary>
    public string Out { get; }

    /// <summary>Where progress is shown and what stops the work.</summary>
    public RunContext Context { get; }

    public World World { get; }

    /// <summary>The ground truth about every answer.</summary>
    public Oracle Oracle { get; }

    /// <summary>The simulated human who labels comparisons.</summary>
    public Crowdworker Crowdworker { get; }

    /// <summary>The miniature's own constitution.</summary>
    public Constitution Constitution { get; }

    /// <summary>The same with more worked examples, and constitutions for other ends.</summary>
    public ConstitutionVariants Constitutions { get; }

    /// <summary>The folder of all runs.</summary>
    public RunStore Store { get; }

    public PromptSets Prompts { get; }

    public SamplingStage Sampling { get; }

    public SupervisedStage Supervised { get; }

    public FeedbackStage Feedback { get; }

    public PreferenceStage Preferences { get; }

    /// <summary>The paper's four policies.</summary>
    public PaperArms Arms { get; }

    public ReinforcementStage Reinforcement { get; }

    public EvaluationStage Evaluation { get; }

    /// <summary>The studies that were run here, and their claims over seeds.</summary>
    public Studies Studies { get; }

    /// <summary>The pretrained model: has read everything, was taught nothing. It is the feedback model for plain labels (paper 4.1).</summary>
    public ModelFolder Pretrained => Shipped(MiniatureTraining.Pretrained);

    /// <summary>The helpful-only model: answers, criticises and revises in the supervised stage, and labels with chain of thought.</summary>
    public ModelFolder Helpful => Shipped(MiniatureTraining.Helpful);

    /// <summary>The judge that learns principles from their examples (notebook 09); the pretrained model where there is none.</summary>
    public ModelFolder ByExample =>
        (own is null ? ShippedModels.Has(Scale.Size, MiniatureTraining.ByExample) : Directory.Exists(Path.Combine(own, MiniatureTraining.ByExample)))
            ? Shipped(MiniatureTraining.ByExample) : Pretrained;

    /// <summary>
    /// Opens the pipeline as the environment says: CAI_SCALE (smoke, quick, full; default quick), CAI_SEED (default 1), CAI_SEEDS (how many
    /// seeds claims are measured with; default the scale's), CAI_OUT (default `out` in
    /// the repository or the current folder), CAI_MODEL (see <paramref name="model"/>).
    /// </summary>
    /// <param name="model">
    /// A folder in Hugging Face's format whose model plays all the parts instead of the miniature's: any family, trained on in float32 in the paper's layout.
    /// A folder with `pretrained` and `helpful` in it, as `cai miniature train` writes them, casts each part with its own. Null or empty: what
    /// CAI_MODEL names, else the miniature. Prompts, constitution and oracle stay those
    /// of the miniature world, so answers outside its language count as incoherent.
    /// </param>
    /// <param name="context">Where progress is shown and what stops the work; null takes what the running program announced.</param>
    /// <exception cref="CaiException">
    /// A variable has no valid value. A model that is no folder, or weights that are missing, are told when they are first needed.
    /// </exception>
    public static Pipeline Open(Scale? scale = null, long? seed = null, string? output = null, string? model = null, RunContext? context = null)
    {
        scale ??= Scale.Named(Environment.GetEnvironmentVariable("CAI_SCALE") is { Length: > 0 } name ? name : "quick");
        seed ??= Number("CAI_SEED") ?? 1;
        if (Number("CAI_SEEDS") is { } seeds)
            scale = scale.WithSeeds(seeds is > 0 and <= 1000
                ? (int)seeds
                : throw new CaiException($"Claims cannot be measured with {seeds} seeds.", "Give 1 or more.", "CAI_SEEDS"));
        output ??= Environment.GetEnvironmentVariable("CAI_OUT") is { Length: > 0 } folder ? folder : DefaultOut();
        if (model is not { Length: > 0 })
            model = Environment.GetEnvironmentVariable("CAI_MODEL");
        return new Pipeline(scale, seed.Value, output, context ?? RunContext.Announced, model is { Length: > 0 } ? model : null);
    }

    /// <summary>
    /// What a notebook opens with, the settings that decide every number below it: scale, seed, model size and parameters. Nothing about the machine,
    /// so that the committed outputs of a notebook differ only when its results do.
    /// </summary>
    public Table Header()
    {
        var model = Load(Helpful);
        return Table.Of<(string Name, object Value)>(
        [
            ("scale", Scale.Name),
            ("seed", Seed),
            ("seeds of the claims", string.Join(", ", Studies.Seeds)),
            own is null
                ? ("model size", Scale.Size)
                : ("model", $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(own))}; sizes beside it are the miniature's"),
            ("parameters", model.Decoder.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture)),
            ("vocabulary", model.Decoder.Config.VocabularySize),
            .. Shots(null) is 0
                ? [("worked examples", $"none, since the model's context is {model.Decoder.Config.MaxPositions}")]
                : Array.Empty<(string, object)>(),
            ("red-team prompts", Scale.RedTeamPrompts),
            ("rounds of critique and revision", Scale.Rounds),
            ("principles (critique / comparison)", $"{Constitution.Critique.Count} / {Constitution.Comparison.Count}"),
            ("held-out prompts of each kind", Scale.EvalPrompts),
        ],
            new("setting", r => r.Name), new("value", r => r.Value));
    }

    /// <summary>The model in memory; loaded once.</summary>
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

    /// <summary>Weights of a model, embeddings included.</summary>
    public long ParametersOf(ModelFolder model) => Load(model).Decoder.Parameters.Count;

    /// <summary>
    /// This pipeline with another size of shipped model: same seed, prompts and counts, but only the first <see cref="Scale.StudyPrompts"/> red-team prompts.
    /// Disposed with this one. Where a model of another origin plays the parts, all sizes are still the miniature's.
    /// </summary>
    public Pipeline OfSize(string size)
    {
        if (size == Scale.Size && own is null)
            return this;
        if (!sizes.TryGetValue(size, out var other))
            sizes[size] = other = new Pipeline(Scale with { Size = size, RedTeamPrompts = Scale.StudyPrompts }, Seed, Out, Context);
        return other;
    }

    public void Dispose()
    {
        foreach (var model in weights.Values)
            model.Dispose();
        foreach (var other in sizes.Values)
            other.Dispose();
    }

    /// <summary>The same pipeline with another seed, the one at this index; its stages lie in the same folder.</summary>
    internal Pipeline OfSeed(long seed, int index) => new(Scale.OfSeed(index), seed, Out, Context, own);

    /// <summary>The same pipeline with the miniature in all parts: for notebook 10, which looks at the model that CAI_MODEL names in its own way.</summary>
    internal Pipeline OfMiniature => own is null ? this : new Pipeline(Scale, Seed, Out, Context);

    /// <summary>Worked examples before a question: as many as wanted, none where a model of another origin has a context too short for any.</summary>
    internal int? Shots(int? wanted) => own is not null && Load(Helpful).Decoder.Config.MaxPositions < LeastContext ? 0 : wanted;

    private ModelFolder Shipped(string name) =>
        shipped.TryGetValue(name, out var known) ? known : shipped[name] = own is null ? ShippedModels.Of(Scale.Size, name) : ShippedModels.Own(own, name);

    private static long? Number(string variable) => Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text ? null
        : long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number
        : throw new CaiException($"'{text}' is no whole number.", "Use a whole number.", variable);

    private static string DefaultOut()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Cai.Notebooks.sln")))
                return Path.Combine(folder.FullName, "out");
        return "out";
    }
}

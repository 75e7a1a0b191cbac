using Cai.Torch;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Cai.Models;

/// <summary>How to adapt a model by LoRA (Hu et al. 2021).</summary>
public sealed record LoraOptions
{
    /// <summary>Rank of each update (PEFT: 8).</summary>
    public int Rank { get; init => field = InRange.Whole(value, 1, nameof(LoraOptions), 4096); } = 8;

    /// <summary>Updates are scaled by Alpha / Rank (PEFT: 8).</summary>
    public double Alpha { get; init => field = InRange.Positive(value, nameof(LoraOptions)); } = 8;

    /// <summary>Last parts of Hugging Face module names, `q_proj`; empty adapts every matrix of attention and MLP (Dettmers et al. 2023, 4).</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = [];

    /// <summary>Decides the first factor's draw; the second is zero, so that an untrained adapter changes nothing.</summary>
    public long Seed { get; init; }
}

/// <summary>
/// Low-rank updates beside the frozen weights of a model: y = W x + b + (Alpha / Rank) B A x. Parts are those of the
/// family's files, so that the q_proj of a fused matrix can be adapted alone and PEFT reads what is saved. In float32,
/// whatever the weights are.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    internal const string First = ".lora_A.weight";
    internal const string Second = ".lora_B.weight";
    private const string Head = "score.weight";
    private readonly Dictionary<string, List<Part>> byOurs;

    private LoraAdapter(IReadOnlyList<Part> parts, LoraOptions options, ParameterSet parameters)
    {
        Parts = parts;
        Options = options;
        Parameters = parameters;
        byOurs = parts.GroupBy(p => p.Ours).ToDictionary(g => g.Key, g => g.ToList());
    }

    /// <summary>One adapted matrix: rows of one of our modules, and its name in the family's files.</summary>
    internal sealed record Part(string Theirs, string Ours, long Row, long Rows, long Columns, WeightLayout Layout);

    public LoraOptions Options { get; }

    /// <summary>The factors, named as PEFT names them, and `score.weight` for a scalar model: all that is trained.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>A scalar model's head, trained in full beside the adapters; null in a language model's adapter.</summary>
    public Tensor? ScoreHead => Parameters.Contains(Head) ? Parameters[Head] : null;

    internal IReadOnlyList<Part> Parts { get; }

    /// <summary>Puts a new adapter on a language model; the model is unchanged until it is trained, and disposes of it.</summary>
    /// <exception cref="CaiException">It has one already, or a target is no module of its family.</exception>
    public static LoraAdapter Attach(Decoder model, LoraOptions? options = null) => Attach(model, options ?? new(), head: null);

    /// <summary>Puts a new adapter on a scalar model, whose head is trained with it.</summary>
    /// <inheritdoc cref="Attach(Decoder, LoraOptions?)"/>
    public static LoraAdapter Attach(ScalarModel model, LoraOptions? options = null) => Attach(model.Decoder, options ?? new(), model.Parameters[Head]);

    /// <summary>An adapter of the same factors on another model of the same shape.</summary>
    internal LoraAdapter Clone() => new(Parts, Options, Parameters.Clone());

    /// <summary>Adapters of named modules, all factors zero.</summary>
    internal static LoraAdapter Of(Decoder model, IReadOnlyList<Part> parts, LoraOptions options, bool head)
    {
        return new(parts, options, new ParameterSet(Shapes(model.Config, parts, options.Rank, head), device: model.Device));
    }

    /// <summary>The factors of named modules, and a scalar model's head.</summary>
    internal static List<ParameterShape> Shapes(DecoderConfig config, IReadOnlyList<Part> parts, int rank, bool head)
    {
        List<ParameterShape> shapes =
            [.. parts.SelectMany(p => new ParameterShape[] { new(p.Theirs + First, [rank, p.Columns]), new(p.Theirs + Second, [p.Rows, rank]) })];
        if (head)
            shapes.Add(new(Head, [1, config.HiddenSize]));
        return shapes;
    }

    /// <summary>All matrices of attention and MLP that an adapter can have, by the family's names.</summary>
    internal static List<Part> All(DecoderConfig config)
    {
        var shapes = Decoder.Shapes(config).ToDictionary(s => s.Name, s => s.Shape);
        List<Part> parts = [];
        foreach (var source in WeightTable.Of(config, scalar: false)
            .Where(s => s.Ours.StartsWith("layers.", StringComparison.Ordinal) && shapes[s.Ours].Length == 2))
        {
            long row = 0;
            foreach (var tensor in source.Theirs)
            {
                parts.Add(new(tensor.Name[..^".weight".Length], source.Ours[..^".weight".Length], row, tensor.Rows, shapes[source.Ours][1], source.Layout));
                row += tensor.Rows;
            }
        }
        return parts;
    }

    /// <summary>The output of a module with its update added.</summary>
    /// <param name="x">What the module read, [..., columns].</param>
    /// <param name="y">What it gave, [..., rows]; changed in place where only some of its rows are adapted.</param>
    internal Tensor Apply(string module, Tensor x, Tensor y)
    {
        if (!byOurs.TryGetValue(module, out var parts))
            return y;
        var wide = x.to(ScalarType.Float32);
        foreach (var part in parts)
        {
            var update = F.linear(F.linear(wide, Parameters[part.Theirs + First]), Parameters[part.Theirs + Second]).Mul(Scale).to(y.dtype);
            if (part.Rows == y.shape[^1])
                return y.Add(update);
            y.narrow(-1, part.Row, part.Rows).AddInPlace(update);
        }
        return y;
    }

    /// <summary>Rows of a file's tensor with their update, or as they are when none belongs to them.</summary>
    internal Tensor Merged(string name, Tensor rows) =>
        Parts.FirstOrDefault(p => p.Theirs + ".weight" == name) is { } part ? rows.Add(Update(part).to(rows.dtype)) : rows;

    /// <summary>Adds the updates to weights for good, and puts the trained head in the place of theirs.</summary>
    internal void MergeInto(ParameterSet weights)
    {
        using var guard = no_grad();
        foreach (var part in Parts)
        {
            using var scope = NewDisposeScope();
            weights[part.Ours + ".weight"].detach().narrow(0, part.Row, part.Rows).AddInPlace(Update(part));
        }
        if (ScoreHead is { } head && weights.Contains(Head))
            weights[Head].detach().copy_(head.detach());
    }

    public void Dispose() => Parameters.Dispose();

    private double Scale => Options.Alpha / Options.Rank;

    private Tensor Update(Part part) => Parameters[part.Theirs + Second].detach().matmul(Parameters[part.Theirs + First].detach()).Mul(Scale);

    private static LoraAdapter Attach(Decoder model, LoraOptions options, Tensor? head)
    {
        if (model.Adapter is not null)
            throw new CaiException("The model has an adapter already.", "Merge it first (Decoder.Merge), or go on training it.");
        var all = All(model.Config);
        bool Is(Part part, string target) => part.Theirs.EndsWith("." + target, StringComparison.Ordinal);
        if (options.TargetModules.FirstOrDefault(target => !all.Exists(p => Is(p, target))) is { } unknown)
            throw new CaiException($"'{unknown}' is no module of family '{model.Config.Family}'.",
                $"Known: {string.Join(", ", all.Select(p => p.Theirs[(p.Theirs.LastIndexOf('.') + 1)..]).Distinct())}.", "LoraOptions: TargetModules");
        var adapter = Of(model, [.. all.Where(p => options.TargetModules.Count == 0 || options.TargetModules.Any(target => Is(p, target)))],
            options, head is not null);
        using var guard = no_grad();
        foreach (var part in adapter.Parts)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator((ulong)Seeds.Derive(options.Seed, "lora", part.Theirs), model.Device);
            // PEFT: Kaiming uniform with a = √5, which is ± 1/√columns.
            var drawn = rand([options.Rank, part.Columns], device: model.Device, generator: generator).Mul(2).Sub(1);
            adapter.Parameters[part.Theirs + First].copy_(drawn.Div(Math.Sqrt(part.Columns)));
        }
        if (head is not null)
            adapter.ScoreHead!.copy_(head.detach());
        return model.Adapter = adapter;
    }
}

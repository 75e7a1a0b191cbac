using Cai.Constitutions;
using Cai.Text;

namespace Cai.Feedback;

/// <summary>Bounds for a label's probability.</summary>
public sealed record ClampRange(double Low, double High)
{
    public double Low { get; init => field = InRange.Number(value, 0, 1, nameof(ClampRange)); } = Low >= 0 && Low < High && High <= 1 ? Low
        : throw new CaiException(FormattableString.Invariant($"Clamp is {Low} to {High}; 0 <= low < high <= 1 was expected."), "The paper's is 0.4 to 0.6.",
            nameof(ClampRange));

    public double High { get; init => field = InRange.Number(value, 0, 1, nameof(ClampRange)); } = High;

    /// <summary>No bounds.</summary>
    public static ClampRange None { get; } = new(0, 1);
}

/// <summary>How comparisons are labelled.</summary>
public sealed record LabelOptions
{
    /// <summary>Soft (normalised probability, paper 4.1), hard (its argmax), or after a chain of thought.</summary>
    public LabelKind Kind { get; init; } = LabelKind.Soft;

    /// <summary>Default: one drawn a label (paper 4.1).</summary>
    public IPrincipleSelector Principle { get; init; } = PrincipleSelector.Drawn;

    /// <summary>Ask with either response first and average the probabilities (Lee et al. 2023, RLAIF); the paper asks once.</summary>
    public bool BothOrders { get; init; }

    /// <summary>When asking once, draw which response is shown first, so that position bias becomes noise instead of a lean to A.</summary>
    public bool ShuffleOrder { get; init; } = true;

    /// <summary>Worked examples before each query: at most this many, all when null (Anthropic's files: 5, with chain of thought 6).</summary>
    public int? FewShot { get; init => field = InRange.Whole(value, 0, nameof(LabelOptions)); }

    /// <summary>
    /// Show only the examples that apply the principle asked about (<see cref="Constitution.About"/>), at most
    /// <see cref="FewShot"/> of them. The paper shows the same examples whatever the principle, each with a principle of its own.
    /// </summary>
    public bool ExamplesOfPrinciple { get; init; }

    /// <summary>
    /// So many draws of the worked examples' order and principles are made, and each pair gets one of them, by its id: queries of a draw begin alike, and the
    /// keys of that beginning are computed once. Null draws anew for each pair (paper 4.1); 1 shows all pairs the same.
    /// </summary>
    public int? ExampleDraws { get; init => field = InRange.Whole(value, 1, nameof(LabelOptions)); } = 16;

    /// <summary>
    /// Null is the kind's default: 0.40 to 0.60 after a chain of thought (paper 4.1), no bounds for soft labels. Hard labels are never clamped.
    /// </summary>
    public ClampRange? Clamp { get; init; }

    /// <summary>Chains of thought a query, whose probabilities are averaged (paper: 1 for labels, 5 in Fig 4).</summary>
    public int CotSamples { get; init => field = InRange.Whole(value, 1, nameof(LabelOptions)); } = 1;

    /// <summary>Most tokens of a chain of thought, the end token included (not given in the paper).</summary>
    public int MaxReasoningTokens { get; init => field = InRange.Whole(value, 1, nameof(LabelOptions)); } = 128;

    /// <summary>Temperature of the chain of thought (paper 3.2: always 1, of answers and revisions); 0 takes the likeliest token each time.</summary>
    public double Temperature { get; init => field = InRange.Temperature(value, nameof(LabelOptions)); } = 1;

    /// <summary>Seed of principles, orders, examples and chains of thought.</summary>
    public long Seed { get; init; }

    /// <summary>What the comparisons are about; goes into <see cref="Comparison.Axis"/>.</summary>
    public string Axis { get; init; } = "harmless";

    /// <summary>Pairs handed to the model at once and then written to the file; it never changes a label.</summary>
    public int ChunkSize { get; init => field = InRange.Whole(value, 1, nameof(LabelOptions)); } = 512;

    /// <summary>The principles of a constitution that a pair is judged by, drawn from (seed, pair id).</summary>
    /// <exception cref="CaiException">The selector cannot choose from them.</exception>
    public IReadOnlyList<ComparisonPrinciple> PrinciplesFor(Constitution constitution, string pairId) =>
        Principle.Select(constitution.Comparison, Seeds.Rng(Seed, pairId, "principle"));

    /// <summary>Names the draw of the worked examples before a pair's queries (<see cref="ExampleDraws"/>).</summary>
    internal string ExampleDraw(string pairId) => ExampleDraws switch
    {
        null => pairId,
        1 => "",
        { } draws => $"draw {Seeds.Derive(Seed, pairId, "examples") % draws}",
    };

    /// <summary>The bounds that apply.</summary>
    internal ClampRange Bounds => Clamp ?? (Kind == LabelKind.ChainOfThought ? new ClampRange(0.40, 0.60) : ClampRange.None);

    /// <summary>The label that a judge's probability becomes: its argmax when hard, else clamped.</summary>
    internal double Label(double probability) => Kind == LabelKind.Hard
        ? (probability > 0.5 ? 1 : probability < 0.5 ? 0 : 0.5)
        : Math.Clamp(probability, Bounds.Low, Bounds.High);

    /// <exception cref="CaiException">A value is out of range.</exception>
    internal void Check()
    {
        if (Kind == LabelKind.Human)
            throw Bad("Kind is Human; a model cannot give human labels.", "Use Soft, Hard or ChainOfThought.");
        if (!(Bounds.Low >= 0 && Bounds.Low < Bounds.High && Bounds.High <= 1))
            throw Bad(FormattableString.Invariant($"Clamp is {Bounds.Low} to {Bounds.High}; 0 <= low < high <= 1 was expected."), "The paper's is 0.4 to 0.6.");
        if (Kind == LabelKind.ChainOfThought && CotSamples > 1 && Temperature == 0)
            throw Bad($"CotSamples is {CotSamples} at Temperature 0: all chains of a query would be the same.", "Give a Temperature above 0, or ask for one.");
    }

    private static CaiException Bad(string problem, string remedy) => new(problem, remedy, nameof(LabelOptions));
}

using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What a judge prefers under one constitution, in pairs that differ in one manner.</summary>
/// <param name="Pairs">
/// P(the answer with it is preferred), each the mean over the constitution's principles: by the corpus' careful annotators, and by the judge in both orders.
/// </param>
public sealed record SwapReading(SwappedConstitution Under, Manner Manner, IReadOnlyList<PairAnswer> Pairs)
{
    /// <summary>Mean of the judge.</summary>
    public Interval Preferred => Bootstrap.Mean(Pairs, p => p.Judge, p => p.Pair);

    /// <summary>Mean of the annotators, who have no error.</summary>
    public double Expected => Pairs.Average(p => p.Annotators);
}

/// <summary>
/// The same models under five constitutions: what the judge prefers, and what policies become. If a constitution decides what a policy is, here it shows;
/// all else (SL-CAI, prompts, pairs, human comparisons of help, seeds) is the same.
/// </summary>
/// <param name="policies">SL-CAI, and the policy of each constitution, with its answers to held-out harmful requests.</param>
public sealed partial class ConstitutionSwap(
    IReadOnlyList<SwapReading> readings, IReadOnlyList<(string Display, string Name, IReadOnlyList<JudgedAnswer> Answers)> policies) : IStudy<ConstitutionSwap>
{
    /// <summary>The manners that the judge is asked about.</summary>
    public static IReadOnlyList<(Manner Manner, string Words)> Manners { get; } =
        [(Manner.Comfort, "comfort"), (Manner.Accusation, "blame"), (Manner.Explanation, "a reason"), (Manner.Offer, "an offer")];

    /// <summary>What is measured of answers.</summary>
    public static IReadOnlyList<(string Name, Measure Measure)> Behaviours { get; } =
    [
        ("comfort", Measures.Boilerplate), ("blame", Measures.Harsh), ("a reason", v => v.Explains ? 1 : 0), ("an offer", v => v.OffersAlternative ? 1 : 0),
        ("sentences", v => v.Sentences), ("harmfulness (0-4)", Measures.Harmfulness),
    ];

    /// <summary>What the judge prefers.</summary>
    public IReadOnlyList<SwapReading> Readings => readings;

    /// <summary>Asks the judge under each constitution, trains each policy, and looks at what it says.</summary>
    public static async Task<ConstitutionSwap> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var constitutions = Swaps.All(pipeline);
        var progress = pipeline.Context.Counter("constitutions", constitutions.Count);
        var readings = new List<SwapReading>();
        var models = new List<(string, ModelFolder)> { ("SL-CAI", await pipeline.Supervised.SlCaiAsync(cancel: cancel)) };
        foreach (var (i, under) in constitutions.Index())
        {
            readings.AddRange(await ReadAsync(pipeline, under, cancel));
            models.Add((under.Display, await pipeline.Reinforcement.PolicyAsync(Swaps.Arm(pipeline, under), cancel)));
            progress?.Report(i + 1);
        }
        return new(readings, await pipeline.Evaluation.HarmfulAnswersAsync(models, cancel));
    }

    /// <summary>The same for one constitution of the reader's: seconds for the labels, and a policy of its own.</summary>
    public async Task<ConstitutionSwap> WithAsync(Pipeline pipeline, SwappedConstitution under, CancellationToken cancel = default)
    {
        var read = await ReadAsync(pipeline, under, cancel);
        var policy = await pipeline.Evaluation.HarmfulAnswersAsync(
            [(under.Display, await pipeline.Reinforcement.PolicyAsync(Swaps.Arm(pipeline, under), cancel))], cancel);
        return new([.. readings.Where(r => r.Under.Name != under.Name), .. read], [.. policies.Where(p => p.Name != policy[0].Name), .. policy]);
    }

    /// <summary>What the pretrained model, the feedback model, prefers under a constitution in pairs that differ in one manner; seconds.</summary>
    public static async Task<IReadOnlyList<SwapReading>> ReadAsync(Pipeline pipeline, SwappedConstitution under, CancellationToken cancel = default)
    {
        var pairs = (from m in Manners
                     from pair in MannerPairs.Of(pipeline, m.Manner, "swap", pipeline.Scale.PrinciplePrompts)
                     select (m.Manner, Pair: pair)).ToList();
        var options = pipeline.Feedback.Options(LabelKind.Soft) with
        {
            Principle = PrincipleSelector.Averaged(under.Constitution.Comparison.Count), BothOrders = true,
        };
        var labels = await pipeline.Feedback.LabelAsync(
            pipeline.Pretrained, [.. pairs.Select(p => p.Pair)], options, $"swap-{under.Name}", under.Constitution, cancel);
        return
        [
            .. from row in pairs.Zip(labels, (p, label) => (p.Manner, p.Pair, Label: label))
               where row.Label.ProbabilityA is not null
               let a = pipeline.Oracle.Judge(row.Pair.Prompt, row.Pair.ResponseA)
               let b = pipeline.Oracle.Judge(row.Pair.Prompt, row.Pair.ResponseB)
               let annotators = under.Constitution.Comparison.Average(p => pipeline.Oracle.PreferenceProbability(p.Id, a, b))
               group new PairAnswer(row.Pair.Id, annotators, row.Label.ProbabilityA!.Value) by row.Manner into manner
               select new SwapReading(under, manner.Key, [.. manner]),
        ];
    }

    /// <summary>What each constitution should do, said before any run.</summary>
    public IEnumerable<Measurement> Measure()
    {
        yield return new("swap-reads", Slope());
        yield return new("swap-comfort", Minus(Swaps.Warm, Swaps.Plain, Measures.Boilerplate));
        yield return new("swap-length", Minus(Swaps.Warm, Swaps.Brief, v => v.Sentences));
        yield return new("swap-blame", Minus(Swaps.Strict, Swaps.Plain, Measures.Harsh));
        yield return new("gh-2", Under(Swaps.Strict).MeanMinus(Of(ModelNames.SlCai), Measures.Harsh));
        yield return new("swap-offer", Minus(Swaps.Mine, Swaps.Brief, v => v.OffersAlternative ? 1 : 0));
    }

    /// <inheritdoc/>
    public StudyData Data() => new()
    {
        { "readings", "Constitution", readings.Select(r => (r.Under.Display, r.Pairs.AsEnumerable())) },
        { "answers", "Policy", policies.Select(p => (p.Name, p.Answers.AsEnumerable())) },
    };

    /// <summary>
    /// Slope of the judge's preferences against the annotators' within a pair, over constitutions: 1 reads them perfectly, 0 gives one answer under all.
    /// </summary>
    public Interval? Slope() => WithinPairs.Slope(readings.SelectMany(r => r.Pairs));

    private Interval? Minus(string a, string b, Measure measure) => Under(a).MeanMinus(Under(b), measure);

    private IReadOnlyList<JudgedAnswer> Under(string constitution) => Of($"swap-{constitution}");

    private IReadOnlyList<JudgedAnswer> Of(string policy) => policies.FirstOrDefault(p => p.Name == policy).Answers ?? [];
}

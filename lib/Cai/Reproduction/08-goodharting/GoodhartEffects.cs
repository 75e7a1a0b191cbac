using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;

namespace Cai.Reproduction;

/// <summary>
/// What each mitigation buys, over seeds. The luck of a run decides much of where an over-trained policy ends, so a difference
/// counts only when it is there in the mean over runs (<see cref="AcrossSeeds"/>).
/// </summary>
/// <param name="seeds">One study a seed, the first of them with all arms. With a single one the intervals are over its prompts alone.</param>
public sealed class GoodhartEffects(IReadOnlyList<GoodhartStudy> seeds)
{
    private IReadOnlyList<StudiedModel> Models => seeds[0].Models;

    private IReadOnlyList<StudiedModel> Mitigations => [.. Models.Where(m => m.Group.Length > 0 && m.Group != "baseline")];

    private string Runs => seeds.Count == 1 ? $"the run of seed {seeds[0].Seed}" : $"means of {seeds.Count} runs";

    private string Intervals => seeds.Count == 1 ? "95 % intervals, bootstrap by prompt; one run of each arm, so the luck of a run is not in them"
        : $"Means over {seeds.Count} seeds, that is {seeds.Count} runs of each arm{Fewer}; 95 % intervals over seeds";

    /// <summary>For how many seeds the arms were run that no claim is about, where those are fewer than of the others.</summary>
    private string Fewer => seeds.Count(s => s.Models.Count == Models.Count) is var all && all < seeds.Count ? $" ({all} of those that no claim is about)" : "";

    /// <summary>
    /// Where boilerplate comes from, seed by seed: a policy can be paid for it only if the preference model has met it in SL-CAI's answers, and
    /// finds it only if SL-CAI says it at all.
    /// </summary>
    public Table BySeed() => Table.Of(seeds,
    [
        new("seed", s => s.Seed), new("SL-CAI's share", s => Boilerplate(s, ModelNames.SlCai), "0.00"),
        new("paid for comfort, SD", s => s.PaidForComfort, "0.00"),
        new("over-trained", s => Boilerplate(s, OverTraining.Baseline), "0.00"), new("rewritten", s => Boilerplate(s, OverTraining.Rewritten), "0.00"),
        new("added", s => Boilerplate(s, OverTraining.Added), "0.00"), new("soft", s => Boilerplate(s, OverTraining.Soft), "0.00"),
        new("many", s => Boilerplate(s, OverTraining.Many), "0.00"),
        new("together", s => Boilerplate(s, OverTraining.Together), "0.00"), new("n", s => s.Count(ModelNames.SlCai)),
    ]).Titled("Boilerplate by seed",
        "Shares of answers to held-out harmful requests that have a stock phrase. Paid: score of an explained refusal with one sentence of comfort "
        + "minus without, under the over-trained policy's preference model, in standard deviations of its scores. 95 % intervals, bootstrap by prompt.");

    /// <summary>Every model as it is.</summary>
    public Table Levels() => Table.Of(Models,
    [
        new("model", Display),
        new("harmlessness Elo", m => Over(s => s.Harmless(m.Key)), "0"), new("helpfulness Elo", m => Over(s => s.Helpful(m.Key)), "0"),
        .. GoodhartStudy.Measured.Select(x => new Column<StudiedModel>(x.Name, m => Over(s => s.Level(m.Key, x.Value, TopicKind.Harmful)), "0.00")),
        new("distinct bigrams", m => Over(s => s.Distinct(m.Key)), "0.000"),
        new("helpfulness (0-4)", m => Over(s => s.Level(m.Key, Measures.Helpfulness, TopicKind.Good)), "0.00"),
        new("n", m => seeds.Sum(s => s.Count(m.Key))),
    ]).Titled("Models as they are",
        $"n answers to held-out harmful requests and about as many to good ones (helpfulness); SL-CAI is 0 Elo by definition. "
        + $"{Intervals} (distinct bigrams: jackknife by prompt within a seed).");

    /// <summary>What each mitigation buys against the over-trained baseline.</summary>
    public Table Effects() => Table.Of(Mitigations,
    [
        new("sort", m => m.Group), new("fix", Display),
        new("harmlessness Elo", m => Over(s => s.HarmlessGain(m.Key)), "0"), new("helpfulness Elo", m => Over(s => s.HelpfulGain(m.Key)), "0"),
        .. GoodhartStudy.Measured.Select(x => new Column<StudiedModel>(x.Name, m => Over(s => s.Effect(m.Key, x.Value, TopicKind.Harmful)), "0.00")),
        new("helpfulness (0-4)", m => Over(s => s.Effect(m.Key, Measures.Helpfulness, TopicKind.Good)), "0.00"),
        new("n", m => seeds.Sum(s => s.Count(m.Key))),
    ]).Titled("What each fix buys",
        "Each model minus the over-trained baseline, same prompts: above 0 is better for Elo and helpfulness, below 0 for the others. "
        + $"An interval that contains 0 shows no effect. {Intervals}.");

    /// <summary>Elo gained, boilerplate and harm shed by each mitigation.</summary>
    public FigurePanel EffectsDrawn() => new($"What each fix buys against the over-trained baseline: {Runs}",
    [
        Drawn("Harmlessness Elo", "Elo difference", 0, m => Over(s => s.HarmlessGain(m.Key))),
        Drawn("Boilerplate", "difference of shares", 1, m => Over(s => s.Effect(m.Key, Measures.Boilerplate, TopicKind.Harmful))),
        Drawn("Harmfulness", "difference (0-4)", 2, m => Over(s => s.Effect(m.Key, Measures.Harmfulness, TopicKind.Harmful))),
    ])
    {
        Caption = $"{seeds.Sum(s => s.Count(OverTraining.Baseline))} answers a model to held-out harmful requests. "
            + $"{Intervals}. Baseline: 0, the over-trained policy.",
    };

    private string Display(StudiedModel model) => model.Episodes is null ? model.Display
        : $"{model.Display}: after {Episodes([.. seeds.SelectMany(s => s.Models).Where(m => m.Key == model.Key).Select(m => m.Episodes ?? 0)])} episodes";

    private static string Episodes(IReadOnlyList<double> stopped) => stopped.Max() > stopped.Min()
        ? FormattableString.Invariant($"{stopped.Min():0} to {stopped.Max():0}")
        : FormattableString.Invariant($"{stopped[0]:0}");

    private Interval? Over(Func<GoodhartStudy, Interval?> value) => seeds.Select(value).OfType<Interval>().ToList() switch
    {
        [] => null,
        [var only] => only,
        var several => AcrossSeeds.Combine(several),
    };

    private static Interval? Boilerplate(GoodhartStudy study, string key) => study.Level(key, Measures.Boilerplate, TopicKind.Harmful);

    private Figure Drawn(string title, string label, int style, Func<StudiedModel, Interval?> value) =>
        new(title, new Axis(""), new Axis(label), [new BarSeries(title, [.. Mitigations.Select(value)]) { Style = style }])
        {
            Categories = [.. Mitigations.Select(Display)],
            References = [new ReferenceLine(ReferenceKind.Horizontal, 0)],
        };
}

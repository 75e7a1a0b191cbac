using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Experiments;

/// <summary>A model that is compared with the over-trained one.</summary>
/// <param name="Group">The sort of fix; empty for what is only shown for comparison.</param>
/// <param name="Name">As in samples and ratings. Early stops may share it: with each other, with the start, with the finished policy.</param>
public sealed record StudiedModel(string Group, string Display, string Name);

/// <summary>
/// What over-training does and what each fix buys (paper 4.1, 4.3). The paper describes both in words only. All models answer the same
/// held-out prompts; differences from the over-trained baseline are paired by prompt, Elo differences refit both ratings on the same resampled prompts.
/// </summary>
/// <param name="models">The rows, the baseline among them.</param>
/// <param name="facts">About each answer, by model name.</param>
/// <param name="harmless">Ratings on harmful requests under the new instruction (4.4).</param>
/// <param name="helpful">Ratings on good requests.</param>
/// <param name="path">The baseline's run.</param>
public sealed class GoodhartStudy(IReadOnlyList<StudiedModel> models, ILookup<string, ResponseFacts> facts, EloTable harmless, EloTable helpful, TrainingPath path, long seed)
{
    private const string Baseline = OverTraining.Baseline;

    private static readonly string[] Good = [TopicKind.Benign, TopicKind.Borderline, TopicKind.SmallTalk];

    private static readonly (string Name, Func<ResponseFacts, double> Value)[] Measures =
    [
        ("harmfulness (0-4)", f => f.Harmfulness), ("boilerplate", f => f.BoilerplateCount > 0 ? 1 : 0), ("harsh", f => f.Harsh), ("evasive", f => f.Evasive), ("incoherent", f => f.Incoherent ? 1 : 0),
    ];

    /// <summary>The baseline along its run.</summary>
    public TrainingPath Path => path;

    /// <summary>All models' answers to the held-out prompts.</summary>
    public IReadOnlyList<Sample> Samples { get; private init; } = [];

    /// <summary>Trains (or loads) this scale's arms and measures them, with early stops of the baseline and SL-CAI and RL-CAI for comparison.</summary>
    public static Task<GoodhartStudy> RunAsync(Lab lab) => RunAsync(lab, OverTraining.All(lab), compared: true);

    /// <summary>The arms behind the claims only, for the other seeds.</summary>
    public static Task<GoodhartStudy> ForClaimsAsync(Lab lab) => RunAsync(lab, [.. OverTraining.All(lab).Where(f =>
        f.Arm.Name is Baseline or OverTraining.Hard or OverTraining.FixedPrinciple or OverTraining.Clamped or OverTraining.Unclamped)], compared: false);

    private static async Task<GoodhartStudy> RunAsync(Lab lab, IReadOnlyList<Fix> fixes, bool compared)
    {
        var progress = Host.Current.Counter("arms", fixes.Count);
        var models = new List<(StudiedModel Row, ModelFolder Model)> { (new("", "SL-CAI: no RL", "sl-cai"), await lab.SlCaiAsync()) };
        if (compared)
            models.Add((new("", "RL-CAI of notebook 06", "rl-cai"), await lab.PolicyAsync(FeedbackSource.Constitutional)));
        foreach (var (i, fix) in fixes.Index())
        {
            models.Add((new(fix.Group, fix.Display, fix.Arm.Name), await lab.PolicyAsync(fix.Arm)));
            progress?.Report(i + 1);
        }
        var path = await TrainingPath.MeasureAsync(lab, fixes[0]);
        Stop("early stop", $"Stopped at KL of {TrainingPath.KlBound} nats", path.StopByKl());
        if (compared)
        {
            Stop("early stop", "Stopped by the held-out PM", path.StopByHeldOut());
            if (fixes.FirstOrDefault(f => f.Arm.Name == OverTraining.Together) is { } together)
                Stop("together", "Together, and stopped by the held-out PM", (await TrainingPath.MeasureAsync(lab, together)).StopByHeldOut());
        }
        var folders = models.Select(m => m.Model).DistinctBy(m => m.Name).ToList();
        var samples = await lab.EvalSamplesAsync(folders);
        var (harmless, helpful) = await lab.EloAsync(folders);
        return new GoodhartStudy([.. models.Select(m => m.Row)], lab.FactsByModel(samples), harmless, helpful, path, lab.Seed) { Samples = samples };

        void Stop(string group, string how, PathPoint at) =>
            models.Add((new(group, FormattableString.Invariant($"{how}: after {at.Episodes:0} episodes"), at.Snapshot.Model.Name), at.Snapshot.Model));
    }

    /// <summary>Every model as it is.</summary>
    public Table Levels() => Table.Of(models,
    [
        new("model", m => m.Display), new("harmlessness Elo", m => harmless[m.Name], "0"), new("helpfulness Elo", m => helpful[m.Name], "0"),
        .. Measures.Select(x => new Column<StudiedModel>(x.Name, m => Measured.Mean(Of(m.Name, TopicKind.Harmful), x.Value, f => f.PromptId), "0.00")),
        new("distinct bigrams", m => Diversity.DistinctByPrompt([.. Of(m.Name, TopicKind.Harmful).Select(f => (f.PromptId, f.Text))], 2), "0.000"),
        new("helpfulness (0-4)", m => Measured.Mean(Of(m.Name, Good), f => f.Helpfulness, f => f.PromptId), "0.00"),
        new("n", m => Of(m.Name, TopicKind.Harmful).Count),
    ]).Titled("Models as they are", "n answers to held-out harmful requests and about as many to good ones (helpfulness); SL-CAI is 0 Elo by definition. 95 % intervals, bootstrap by prompt (distinct bigrams: jackknife by prompt).");

    /// <summary>What each fix buys against the over-trained baseline.</summary>
    public Table Effects() => Table.Of(Fixes,
    [
        new("sort", m => m.Group), new("fix", m => m.Display), new("harmlessness Elo", m => harmless.Difference(m.Name, Baseline), "0"), new("helpfulness Elo", m => helpful.Difference(m.Name, Baseline), "0"),
        .. Measures.Select(x => new Column<StudiedModel>(x.Name, m => Effect(m.Name, x.Value, TopicKind.Harmful), "0.00")),
        new("helpfulness (0-4)", m => Effect(m.Name, f => f.Helpfulness, Good), "0.00"),
        new("prompts", m => Of(m.Name, TopicKind.Harmful).Select(f => f.PromptId).Distinct().Count()),
    ]).Titled("What each fix buys", "Each model minus the over-trained baseline, same prompts: above 0 is better for Elo and helpfulness, below 0 for the others. An interval that contains 0 shows no effect. 95 % intervals, bootstrap by prompt; one run of each arm, so the luck of a run is not in them.");

    /// <summary>Elo gained, boilerplate and harm shed by each fix.</summary>
    public FigurePanel EffectsDrawn() => new("What each fix buys against the over-trained baseline",
    [
        Drawn("Harmlessness Elo", "Elo difference", 0, m => harmless.Difference(m.Name, Baseline)),
        Drawn("Boilerplate", "difference of shares", 1, m => Effect(m.Name, Measures[1].Value, TopicKind.Harmful)),
        Drawn("Harmfulness", "difference (0-4)", 2, m => Effect(m.Name, Measures[0].Value, TopicKind.Harmful)),
    ])
    {
        Caption = string.Join("; ", Fixes.Select((m, i) => $"{i + 1} {m.Display}{(m.Name == Baseline ? ", which is the over-trained policy itself" : "")}")) + $". {Of(Baseline, TopicKind.Harmful).Count} answers a model to held-out harmful requests; bars are 95 % bootstrap intervals over prompts. Baseline: 0, the over-trained policy.",
    };

    /// <summary>Claims of 4.1 and 4.3, and of HH 4.2, for which the paper prints no numbers. What this scale did not train is stated as not measured.</summary>
    public IEnumerable<Claim> Claims()
    {
        yield return Claim("gh-1", "4.3", "Over-training raises the share of answers with stock phrases on harmful requests (end of the run minus SL-CAI)", "boilerplate on most red-team prompts when over-trained; no number printed",
            path.Change(Measures[1].Value), "0: as before RL", "share of answers");
        yield return Claim("gh-2", "4.3", "Over-training raises the share of harsh answers to harmful requests (end of the run minus SL-CAI)", "overly harsh when over-trained; no number printed",
            path.Change(f => f.Harsh), "0: as before RL", "share of answers");
        yield return Claim("gh-3", "HH 4.2, Fig 4", "Over-training gains more under the preference model that it optimises than under one trained on other topics (difference of gains)", "the two scores diverge after about 150,000 samples (HH)",
            path.GapAtEnd(), "0: both gain alike", "raw scores");
        var early = path.StopByKl().Snapshot.Model.Name;
        yield return Elo("gh-7", "4.3, 6", $"A snapshot within {TrainingPath.KlBound} nats of SL-CAI is more harmless than the end of the run", "RL-CAI can be over-trained; no number printed", early, Baseline,
            early == Baseline ? "the run ended within the bound" : "incoherent text counts as 2 of 4 levels of harm");
        yield return Elo("gh-4", "4.3", "Soft labels give a more harmless policy than hard ones", "much better results, without chain of thought; no number printed", Baseline, OverTraining.Hard);
        yield return Elo("gh-5", "4.1, 4.3", "Labels after a chain of thought give a more harmless policy when clamped to 40-60 % than unclamped", "20-80 slightly better, 40-60 better still; no number printed", OverTraining.Clamped, OverTraining.Unclamped);
        yield return Elo("gh-6", "4.1, 4.3", "Principles drawn anew for each label give a more harmless policy than one fixed principle", "more robust preference models; no number printed", Baseline, OverTraining.FixedPrinciple);
    }

    private Claim Elo(string id, string source, string text, string paper, string better, string worse, string? note = null) => Claim(id, source, text + " (Elo difference)", paper,
        models.Any(m => m.Name == better) && models.Any(m => m.Name == worse) ? harmless.Difference(better, worse) : null, "0: equally harmless", "crowdworkers under the new instruction" + (note is null ? "" : $"; {note}"));

    private Claim Claim(string id, string source, string text, string paper, Interval? value, string baseline, string note) =>
        Measured.Claim(id, source, text, paper, value, Direction.Greater, 0, seed, baseline, note);

    private IReadOnlyList<StudiedModel> Fixes => [.. models.Where(m => m.Group.Length > 0 && m.Group != "baseline")];

    /// <summary>A fact's mean over a model's answers minus that over the baseline's, paired by prompt; null where one gave none.</summary>
    public Interval? Effect(string model, Func<ResponseFacts, double> value, params string[] kinds) => Measured.Difference(Of(model, kinds), Of(Baseline, kinds), value, f => f.PromptId);

    private List<ResponseFacts> Of(string model, params string[] kinds) => [.. facts[model].Where(f => kinds.Contains(f.Kind))];

    private Figure Drawn(string title, string label, int style, Func<StudiedModel, Interval?> value) => new(title, new Axis("fix (numbers below)"), new Axis(label), [new BarSeries(title, [.. Fixes.Select(value)]) { Style = style }])
    {
        Categories = [.. Fixes.Select((_, i) => $"{i + 1}")],
        References = [new ReferenceLine(ReferenceKind.Horizontal, 0)],
    };
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Models;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What the preference model says about the labels it was trained on, about those it was not, and about the written pairs.</summary>
/// <param name="Pairs">Comparisons that it was trained on.</param>
/// <param name="LeftOut">Comparisons left out of the training because they have no label or are too long.</param>
public sealed record OwnModelPreferences(PreferenceReport? Training, PreferenceReport? HeldOut, PreferenceReport? Written, int Pairs, int LeftOut)
{
    private const int HeldOutShare = 4;

    /// <summary>Trains once in the stage's folder, then measures.</summary>
    internal static OwnModelPreferences Train<TConfig>(
        Stage<TConfig> stage, string start, OwnModelOptions options, OwnModelLabels labels, long seed, RunContext context, CancellationToken cancel)
    {
        bool Held(Comparison c) => Seeds.Derive(seed, "held-out", c.PromptId) % HeldOutShare == 0;
        var (train, held) = (labels.Own.Where(c => !Held(c)).ToList(), labels.Own.Where(Held).ToList());
        stage.Once(s =>
        {
            using var language = HuggingFaceFolder.Load(start, options.Load);
            var settings = options.Preference with { Seed = seed, MaxLength = Math.Min(options.Preference.MaxLength, language.Decoder.Config.MaxPositions) };
            var trained = PreferenceTraining.Run(language, train, settings, Seeds.Derive(seed, "pm-head"), new PreferenceFiles(s.Folder, s.Path("model")),
                PreferenceStage.Progress(context, s.Name, train.Count, settings), cancel);
            AtomicFile.Write(s.Path("summary.json"), CaiJson.Write(trained) + "\n");
        });
        var summary = CaiJson.ReadFile<PreferenceSummary>(stage.Path("summary.json"), "Remove the stage's folder to train again.");
        using var model = PreferenceModel.Load(stage.Path("model"), options.Load);
        PreferenceReport? Report(IReadOnlyList<Comparison> pairs) => pairs.Any(c => c.ProbabilityA is not null) ? model.Evaluate(pairs) : null;
        return new(Report(train), Report(held), Report(labels.Truth), summary.Pairs, summary.Unlabelled + summary.TooLong);
    }

    /// <summary>
    /// Accuracy beside what needs no model. Agreement with labels says how well the judge was learned, not whether the judge is right: for that there are the
    /// written pairs.
    /// </summary>
    public Table Accuracies() => Table.Of(Rows(),
        new("pairs", r => r.Name), new("n", r => r.Accuracy.Judge.N), new("accuracy", r => r.Accuracy.Judge),
        new("always A", r => r.Accuracy.AlwaysA), new("longer", r => r.Accuracy.Longer), new("shorter", r => r.Accuracy.Shorter),
        new("loss", r => r.Loss), new("loss of always ½", _ => Math.Log(2)), new("lowest possible", r => r.Floor))
        .Titled("The preference model",
            $"Trained on {Pairs} labels{(LeftOut > 0 ? $" ({LeftOut} left out: missing or too long)" : "")}. Losses in nats a comparison; "
            + "soft labels have a floor above 0, their own entropy. 95 % intervals over requests.");

    /// <summary>The same as bars; null where no pair is decided.</summary>
    public Figure? Drawn()
    {
        var rows = Rows().ToList();
        BarSeries Bars(string name, Func<AccuracyReport, Interval> value) => new(name, [.. rows.Select(r => value(r.Accuracy))]);
        return rows.Count == 0 ? null : new Figure("The preference model beside what needs no model", new Axis("pairs"), new Axis("accuracy", Min: 0, Max: 1),
            [Bars("preference model", a => a.Judge), Bars("always A", a => a.AlwaysA), Bars("the longer", a => a.Longer), Bars("the shorter", a => a.Shorter)])
        {
            Categories = [.. rows.Select(r => $"{r.Name} (n={r.Accuracy.Judge.N})")],
            References = [new(ReferenceKind.Horizontal, 0.5, "chance")],
            Caption = "Bars: 95 % intervals over requests. Baselines: chance, and the three answers that need no model.",
        };
    }

    /// <summary>Accuracy on the written pairs minus the best of always A, longer and shorter; null when there are none.</summary>
    public Interval? Margin() => Written is null ? null : Baselines.Margin(Written.Pairs);

    private IEnumerable<(string Name, AccuracyReport Accuracy, double Loss, double Floor)> Rows() =>
        from row in new[] { ("labels it was trained on", Training), ("labels held out", HeldOut), ("written pairs, true answer", Written) }
        where row.Item2 is { Decided: > 0 }
        select (row.Item1, Accuracy.Of(row.Item2.Pairs), row.Item2.Loss, row.Item2.Pairs.Average(p => Entropy(p.Label)));

    private static double Entropy(double p) => -Term(p) - Term(1 - p);

    private static double Term(double p) => p > 0 ? p * Math.Log(p) : 0;
}

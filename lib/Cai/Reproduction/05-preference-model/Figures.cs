using System.Globalization;
using Cai.Evaluation;
using Cai.Figures;
using Cai.Storage;

namespace Cai.Reproduction;

public sealed partial class PreferenceStudy
{
    private const int FewestAnswers = 8;

    /// <summary>Loss and accuracy of the four models against comparisons read; a point is the mean of several steps.</summary>
    public FigurePanel TrainingCurves()
    {
        var rows = scores.Models.ToDictionary(m => m.Key, m => Metrics.Read(m.Value.Metrics!));
        var trained = scores.TrainedOn.Select(t => $"{PreferenceStyle.Of(t.Key).Display} {t.Value}");
        return new FigurePanel("The four preference models in training",
        [
            .. Panels("loss", "cross-entropy, nats", Math.Log(2), "no opinion: log 2"),
            .. Panels("accuracy", "agreement", 0.5, "chance"),
        ])
        {
            Columns = rows.Count,
            Caption = $"Above: loss on soft labels; below: agreement with the labels. Training comparisons: {string.Join(", ", trained)}, each read once. "
                + $"{MetricCurve.Caption("steps")}. "
                + "Soft and clamped labels have a floor above 0, the entropy of the labels: losses of different models do not compare.",
        };

        // A panel a model: four noisy bands would be one.
        IReadOnlyList<Figure> Panels(string metric, string axis, double reference, string baseline) => SameScales.Y(
        [
            .. rows.Select(r => (Model: PreferenceStyle.Of(r.Key), Points: MetricCurve.Of(r.Value, "pairs", metric)))
                .Select(r => new Figure(r.Model.Display, new Axis("comparisons read"), new Axis(axis),
                    r.Points.Count == 0 ? [] : [new LineSeries(r.Model.Display, r.Points) { Style = r.Model.Index }])
                {
                    References = [new ReferenceLine(ReferenceKind.Horizontal, reference, baseline)],
                }),
        ]);
    }

    /// <summary>Held-out agreement with labels, a bar a model and a group a set of comparisons, beside two judges that do not read.</summary>
    public Figure Accuracies()
    {
        var any = Models[0].Policy;
        var decided = PreferenceScores.Sets.Select(s => $"{s} {Of(any, s).Count(p => p.Label != 0.5)}");
        return new Figure("Agreement with held-out labels", new Axis("held-out comparisons"), new Axis("share of decided pairs", Min: 0, Max: 1),
        [
            .. Models.Select(m => new BarSeries(m.Display, [.. PreferenceScores.Sets.Select(set => Accuracy(m.Policy, set)?.Judge)]) { Style = m.Index }),
            new BarSeries("the longer", [.. PreferenceScores.Sets.Select(set => Accuracy(any, set)?.Longer)]) { Style = 0 },
            new BarSeries("always A", [.. PreferenceScores.Sets.Select(set => Accuracy(any, set)?.AlwaysA)]) { Style = 7 },
        ])
        {
            Categories = PreferenceScores.Sets,
            References = [new ReferenceLine(ReferenceKind.Horizontal, 0.5, "chance")],
            Caption = $"Decided pairs: {string.Join("; ", decided)}. Topics held out of all training. Helpful: good requests; help on harm: harmful ones, the "
                + "more helpful answer; harmless: harmful ones, the less harmful answer; human: simulated crowdworkers' labels, AI: the model's own. "
                + "Human labels are single draws of a crowdworker who slips, so even a perfect model stays below 1. 95 % intervals, bootstrap by prompt.",
        };
    }

    /// <summary>Reliability of σ(gap) against the labels of each model's own held-out comparisons (HH Fig 9).</summary>
    public FigurePanel Reliability()
    {
        var reports = Models.Select(m => (Model: m, Pairs: scores.Own(m.Policy))).Where(r => r.Pairs.Count > 1)
            .Select(r => (r.Model, Report: Calibrated(r.Pairs))).ToList();
        var errors = reports.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Model.Display} {r.Report.Ece.ToString("0.00")} (n = {r.Report.N})"));
        return SameScales.Apart(new Figure("Calibration of the preference models",
            new Axis("σ(score of A - score of B)", Min: 0, Max: 1), new Axis("mean held-out label", Min: 0, Max: 1),
            [.. reports.Select(r => ReliabilityLine.Of(r.Model.Display, r.Model.Index, r.Report))])
        {
            References = [new ReferenceLine(ReferenceKind.Diagonal, Label: "perfect calibration")],
            Caption = "Own held-out comparisons, bins of equal count, bands are 95 % intervals (bootstrap by prompt); the diagonal is the baseline. "
                + $"ECE: {string.Join(", ", errors)}.{ReliabilityLine.LeftOut(reports.Select(r => (r.Model.Display, r.Report)))}",
        });

        static CalibrationReport Calibrated(IReadOnlyList<ScoredPair> pairs) => Calibration.Of(
            [.. pairs.Select(p => new Prediction(p.PromptId, p.Probability, p.Label))], Math.Min(6, Calibration.BinsFor(pairs.Count)));
    }

    /// <summary>Score against the oracle's harmfulness, over sampled answers to held-out harmful prompts.</summary>
    public Figure ScoreByHarm()
    {
        var counts = Standardised(Models[0].Policy).CountBy(a => a.Answer.Verdict.Harmfulness).OrderBy(c => c.Key).ToList();
        // A handful of answers has an interval that leaves no room for the others.
        var levels = counts.Where(c => c.Value >= FewestAnswers).Select(c => c.Key).ToList();
        var few = counts.Where(c => c.Value < FewestAnswers).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key:0} (n = {c.Value})")).ToList();
        var x = new Axis("oracle harmfulness, 0-4")
        {
            Ticks = [.. counts.Select(c => new AxisTick(c.Key, string.Create(CultureInfo.InvariantCulture, $"{c.Key:0}\nn = {c.Value}")))],
        };
        return new Figure("Score against harmfulness", x, new Axis("mean score, SD"),
            [.. Models.Select(m => new LineSeries(m.Display, Line(Standardised(m.Policy))) { Style = m.Index })])
        {
            References = [new ReferenceLine(ReferenceKind.Horizontal, 0, "mean of all answers")],
            Caption = $"n = {Standardised(Models[0].Policy).Count} coherent answers of the pretrained, the helpful-only and the SL-CAI model "
                + "to held-out harmful prompts. "
                + "Scores have no absolute meaning (HH B.2): centred and divided by their standard deviation (SD), model by model. "
                + "Bands are 95 % intervals, bootstrap by prompt; baseline: a flat line for a model blind to harm."
                + (few.Count == 0 ? "" : $" Levels of fewer than {FewestAnswers} answers are not drawn: {string.Join(", ", few)}."),
        };

        IReadOnlyList<DataPoint> Line(List<ScoredAnswer> own) =>
        [
            .. levels.Select(level => (Level: level, Mean: Bootstrap.TryMean(
                    [.. own.Where(a => a.Answer.Verdict.Harmfulness == level)], a => a.Score, a => a.Answer.PromptId)))
                .Where(x => x.Mean is not null).Select(x => DataPoint.Of(x.Level, x.Mean!)),
        ];
    }

    /// <summary>Score by sort of answer, over written answers: every sort to every prompt.</summary>
    public Figure ScoreByKind()
    {
        var prompts = WithinPrompt(Models[0].Policy).Select(s => s.Answer.PromptId).Distinct().Count();
        return new Figure("What each preference model rewards", new Axis("sort of answer to a harmful request"), new Axis("score above prompt mean, SD"),
            [.. Models.Select(m => new BarSeries(m.Display, Bars(WithinPrompt(m.Policy))) { Style = m.Index })])
        {
            Categories = [.. Probes.All.Select(p => Probes.Display(p.Name))],
            References = [new ReferenceLine(ReferenceKind.Horizontal, 0)],
            Caption = $"Written answers in the world's words, each sort to the same {prompts} held-out harmful prompts; "
                + "the prompt's mean over sorts is taken off, the rest divided by the model's standard deviation (SD). "
                + "95 % intervals, bootstrap by prompt; baseline: 0 for a model that does not tell them apart.",
        };

        static IReadOnlyList<Interval?> Bars(List<ScoredProbe> own) =>
            [.. Probes.All.Select(p => Bootstrap.TryMean([.. own.Where(s => s.Answer.Probe == p.Name)], s => s.Score, s => s.Answer.PromptId))];
    }
}

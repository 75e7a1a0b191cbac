using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>
/// The paper's digitised figures in the look of ours, to stand beside them in a panel. Other models, other raters, other scales: compare shapes.
/// </summary>
public static class PaperPanels
{
    // Who started from whom (paper 4.1, 4.2).
    private static readonly (string Policy, string Start)[] Runs =
    [
        (ModelNames.HelpfulRlhf, ModelNames.Pretrained), (ModelNames.HhRlhf, ModelNames.Pretrained),
        (ModelNames.RlCai, ModelNames.SlCai), (ModelNames.RlCaiCot, ModelNames.SlCai),
    ];

    /// <summary>Figure 2 at 52 B.</summary>
    public static Figure Fig2(PaperFigures paper) => new("Paper, 52 B (digitised)", new Axis("helpfulness Elo"), new Axis("harmlessness Elo"),
        [.. ModelStyles.All.Where(m => paper.Helpful(m.Name).Count > 0).Select(m => new PointSeries(m.Display,
            [.. paper.Helpful(m.Name).Zip(paper.Harmless(m.Name), (x, y) => new DataPoint(x, y))])
        {
            Connected = paper.Helpful(m.Name).Count > 1,
            Style = m.Index,
        }), .. ModelStyles.All.SelectMany(m => paper.Helpful(m.Name).Zip(paper.Harmless(m.Name), (x, y) => new DataPoint(x, y))) is var all
            ? ParetoFront.Of([.. all]) : []])
    {
        References = [new(ReferenceKind.Horizontal), new(ReferenceKind.Vertical)],
    };

    /// <summary>One panel of Figure 8.</summary>
    public static Figure Fig8(PaperFigures paper, bool harmless)
    {
        IReadOnlyList<double> Elo(string model) => harmless ? paper.Harmless(model) : paper.Helpful(model);
        return new(harmless ? "Paper: harmlessness" : "Paper: helpfulness", new Axis("million RL sequences"), new Axis("Elo"),
            [.. Runs.Select(r => Line(r.Policy, paper.Row("fig8_sequences_millions", r.Policy), [Elo(r.Start)[0], .. Elo(r.Policy)]))]);
    }

    /// <summary>Figure 10 at one temperature.</summary>
    public static Figure Fig10(PaperFigures paper, bool greedy) =>
        new(greedy ? "Paper, T = 0 (digitised)" : "Paper, T = 1 (digitised)", new Axis("million RL sequences"), new Axis("harmfulness (0-4)", Min: 0, Max: 4),
            [.. Runs.Select(r => Line(r.Policy,
                paper.Row("fig10_absolute_harmfulness", r.Policy, "x"), paper.Row("fig10_absolute_harmfulness", r.Policy, greedy ? "T0" : "T1")))]);

    /// <summary>Figure 10: solid T = 1, dashed T = 0.</summary>
    public static Figure Fig10(PaperFigures paper) =>
        new("Paper, 52 B (digitised)", new Axis("million RL sequences"), new Axis("harmfulness (0-4)", Min: 0, Max: 4),
    [
        .. Runs.Select(r => Line(r.Policy, paper.Row("fig10_absolute_harmfulness", r.Policy, "x"), paper.Row("fig10_absolute_harmfulness", r.Policy, "T1"))),
        .. Runs.Select(r => Line(r.Policy, paper.Row("fig10_absolute_harmfulness", r.Policy, "x"),
            paper.Row("fig10_absolute_harmfulness", r.Policy, "T0")) is var line
            ? line with { Name = line.Name + ", T = 0", Dashed = true, Markers = false } : line),
    ]);

    /// <summary>One panel of Figure 3: the RLHF runs against parameters, the constitutional models at 52 B.</summary>
    public static Figure Fig3(PaperFigures paper, bool harmless)
    {
        var axis = harmless ? "harmlessness" : "helpfulness";
        var sizes = paper.Row("fig3_params_B");
        return new(harmless ? "Paper: harmlessness" : "Paper: helpfulness", SizeAxis.OfBillions(sizes), new Axis("Elo"),
        [
            .. new[] { ModelNames.HelpfulRlhf, ModelNames.HhRlhf }.Select(m => Line(m, sizes, paper.Row("fig3", m, axis))),
            .. new[] { (ModelNames.SlCai, "SL-CAI_52B"), (ModelNames.RlCai, "RL-CAI_52B"), (ModelNames.RlCaiCot, "RL-CAI_CoT_52B") }
                .Select(m => new PointSeries(ModelStyles.Of(m.Item1).Display,
                    [new DataPoint(sizes[^1], paper.Row("fig3", m.Item2, axis)[0])]) { Style = ModelStyles.Of(m.Item1).Index }),
        ]);
    }

    /// <summary>Figure 4 in the names of <see cref="JudgeSizeStudy"/>.</summary>
    public static Figure Fig4(PaperFigures paper)
    {
        var sizes = paper.Row("fig4_params_B");
        return new("Paper: 438 HHH comparisons (digitised)", SizeAxis.OfBillions(sizes), new Axis("accuracy", Min: 0, Max: 1),
        [
            .. new[] { (JudgeProtocol.FewShot, "pretrained_LM"), (JudgeProtocol.Reasoned, "CoT"), (JudgeProtocol.Ensembled, "ensembled_CoT_5"),
                (JudgeProtocol.PreferenceModel, "HH_PM_human_feedback") }
                .Select(w => new LineSeries(JudgeSizeStudy.Name(w.Item1),
                    Finite(sizes, paper.Row("fig4_accuracy_438", w.Item2))) { Style = JudgeSizeStudy.Style(w.Item1) }),
        ])
        {
            References = [new(ReferenceKind.Horizontal, 0.5, "chance")],
        };
    }

    /// <summary>The three panels of Figure 5, a line a size.</summary>
    public static FigurePanel Fig5(PaperFigures paper) => new("Revisions in the paper",
    [
        .. new[] { ("Harmlessness", "harmlessness"), ("Helpfulness", "helpfulness"),
            ("Both", "HH") }.Select(panel => new Figure(panel.Item1, new Axis("revision"), new Axis("score"),
            [.. new[] { "6.5B", "12.6B", "22B", "52B" }.Select(
                (size, i) => new LineSeries(size, Finite([0, 1, 2, 3, 4], paper.Row("fig5_PM_score_by_revision_0_to_4", panel.Item2, size))) { Style = i })])),
    ])
    {
        Caption = "Digitised: preference models of 52 B from human labels, no intervals; 0 is the 52 B model's first answer. Compare shapes, not heights.",
    };

    /// <summary>A panel of ours with the paper's figures beside its own: a row a figure, each row on one scale of y.</summary>
    /// <param name="caption">What the paper's are, added to ours.</param>
    public static FigurePanel Beside(FigurePanel here, IEnumerable<Figure> paper, string caption) => here with
    {
        Columns = 2,
        Figures = [.. here.Figures.Zip(paper).SelectMany(row =>
            SameScales.Y(row.First with { Title = $"{row.First.Title}: here" }, row.Second with { Y = row.First.Y }))],
        Caption = $"{here.Caption} {caption}",
    };

    private static LineSeries Line(string model, IReadOnlyList<double> x, IReadOnlyList<double> y) =>
        new(ModelStyles.Of(model).Display, Finite(x, y)) { Style = ModelStyles.Of(model).Index };

    private static IReadOnlyList<DataPoint> Finite(IReadOnlyList<double> x, IReadOnlyList<double> y) =>
        [.. x.Zip(y, (a, b) => new DataPoint(a, b)).Where(p => double.IsFinite(p.Y))];
}

using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class ModelComparisonTests
{
    private static readonly string[] Models = [.. ModelStyles.All.Select(s => s.Name)];

    private static readonly string[] PaperOrder =
        ["pretrained", "helpful", "helpful-rlhf", "helpful-rlhf.5", "sl-cai", "hh-rlhf", "hh-rlhf.5", "rl-cai.5", "rl-cai", "rl-cai-cot.5", "rl-cai-cot"];

    /// <summary>Every model meets every other on twelve prompts; the later in the order wins each time.</summary>
    private static EloTable Ranked(string axis, IReadOnlyList<string> worstFirst)
    {
        var judgements = new List<Judgement>();
        for (var prompt = 0; prompt < 12; prompt++)
            for (var i = 0; i < worstFirst.Count; i++)
                for (var j = 0; j < i; j++)
                    judgements.Add(new Judgement($"{prompt}/{i}/{j}", $"p{prompt}", axis, worstFirst[i], worstFirst[j], 1, "test"));
        return EloTable.Fit(judgements, "sl-cai", new EloOptions { Bootstrap = new() { Resamples = 20 } });
    }

    private static ModelComparison Comparison(
        IReadOnlyList<string> harmlessOrder, IReadOnlyList<string> helpfulOrder, Func<string, int, ResponseFacts> fact, int prompts = 6)
    {
        var facts = Models.Concat(Snapshots).SelectMany(m => Enumerable.Range(0, prompts).Select(p => (Model: m, Fact: fact(m.Split('.')[0], p))))
            .ToLookup(x => x.Model, x => x.Fact);
        return new ModelComparison(Models, [], facts, Ranked("harmless", harmlessOrder), Ranked("harmless", [.. harmlessOrder.Reverse()]),
            Ranked("helpful", helpfulOrder))
        {
            Runs =
            [
                .. Runs.Select(r => new PolicyTrajectory(r.Policy,
                    [Point(0, r.Start), .. Snapshots.Where(s => s.StartsWith(r.Policy + ".", StringComparison.Ordinal)).Select(s => Point(50, s)),
                        Point(100, r.Policy)], [])),
            ],
            Greedy = facts.SelectMany(g => g.Where(f => f.Kind == TopicKind.Harmful).Select(f => (g.Key, f))).ToLookup(x => x.Key, x => x.f),
        };
    }

    private static TrajectoryPoint Point(double episodes, string model) => new((long)episodes, episodes, new ModelFolder(model, "", ""));

    private static readonly (string Policy, string Start)[] Runs =
        [("helpful-rlhf", "pretrained"), ("hh-rlhf", "pretrained"), ("rl-cai", "sl-cai"), ("rl-cai-cot", "sl-cai")];

    private static readonly string[] Snapshots = [.. Runs.Select(r => r.Policy + ".5")];

    private static ResponseFacts Fact(int prompt, string kind, double harm = 0, double evasive = 0, int boilerplate = 0) =>
        new($"{kind}/{prompt}", kind, harm, 1, evasive, 0, boilerplate, false, 4, "one two three four");

    private static readonly string[] HelpfulOrder =
        ["pretrained", "sl-cai", "hh-rlhf", "rl-cai-cot", "rl-cai.5", "rl-cai", "helpful", "helpful-rlhf", .. Snapshots.Where(s => s != "rl-cai.5")];

    [Fact]
    public void ClaimsHoldWhereTheDataSayWhatThePaperSays()
    {
        var comparison = Comparison(PaperOrder, HelpfulOrder, (model, p) => Fact(p, p % 2 == 0 ? TopicKind.Harmful : TopicKind.Borderline,
            harm: model == "helpful-rlhf" ? 3 : 0, evasive: model == "hh-rlhf" ? 1 : 0, boilerplate: model == "rl-cai" ? 1 : 0), prompts: 60);
        var claims = Claimed(comparison);
        Assert.Equal(21, claims.Select(c => c.Id).Distinct().Count());
        Assert.All(claims, c => Assert.True(c.Holds, c.Text));
        var evasive = claims.Single(c => c.Id == "res-11");
        Assert.Equal(1.0, evasive.Value);
        Assert.Equal(60, evasive.N);
        Assert.Equal(3, claims.Single(c => c.Id == "res-13").Value);
        Assert.Equal("RL-CAI 59 to 142; SL-CAI 0 (Elo, digitised)", claims.Single(c => c.Id == "res-03").Paper);
        Assert.Equal("77 to -4 (digitised): more evasive, which the new instruction dislikes", claims.Single(c => c.Id == "fig8-hh-late").Paper);
    }

    [Fact]
    public void ClaimsDoNotHoldWhereTheOrderIsTheReverseOrNothingWasMeasured()
    {
        var comparison = Comparison([.. PaperOrder.Reverse()], [.. HelpfulOrder.Reverse()], (_, p) => Fact(p, TopicKind.Harmful));
        var claims = Claimed(comparison);
        // equal facts are "about as harmless"
        Assert.All(claims.Where(c => c.Id is not ("fig10-evasion" or "fig10-greedy")), c => Assert.False(c.Holds, c.Text));
        var missing = claims.Single(c => c.Id == "res-12");
        Assert.Null(missing.Value);
        Assert.Equal(0, missing.N);
    }

    [Fact]
    public void FiguresGiveEachModelItsLookAndLeaveOutWhatNobodyAnswered()
    {
        var comparison = Comparison(PaperOrder, HelpfulOrder, (_, p) => Fact(p, TopicKind.Harmful, harm: p % 2));
        var fig2 = comparison.Fig2(PaperFigures.Load()).Figures[0].Checked();
        Assert.All(fig2.Series.Where(s => !s.Neutral), s => Assert.Equal(ModelStyles.All.Single(m => m.Display == s.Name).Index, s.Style));
        var origin = Assert.IsType<PointSeries>(fig2.Series.Single(s => s.Name == "SL-CAI")).Points.Single();
        Assert.Equal((0.0, 0.0), (origin.X, origin.Y));
        Assert.Equal(["evasive", "harsh", "boilerplate"], comparison.AnswerFaults().Checked().Categories);
        var rlCai = Assert.IsType<PointSeries>(fig2.Series.Single(s => s.Name == "RL-CAI"));
        Assert.Equal([comparison.Harmless["rl-cai.5"].Value, comparison.Harmless["rl-cai"].Value], rlCai.Points.Select(p => p.Y));
        var fig10 = comparison.Fig10(PaperFigures.Load()).Figures;
        var run = Assert.IsType<LineSeries>(fig10[0].Checked().Series.Single(s => s.Name == "RL-CAI"));
        Assert.All(fig10.Where(f => f.Title.StartsWith("Here", StringComparison.Ordinal)).SelectMany(f => f.Series).Cast<LineSeries>()
            .SelectMany(s => s.Points), p => Assert.NotNull(p.YLow));
        Assert.Equal([0.0, 50, 100], run.Points.Select(p => p.X));
        Assert.All(run.Points, p => Assert.Equal(0.5, p.Y));
        Assert.Equal(2, comparison.Fig8().Figures.Count);
        var beside = comparison.Fig8(PaperFigures.Load());
        Assert.Equal(["Helpfulness: here", "Paper: helpfulness", "Harmlessness: here", "Paper: harmlessness"], beside.Figures.Select(f => f.Title));
        Assert.Equal((beside.Figures[2].Y.Min, beside.Figures[2].Y.Max), (beside.Figures[3].Y.Min, beside.Figures[3].Y.Max));
        Assert.Equal(7, comparison.Metrics().RowCount);
        Assert.Equal(7, comparison.Ratings(PaperFigures.Load()).RowCount);
    }

    [Fact]
    public void ThePapersPointsAreReadFromTheFile()
    {
        var paper = PaperFigures.Load();
        Assert.Equal([59.0, 97, 142, 121], paper.Harmless("rl-cai"));
        Assert.Equal([57.0, 104, 110, 109], paper.Helpful("rl-cai"));
        Assert.Equal("helpful -143, harmless -96", paper.Position("pretrained"));
        Assert.Empty(paper.Helpful("helpful"));
        Assert.Equal("–", paper.Position("helpful"));
    }

    [Fact]
    public void ThePapersPanelsShowEveryDigitisedPoint()
    {
        var paper = PaperFigures.Load();
        var line = Assert.IsType<LineSeries>(PaperPanels.Fig8(paper, harmless: true).Checked().Series.Single(s => s.Name == "HH RLHF"));
        Assert.Equal([(0, -96.0), (0.46, 33), (0.86, 77), (1.62, 29), (3.1, -4)], line.Points.Select(p => (p.X, p.Y)));
        // One preference model is missing in the paper's Figure 4.
        Assert.Equal([7, 7, 7, 6], PaperPanels.Fig4(paper).Checked().Series.Select(s => ((LineSeries)s).Points.Count));
        Assert.Equal(108,
            Assert.IsType<PointSeries>(PaperPanels.Fig3(paper, harmless: false).Checked().Series.Single(s => s.Name == "RL-CAI")).Points.Single().Y);
        Assert.Equal(8, PaperPanels.Fig10(paper).Checked().Series.Count);
        Assert.Equal(7, PaperPanels.Fig2(paper).Checked().Series.Count(s => !s.Neutral) + 1); // all but the helpful-only model
        // No other point of the paper is right of and above these: CoT's last, RL-CAI's last, helpful RLHF's last.
        Assert.Equal([(85, 190.0), (110, 142), (146, -48)], Assert.IsType<LineSeries>(PaperPanels.Fig2(paper).Series.Single(s => s.Neutral)).Points
            .Select(p => (p.X, p.Y)));
        Assert.Equal(0.59, Assert.IsType<LineSeries>(PaperPanels.Fig5(paper).Figures[0].Series[0]).Points[^1].Y);
        Assert.Throws<CaiException>(() => paper.Row("fig99"));
    }

    [Fact]
    public void AnUnknownModelHasNoLook() => Assert.Throws<CaiException>(() => ModelStyles.Of("gpt"));
}

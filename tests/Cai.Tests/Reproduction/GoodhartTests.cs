using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Storage;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class GoodhartTests
{
    private static MetricRow Row(long step, double kl) => new(step, new Dictionary<string, double> { ["objective/kl"] = kl });

    private static ResponseFacts Fact(
        string prompt, string kind = TopicKind.Harmful, double harm = 0, int boilerplate = 0, double harsh = 0, double help = 0) =>
        new(prompt, kind, harm, help, 0, harsh, boilerplate, false, 4, "one two three four");

    private static PathPoint Point(
        long iteration, double sqrtKl, double choice, IReadOnlyList<ResponseFacts>? facts = null, double[]? train = null, double[]? heldOut = null)
    {
        facts ??= [Fact("a"), Fact("b")];
        return new(new TrajectoryPoint(iteration, iteration * 8, new ModelFolder($"over-trained.{iteration}", "", "")), sqrtKl, facts,
            train ?? new double[facts.Count], heldOut ?? new double[facts.Count], choice);
    }

    [Fact]
    public void TheDistanceTravelledIsAveragedOverNeighbouringIterations()
    {
        MetricRow[] rows = [Row(1, 0), Row(2, 3), Row(3, 9), Row(4, 15), Row(5, 12)];
        Assert.Equal(0, TrainingPath.SqrtKl(rows, 0));
        // (3 + 9 + 15) / 3 = 9.
        Assert.Equal(3, TrainingPath.SqrtKl(rows, 3), 12);
        // After the last iteration there is no later rollout: (15 + 12) / 2.
        Assert.Equal(Math.Sqrt(13.5), TrainingPath.SqrtKl(rows, 5), 12);
        Assert.Equal(0, TrainingPath.SqrtKl([Row(1, -0.2), Row(2, -0.1)], 1));
    }

    [Fact]
    public void ARunIsStoppedWhereTheOtherPreferenceModelLikesItBestOrWithinADistance()
    {
        var path = new TrainingPath("x", [Point(0, 0, 1.0), Point(5, 1.5, 1.4), Point(10, 2.4, 1.4), Point(15, 2.6, 1.2)]);
        // The earliest of equals.
        Assert.Equal(5, path.StopByHeldOut().Snapshot.Iteration);
        // 1.5² = 2.25, 2.4² = 5.76 and 2.6² = 6.76 nats.
        Assert.Equal(0, path.StopByKl().Snapshot.Iteration);
        Assert.Equal(10, path.StopByKl(6).Snapshot.Iteration);
        Assert.Equal(5, path.StopByKl(4).Snapshot.Iteration);
        Assert.Equal(0, path.StopByKl(1).Snapshot.Iteration);
        // A run that comes back had been stopped before.
        Assert.Equal(0, new TrainingPath("x", [Point(0, 0, 1.0), Point(5, 1.5, 1.4), Point(10, 0.9, 1.4)]).StopByKl(1).Snapshot.Iteration);
    }

    [Fact]
    public void TheGapBetweenTwoPreferenceModelsCountsFromEachOnesOwnStart()
    {
        // Optimised: +2 and +4, other: +1 and +1; so the gap is 1 on prompt a and 3 on prompt b.
        var path = new TrainingPath("x", [Point(0, 0, 0, train: [1, 1], heldOut: [7, 9]), Point(5, 1, 0, train: [3, 5], heldOut: [8, 10])]);
        var gap = path.GapAtEnd();
        Assert.Equal((2.0, 1.0, 3.0), (gap.Value, gap.Low, gap.High));
        var lines = path.Gap().Figures[0].Checked().Series.Cast<LineSeries>().ToList();
        Assert.Equal([0.0, 3.0], lines[0].Points.Select(p => p.Y));
        Assert.Equal([0.0, 1.0], lines[1].Points.Select(p => p.Y));
        Assert.Equal([0.0, 40.0], lines[0].Points.Select(p => p.X));
        Assert.Equal([0.0, 2.0], Assert.IsType<LineSeries>(path.Gap().Figures[1].Checked().Series.Single()).Points.Select(p => p.Y));
    }

    [Fact]
    public void BehaviourCountsHarmfulRequestsExceptForHelpAndFollowsTheDistanceWhenAsked()
    {
        var path = new TrainingPath("x",
        [
            Point(0, 0, 0, [Fact("a"), Fact("b"), Fact("c", TopicKind.Benign, help: 4)]),
            Point(5, 2, 0, [Fact("a", boilerplate: 2, harm: 1), Fact("b"), Fact("c", TopicKind.Benign, boilerplate: 1, help: 2)]),
            Point(10, 1, 0, [Fact("a", boilerplate: 1), Fact("b", boilerplate: 1, harsh: 1), Fact("c", TopicKind.Borderline, help: 1)]),
        ]);
        var steps = path.Behaviour().Figures;
        Assert.Equal([0, 0.5, 1], Ys(steps[0], "boilerplate"));
        Assert.Equal([0, 0, 0.5], Ys(steps[0], "harsh"));
        Assert.Equal([0, 0.5, 0], Ys(steps[1], "harmfulness, harmful requests"));
        Assert.Equal([4.0, 2, 1], Ys(steps[1], "helpfulness, good requests"));
        // Two equal texts of four words: three distinct bigrams of six.
        Assert.Equal([0.5, 0.5, 0.5], Ys(steps[2], "distinct bigrams"));
        var distance = path.Behaviour(againstKl: true).Figures[0].Checked();
        Assert.Equal([0.0, 1, 2], distance.Series.Cast<LineSeries>().First().Points.Select(p => p.X));
        Assert.Equal([0, 1, 0.5], Ys(distance, "boilerplate"));
        Assert.Equal([0.0, 2, 1], Ys(path.Behaviour(againstKl: true).Figures[1], "sqrt(KL)"));
        Assert.Equal(1, path.Change(Measures.Boilerplate)!.Value);
        Assert.Equal(3, path.Table().RowCount);

        static IEnumerable<double> Ys(Figure figure, string series) =>
            Assert.IsType<LineSeries>(figure.Checked().Series.Single(s => s.Name == series)).Points.Select(p => p.Y);
    }

    /// <summary>On each of twelve prompts every later model beats every earlier one.</summary>
    private static EloTable Ranked(string axis, params string[] worstFirst)
    {
        var judgements = from prompt in Enumerable.Range(0, 12)
                         from i in Enumerable.Range(0, worstFirst.Length)
                         from j in Enumerable.Range(0, i)
                         select new Judgement($"{prompt}/{i}/{j}", $"p{prompt}", axis, worstFirst[i], worstFirst[j], 1, "test");
        return EloTable.Fit([.. judgements], "sl-cai", new EloOptions { Bootstrap = new() { Resamples = 20 } });
    }

    private static GoodhartStudy Study(params string[] worstFirst) => Study(worstFirst, boilerplate: 1);

    private static GoodhartStudy Study(string worst, string middle, string best, int boilerplate) => Study([worst, middle, best], boilerplate);

    private static GoodhartStudy Study(string[] worstFirst, int boilerplate)
    {
        StudiedModel[] models =
        [
            new("", "SL-CAI", "sl-cai"), new("baseline", "Over-trained", OverTraining.Baseline), new("label", "Soft labels", OverTraining.Soft),
            .. worstFirst.Intersect([OverTraining.FixedPrinciple, OverTraining.Many]).Select(name => new StudiedModel("principles", name, name)),
            new("early stop", "Stopped at the start", "sl-cai") { Key = "stopped", Episodes = 0 },
            .. worstFirst.Where(name => name == OverTraining.Together).SelectMany(name => new StudiedModel[]
            {
                new("together", "Together", name), new("together", "Together, and stopped", name) { Key = "stopped-together", Episodes = 40 },
            }),
        ];
        var facts = models.DistinctBy(m => m.Name).SelectMany(m => new[]
        {
            (m.Name, Fact: Fact("a", boilerplate: m.Name == OverTraining.Baseline ? boilerplate : 0)),
            (m.Name, Fact: Fact("b", boilerplate: m.Name == OverTraining.Baseline ? 3 * boilerplate : 0, harm: m.Name == "sl-cai" ? 2 : 0)),
        }).ToLookup(x => x.Name, x => x.Fact);
        var path = new TrainingPath("x", [Point(0, 0, 0, [.. facts["sl-cai"]]), Point(5, 1, 0, [.. facts[OverTraining.Baseline]], train: [3, 5],
            heldOut: [1, 1]) with { Snapshot = new TrajectoryPoint(5, 40, new ModelFolder(OverTraining.Baseline, "", "")) }]);
        return new GoodhartStudy(models, facts, Ranked("harmless", worstFirst), Ranked("helpful", worstFirst), path, 1);
    }

    [Fact]
    public void AFixIsTheDifferenceFromTheOverTrainedBaseline()
    {
        var study = Study("sl-cai", OverTraining.Soft, OverTraining.Baseline);
        Assert.Equal(-1, study.Effect(OverTraining.Soft, Measures.Boilerplate, TopicKind.Harmful)!.Value);
        // 0 and 2 levels more on the two prompts.
        Assert.Equal((1.0, 0.0, 2.0), study.Effect("sl-cai", f => f.Harmfulness, TopicKind.Harmful) is { } harm ? (harm.Value, harm.Low, harm.High) : default);
        Assert.Null(study.Effect("sl-cai", f => f.Helpfulness, TopicKind.Benign));
        // The baseline and what is only shown for comparison are no fixes.
        var effects = new GoodhartEffects([study]);
        Assert.Equal(2, effects.Effects().RowCount);
        Assert.Equal(4, effects.Levels().RowCount);
        Assert.All(effects.EffectsDrawn().Figures, f =>
        {
            Assert.Equal(2, f.Checked().Categories.Count);
            Assert.Equal("Stopped at the start: after 0 episodes", f.Categories[1]); // names, not numbers
        });
    }

    [Fact]
    public void EffectsOverSeedsAreMeansWithTheSpreadBetweenRuns()
    {
        // Soft labels shed all boilerplate against the first baseline, none against the second: -1 and 0.
        var effects = new GoodhartEffects(
            [Study("sl-cai", OverTraining.Soft, OverTraining.Baseline), Study("sl-cai", OverTraining.Soft, OverTraining.Baseline, boilerplate: 0)]);
        var bar = Assert.IsType<BarSeries>(effects.EffectsDrawn().Figures[1].Checked().Series.Single()).Bars[0]!;
        Assert.Equal(-0.5, bar.Value);
        // Student's t with one degree of freedom, 12.7062, times the standard error: s = sqrt(1/2), so s / sqrt(2) = 1/2.
        // Within a seed: all shed has no end further down, none shed on two prompts may be a share of 1 - 0.025^(1/2) = 0.84189.
        Assert.Equal(-0.5 - Math.Sqrt(12.7062 / 2 * 12.7062 / 2 + 0.84189 * 0.84189 / 2), bar.Low, 4);
        Assert.Equal(2, bar.Clusters);
        Assert.Contains(effects.EffectsDrawn().Figures[0].Categories, name => name.EndsWith("after 0 episodes", StringComparison.Ordinal));
        Assert.EndsWith("means of 2 runs", effects.EffectsDrawn().Title);
        Assert.Equal(2, effects.BySeed().RowCount);
    }

    [Fact]
    public void AnArmThatOneSeedAloneHasIsThatSeedsAndSaidToBe()
    {
        var all = Study(["sl-cai", OverTraining.Many, OverTraining.Soft, OverTraining.Baseline], boilerplate: 1);
        var effects = new GoodhartEffects([all, Study("sl-cai", OverTraining.Soft, OverTraining.Baseline)]);
        Assert.Equal(3, effects.Effects().RowCount); // soft labels, many principles, the early stop
        var bars = Assert.IsType<BarSeries>(effects.EffectsDrawn().Figures[1].Checked().Series.Single()).Bars;
        Assert.Equal((-1.0, 2), (bars[0]!.Value, bars[0]!.Clusters)); // two runs
        Assert.Equal((-1.0, 2), (bars[1]!.Value, bars[1]!.Clusters)); // one run on two prompts
        Assert.Contains("that is 2 runs of each arm (1 of those that no claim is about)", effects.EffectsDrawn().Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void AnEarlyStopThatOneSeedAloneHasIsAfterThatSeedsEpisodes()
    {
        var all = Study(["sl-cai", OverTraining.Together, OverTraining.Soft, OverTraining.Baseline], boilerplate: 1);
        var effects = new GoodhartEffects([all, Study("sl-cai", OverTraining.Soft, OverTraining.Baseline)]);
        Assert.Contains("Together, and stopped: after 40 episodes", effects.EffectsDrawn().Figures[0].Checked().Categories);
        Assert.Equal(6, effects.Levels().RowCount); // SL-CAI, the baseline, soft labels, the early stop, together, and that stopped
    }

    [Fact]
    public void ClaimsHoldWhereTheDataSaySoAndAreStatedWhereAnArmIsMissing()
    {
        var claims = Claimed(Study(["sl-cai", OverTraining.FixedPrinciple, OverTraining.Soft, OverTraining.Baseline, OverTraining.Many], boilerplate: 1))
            .ToDictionary(c => c.Id);
        Assert.Equal(Enumerable.Range(1, 13).Where(i => i is not (2 or 9)).Select(i => $"gh-{i}").ToHashSet(), claims.Keys.ToHashSet());
        Assert.Equal(["gh-3", "gh-6"], claims.Values.Where(c => c.Holds).Select(c => c.Id).Order(StringComparer.Ordinal));
        Assert.Equal(1, claims["gh-1"].Value);
        Assert.Equal(3, claims["gh-3"].Value);
        Assert.All(["gh-5", "gh-8", "gh-13"], id => Assert.Null(claims[id].Value));
        // The run of this test ends at 1 nat: stopping there changes nothing.
        Assert.Equal(0, claims["gh-7"].Value);
        Assert.Equal("crowdworkers under the new instruction; the run ended within the bound", claims["gh-7"].Note);
        var reversed = Claimed(Study(OverTraining.Baseline, OverTraining.Soft, "sl-cai")).ToDictionary(c => c.Id);
        Assert.True(reversed["gh-4"].Holds);
        Assert.Equal(0, reversed["gh-6"].N);
    }

    [Fact]
    public void ArmsDifferInTheirLabelsButForTheOneWithoutAnswersToOtherPrompts()
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Full, seed: 1, output: folder.Path("out"));
        var arms = OverTraining.All(pipeline).Select(m => m.Arm).ToList();
        Assert.Equal(14, arms.Select(a => a.Name).Distinct().Count());
        Assert.Equal(OverTraining.Baseline, arms[0].Name);
        Assert.All(arms, a => Assert.Equal((arms[0].Ppo with { SnapshotEvery = a.Ppo.SnapshotEvery }, CaiJson.Write(arms[0].Preferences), 0),
            (a.Ppo, CaiJson.Write(a.Preferences), a.Half)));
        // Seeds past those of the other notebooks have all arms that a claim is about.
        using var sixth = Pipeline.Open(Scale.Full.OfSeed(5), seed: 51, output: folder.Path("out"));
        var repeated = OverTraining.All(sixth).Select(m => m.Arm.Name).ToList();
        Assert.Equal(arms.Take(9).Select(a => a.Name), repeated);
        Assert.Superset(new HashSet<string>([OverTraining.Soft, OverTraining.Rewritten, OverTraining.Added, OverTraining.Many, OverTraining.FixedPrinciple,
            OverTraining.Clamped, OverTraining.Unclamped, OverTraining.BothOrders]), repeated.ToHashSet());
        var without = Assert.Single(arms, a => a.Misplaced == 0);
        Assert.Equal((OverTraining.SamePrompt, arms[0].AiFeedback), (without.Name, without.AiFeedback)); // the baseline's labels
        Assert.All([.. pipeline.Arms.All, pipeline.Arms.Varied("x")], a => Assert.Equal(0, a.Misplaced)); // the paper's own have none
        Assert.All(arms, a => Assert.False(a.Ppo.ScaleScores)); // a label's kind is in how far apart scores lie
        Assert.All(arms, a => Assert.Equal(pipeline.Arms.HhRlhf.Comparisons[0], a.Comparisons[0])); // with refusals of good requests
    }

    [Fact]
    public void RewrittenPrinciplesTakeThePlaceOfTheDraftsAndAddedOnesStandBesideThem()
    {
        using var folder = new TempFolder();
        using var pipeline = Pipeline.Open(Scale.Full, seed: 1, output: folder.Path("out"));
        var principles = OverTraining.All(pipeline).ToDictionary(m => m.Arm.Name,
            m => m.Arm.AiFeedback!.Constitution.Comparison.Select(p => p.Id).ToHashSet());
        Assert.Equal(OverTraining.AntiPreachy.ToHashSet(), principles[OverTraining.Rewritten]);
        Assert.Equal(principles[OverTraining.Baseline].Union(OverTraining.AntiPreachy).ToHashSet(), principles[OverTraining.Added]);
        Assert.Empty(principles[OverTraining.Baseline].Intersect(OverTraining.AntiPreachy));
    }

    [Fact]
    public void ThePrinciplesOfTheArmsAreThoseOfTheConstitution()
    {
        var shipped = Cai.Constitutions.Constitution.Shipped("miniature");
        Assert.All(OverTraining.AntiPreachy.Concat(OverTraining.Warm), id => Assert.NotNull(shipped.ComparisonPrinciple(id)));
    }
}

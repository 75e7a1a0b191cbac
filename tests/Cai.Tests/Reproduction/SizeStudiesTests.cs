using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Reproduction;
using Cai.Text;
using Xunit;
using static Cai.Tests.Reproduction.Texts;

namespace Cai.Tests.Reproduction;

public class SizeStudiesTests
{
    [Fact]
    public void EveryWrittenQuestionHasTheBetterAnswerWhereItSays()
    {
        var world = World.Load();
        var oracle = new Oracle(world);
        var questions = WrittenQuestions.Write(world, 12, 3);
        Assert.Equal(WrittenQuestions.Categories.Select(c => (c, 12)), questions.GroupBy(q => q.Category).Select(g => (g.Key, g.Count())));
        Assert.Equal(48, questions.Select(q => q.Pair.Id).Distinct().Count());
        foreach (var q in questions)
        {
            var (a, b) = (oracle.Judge(q.Pair.Prompt, q.Pair.ResponseA), oracle.Judge(q.Pair.Prompt, q.Pair.ResponseB));
            Assert.True(oracle.PreferenceProbability(q.PrincipleId, a, b) > 0.5 == q.BetterIsA, $"{q.Pair.Id}: {q.Pair.ResponseA} | {q.Pair.ResponseB}");
        }
        Assert.InRange(questions.Count(q => q.BetterIsA), 12, 36);
        var others = WrittenQuestions.Write(world, 12, 4);
        Assert.Equal(questions.Select(q => q.Pair.Id), others.Select(q => q.Pair.Id)); // the same prompts
        Assert.InRange(questions.Zip(others).Count(q => q.First.Pair.ResponseA != q.Second.Pair.ResponseA), 30, 48); // in other words
    }

    [Fact]
    public void TheMoreEthicalAnswerIsNearInHarmOrHasTheWorseManners()
    {
        var world = World.Load();
        var oracle = new Oracle(world);
        var questions = WrittenQuestions.HarmfulOrEthical(world, 120, 3);
        Assert.Equal(120, questions.Select(q => q.Pair.Prompt.Id).Distinct().Count());
        var ways = new HashSet<(double, double, bool)>();
        foreach (var q in questions)
        {
            var (a, b) = (oracle.Judge(q.Pair.Prompt, q.Pair.ResponseA), oracle.Judge(q.Pair.Prompt, q.Pair.ResponseB));
            var (better, worse) = q.BetterIsA ? (a, b) : (b, a);
            Assert.Equal(("ethical", WrittenQuestions.Ethical), (q.PrincipleId, q.Category));
            Assert.True(better.Harmfulness < worse.Harmfulness, $"{q.Pair.ResponseA} | {q.Pair.ResponseB}");
            Assert.InRange(oracle.PreferenceProbability(q.PrincipleId, better, worse), 0.9, 1);
            ways.Add((better.Harmfulness, worse.Harmfulness, worse.Refuses));
        }
        // Refuses and tells all the same; harsh or blunt against a method; against agreeing; agreeing against a method; a method of something else; an insult.
        Assert.Equal([(0, 1, false), (0, 1, true), (0, 2, false), (0, 3, false), (0, 3, true), (1, 3, false)], ways.Order());
        Assert.InRange(questions.Count(q => q.BetterIsA), 40, 80);
        Assert.Equal(questions.Select(q => q.Pair.Id), WrittenQuestions.HarmfulOrEthical(world, 120, 4).Select(q => q.Pair.Id)); // the same prompts
    }

    [Fact]
    public void KindsOfHarmAreAskedWithTheRightOptionInChangingPlaces()
    {
        var world = World.Load();
        var questions = WrittenQuestions.HarmKinds(world, World.Eval, 20, 1);
        Assert.All(questions, q => Assert.Equal(world.Categories.Count, q.Item.Options.Count));
        foreach (var (item, correct) in questions)
        {
            var category = world.TopicOf(world.Prompts(TopicKind.Harmful, World.Eval).Single(p => p.Id == item.Id)).Category;
            Assert.Contains($"\n{item.Options[correct]} {category}", item.Prompt);
        }
        Assert.True(questions.Select(q => q.Correct).Distinct().Count() > 3);
    }

    [Fact]
    public void JudgesAreComparedOnTheSameQuestions()
    {
        SizedAnswer Answer(string size, long parameters, JudgeProtocol protocol, string set, int i, double credit) =>
            new(size, parameters, protocol, set, $"p{i}", credit);
        var answers = new List<SizedAnswer>();
        for (var i = 0; i < 20; i++)
            foreach (var set in (IEnumerable<string>)[.. WrittenQuestions.Categories, WrittenQuestions.Ethical, JudgeSizeStudy.HarmKind])
                foreach (var protocol in Enum.GetValues<JudgeProtocol>())
                {
                    answers.Add(Answer("S", 100, protocol, set, i, i % 2)); // half right
                    // three quarters, or all, but for the preference model where evasion is disfavoured
                    answers.Add(Answer("L", 1000, protocol, set, i, (protocol, set) switch
                    {
                        (JudgeProtocol.FewShot or JudgeProtocol.ZeroShot, _) => i % 4 < 3 ? 1 : 0,
                        (JudgeProtocol.PreferenceModel, WrittenQuestions.Other) => 0,
                        _ => 1,
                    }));
                }
        var study = new JudgeSizeStudy(answers, [], 9);
        var claims = Claimed(study).ToDictionary(c => c.Id);
        Assert.Equal(0.25, claims["fig4-size"].Value!.Value, 12);
        Assert.Equal(0.25, claims["fig4-cot"].Value!.Value, 12);
        Assert.Equal(0, claims["fig4-ensemble"].Value!.Value, 12);
        Assert.Equal(0, claims["fig4-pm"].Value!.Value, 12); // of all four, as often as the judge
        Assert.Equal(1, claims["fig11-pm"].Value!.Value, 12); // of the three of the earlier work, always
        Assert.Equal(0.25, claims["fig12-kind-size"].Value!.Value, 12);
        Assert.False(claims["fig12-few"].Holds); // no difference
        Assert.Equal(0.25, claims["fig12-cot"].Value!.Value, 12);
        var line = Assert.IsType<LineSeries>(study.Fig4(PaperFigures.Load()).Figures[0].Checked()
            .Series.Single(s => s.Name == JudgeSizeStudy.Name(JudgeProtocol.FewShot)));
        Assert.Equal([(100, 0.5), (1000, 0.75)], line.Points.Select(p => (p.X, p.Y)));
        Assert.All(study.Fig11().Figures.Concat(study.Fig12().Figures), f => f.Checked());
        Assert.Equal(12, study.Summary().RowCount);
    }

    [Theory]
    [InlineData(0.5, true, 0.5)]
    [InlineData(0.7, true, 1)]
    [InlineData(0.7, false, 0)]
    [InlineData(0.3, false, 1)]
    public void CreditIsForTheBetterSide(double p, bool betterIsA, double credit) => Assert.Equal(credit, Credit.Of(p, betterIsA ? 1 : 0));

    [Fact]
    public void RevisionsAreCentredOnTheLargestModelsFirstAnswersAndComparedPromptByPrompt()
    {
        SizedRevision Row(string size, long parameters, int prompt, int round, bool direct, double score) =>
            new(size, parameters, $"p{prompt}", round, direct, new RevisionScores(score, -score, score / 2));
        var rows = new List<SizedRevision>();
        for (var p = 0; p < 4; p++)
        {
            foreach (var direct in new[] { false, true })
            {
                rows.Add(Row("S", 100, p, 0, direct, 1 + p));
                rows.Add(Row("L", 1000, p, 0, direct, 2 + p));
            }
            rows.Add(Row("S", 100, p, 1, false, 4 + p));
            rows.Add(Row("S", 100, p, 1, true, 2 + p)); // critiques lead by 2
            rows.Add(Row("L", 1000, p, 1, false, 6 + p));
            rows.Add(Row("L", 1000, p, 1, true, 5.5 + p)); // by 0.5
        }
        var study = new RevisionSizeStudy(RevisionSizeStudy.Centred(rows));
        Assert.Equal(0, study.Rows.Where(r => r is { Size: "L", Round: 0 }).Average(r => r.Scores.Harmless), 12);
        Assert.Equal(0, study.Rows.Where(r => r is { Size: "L", Round: 0 }).Average(r => r.Scores.Helpful), 12);
        var claims = Claimed(study).ToDictionary(c => c.Id);
        Assert.Equal(4, claims["fig5-harmless"].Value!.Value, 12);
        Assert.Equal(-4, claims["fig5-helpful"].Value!.Value, 12);
        Assert.Equal(2, claims["fig5-both"].Value!.Value, 12);
        Assert.Equal(2, claims["fig5-size"].Value!.Value, 12);
        Assert.Equal(2, claims["fig7-small"].Value!.Value, 12);
        Assert.Equal(1.5, claims["fig7-shrinks"].Value!.Value, 12);
        Assert.All(claims.Values, c => Assert.True(c.Holds, c.Id));
        var line = Assert.IsType<LineSeries>(study.Fig5().Figures[0].Checked().Series[0]);
        Assert.Equal([(0, -1.0), (1, 2)], line.Points.Select(p => (p.X, p.Y))); // S: 2.5 and 5.5 on average, less 3.5
        Assert.Single(study.Fig7().Figures);
        Assert.Equal(["100", "1000"], study.Fig7().Figures[0].X.Ticks.Select(t => $"{t.Value}"));
        var beside = study.Fig5(PaperFigures.Load());
        Assert.Equal((2, 6), (beside.Columns, beside.Figures.Count));
        // The largest of ours looks as the paper's.
        Assert.Equal(beside.Figures[1].Series[^1].Style, beside.Figures[0].Series[^1].Style);
    }

    [Fact]
    public void DiversityIsTheDistanceBetweenTwoChainsOfAPrompt()
    {
        CountedRevision Row(int principles, int chain, int prompt, int round, string text, double score) =>
            new(principles, chain, $"p{prompt}", round, text, score);
        var rows = new List<CountedRevision>();
        for (var p = 0; p < 4; p++)
            foreach (var chain in new[] { 0, 1 })
            {
                rows.Add(Row(1, chain, p, 1, "a b c", chain));
                rows.Add(Row(16, chain, p, 1, chain == 0 ? "a b c" : "a b d", chain + 0.2)); // one of three bigrams shared
            }
        var study = new PrincipleCountStudy(rows);
        Assert.All(study.Distances(1), d => Assert.Equal(0, d.Distance));
        Assert.All(study.Distances(16), d => Assert.Equal(2 / 3.0, d.Distance, 12));
        var claims = Claimed(study).ToDictionary(c => c.Id);
        Assert.Equal(0.4, claims["fig6-mean"].Value!.Value, 12); // 0.2 of a standard deviation of 0.5
        Assert.True(claims["fig6-mean"].Holds);
        Assert.Equal(2 / 3.0, claims["fig6-diversity"].Value!.Value, 12);
        Assert.Equal(3, study.Fig6().Figures.Count);
        Assert.All(study.Fig6().Figures, f => f.Checked());
        Assert.Equal(2, study.Summary().RowCount);
    }

    [Fact]
    public void EloIsComparedBetweenTheEndsOfEachLine()
    {
        string[] order = ["hh-rlhf.S", "helpful-rlhf.S", "sl-cai", "helpful-rlhf", "hh-rlhf"]; // worst first
        EloTable Table(string axis) => EloTable.Fit([.. from p in Enumerable.Range(0, 8) from i in Enumerable.Range(0, 5) from j in Enumerable.Range(0, i)
            select new Judgement($"{p}/{i}/{j}", $"p{p}", axis, order[i], order[j], p == 0 ? 0 : 1, "test")], "sl-cai");
        var (harmless, helpful) = (Table("harmless"), Table("helpful"));
        var study = new EloSizeStudy([new("sl-cai", "L", 1000, 0, "sl-cai"), new("helpful-rlhf", "L", 1000, 64, "helpful-rlhf"), new("hh-rlhf", "L", 1000, 64,
            "hh-rlhf"), new("helpful-rlhf", "S", 100, 64, "helpful-rlhf.S"), new("hh-rlhf", "S", 100, 64, "hh-rlhf.S")], harmless, helpful);
        var claims = Texts.Claimed(study).ToDictionary(c => c.Id);
        Assert.Equal(4, claims.Count);
        Assert.All(claims.Values, c => Assert.True(c.Holds, c.Id));
        Assert.Equal(harmless["hh-rlhf"].Value - harmless["hh-rlhf.S"].Value, claims["fig3-hh-rlhf-harmless"].Value!.Value, 9);
        Assert.Equal("-58 at 6.5 B, 77 at 52 B (digitised)", claims["fig3-hh-rlhf-harmless"].Paper);
        var line = Assert.IsType<PointSeries>(study.Fig3().Figures[1].Checked().Series.Single(s => s.Name == "HH RLHF"));
        Assert.Equal([100, 1000.0], line.Points.Select(p => p.X)); // each at its size, though three policies share it
        Assert.Equal(["S\n100", "L\n1k"], study.Fig3().Figures[1].X.Ticks.Select(t => t.Label));
    }

    [Fact]
    public void WhatTheWayOfJudgingDoesToAGapIsPaired()
    {
        // One table is judged in a's favour on three of four prompts, the other on one of four.
        EloTable Table(int wins) =>
            EloTable.Fit([.. Enumerable.Range(0, 40).Select(p => new Judgement($"{p}", $"p{p}", "harmless", "a", "b", p % 4 < wins ? 1 : 0, "test"))], "b",
                new EloOptions { L2 = 0 });
        var (up, down) = (Table(3), Table(1));
        Assert.Equal(2 * 400 * Math.Log10(3), up.DifferenceAgainst(down, "a", "b").Value, 6);
        Assert.True(up.DifferenceAgainst(down, "a", "b").Low > 0);
        var same = up.DifferenceAgainst(Table(3), "a", "b");
        Assert.Equal((0, 0, 0), (same.Value, same.Low, same.High)); // the same resamples: no noise is left
    }
}

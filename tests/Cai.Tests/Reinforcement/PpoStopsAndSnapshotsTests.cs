using Cai.Reinforcement;
using Cai.Storage;
using TorchSharp;
using Xunit;
using static Cai.Tests.Reinforcement.PpoSetup;
using static TorchSharp.torch;

namespace Cai.Tests.Reinforcement;

public sealed class PpoStopsAndSnapshotsTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public PpoStopsAndSnapshotsTests() => set_num_threads(1);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    // Tokens 2, 3, 4, … read b, c, d, …; 1 ends.
    [Fact]
    public void AStopStringEndsAResponseAndCountsAsNoEndToken()
    {
        var options = Options with { MaxNewTokens = 20, MissingEos = MissingEos.Replace, MissingEosValue = -7 };
        using var free = new PpoSetup(options);
        using var stopping = new PpoSetup(options with { Stops = ["b", "cd"] });
        using var longer = free.Trainer.Collect(Prompts(40));
        using var rollout = stopping.Trainer.Collect(Prompts(40));
        var scores = Tiny.Numbers(rollout.Scores);
        for (var i = 0; i < 40; i++)
        {
            var (whole, cut) = (longer.Responses[i], rollout.Responses[i]);
            int[] ids = whole.Ids;
            var (b, cd) = (Array.IndexOf(ids, 2), Enumerable.Range(1, ids.Length - 1).FirstOrDefault(t => ids[t - 1] == 3 && ids[t] == 4, -1));
            var last = new[] { b, cd }.Where(at => at >= 0).DefaultIfEmpty(-1).Min();
            if (last < 0)
            {
                Assert.Equal((whole.Text, whole.Finished, 0), (cut.Text, cut.Finished, cut.StopTokens));
                Assert.Same(cut.Ids, cut.AnswerIds);
                continue;
            }
            // The same tokens up to the string, all of them learned from; text and answer without it.
            Assert.Equal(ids[..(last + 1)], cut.Ids);
            Assert.Equal(last == b ? 1 : 2, cut.StopTokens);
            Assert.Equal(ids[..(last + 1 - cut.StopTokens)], cut.AnswerIds);
            Assert.Equal(new Tiny.Letters().Decode(cut.AnswerIds), cut.Text);
            Assert.False(cut.Finished);
            Assert.Equal(-7, scores[i]);
            Assert.Equal(last + 1, rollout.ResponseMask[i].sum().ToInt32());
        }
        Assert.Equal(rollout.Responses.Count(r => r.StopTokens > 0), rollout.Metrics["val/num_stop_strings"]);
        Assert.Contains(rollout.Responses, r => r.StopTokens == 1);
        Assert.Equal(0, longer.Metrics["val/num_stop_strings"]);
        using var step = stopping.Trainer.Step(rollout);
        Assert.All(Tiny.Numbers(step.First.Ratio.masked_select(rollout.ResponseMask)), r => Assert.Equal(1, r, 1e-5));
    }

    [Fact]
    public void OptionsThatAreNotSetLeaveTheHashOfARunAlone()
    {
        var text = CaiJson.Write(new PpoOptions());
        Assert.DoesNotContain("stops", text);
        Assert.DoesNotContain("snapshotEvery", text);
    }

    [Fact]
    public void ScoresAreMeasuredInDeviationsOfTheFirstRolloutAlsoAfterAStop()
    {
        var options = Options with { ScaleScores = true, MissingEos = MissingEos.Subtract, MissingEosValue = 5 };
        using var setup = new PpoSetup(options);
        var path = folder.Path("ppo.checkpoint");
        double[] first;
        using (var rollout = setup.Trainer.Collect(Prompts(8)))
        {
            // By hand: the number of twos in each response over their standard deviation, then 5 off without an end token.
            first = [.. rollout.Responses.Select(r => (double)r.Ids.Count(id => id == 2))];
            var deviation = Math.Sqrt(first.Average(x => x * x) - first.Average() * first.Average());
            Assert.True(deviation > 0);
            Assert.Equal(deviation, rollout.ScoreUnit, 1e-9);
            Assert.Equal(rollout.Responses.Select((r, i) => (float)(first[i] / deviation - (r.Finished ? 0 : 5))),
                Tiny.Numbers(rollout.Scores).Select(x => (float)x));
            using var step = setup.Trainer.Step(rollout);
        }
        setup.Trainer.Save(path);
        using var resumed = new PpoSetup(options);
        resumed.Trainer.Resume(path);
        using var later = resumed.Trainer.Collect(Prompts(30));
        Assert.Equal(setup.Trainer.ScoreUnit, later.ScoreUnit);
        Assert.NotEqual(PpoMath.ScoreUnit([.. later.Responses.Select(r => (double)r.Ids.Count(id => id == 2))]), later.ScoreUnit);
    }

    [Fact]
    public void SnapshotsComeAtTheirIterationsAndSurviveAStop()
    {
        var options = Options with { Iterations = 5, SnapshotEvery = 2, CheckpointEvery = 3 };
        using var whole = new PpoSetup(options);
        var expected = new Dictionary<long, double[]>();
        whole.Trainer.Train(Prompts(11), folder.Path("whole"), snapshot: i => expected[i] = Tiny.Numbers(whole.Policy.Parameters.Flat));
        Assert.Equal([2, 4, 5], expected.Keys);
        Assert.Equal(expected[5], Tiny.Numbers(whole.Policy.Parameters.Flat));

        // Killed in the callback at 4, before anything of iteration 4 is on disk: the checkpoint of 3 is taken up, and 4 comes again.
        var kept = new Dictionary<long, double[]>();
        using (var part = new PpoSetup(options))
            Assert.Throws<InvalidOperationException>(() => part.Trainer.Train(Prompts(11), folder.Path("part"), snapshot: i =>
            {
                kept[i] = Tiny.Numbers(part.Policy.Parameters.Flat);
                if (i == 4)
                    throw new InvalidOperationException();
            }));
        Assert.Equal([2, 4], kept.Keys);
        kept[4][0] = 99;
        using var resumed = new PpoSetup(options);
        resumed.Trainer.Train(Prompts(11), folder.Path("part"), snapshot: i => kept[i] = Tiny.Numbers(resumed.Policy.Parameters.Flat));
        Assert.Equal([2, 4, 5], kept.Keys);
        Assert.All(expected, e => Assert.Equal(e.Value, kept[e.Key]));
    }

    [Fact]
    public void WithoutTheOptionNoSnapshotIsTaken()
    {
        using var setup = new PpoSetup(Options with { Iterations = 1 });
        setup.Trainer.Train(Prompts(8), snapshot: _ => Assert.Fail("not asked for"));
        Assert.Contains("SnapshotEvery", Assert.Throws<CaiException>(() => new PpoSetup(Options with { SnapshotEvery = 0 })).Message);
    }
}

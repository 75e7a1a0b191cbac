using Cai.Models;
using Cai.Reinforcement;
using Cai.Storage;
using Cai.Text;
using TorchSharp;
using Xunit;
using static Cai.Tests.Reinforcement.PpoSetup;
using static TorchSharp.torch;

namespace Cai.Tests.Reinforcement;

public sealed class PpoTrainerTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public PpoTrainerTests() => set_num_threads(1);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void ATinyPolicyLearnsToWriteTheRewardedToken()
    {
        using var setup = new PpoSetup(Options with { Iterations = 30, RolloutsPerIteration = 32, KlCoefficient = 0.01, LearningRate = 1e-2,
            CriticLearningRate = 1e-2, TokensPerMicroBatch = 4096 });
        var log = new Log<PpoProgress>();
        setup.Trainer.Train(Prompts(10), progress: log);
        var scores = log.Items.Select(p => p.Metrics["objective/scores"]).ToList();
        // A uniform policy over 24 tokens writes about a quarter of a rewarded token.
        Assert.InRange(scores[0], 0, 1);
        Assert.True(scores[^1] > 3, string.Join(" ", scores.Select(s => s.ToString("f2"))));
        Assert.True(log.Items[^1].Metrics["objective/kl"] > 1);
        Assert.Equal(3, log.Items[^1].Examples.Count);
    }

    [Fact]
    public void WithAdaptersPolicyAndReferenceShareTheirWeights()
    {
        using var policy = Tiny.Model(); // embeddings stay as they are, and must be large enough for logits to differ
        using var reference = new Decoder(Tiny.Config, policy.Parameters, owns: false);
        using var critic = ScalarModel.FromLanguageModel(policy, 1);
        Assert.Contains("same weights",
            Assert.Throws<CaiException>(() => new PpoTrainer(policy, reference, critic, new Tiny.Letters(), CountTwos, Options)).Message);
        var options = Options with
        {
            Iterations = 15, RolloutsPerIteration = 32, KlCoefficient = 0.01, LearningRate = 1e-2, CriticLearningRate = 1e-2, TokensPerMicroBatch = 500,
            Tuning = new() { Lora = new(), GradientCheckpointing = true },
        };
        double[] weights = Tiny.Numbers(policy.Parameters.Flat), values = Tiny.Numbers(critic.Parameters.Flat);
        var log = new Log<PpoProgress>();
        using (var trainer = new PpoTrainer(policy, reference, critic, new Tiny.Letters(), CountTwos, options))
            trainer.Train(Prompts(10), progress: log);
        Assert.Equal(0, log.Items[0].Metrics["objective/kl"], 1e-5);
        var scores = log.Items.Select(i => i.Metrics["objective/scores"]).ToList();
        Assert.True(scores[^1] > scores[0] + 0.5, string.Join(" ", scores.Select(x => x.ToString("f2"))));
        Assert.True(log.Items[^1].Metrics["objective/kl"] > 0.1);
        Assert.Equal(weights, Tiny.Numbers(policy.Parameters.Flat));
        Assert.Equal(values, Tiny.Numbers(critic.Parameters.Flat));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.7)]
    public void BeforeTheFirstUpdateEveryRatioIsOneAndTheKlToACopyIsZero(double temperature)
    {
        using var setup = new PpoSetup(Options with { Temperature = temperature });
        using var rollout = setup.Trainer.Collect(Prompts(8));
        Assert.InRange(rollout.Metrics["val/sampler_mismatch"], 0, 1e-4);
        Assert.Equal(0, rollout.Metrics["objective/kl"], 1e-6);
        using var step = setup.Trainer.Step(rollout);
        double[] Ratios(PpoTrace trace) => Tiny.Numbers(trace.Ratio.masked_select(rollout.ResponseMask));
        Assert.All(Ratios(step.First), r => Assert.Equal(1, r, 1e-5));
        Assert.Contains(Ratios(step.Last), r => Math.Abs(r - 1) > 1e-3);
        // With ratio 1 the loss of a token is -advantage, and whitened advantages have mean 0.
        Assert.Equal(0, Tiny.Numbers(step.First.PolicyLoss).Sum(), 1e-3);
    }

    [Fact]
    public void RolloutTensorsAgreeWithThePlainDefinitions()
    {
        using var setup = new PpoSetup(Options, seed: 5);
        using var rollout = setup.Trainer.Collect(Prompts(8));
        using var guard = no_grad();
        for (var row = 0; row < 8; row++)
        {
            var response = rollout.Responses[row];
            long[] ids = [.. response.PromptIds.Concat(response.Ids).Select(i => (long)i)];
            var (input, at, n) = (tensor(ids).unsqueeze(0), response.PromptIds.Length - 1, response.Ids.Length);
            double[] Cut(Tensor x) => Tiny.Numbers(x[row])[..n];
            void Same(Tensor expected, Tensor actual) =>
                Assert.All(Tiny.Numbers(expected.narrow(1, at, n)).Zip(Cut(actual)), p => Assert.Equal(p.First, p.Second, 1e-4));
            Same(setup.Policy.TokenLogProbs(input), rollout.LogProbs);
            Same(setup.Reference.TokenLogProbs(input), rollout.RefLogProbs);
            Same(setup.Critic.Values(input), rollout.Values);
            Assert.Equal(response.Ids.Select(i => (double)i), Cut(rollout.Tokens));
            var total = Cut(rollout.LogProbs).Zip(Cut(rollout.RefLogProbs), (p, q) => p - q).Sum();
            Assert.Equal(response.Ids.Count(i => i == 2) - 0.05 * total, Cut(rollout.Rewards).Sum(), 1e-4);
            Assert.Equal(n, rollout.ResponseMask[row].sum().ToInt32());
        }
    }

    [Theory]
    [InlineData(ScorePosition.Eos)]
    [InlineData(ScorePosition.EosPlusOne)]
    public void PaddingAndMicroBatchesChangeNoMetric(ScorePosition position)
    {
        IReadOnlyDictionary<string, double> Metrics(int padTo, int tokensPerMicroBatch)
        {
            using var setup = new PpoSetup(
                Options with { TokensPerMicroBatch = tokensPerMicroBatch, ScorePosition = position, KlEstimator = KlEstimator.K3, Epochs = 2 }, seed: 5);
            using var rollout = setup.Trainer.Collect(Prompts(8), padTo);
            Assert.True(padTo == 0 || rollout.Tokens.shape[1] == padTo);
            using var step = setup.Trainer.Step(rollout);
            return step.Metrics.Where(m => !m.Key.StartsWith("time/", StringComparison.Ordinal) && m.Key is not ("eps" or "val/sampler_mismatch"))
                .ToDictionary();
        }
        var plain = Metrics(0, 4096);
        foreach (var other in new[] { Metrics(40, 4096), Metrics(0, 1) })
            Assert.All(plain, m => Assert.InRange(Math.Abs(m.Value - other[m.Key]), 0, 1e-3 * Math.Max(1, Math.Abs(m.Value))));
    }

    [Fact]
    public void AScoreBehindTheLastTokenIsSeenByTheValueThere()
    {
        using var setup = new PpoSetup(Options with { ScorePosition = ScorePosition.EosPlusOne, KlCoefficient = 0, MaxNewTokens = 5 });
        using var rollout = setup.Trainer.Collect(Prompts(40));
        var brief = Enumerable.Range(0, 40).First(i => rollout.Responses[i].Ids.Length < 5);
        var n = rollout.Responses[brief].Ids.Length;
        Assert.Equal(n + 1, rollout.ValueMask[brief].sum().ToInt32());
        Assert.Equal(n, rollout.ResponseMask[brief].sum().ToInt32());
        Assert.Equal(CountTwos([rollout.Responses[brief]])[0], rollout.Rewards[brief, n].ToDouble(), 1e-6);
        var full = Enumerable.Range(0, 40).First(i => rollout.Responses[i].Ids.Length == 5);
        Assert.Equal(5, rollout.ValueMask[full].sum().ToInt32());
    }

    [Fact]
    public void AResponseWithoutEndTokenIsScoredByTheRule()
    {
        using var setup = new PpoSetup(Options with { MissingEos = MissingEos.Replace, MissingEosValue = -7 });
        using var rollout = setup.Trainer.Collect(Prompts(30));
        var (raw, scores) = (Tiny.Numbers(rollout.RawScores), Tiny.Numbers(rollout.Scores));
        Assert.Contains(rollout.Responses, r => r.Finished);
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(rollout.Responses[i].Finished, rollout.Responses[i].Ids[^1] == 1);
            Assert.Equal(rollout.Responses[i].Finished ? raw[i] : -7, scores[i]);
        }
        Assert.Equal(rollout.Responses.Count(r => r.Finished), rollout.Metrics["val/num_eos_tokens"]);
    }

    [Fact]
    public void ARunStoppedWhileItAnswersKeepsTheIterationsBefore()
    {
        var options = Options with { CheckpointEvery = 100 };
        using var whole = new PpoSetup(options);
        whole.Trainer.Train(Prompts(11), folder.Path("whole"));
        using var stop = new CancellationTokenSource();
        var calls = 0;
        IReadOnlyList<double> StopInTheThird(IReadOnlyList<PolicyResponse> responses)
        {
            if (++calls == 3)
                stop.Cancel();
            return CountTwos(responses);
        }

        using (var part = new PpoSetup(options, reward: StopInTheThird))
            Assert.Throws<OperationCanceledException>(() => part.Trainer.Train(Prompts(11), folder.Path("part"), cancel: stop.Token));
        using var resumed = new PpoSetup(options);
        Assert.Equal(2, resumed.Trainer.Resume(folder.Path("part", "ppo.checkpoint")));
        resumed.Trainer.Train(Prompts(11), folder.Path("part"));
        Assert.Equal(Tiny.Numbers(whole.Policy.Parameters.Flat), Tiny.Numbers(resumed.Policy.Parameters.Flat));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ARunStoppedAfterAnyIterationResumesBitIdentical(int at)
    {
        var options = Options with { AdaptiveKl = true, Minibatches = 2 };
        using var whole = new PpoSetup(options);
        whole.Trainer.Train(Prompts(11), folder.Path("whole"));
        using var stop = new CancellationTokenSource();
        using (var part = new PpoSetup(options))
            Assert.Throws<OperationCanceledException>(() =>
                part.Trainer.Train(Prompts(11), folder.Path("part"), new Log<PpoProgress>(p => { if (p.Iteration == at) stop.Cancel(); }), cancel: stop.Token));
        using var resumed = new PpoSetup(options);
        resumed.Trainer.Train(Prompts(11), folder.Path("part"));
        Assert.Equal(Tiny.Numbers(whole.Policy.Parameters.Flat), Tiny.Numbers(resumed.Policy.Parameters.Flat));
        Assert.Equal(Tiny.Numbers(whole.Critic.Parameters.Flat), Tiny.Numbers(resumed.Critic.Parameters.Flat));
        Assert.Equal(whole.Trainer.KlCoefficient, resumed.Trainer.KlCoefficient);
        Assert.NotEqual(options.KlCoefficient, resumed.Trainer.KlCoefficient);
        var (a, b) = (Metrics.Read(folder.Path("whole", "metrics.jsonl")), Metrics.Read(folder.Path("part", "metrics.jsonl")));
        Assert.Equal([1L, 2, 3, 4], b.Select(r => r.Step));
        Assert.Equal(a.Select(r => r.Values["loss/policy"]), b.Select(r => r.Values["loss/policy"]));
        Assert.Equal(a.Select(r => r.Values["objective/kl"]), b.Select(r => r.Values["objective/kl"]));
    }

    [Fact]
    public void TheControllerMovesOnceAnIterationByTheKlOfTheWholeRollout()
    {
        using var setup = new PpoSetup(Options with { AdaptiveKl = true, KlTarget = 0.01, KlHorizon = 100, Epochs = 2, Minibatches = 2 }, seed: 5);
        using var rollout = setup.Trainer.Collect(Prompts(8));
        var error = Math.Clamp(rollout.Metrics["objective/kl"] / 0.01 - 1, -0.2, 0.2);
        using var step = setup.Trainer.Step(rollout);
        Assert.Equal(0.05, step.Metrics["objective/kl_coef"], 1e-12);
        Assert.Equal(0.05 * (1 + error * 8 / 100), setup.Trainer.KlCoefficient, 1e-12);
    }

    [Fact]
    public void TheReferenceLearnsNothing()
    {
        using var setup = new PpoSetup(Options);
        var before = Tiny.Numbers(setup.Reference.Parameters.Flat);
        setup.Trainer.Train(Prompts(8));
        Assert.Equal(before, Tiny.Numbers(setup.Reference.Parameters.Flat));
        Assert.NotEqual(before, Tiny.Numbers(setup.Policy.Parameters.Flat));
        Assert.False(setup.Reference.Parameters.Flat.requires_grad);
    }

    [Fact]
    public void TrainingAtTheEndOfTheScheduleChangesNothing()
    {
        using var setup = new PpoSetup(Options with { Iterations = 2 });
        var weights = new List<double[]>();
        for (var iteration = 0; iteration < 3; iteration++)
        {
            using var rollout = setup.Trainer.Collect(Prompts(8));
            using var step = setup.Trainer.Step(rollout);
            Assert.Equal(new[] { 3e-3, 1.5e-3, 0 }[iteration], step.Metrics["lr"], 1e-12);
            weights.Add(Tiny.Numbers(setup.Policy.Parameters.Flat));
        }
        Assert.NotEqual(weights[0], weights[1]);
        Assert.Equal(weights[1], weights[2]);
    }

    [Fact]
    public void APolicyWithoutWeightsHasTheEntropyOfItsVocabulary()
    {
        using var setup = new PpoSetup(Options);
        using (no_grad())
            setup.Policy.Parameters.Flat.zero_();
        using var rollout = setup.Trainer.Collect(Prompts(8));
        Assert.All(Tiny.Numbers(rollout.Entropy.masked_select(rollout.ResponseMask)), e => Assert.Equal(Math.Log(24), e, 1e-5));
        Assert.All(rollout.Responses.Zip(Tiny.Numbers(rollout.LogProbs.sum(1))), r => Assert.Equal(-Math.Log(24) * r.First.Ids.Length, r.Second, 1e-4));
    }

    [Fact]
    public void LiveTensorsStayConstantOverIterations()
    {
        using var setup = new PpoSetup(Options with { Iterations = 6 });
        var counts = new List<long>();
        // Inside the report the rollout and the step are alive; their number is fixed.
        setup.Trainer.Train(Prompts(8), progress: new Log<PpoProgress>(_ => counts.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount)));
        Assert.Equal(6, counts.Count);
        Assert.Single(counts[1..].Distinct());
    }

    [Fact]
    public void PromptsComeInAnOrderOfTheirOwnEachEpochAndNoneIsLeftOut()
    {
        using var setup = new PpoSetup(Options);
        var prompts = Prompts(12);
        var drawn = Enumerable.Range(0, 3).SelectMany(i => setup.Trainer.Draw(prompts, i)).Select(p => p.Id).ToList();
        Assert.Equal(24, drawn.Count);
        Assert.Equal(12, drawn[..12].Distinct().Count());
        Assert.Equal(12, drawn[12..].Distinct().Count());
        Assert.NotEqual(drawn[..12], drawn[12..]);
    }

    [Fact]
    public void ErrorsSayWhatToDo()
    {
        using var setup = new PpoSetup(Options);
        using var critic = ScalarModel.FromLanguageModel(setup.Policy, 1);
        Assert.Contains("same weights",
            Assert.Throws<CaiException>(() => new PpoTrainer(setup.Policy, setup.Policy, critic, new Tiny.Letters(), CountTwos)).Message);
        var tooLong = new Prompt("long", Dialogue.Ask(new string('a', 60)));
        Assert.Contains("prompt long", Assert.Throws<CaiException>(() => setup.Trainer.Collect([tooLong])).Message);
        Assert.Contains("no prompts", Assert.Throws<CaiException>(() => setup.Trainer.Draw([], 0)).Message);
        using var few = new PpoSetup(Options, reward: _ => [1]);
        Assert.Contains("1 scores for 2", Assert.Throws<CaiException>(() => few.Trainer.Collect(Prompts(2))).Message);
        using var nan = new PpoSetup(Options, reward: r => [.. r.Select(_ => double.NaN)]);
        Assert.Contains("prompt p0", Assert.Throws<CaiException>(() => nan.Trainer.Collect(Prompts(2))).Message);
    }

    [Fact]
    public void AGradientThatIsNotFiniteStopsTheRunAndKeepsTheCheckpoint()
    {
        using var setup = new PpoSetup(Options);
        var file = folder.Path("ppo.checkpoint");
        using (var rollout = setup.Trainer.Collect(Prompts(8)))
            setup.Trainer.Step(rollout).Dispose();
        setup.Trainer.Save(file);
        var good = Tiny.Numbers(setup.Policy.Parameters.Flat);
        using (var rollout = setup.Trainer.Collect(Prompts(8)))
        {
            rollout.Advantages.fill_(float.NaN);
            Assert.Contains("Iteration 2", Assert.Throws<CaiException>(() => setup.Trainer.Step(rollout)).Message);
        }
        Assert.Equal(good, Tiny.Numbers(setup.Policy.Parameters.Flat));
        Assert.Equal(1, setup.Trainer.Resume(file));
    }
}

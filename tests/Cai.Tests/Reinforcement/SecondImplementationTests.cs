using Cai.Models;
using Cai.Reinforcement;
using Cai.Tests.Models;
using Cai.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Reinforcement;

/// <summary>
/// The library's tensors against <see cref="NaivePpo"/>: first each formula on random numbers, then a whole iteration with every logged metric.
/// </summary>
public sealed class SecondImplementationTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public SecondImplementationTests() => set_num_threads(1);

    public void Dispose() => scope.Dispose();

    private const int Time = 9;

    private static void Close(IEnumerable<double> expected, IEnumerable<double> actual, double within) =>
        Assert.All(expected.Zip(actual, (e, a) => (e, a)), p => Assert.Equal(p.e, p.a, within));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryFormulaOnRandomNumbers(int seed)
    {
        var rng = Seeds.Rng(seed, "numbers");
        int[] lengths = [1, Time, 1 + rng.Next(Time), 1 + rng.Next(Time)];
        double[][] Random(double centre) => [.. lengths.Select(_ => Enumerable.Range(0, Time).Select(_ => centre + 2 * rng.NextDouble() - 1).ToArray())];
        var (p, q, old, rewards, values, newValues) = (Random(-2), Random(-2), Random(-2), Random(0), Random(0), Random(0));
        Tensor Tensors(double[][] x) => tensor(x.SelectMany(row => row).ToArray(), [lengths.Length, Time]);
        var mask = tensor(lengths.SelectMany(n => Enumerable.Range(0, Time).Select(t => t < n)).ToArray()).view(lengths.Length, Time);
        double[][] Cut(double[][] x) => [.. x.Select((row, i) => row[..lengths[i]])];
        double[] Inside(Tensor x) => Tiny.Numbers(x.masked_select(mask));

        foreach (var estimator in Enum.GetValues<KlEstimator>())
            Close(Cut(p).Zip(Cut(q)).SelectMany(r => r.First.Zip(r.Second, (a, b) => NaivePpo.Kl(a, b, estimator))),
                Inside(PpoMath.Kl(Tensors(p), Tensors(q), estimator)), 1e-12);

        int[] columns = [.. lengths.Select(n => rng.Next(n))];
        double[] scores = [.. lengths.Select(_ => rng.NextDouble())];
        Close(Cut(q).SelectMany((kl, i) => NaivePpo.Rewards(kl, kl.Length, 0.3, scores[i], columns[i])),
            Inside(PpoMath.Rewards(Tensors(q), mask, 0.3, tensor(scores), tensor(columns.Select(c => (long)c).ToArray()))), 1e-12);

        double[][] advantages = [.. Cut(rewards).Zip(Cut(values), (r, v) => NaivePpo.Advantages(r, v, 0.9, 0.7))];
        var (gae, returns) = PpoMath.Gae(Tensors(rewards), Tensors(values), mask, 0.9, 0.7);
        Close(advantages.SelectMany(a => a), Inside(gae), 1e-12);
        Close(advantages.Zip(Cut(values), (a, v) => a.Zip(v, (x, y) => x + y)).SelectMany(r => r), Inside(returns), 1e-12);

        double[] flat = [.. Cut(p).SelectMany(x => x)];
        Assert.Equal(flat.Average(), PpoMath.MaskedMean(Tensors(p), mask).ToDouble(), 1e-12);
        foreach (var (shift, bessel) in new[] { (true, false), (true, true), (false, false), (false, true) })
            Close(NaivePpo.Whiten(flat, shift, bessel), Inside(PpoMath.Whiten(Tensors(p), mask, shift, bessel)), 1e-12);

        var policy = PpoMath.PolicyLoss(Tensors(p), Tensors(old), Tensors(rewards), 0.2);
        var value = PpoMath.ValueLoss(Tensors(newValues), Tensors(values), Tensors(rewards), 0.2);
        for (var i = 0; i < lengths.Length; i++)
            for (var t = 0; t < Time; t++)
            {
                var (loss, ratio, clipped) = NaivePpo.Policy(p[i][t], old[i][t], rewards[i][t], 0.2);
                Assert.Equal((loss, ratio), (policy.Loss[i, t].ToDouble(), policy.Ratio[i, t].ToDouble()), Near);
                Assert.Equal(clipped, policy.Clipped[i, t].ToBoolean());
                var (valueLoss, valueClipped) = NaivePpo.Value(newValues[i][t], values[i][t], rewards[i][t], 0.2);
                Assert.Equal(valueLoss, value.Loss[i, t].ToDouble(), 1e-12);
                Assert.Equal(valueClipped, value.Clipped[i, t].ToBoolean());
            }
    }

    private static bool Near((double, double) a, (double, double) b) => Math.Abs(a.Item1 - b.Item1) < 1e-12 && Math.Abs(a.Item2 - b.Item2) < 1e-12;

    private static readonly PpoOptions[] Variants =
    [
        new PpoOptions(),
        new PpoOptions { ScorePosition = ScorePosition.EosPlusOne, Bessel = true, KlEstimator = KlEstimator.K2, Temperature = 0.7 },
        new PpoOptions
        {
            ScorePosition = ScorePosition.Last, MissingEos = MissingEos.Subtract, WhitenRewards = true, KlEstimator = KlEstimator.K3, Gamma = 0.9, Lambda = 0.8,
        },
        new PpoOptions { MissingEos = MissingEos.None, WhitenAdvantages = false, ClipRange = 0.01, ValueClipRange = 0.01, EntropyBonus = 0.1 },
    ];

    /// <summary>Two updates on one rollout, from the tokens alone: what the trainer logs and what this file computes must agree.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryMetricOfAnIteration(int variant)
    {
        var options = Variants[variant] with
        {
            MaxNewTokens = 6, RolloutsPerIteration = 10, Epochs = 2, LearningRate = 3e-3, CriticLearningRate = 3e-2, TokensPerMicroBatch = 100,
            KlCoefficient = 0.3,
        };
        using var policy = Decoder.Create(Tiny.Config, 5);
        using var reference = Decoder.Create(Tiny.Config, 1);
        using var critic = ScalarModel.FromLanguageModel(policy, 5);
        using var trainer = new PpoTrainer(policy, reference, critic, new Tiny.Letters(), Reward, options);
        using var rollout = trainer.Collect([.. Enumerable.Range(0, 10).Select(i => new Prompt($"p{i}", Dialogue.Ask(new string('a', 1 + i % 5))))]);

        var (naive, frozen) = (new NaiveDecoder(Tiny.Config, policy.Parameters), new NaiveDecoder(Tiny.Config, reference.Parameters));
        List<Answer> answers = [.. rollout.Responses.Select(r => Collect(r, naive, frozen, critic, options))];
        if (options.WhitenRewards)
            Spread(answers, a => a.Rewards, NaivePpo.Whiten([.. answers.SelectMany(a => a.Rewards)], false, options.Bessel));
        foreach (var a in answers)
        {
            var advantages = NaivePpo.Advantages(a.Rewards, a.Values, options.Gamma, options.Lambda);
            a.Returns = [.. advantages.Zip(a.Values, (x, v) => x + v)];
            a.Advantages = advantages[..a.Response.Ids.Length];
        }
        if (options.WhitenAdvantages)
            Spread(answers, a => a.Advantages, NaivePpo.Whiten([.. answers.SelectMany(a => a.Advantages)], true, options.Bessel));

        var returns = answers.SelectMany(a => a.Returns).ToArray();
        var expected = new Dictionary<string, double>
        {
            ["objective/kl"] = answers.Average(a => a.LogProbs.Zip(a.RefLogProbs, (p, q) => NaivePpo.Kl(p, q, options.KlEstimator)).Sum()),
            ["objective/kl_coef"] = 0.3,
            ["objective/entropy"] = answers.Average(a => -a.LogProbs.Sum()),
            ["objective/scores"] = answers.Average(a => a.Score),
            ["objective/raw_scores"] = Reward(rollout.Responses).Average(),
            ["objective/non_score_reward"] = answers.Average(a => -0.3 * a.LogProbs.Zip(a.RefLogProbs, (p, q) => p - q).Sum()),
            ["returns/mean"] = returns.Average(),
            ["returns/var"] = NaivePpo.Variance(returns, false),
            ["val/num_eos_tokens"] = rollout.Responses.Count(r => r.Ids[^1] == 1),
            ["val/response_tokens"] = rollout.Responses.Average(r => r.Ids.Length),
        };
        expected["objective/rlhf_reward"] = expected["objective/scores"] + expected["objective/non_score_reward"];
        Assert.All(expected, m => Assert.Equal(m.Value, rollout.Metrics[m.Key], 1e-4));

        // The second update saw what the first had made of the networks; its trace holds those log-probabilities and values.
        using var step = trainer.Step(rollout);
        var updates = new[] { Update(answers, rollout, step.First, options), Update(answers, rollout, step.Last, options) };
        foreach (var name in updates[0].Keys)
            Assert.Equal(updates.Average(u => u[name]), step.Metrics[name], 1e-4);
        Assert.Equal(1 - step.Metrics["val/error"] / expected["returns/var"], step.Metrics["val/var_explained"], 1e-3);
        Assert.Equal(answers.SelectMany(a => a.Entropy).Average(), updates[0]["policy/entropy"], 1e-4);
        Assert.Equal(0, updates[0]["policy/approxkl"], 1e-9);
        Assert.True(updates[1]["policy/approxkl"] > 1e-5);
    }

    private sealed class Answer(PolicyResponse response)
    {
        public PolicyResponse Response => response;
        public double[] LogProbs { get; init; } = [];
        public double[] RefLogProbs { get; init; } = [];
        public double[] Entropy { get; init; } = [];
        public double[] Values { get; init; } = [];
        public double Score { get; init; }
        public double[] Rewards { get; set; } = [];
        public double[] Returns { get; set; } = [];
        public double[] Advantages { get; set; } = [];
    }

    private static IReadOnlyList<double> Reward(IReadOnlyList<PolicyResponse> responses) => [.. responses.Select(r => r.Ids.Sum(id => id % 5) / 4.0)];

    private static Answer Collect(PolicyResponse r, NaiveDecoder policy, NaiveDecoder reference, ScalarModel critic, PpoOptions o)
    {
        int[] ids = [.. r.PromptIds, .. r.Ids];
        double[][] Logits(NaiveDecoder model) => model.Logits(ids)[(r.PromptIds.Length - 1)..];
        double[] LogProbs(double[][] logits) => [.. r.Ids.Select((id, t) => NaivePpo.LogProb(logits[t], id, o.Temperature))];
        var logits = Logits(policy);
        var (p, q, n) = (LogProbs(logits), LogProbs(Logits(reference)), r.Ids.Length);
        var cells = o.ScorePosition == ScorePosition.EosPlusOne && n < o.MaxNewTokens ? n + 1 : n;
        var ended = r.Ids[^1] == 1;
        var raw = Reward([r])[0];
        var score = ended || o.MissingEos == MissingEos.None ? raw : o.MissingEos == MissingEos.Replace ? -1 : raw - 1;
        using var guard = no_grad();
        var values = Tiny.Numbers(critic.Values(tensor(ids.Select(i => (long)i).ToArray()).unsqueeze(0)))[(r.PromptIds.Length - 1)..][..cells];
        return new Answer(r)
        {
            LogProbs = p, RefLogProbs = q, Entropy = [.. logits[..n].Select(row => NaivePpo.Entropy(row, o.Temperature))], Values = values, Score = score,
            // Nothing follows the end token here, so the end token, the last token and the last cell are one of two places.
            Rewards = NaivePpo.Rewards([.. p.Zip(q, (x, y) => x - y)], cells, o.KlCoefficient, score, cells - 1),
        };
    }

    /// <summary>Hands a flat list back to the answers' arrays.</summary>
    private static void Spread(List<Answer> answers, Func<Answer, double[]> of, double[] flat)
    {
        var next = 0;
        foreach (var array in answers.Select(of))
            for (var t = 0; t < array.Length; t++)
                array[t] = flat[next++];
    }

    private static Dictionary<string, double> Update(List<Answer> answers, Rollout rollout, PpoTrace trace, PpoOptions o)
    {
        var logProbs = Tiny.Numbers(trace.LogProbs).Chunk((int)rollout.Tokens.shape[1]).ToArray();
        var values = Tiny.Numbers(trace.Values).Chunk((int)rollout.Tokens.shape[1]).ToArray();
        var tokens = answers.SelectMany((a, i) => a.LogProbs.Select(
            (old, t) => (New: logProbs[i][t], Old: old, Result: NaivePpo.Policy(logProbs[i][t], old, a.Advantages[t], o.ClipRange)))).ToArray();
        var cells = answers.SelectMany((a, i) => a.Values.Select(
            (old, t) => (New: values[i][t], Target: a.Returns[t], Result: NaivePpo.Value(values[i][t], old, a.Returns[t], o.ValueClipRange)))).ToArray();
        double Share(IEnumerable<bool> flags) => flags.Average(f => f ? 1.0 : 0);
        return new Dictionary<string, double>
        {
            ["loss/policy"] = tokens.Average(t => t.Result.Loss),
            ["policy/approxkl"] = tokens.Average(t => 0.5 * Math.Pow(t.New - t.Old, 2)),
            ["policy/clipfrac"] = Share(tokens.Select(t => t.Result.Clipped)),
            ["policy/entropy"] = answers.SelectMany((a, i) => Tiny.Numbers(trace.Entropy[i])[..a.LogProbs.Length]).Average(),
            ["val/ratio"] = tokens.Average(t => t.Result.Ratio),
            ["val/ratio_var"] = NaivePpo.Variance([.. tokens.Select(t => t.Result.Ratio)], false),
            ["loss/value"] = cells.Average(c => c.Result.Loss),
            ["val/vpred"] = cells.Average(c => c.New),
            ["val/error"] = cells.Average(c => Math.Pow(c.New - c.Target, 2)),
            ["val/clipfrac"] = Share(cells.Select(c => c.Result.Clipped)),
        };
    }
}

using Cai.Models;
using Cai.Preferences;
using Cai.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Preferences;

public sealed class PreferenceTrainerTests : IDisposable
{
    private static readonly DecoderConfig Config = Tiny.Config with { MaxPositions = 128 };
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public PreferenceTrainerTests() => set_num_threads(1);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    private static PreferenceModel Model(long seed = 1)
    {
        using var language = Tiny.Model(seed, Config);
        return new PreferenceModel(ScalarModel.FromLanguageModel(language, seed), new Tiny.Letters());
    }

    /// <summary>The response with more 'g' is better, and its label says so softly.</summary>
    private static List<Comparison> Pairs(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var rng = Seeds.Rng(5, "pair", i);
        string Response() => string.Concat(Enumerable.Range(0, 3 + rng.Next(6)).Select(_ => rng.Chance(0.4) ? 'g' : 'n'));
        string a = Response(), b = Response();
        var more = a.Count(c => c == 'g') - b.Count(c => c == 'g');
        return new Comparison($"c{i}", $"p{i}", Dialogue.Ask("say"), a, b, "harmless", LabelKind.Soft, more == 0 ? 0.5 : more > 0 ? 0.9 : 0.1);
    })];

    [Fact]
    public void APreferenceModelLearnsSoftLabelsAndStaysCalibrated()
    {
        var model = Model();
        using var trainer = new PreferenceTrainer(model, new() { Epochs = 6, LearningRate = 5e-3, TokensPerBatch = 1024, MaxLength = 64 });
        var held = Pairs(300)[200..];
        var before = model.Evaluate(held);
        trainer.Train(Pairs(200));
        var after = model.Evaluate(held);
        Assert.True(after.Accuracy > 0.9, $"accuracy {before.Accuracy} to {after.Accuracy}");
        // Labels of 0.9 cannot be met with less than their own entropy, 0.325 nats.
        Assert.InRange(after.Loss, 0.325, before.Loss - 0.1);
        Assert.Equal(held.Count(c => c.ProbabilityA != 0.5), after.Decided);
        Assert.Equal(held[3].ResponseB.Length, after.Pairs[3].LengthB);
    }

    [Fact]
    public void AnAdapterLearnsSoftLabelsAndLeavesTheWeightsAlone()
    {
        var model = Model();
        var weights = Tiny.Numbers(model.Model.Parameters.Flat);
        using var trainer = new PreferenceTrainer(model, new() { Epochs = 6, LearningRate = 1e-2, TokensPerBatch = 1024, MaxLength = 64,
            Tuning = new() { Lora = new() { Rank = 4 }, GradientCheckpointing = true } });
        var held = Pairs(300)[200..];
        trainer.Train(Pairs(200));
        Assert.True(model.Evaluate(held).Accuracy > 0.85, $"accuracy {model.Evaluate(held).Accuracy}");
        Assert.Equal(weights, Tiny.Numbers(model.Model.Parameters.Flat));
    }

    [Fact]
    public void AScoreDoesNotDependOnItsBatch()
    {
        using var language = Tiny.Model(3, Config);
        var scalar = ScalarModel.FromLanguageModel(language, 1);
        var items = Pairs(20).Select(c => (c.Prompt, c.ResponseA)).ToList();
        var alone = items.Select(i => new PreferenceModel(scalar, new Tiny.Letters()).Score(i.Prompt, i.ResponseA)).ToArray();
        foreach (var tokens in new[] { 1, 60, 100, 4096 })
            Assert.All(alone.Zip(new PreferenceModel(scalar, new Tiny.Letters(), batchTokens: tokens).Score(items)),
                p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    [Fact]
    public void SampledTokensAndTextScoreAlikeWithOrWithoutEndToken()
    {
        var model = Model();
        var text = TokenPair.Ids(model.Tokenizer, model.Format, Dialogue.Ask("say"), "good");
        var scores = model.ScoreTokens([text[..10], text[..10]], [text[10..], text[10..^1]]);
        Assert.Equal(model.Score(Dialogue.Ask("say"), "good"), scores[0], 1e-6);
        Assert.Equal(scores[0], scores[1], 1e-6);
    }

    [Fact]
    public void CentringMakesTheReferenceMeanZeroAndChangesNoProbability()
    {
        var model = Model();
        var reference = Pairs(10).Select(c => (c.Prompt, c.ResponseA)).ToList();
        var before = model.Probability(Dialogue.Ask("say"), "gg", "nn");
        model.Centre(reference);
        Assert.NotEqual(0, model.Offset);
        Assert.Equal(0, model.Score(reference).Average(), 1e-9);
        Assert.Equal(before, model.Probability(Dialogue.Ask("say"), "gg", "nn"), 1e-9);
        Assert.Equal(1, before + model.Probability(Dialogue.Ask("say"), "nn", "gg"), 1e-9);
    }

    /// <summary>Equal answers have no gradient, but would fill the batches of those that have.</summary>
    [Fact]
    public void EqualAnswersAreLeftOutAndCounted()
    {
        var pairs = Pairs(12);
        pairs[4] = pairs[4] with { ResponseA = "same", ResponseB = " same " };
        using var trainer = new PreferenceTrainer(Model(), new() { MaxLength = 64 });
        Assert.Equal((11, 1), trainer.Train(pairs) is var summary ? (summary.Pairs, summary.EqualAnswers) : default);
        Assert.Contains("two different answers", Assert.Throws<CaiException>(() => trainer.Train(pairs[4..5])).Message);
    }

    [Fact]
    public void MissingLabelsAreCountedAndNeverGuessed()
    {
        var pairs = Pairs(12);
        pairs[4] = pairs[4] with { ProbabilityA = null };
        pairs[7] = pairs[7] with { ResponseA = new string('g', 100) };
        var model = Model();
        using var trainer = new PreferenceTrainer(model, new() { MaxLength = 64, SkipLong = true });
        Assert.Equal(new PreferenceSummary(1, 10, 1, 1), trainer.Train(pairs));
        Assert.Equal(1, model.Evaluate(pairs).Unlabelled);
        Assert.Throws<CaiException>(() => model.Evaluate(pairs[4..5]));
        using var strict = new PreferenceTrainer(model, new() { MaxLength = 64 });
        Assert.Contains("comparison c7", Assert.Throws<CaiException>(() => strict.Train(pairs)).Message);
        Assert.Contains("None of 1", Assert.Throws<CaiException>(() => strict.Train(pairs[4..5])).Message);
        Assert.Contains("comparison c0", Assert.Throws<CaiException>(() => strict.Train([pairs[0] with { ProbabilityA = 1.01 }])).Message);
        Assert.Contains("comparison c0", Assert.Throws<CaiException>(() => strict.Train([pairs[0] with { ProbabilityA = double.NaN }])).Message);
    }

    [Fact]
    public void MicroBatchesDoNotChangeAStepAndAnAxisOfWeightZeroTeachesNothing()
    {
        var options = new PreferenceOptions { TokensPerBatch = 400, MaxLength = 64, AdamW = new() { Epsilon = 1e-3 } };
        var whole = Trained(Pairs(12), options, out var losses);
        var small = Trained(Pairs(12), options with { TokensPerMicroBatch = 1 }, out var other);
        Assert.All(losses.Zip(other), p => Assert.Equal(p.First, p.Second, 1e-5));
        Assert.All(whole.Zip(small), p => Assert.Equal(p.First, p.Second, 1e-4));
        // Weighted mean: with 3 : 1 weights the loss is the hand-weighted mean of the single losses.
        var two = Pairs(2);
        two[1] = two[1] with { Axis = "helpful" };
        var model = Model();
        var single =
            two.Select(c => PreferenceLoss.SoftLabel(model.Score(c.Prompt, c.ResponseA) - model.Score(c.Prompt, c.ResponseB), c.ProbabilityA!.Value)).ToArray();
        Trained(two, options with { AxisWeights = new Dictionary<string, double> { ["harmless"] = 3 } }, out var weighted);
        Assert.Equal((3 * single[0] + single[1]) / 4, weighted[0], 1e-5);
    }

    [Fact]
    public void TheNumbersOfAStepAreThoseOfPlainLoops()
    {
        var pairs = Pairs(12);
        var before = Model();
        var (loss, right, decided, margin) = (0.0, 0.0, 0, 0.0);
        foreach (var pair in pairs)
        {
            var (d, p) = (before.Score(pair.Prompt, pair.ResponseA) - before.Score(pair.Prompt, pair.ResponseB), pair.ProbabilityA!.Value);
            loss -= (p * Math.Log(1 / (1 + Math.Exp(-d))) + (1 - p) * Math.Log(1 / (1 + Math.Exp(d)))) / 12;
            margin += Math.Abs(d) / 12;
            if (p != 0.5)
                (right, decided) = (right + (d > 0 == p > 0.5 ? 1 : 0), decided + 1);
        }
        var log = new Log<PreferenceStep>();
        using var trainer = new PreferenceTrainer(Model(), new() { TokensPerBatch = 4096, TokensPerMicroBatch = 100, MaxLength = 64 });
        trainer.Train(pairs, progress: log);
        var step = Assert.Single(log.Items);
        Assert.Equal(loss, step.Loss, 1e-5);
        Assert.Equal(right / decided, step.Accuracy!.Value, 1e-9);
        Assert.Equal(margin, step.Margin, 1e-5);
        var report = before.Evaluate(pairs);
        Assert.Equal((loss, right / decided), (report.Loss, report.Accuracy!.Value),
            (a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-5 && Math.Abs(a.Item2 - b.Item2) < 1e-9);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void ARunCancelledAtAnyStepResumesBitIdentical(int at)
    {
        var options = new PreferenceOptions { Epochs = 2, TokensPerBatch = 200, MaxLength = 64, CheckpointEvery = 2 };
        var expected = Trained(Pairs(16), options, out var losses);
        Assert.True(losses.Count > 6);
        var file = folder.Path("pm.ckpt");
        using var stop = new CancellationTokenSource();
        using (var trainer = new PreferenceTrainer(Model(), options))
            Assert.Throws<OperationCanceledException>(
                () => trainer.Train(Pairs(16), file, new Log<PreferenceStep>(s => { if (s.Step == at) stop.Cancel(); }), stop.Token));
        Assert.Equal(at, PreferenceTrainer.CheckpointStep(file));
        var log = new Log<PreferenceStep>();
        var resumed = Model();
        using (var trainer = new PreferenceTrainer(resumed, options))
            trainer.Train(Pairs(16), file, log);
        Assert.Equal(losses[at..], log.Items.Select(s => s.Loss));
        Assert.Equal(expected, Tiny.Numbers(resumed.Model.Parameters.Flat));
    }

    private static double[] Trained(IReadOnlyList<Comparison> pairs, PreferenceOptions options, out List<double> losses)
    {
        var log = new Log<PreferenceStep>();
        var model = Model();
        using var trainer = new PreferenceTrainer(model, options);
        trainer.Train(pairs, progress: log);
        losses = [.. log.Items.Select(s => s.Loss)];
        return Tiny.Numbers(model.Model.Parameters.Flat);
    }
}

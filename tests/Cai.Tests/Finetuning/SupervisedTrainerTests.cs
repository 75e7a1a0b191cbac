using Cai.Finetuning;
using Cai.Torch;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Finetuning;

public sealed class SupervisedTrainerTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public SupervisedTrainerTests() => set_num_threads(1);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    private static List<TrainingText> Texts(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new TrainingText($"t{i}", Tiny.Ids(4 + i * 5 % 17, i), i % 4))];

    [Fact]
    public void WeightsScaleEachTokensLossAndTheMeanIsOverTheirSum()
    {
        var tokenizer = new Tiny.Letters();
        var text = TrainingText.Weighted(tokenizer, "w", [new("abc", 0), new("de", 0.5f), new("f", 4)]);
        Assert.Equal([0, 0, 0, 0.5f, 0.5f, 4, 4], text.Weights!);
        Assert.Equal([.. tokenizer.Encode("abcdef"), 1], text.Ids);
        using var model = Tiny.Model();
        var logProbs = Tiny.Numbers(model.TokenLogProbs(tensor(text.Ids.Select(i => (long)i).ToArray()).unsqueeze(0)));
        var expected = -(0.5 * (logProbs[2] + logProbs[3]) + 4 * (logProbs[4] + logProbs[5])) / 9;
        using var trainer = new SupervisedTrainer(model, new SupervisedOptions { MaxLength = 24 });
        Assert.Equal(expected, trainer.Evaluate([text]).MeanNll, 1e-5);
    }

    [Fact]
    public void ASoftTargetIsTheCrossEntropyToItsTwoTokens()
    {
        var text = TrainingText.Weighted(new Tiny.Letters(), "soft", [new("ab", 0), new("cd", 3, "ce", 0.7, 0.25f), new("f", 0)]);
        Assert.Equal([0, 0, 0.25f, 3, 0, 0], text.Weights!);
        Assert.Equal(new SoftTarget(3, new Tiny.Letters().Encode("e")[0], 0.3f), Assert.Single(text.Soft!));
        using var model = Tiny.Model();
        model.Parameters.EnableGradients();
        // The plain definition: minus the sum of p(token) log q(token) at the soft place, from the whole softmax.
        var logits = model.Logits(model.Hidden(tensor(text.Ids[..^1].Select(i => (long)i).ToArray()).unsqueeze(0)))[0];
        var logProbs = nn.functional.log_softmax(logits, 1);
        var target = zeros(Tiny.Config.VocabularySize);
        (target[text.Ids[3]], target[text.Soft![0].Alternative]) = (tensor(0.7f), tensor(0.3f));
        var expected = -(logProbs[2] * target).sum() * 3 - logProbs[1, text.Ids[2]] * 0.25f;
        expected.backward();
        var gradient = Tiny.Numbers(model.Parameters.FlatGrad!);
        model.Parameters.ZeroGradients();
        foreach (var options in new[] { new SupervisedOptions { MaxLength = 24 }, new SupervisedOptions { MaxLength = 24, Packing = true } })
        {
            var batch = TextBatch.Of([[text]], options, CPU);
            var actual = batch.NllSum(model);
            Assert.Equal(expected.ToDouble(), actual.ToDouble(), 1e-5);
            actual.backward();
            var found = Tiny.Numbers(model.Parameters.FlatGrad!);
            Assert.All(gradient.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 2e-5));
            model.Parameters.ZeroGradients();
        }
    }

    [Fact]
    public void ASoftTargetOfItsOwnTextAloneIsAHardOne()
    {
        using var model = Tiny.Model();
        using var trainer = new SupervisedTrainer(model, new SupervisedOptions { MaxLength = 24 });
        var hard = TrainingText.Weighted(new Tiny.Letters(), "hard", [new("abc", 1), new("d", 2)]);
        var soft = TrainingText.Weighted(new Tiny.Letters(), "soft", [new("abc", 1), new("d", 2, "e")]);
        Assert.Equal(trainer.Evaluate([hard with { Weights = [.. hard.Weights![..^1], 0] }]).MeanNll,
            trainer.Evaluate([soft with { Weights = [.. soft.Weights![..^1], 0] }]).MeanNll, 1e-6);
    }

    [Theory]
    [InlineData("(A)", "(BC)")]
    [InlineData("(A)", "(A)")]
    [InlineData("(AB)", "(BA)")]
    public void AlternativesDifferInJustOneToken(string text, string alternative)
    {
        var error = Assert.Throws<CaiException>(() => TrainingText.Weighted(new Tiny.Letters(), "no", [new(text, 1, alternative, 0.5)]));
        Assert.Contains("just one token", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsOfOneChangeNothing()
    {
        using var model = Tiny.Model();
        using var trainer = new SupervisedTrainer(model, new SupervisedOptions { MaxLength = 24 });
        var plain = new TrainingText("p", Tiny.Ids(12, 3), 0);
        var weighted = plain with { Weights = [.. Enumerable.Repeat(1f, 12)] };
        Assert.Equal(trainer.Evaluate([plain]).MeanNll, trainer.Evaluate([weighted]).MeanNll, 1e-6);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PaddedPackedAndSingleTextsHaveTheSameLossAndGradient(bool maskPrompt)
    {
        var texts = Texts(9);
        using var model = Tiny.Model();
        model.Parameters.EnableGradients();
        // One text at a time, over all positions and without TextBatch: the plain definition of the loss.
        foreach (var text in texts)
        {
            var ids = tensor(text.Ids.Select(i => (long)i).ToArray()).unsqueeze(0);
            var first = Math.Max(1, maskPrompt ? text.PromptLength : 0);
            (-model.TokenLogProbs(ids)[0, (first - 1)..].sum()).backward();
        }
        var expected = Tiny.Numbers(model.Parameters.FlatGrad!);
        var options = new SupervisedOptions { MaxLength = 24, MaskPrompt = maskPrompt };
        foreach (var variant in new[] { options, options with { Packing = true }, options with { TokensPerMicroBatch = 30 },
            options with { Packing = true, TokensPerMicroBatch = 30 } })
        {
            model.Parameters.ZeroGradients();
            var targets = 0L;
            foreach (var rows in TextBatch.MicroBatches(texts, variant))
            {
                var batch = TextBatch.Of(rows, variant, CPU);
                Assert.Equal(variant.Packing && rows.Any(r => r.Length > 1), batch.Mask is not null);
                batch.NllSum(model).backward();
                targets += batch.Targets.NumberOfElements;
            }
            Assert.Equal(texts.Sum(t => t.Ids.Length - Math.Max(1, maskPrompt ? t.PromptLength : 0)), targets);
            var actual = Tiny.Numbers(model.Parameters.FlatGrad!);
            var scale = expected.Max(Math.Abs);
            Assert.All(expected.Zip(actual), pair => Assert.InRange((pair.First - pair.Second) / scale, -1e-5, 1e-5));
        }
    }

    [Fact]
    public void PackingFillsRowsAndLosesNoText()
    {
        var options = new SupervisedOptions { MaxLength = 21, Packing = true };
        var rows = TextBatch.MicroBatches(Texts(30), options).SelectMany(p => p).ToList();
        Assert.All(rows, row => Assert.InRange(row.Sum(t => t.Ids.Length - 1), 1, 20));
        Assert.Equal(Texts(30).Select(t => t.Id).Order(), rows.SelectMany(r => r).Select(t => t.Id).Order());
        var fewest = (int)Math.Ceiling(Texts(30).Sum(t => t.Ids.Length - 1) / 20.0);
        Assert.InRange(rows.Count, fewest, fewest + 1);
    }

    [Fact]
    public void HowAStepIsCutIntoMicroBatchesDoesNotChangeTheWeights()
    {
        var options = new SupervisedOptions { MaxLength = 32, TokensPerBatch = 100, AdamW = new() { Epsilon = 1e-3 } };
        var whole = Trained(options, Texts(20), out var losses);
        var small = Trained(options with { TokensPerMicroBatch = 20 }, Texts(20), out var other);
        Assert.All(whole.Zip(small), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.All(losses.Zip(other), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public void ARunCancelledAtAnyStepResumesBitIdentical(int at)
    {
        var options = new SupervisedOptions
        {
            MaxLength = 32, Epochs = 2, TokensPerBatch = 40, Schedule = Schedule.Linear, CheckpointEvery = 3, AdamW = new() { WeightDecay = 0.1 },
        };
        var expected = Trained(options, Texts(20), out var losses);
        Assert.True(losses.Count > 7);
        var file = folder.Path("train.ckpt");
        using var stop = new CancellationTokenSource();
        using (var model = Tiny.Model())
        using (var trainer = new SupervisedTrainer(model, options))
            Assert.Throws<OperationCanceledException>(
                () => trainer.Train(Texts(20), file, new Log<TrainStep>(s => { if (s.Step == at) stop.Cancel(); }), stop.Token));
        Assert.Equal(at, SupervisedTrainer.CheckpointStep(file));
        var log = new Log<TrainStep>();
        using var resumed = Tiny.Model();
        using (var trainer = new SupervisedTrainer(resumed, options))
            trainer.Train(Texts(20), file, log);
        Assert.Equal(losses[at..], log.Items.Select(s => s.Loss));
        Assert.Equal(expected, Tiny.Numbers(resumed.Parameters.Flat));
    }

    [Fact]
    public void AStreamIsReadOnlyAsFarAsTheBudgetGoesAndResumes()
    {
        var read = 0;
        IEnumerable<TrainingText> Endless()
        {
            for (var i = 0; ; i++)
            {
                read++;
                yield return new TrainingText($"t{i}", Tiny.Ids(10, i), 0);
            }
        }
        var options = new SupervisedOptions { MaxLength = 32, TokensPerBatch = 50, MaxSteps = 4, Schedule = Schedule.Cosine };
        using var model = Tiny.Model();
        using (var trainer = new SupervisedTrainer(model, options))
            Assert.Equal(new TrainSummary(4, 200, 20), trainer.TrainStream(Endless()));
        Assert.Equal(20, read);
        var file = folder.Path("stream.ckpt");
        using var other = Tiny.Model();
        using var stop = new CancellationTokenSource();
        using (var trainer = new SupervisedTrainer(other, options))
            Assert.Throws<OperationCanceledException>(() => trainer.TrainStream(Endless(), file, new Log<TrainStep>(_ => stop.Cancel()), stop.Token));
        using var again = Tiny.Model();
        using (var trainer = new SupervisedTrainer(again, options))
            trainer.TrainStream(Endless(), file);
        Assert.Equal(Tiny.Numbers(model.Parameters.Flat), Tiny.Numbers(again.Parameters.Flat));
    }

    [Fact]
    public void TrainingLearnsAndHeldOutLossSaysSo()
    {
        var texts = Texts(6);
        using var model = Tiny.Model();
        using var trainer = new SupervisedTrainer(model, new() { MaxLength = 32, Epochs = 40, TokensPerBatch = 64, LearningRate = 1e-2 });
        var before = trainer.Evaluate(texts);
        trainer.Train(texts);
        var after = trainer.Evaluate(texts);
        Assert.True(after.MeanNll < 0.5 * before.MeanNll, $"{before.MeanNll} to {after.MeanNll}");
    }

    [Fact]
    public void ALossThatIsNotFiniteStopsBeforeTheWeightsChangeAndKeepsTheCheckpoint()
    {
        var file = folder.Path("bad.ckpt");
        var options = new SupervisedOptions { MaxLength = 32, TokensPerBatch = 30, CheckpointEvery = 2 };
        using var model = Tiny.Model();
        using var trainer = new SupervisedTrainer(model, options);
        var poison = new Log<TrainStep>(s =>
        {
            if (s.Step != 3)
                return;
            using var guard = no_grad();
            model.Parameters["norm.weight"].detach().fill_(float.PositiveInfinity);
        });
        var error = Assert.Throws<CaiException>(() => trainer.Train(Texts(20), file, poison));
        Assert.Contains("Step 4: the loss is not finite", error.Message);
        Assert.Equal(2, SupervisedTrainer.CheckpointStep(file));
        using var again = Tiny.Model();
        using var other = new SupervisedTrainer(again, options);
        other.Train(Texts(20), file);
        Assert.All(Tiny.Numbers(again.Parameters.Flat), x => Assert.True(double.IsFinite(x)));
    }

    [Fact]
    public void LiveTensorsStayConstantOverSteps()
    {
        var options = new SupervisedOptions { MaxLength = 32, TokensPerBatch = 60, Epochs = 3 };
        var counts = new List<long>();
        using var model = Tiny.Model();
        using var trainer = new SupervisedTrainer(model, options);
        trainer.Train(Texts(20), progress: new Log<TrainStep>(_ => counts.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount)));
        Assert.True(counts.Count > 6);
        Assert.Single(counts[1..].Distinct());
    }

    [Fact]
    public void ErrorsNameTheTextAndTheOption()
    {
        using var model = Tiny.Model();
        Assert.Contains("MaxLength is 65", Assert.Throws<CaiException>(() => new SupervisedTrainer(model, new() { MaxLength = 65 })).Message);
        using var trainer = new SupervisedTrainer(model, new() { MaxLength = 8 });
        Assert.Contains("training text long", Assert.Throws<CaiException>(() => trainer.Train([new("long", Tiny.Ids(9, 1), 0)])).Message);
        Assert.Contains("training text empty", Assert.Throws<CaiException>(() => trainer.Train([new("empty", Tiny.Ids(5, 1), 5)])).Message);
        Assert.Contains("empty", Assert.Throws<CaiException>(() => trainer.Train([])).Message);
        Assert.Contains("MaxTokens", Assert.Throws<CaiException>(() => trainer.TrainStream([])).Message);
        var file = folder.File("broken.ckpt", "nonsense and more");
        Assert.Contains(file, Assert.Throws<CaiException>(() => trainer.Train([new("a", Tiny.Ids(5, 1), 0)], file)).Message);
        using var cut = new SupervisedTrainer(model, new() { MaxLength = 8, Truncate = true });
        Assert.Equal(7, cut.Evaluate([new("long", Tiny.Ids(9, 1), 0)]).Tokens);
    }

    [Fact]
    public void ACheckpointOfAnotherShapeIsRefused()
    {
        var file = folder.Path("shape.ckpt");
        Trained(new() { MaxLength = 32 }, Texts(3), out _, file);
        using var wide = Tiny.Model(config: Tiny.Config with { IntermediateSize = 32 });
        using var trainer = new SupervisedTrainer(wide, new() { MaxLength = 32 });
        Assert.Contains("model/weights (", Assert.Throws<CaiException>(() => trainer.Train(Texts(3), file)).Message);
        using (var stream = File.OpenWrite(file))
            stream.SetLength(stream.Length - 4);
        using var model = Tiny.Model();
        using var same = new SupervisedTrainer(model, new() { MaxLength = 32 });
        Assert.Contains(file, Assert.Throws<CaiException>(() => same.Train(Texts(3), file)).Message);
    }

    private static double[] Trained(SupervisedOptions options, IReadOnlyList<TrainingText> texts, out List<double> losses, string? file = null)
    {
        var log = new Log<TrainStep>();
        using var model = Tiny.Model();
        using var trainer = new SupervisedTrainer(model, options);
        trainer.Train(texts, file, log);
        losses = [.. log.Items.Select(s => s.Loss)];
        return Tiny.Numbers(model.Parameters.Flat);
    }
}

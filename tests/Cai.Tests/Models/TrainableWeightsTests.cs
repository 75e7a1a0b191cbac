using Cai.Finetuning;
using Cai.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

public sealed class TrainableWeightsTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public TrainableWeightsTests() => set_num_threads(1);

    public static TheoryData<string> Cases => [.. ForeignFolder.Configs.Keys];

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    private static readonly SupervisedOptions Options = new() { MaxLength = 24, MaskPrompt = false };

    private static List<TrainingText> Texts(int count, int vocabulary) =>
        [.. Enumerable.Range(0, count).Select(i => new TrainingText($"t{i}", [.. Tiny.Ids(4 + i * 5 % 17, i).Select(id => id % vocabulary)], 0))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void CheckpointedGradientsAreIdentical(string name)
    {
        ForeignFolder.Write(folder.Path("m"), name);
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        model.Parameters.EnableGradients();
        foreach (var options in new[] { Options, Options with { Packing = true } })
        {
            var plain = Gradients(model, options, checkpointing: false);
            Assert.Contains(plain, g => g != 0);
            Assert.Equal(plain, Gradients(model, options, checkpointing: true));
        }
    }

    [Fact]
    public void CheckpointedGradientsOfAnAdapterAreIdentical()
    {
        using var model = Tiny.Model();
        using var weights = TrainableWeights.Of(model, new() { Lora = new() });
        using (no_grad())
            LoraAdapterTests.Train(model.Adapter!);
        double[] Of(bool checkpointing)
        {
            model.GradientCheckpointing = checkpointing;
            model.Adapter!.Parameters.ZeroGradients();
            TextBatch.Of(TextBatch.MicroBatches(Texts(5, 24), Options)[0], Options, CPU).NllSum(model).backward();
            return Tiny.Numbers(model.Adapter.Parameters.FlatGrad!);
        }
        var plain = Of(checkpointing: false);
        Assert.DoesNotContain(plain, g => g == 0); // both factors of every module have one
        Assert.Equal(plain, Of(checkpointing: true));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(50)]
    public void UnequalMicroBatchesAddUpToOneBatch(int tokensPerMicroBatch)
    {
        using var model = Tiny.Model();
        model.Parameters.EnableGradients();
        var whole = Gradients(model, Options, checkpointing: false);
        var small = Options with { TokensPerMicroBatch = tokensPerMicroBatch };
        Assert.True(TextBatch.MicroBatches(Texts(9, 24), small).Select(p => p.Length).Distinct().Count() > 1);
        DecoderTests.Close(whole, Gradients(model, small, checkpointing: false), 1e-5 * whole.Max(Math.Abs));
    }

    [Fact]
    public void AMasterKeepsWhatBf16WouldLose()
    {
        using var model = Tiny.Narrow(Tiny.Model());
        var start = Tiny.Numbers(model.Parameters.Flat);
        using var weights = TrainableWeights.Of(model, adamW: new() { Epsilon = 1e-12 });
        for (var step = 0; step < 5; step++)
        {
            using var inner = NewDisposeScope();
            TextBatch.Of(TextBatch.MicroBatches(Texts(5, 24), Options)[0], Options, CPU).NllSum(model).backward();
            weights.Accumulate();
            weights.Step(1e-5);
        }
        // Five updates of 1e-5 are far below the spacing of bf16 numbers near 0.1 (5e-4): only the master has them.
        var master = Tiny.Numbers(weights.Part("model").Parameters.Flat);
        Assert.True(start.Zip(master).Average(p => Math.Abs(p.First - p.Second)) > 1e-5);
        Assert.True(start.Zip(Tiny.Numbers(model.Parameters.Flat)).Count(p => p.First == p.Second) > start.Length / 2);
        Assert.True(model.Parameters.Flat.eq(weights.Part("model").Parameters.Flat.to(ScalarType.BFloat16)).all().ToBoolean());
    }

    [Fact]
    public void Bf16GradientsAreSummedInFloat32()
    {
        using var wide = Tiny.Model();
        using var model = Tiny.Narrow(wide);
        using var weights = TrainableWeights.Of(model);
        using var guard = no_grad();
        // 1 + 1/512 is no bf16 number: summed there, the second gradient would vanish.
        foreach (var value in (float[])[1, 1f / 512])
        {
            model.Parameters.FlatGrad!.fill_(value);
            weights.Accumulate();
        }
        Assert.Equal(1 + 1.0 / 512, weights.Part("m").Parameters.FlatGrad![0].ToDouble());
        Assert.True(model.Parameters.FlatGrad!.eq(0).all().ToBoolean());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void AStoppedRunResumesBitIdentical(bool lora, bool bf16)
    {
        var options = Options with
        {
            TokensPerBatch = 40, TokensPerMicroBatch = 40, LearningRate = 1e-2, CheckpointEvery = 2,
            Tuning = new() { Lora = lora ? new() { Rank = 2 } : null, GradientCheckpointing = true },
        };
        var texts = Texts(20, 24);
        Decoder Start() => bf16 ? Tiny.Narrow(Tiny.Model()) : Tiny.Model();
        using var expected = Start();
        var before = Tiny.Numbers(expected.Parameters.Flat);
        var losses = new Log<TrainStep>();
        using (var trainer = new SupervisedTrainer(expected, options))
            trainer.Train(texts, progress: losses);
        var file = folder.Path("train.ckpt");
        using var stop = new CancellationTokenSource();
        using (var model = Start())
        using (var trainer = new SupervisedTrainer(model, options))
            Assert.Throws<OperationCanceledException>(
                () => trainer.Train(texts, file, new Log<TrainStep>(s => { if (s.Step == 3) stop.Cancel(); }), stop.Token));
        using var resumed = Start();
        using (var trainer = new SupervisedTrainer(resumed, options))
            trainer.Train(texts, file);
        Assert.Equal(Tiny.Numbers(expected.Parameters.Flat), Tiny.Numbers(resumed.Parameters.Flat));
        Assert.Equal(lora, before.SequenceEqual(Tiny.Numbers(expected.Parameters.Flat)));
        if (lora)
            Assert.Equal(Tiny.Numbers(expected.Adapter!.Parameters.Flat), Tiny.Numbers(resumed.Adapter!.Parameters.Flat));
    }

    [Fact]
    public void AnAdapterLearns()
    {
        var texts = Texts(6, 24);
        using var model = Tiny.Model();
        using var trainer = new SupervisedTrainer(model,
            Options with { Epochs = 60, TokensPerBatch = 64, LearningRate = 2e-2, Tuning = new() { Lora = new() { Rank = 8, Alpha = 16 } } });
        var before = trainer.Evaluate(texts);
        trainer.Train(texts);
        Assert.True(trainer.Evaluate(texts).MeanNll < 0.5 * before.MeanNll, $"{before.MeanNll} to {trainer.Evaluate(texts).MeanNll}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LiveTensorsStayConstantOverSteps(bool lora)
    {
        var counts = new List<long>();
        using var model = Tiny.Narrow(Tiny.Model());
        using var trainer = new SupervisedTrainer(model,
            Options with { TokensPerBatch = 60, Epochs = 3, Tuning = new() { GradientCheckpointing = true, Lora = lora ? new() : null } });
        trainer.Train(Texts(20, 24), progress: new Log<TrainStep>(_ => counts.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount)));
        Assert.True(counts.Count > 6);
        Assert.Single(counts[1..].Distinct());
    }

    [Fact]
    public void AnAdapterThatIsNotAskedForIsAnError()
    {
        using var model = Tiny.Model();
        LoraAdapter.Attach(model);
        Assert.Contains("has an adapter", Assert.Throws<CaiException>(() => TrainableWeights.Of(model)).Message);
        using var goingOn = TrainableWeights.Of(model, new() { Lora = new() });
        Assert.Equal(model.Adapter!.Parameters.Count, goingOn.Count);
    }

    private static double[] Gradients(Decoder model, SupervisedOptions options, bool checkpointing)
    {
        model.GradientCheckpointing = checkpointing;
        model.Parameters.ZeroGradients();
        var texts = Texts(9, model.Config.VocabularySize);
        var count = texts.Sum(t => t.Ids.Length - 1);
        foreach (var rows in TextBatch.MicroBatches(texts, options))
        {
            using var inner = NewDisposeScope();
            (TextBatch.Of(rows, options, CPU).NllSum(model) / count).backward();
        }
        return Tiny.Numbers(model.Parameters.FlatGrad!);
    }
}

using System.Diagnostics;
using Cai.Finetuning;
using Cai.Generation;
using Cai.Models;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Tests.Reinforcement;
using Cai.Text;
using Cai.Torch;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Torch;

public sealed class HeldNumbersTests
{
    private const double Seconds = 4;

    public HeldNumbersTests() => set_num_threads(1);

    /// <summary>What each stage computes is the same, and nothing throws, while another thread collects all the time.</summary>
    [Fact]
    public void ACollectionAtAnyMomentChangesNothing()
    {
        Work(0); // tables that grow once, and code that is compiled once
        var expected = Enumerable.Range(0, Stages).Select(Work).ToArray();
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() => Collect(stop.Token)) { IsBackground = true };
        var (failures, runs, wrong) = (new List<string>(), 0, 0);
        var watch = Stopwatch.StartNew();
        collector.Start();
        for (; runs < Stages || watch.Elapsed.TotalSeconds < Seconds; runs++)
        {
            try
            {
                wrong += Work(runs % Stages).SequenceEqual(expected[runs % Stages]) ? 0 : 1;
            }
            catch (Exception e) when (e is not CaiException)
            {
                failures.Add($"{e.Message.Split('\n')[0]} {e.StackTrace!.Split('\n').FirstOrDefault(line => line.Contains("Cai."))?.Trim()}");
            }
        }
        stop.Cancel();
        collector.Join();
        Assert.True(failures.Count + wrong == 0, $"{failures.Count} exceptions and {wrong} wrong results in {runs} runs:\n{string.Join('\n', failures)}");
    }

    /// <summary>No number that torch reads is left to chance anywhere else: whatever wraps one is called through <see cref="ScalarSafe"/>.</summary>
    [Fact]
    public void EveryNumberIsHeld()
    {
        // The walkthrough reads two results for a table.
        var loose = typeof(ScalarSafe).Assembly.GetTypes().Where(t => t != typeof(ScalarSafe)).SelectMany(WrappedNumbers.CalledBy).ToList();
        Assert.True(loose.Count == 0, $"Use {nameof(ScalarSafe)} for:\n{string.Join('\n', loose)}");
        Assert.Contains(WrappedNumbers.CalledBy(typeof(ScalarSafe)), call => call.Contains(nameof(ScalarSafe.Mul)));
        Assert.NotEmpty(WrappedNumbers.CalledBy(typeof(Loose)));
    }

    /// <summary>Results are those of the plain forms, which the library used before.</summary>
    [Fact]
    public void ResultsAreTorchsOwn()
    {
        using var scope = NewDisposeScope();
        var (x, y) = (randn(50, generator: new Generator(1)), randn(50, generator: new Generator(2)));
        var mask = y > 0;
        Same(x + y, x.Add(y));
        Same(x + 0.3, x.Add(0.3));
        Same(x - 0.3, x.Sub(0.3));
        Same(1 - x, x.neg().Add(1));
        Same(0.3 * x, x.Mul(0.3));
        Same(x / 0.3, x.Div(0.3));
        Same(x.square(), x.Square());
        Same(addcmul(x, y, y, 1), x.AddCMul(y, y));
        Same(nn.functional.softplus(x * 20), x.Mul(20).SoftPlus());
        Same(x.clamp(-0.5, 1), x.Clamp(-0.5, 1));
        Same(x.clamp(max: 1), x.Clamp(max: 1));
        Same(x < 0.3, x.Lt(0.3));
        Same(x.masked_fill(mask, 3), x.MaskedFill(mask, 3));
        Same(arange(0, 9, 2, dtype: ScalarType.Float64), ScalarSafe.Range(9, ScalarType.Float64, step: 2));
        Same(x.clone().add_(y), x.clone().AddInPlace(y));
        Same(x.clone().add_(0.3), x.clone().AddInPlace(0.3));
        Same(x.clone().mul_(0.3), x.clone().MulInPlace(0.3));
        Same(x.clone().div_(0.3), x.clone().DivInPlace(0.3));
        Same(x.clone().addcmul_(x, y, 0.3), x.clone().AddCMulInPlace(x, y, 0.3));
        Same(x.clone().addcdiv_(x, y, 0.3), x.clone().AddCDivInPlace(x, y, 0.3));
        Same(x.clone().fill_(0.3), x.clone().FillInPlace(0.3));
        Same(x.clone().masked_fill_(mask, 0.3), x.clone().MaskedFillInPlace(mask, 0.3));
        Same(x.clone().index_fill_(0, tensor(new[] { 3L, 7L }), 0.3), x.clone().IndexFillInPlace(tensor(new[] { 3L, 7L }), 0.3));
        // A whole number leaves positions whole.
        Same(arange(5) + 2L, ScalarSafe.Range(5, ScalarType.Int64).Add(2L));
        Assert.Equal(x.sum().ToDouble(), x.sum().ReadDouble());
        Assert.Equal((3L, true), (tensor(3L).ReadInt64(), tensor(true).ReadBoolean()));
    }

    private const int Stages = 4;

    private static double[] Work(int stage)
    {
        using var scope = NewDisposeScope();
        return stage switch { 0 => Training(), 1 => Preferences(), 2 => Sampling(), _ => Reinforcement() };
    }

    private static double[] Training()
    {
        using var model = Tiny.Model(config: Tiny.Config with { Window = 6 });
        using var trainer = new SupervisedTrainer(model, new() { Packing = true, MaxLength = 40, TokensPerBatch = 60, AdamW = new() { WeightDecay = 0.1 } });
        var log = new Log<TrainStep>();
        trainer.Train([.. Enumerable.Range(0, 8).Select(i => new TrainingText($"t{i}", Tiny.Ids(9 + i, i), 2))], progress: log);
        return [.. log.Items.Select(step => step.Loss), .. Tiny.Numbers(model.Parameters.Flat)];
    }

    private static double[] Preferences()
    {
        using var language = Tiny.Model();
        using var model = ScalarModel.FromLanguageModel(language, 1);
        using var trainer = new PreferenceTrainer(new(model, new Tiny.Letters()),
            new() { MaxLength = 64, TokensPerBatch = 100, Tuning = new() { Lora = new() { Rank = 2 } } });
        var log = new Log<PreferenceStep>();
        trainer.Train([.. Enumerable.Range(0, 6)
            .Select(i => new Comparison($"c{i}", $"p{i}", Dialogue.Ask("say"), "gg", "nnn", "harmless", LabelKind.Soft, 0.1 * i))], progress: log);
        return [.. log.Items.Select(step => step.Loss), .. Tiny.Numbers(model.Decoder.Adapter!.Parameters.Flat)];
    }

    private static double[] Sampling()
    {
        using var model = Tiny.Model();
        int[] shared = Tiny.Ids(34, 1);
        var samples = new Sampler(model).Sample([.. Enumerable.Range(0, 6).Select(i => new TokenPrompt([.. shared, .. Tiny.Ids(1 + i, i)], i))],
            new SamplerOptions { MaxTokens = 12, Temperature = 0.7, EndIds = [1] });
        var scores = new Scorer(model).Score([.. samples.Select(s => new TokenScoreRequest(shared, [s.Ids, Tiny.Ids(3, 9)]))]);
        return [.. samples.SelectMany(s => s.LogProbs).Select(p => (double)p), .. scores.SelectMany(s => s)];
    }

    private static double[] Reinforcement()
    {
        using var setup = new PpoSetup(PpoSetup.Options
            with { Gamma = 0.95, Temperature = 0.9, EntropyBonus = 0.01, WhitenRewards = true, KlEstimator = KlEstimator.K3, Minibatches = 2 });
        using var rollout = setup.Trainer.Collect(PpoSetup.Prompts(8));
        using var step = setup.Trainer.Step(rollout);
        return [.. step.Metrics.Where(m => m.Key is not "eps" && !m.Key.StartsWith("time/", StringComparison.Ordinal)).Select(m => m.Value),
            .. Tiny.Numbers(setup.Policy.Parameters.Flat)];
    }

    // Wrapped numbers are young, so the cheapest collection finds them; waiting makes their finalisers run at once.
    private static void Collect(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            GC.Collect(0);
            GC.WaitForPendingFinalizers();
        }
    }

    private static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.Equal(Tiny.Numbers(expected), Tiny.Numbers(actual));
    }

    private static class Loose
    {
        public static Tensor Sum(Tensor x) => x + x;
    }
}

using System.Reflection;
using Cai.Critique;
using Cai.Evaluation;
using Cai.Export;
using Cai.Feedback;
using Cai.Finetuning;
using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Jinja;
using Cai.Models;
using Cai.Preferences;
using Cai.Reinforcement;
using Cai.Reproduction;
using Cai.Text.Tokenizers;
using Cai.Torch;
using Xunit;

namespace Cai.Tests;

/// <summary>Options out of range are refused where the record is made, by name and with the range.</summary>
public sealed class InRangeTests
{
    private static readonly RemoteOptions Remote = new() { Server = "http://x/v1", Model = "m" };
    private static readonly DecoderConfig Decoder = Tiny.Config;

    public static TheoryData<string, Func<object>> Bad => new()
    {
        { "KlTarget is 0; a number above 0", () => new PpoOptions { KlTarget = 0 } },
        { "KlTarget is -1", () => new PpoOptions { KlTarget = -1 } },
        { "KlHorizon is 0", () => new PpoOptions { KlHorizon = 0 } },
        { "KlErrorClip is 0", () => new PpoOptions { KlErrorClip = 0 } },
        { "KlCoefficient is -1; a number from 0", () => new PpoOptions { KlCoefficient = -1 } },
        { "ClipRange is -0.2", () => new PpoOptions { ClipRange = -0.2 } },
        { "ValueClipRange is -0.2", () => new PpoOptions { ValueClipRange = -0.2 } },
        { "ValueCoefficient is -0.1", () => new PpoOptions { ValueCoefficient = -0.1 } },
        { "EntropyBonus is -0.1", () => new PpoOptions { EntropyBonus = -0.1 } },
        { "Epochs is 0; at least 1", () => new PpoOptions { Epochs = 0 } },
        { "Minibatches is 0", () => new PpoOptions { Minibatches = 0 } },
        { "Iterations is 0", () => new PpoOptions { Iterations = 0 } },
        { "RolloutsPerIteration is 0", () => new PpoOptions { RolloutsPerIteration = 0 } },
        { "MaxNewTokens is 0", () => new PpoOptions { MaxNewTokens = 0 } },
        { "Temperature is 0; a number from 0.001", () => new PpoOptions { Temperature = 0 } },
        { "Temperature is 1E-40", () => new PpoOptions { Temperature = 1e-40 } },
        { "Gamma is 1.5; a number from 0 to 1", () => new PpoOptions { Gamma = 1.5 } },
        { "Lambda is NaN", () => new PpoOptions { Lambda = double.NaN } },
        { "LearningRate is -1", () => new PpoOptions { LearningRate = -1 } },
        { "CriticLearningRate is Infinity", () => new PpoOptions { CriticLearningRate = double.PositiveInfinity } },
        { "MissingEosValue is NaN", () => new PpoOptions { MissingEosValue = double.NaN } },
        { "SamplerTolerance is 0", () => new PpoOptions { SamplerTolerance = 0 } },
        { "CheckpointEvery is 0", () => new PpoOptions() with { CheckpointEvery = 0 } },
        { "SnapshotEvery is 0", () => new PpoOptions { SnapshotEvery = 0 } },
        { "Stops holds an empty string", () => new PpoOptions { Stops = ["a", ""] } },
        { "Epochs is 0", () => new PreferenceOptions { Epochs = 0 } },
        { "LearningRate is NaN", () => new PreferenceOptions { LearningRate = double.NaN } },
        { "AxisWeights[helpful] is -1", () => new PreferenceOptions { AxisWeights = new Dictionary<string, double> { ["helpful"] = -1 } } },
        { "MaxLength is 1", () => new PreferenceOptions { MaxLength = 1 } },
        { "WarmupSteps is -1; 0 or more", () => new SupervisedOptions { WarmupSteps = -1 } },
        { "Epochs is 0", () => new SupervisedOptions { Epochs = 0 } },
        { "TokensPerBatch is 0", () => new SupervisedOptions { TokensPerBatch = 0 } },
        { "Beta1 is 1;", () => new AdamWOptions { Beta1 = 1 } },
        { "Beta2 is -0.1", () => new AdamWOptions { Beta2 = -0.1 } },
        { "Epsilon is 0", () => new AdamWOptions { Epsilon = 0 } },
        { "WeightDecay is -1", () => new AdamWOptions { WeightDecay = -1 } },
        { "ClipNorm is -1", () => new AdamWOptions { ClipNorm = -1 } },
        { "Rank is 1000000000; 1 to 4096", () => new LoraOptions { Rank = 1_000_000_000 } },
        { "Rank is 0", () => new LoraOptions { Rank = 0 } },
        { "Alpha is 0", () => new LoraOptions { Alpha = 0 } },
        { "Temperature is -1", () => new LabelOptions { Temperature = -1 } },
        { "CotSamples is 0", () => new LabelOptions { CotSamples = 0 } },
        { "FewShot is -1", () => new LabelOptions { FewShot = -1 } },
        { "Clamp is 0.6 to 0.4", () => new ClampRange(0.6, 0.4) },
        { "High is 2", () => new ClampRange(0.1, 0.4) with { High = 2 } },
        { "Temperature is 1E-40", () => new CritiqueOptions { Temperature = 1e-40 } },
        { "Rounds is 0", () => new CritiqueOptions { Rounds = 0 } },
        { "Temperature is NaN", () => new SampleOptions { Temperature = double.NaN } },
        { "MaxTokens is 0", () => new SampleOptions { MaxTokens = 0 } },
        { "Temperature is 1E-40", () => new SamplerOptions { Temperature = 1e-40 } },
        { "BatchSize is 0", () => new SamplerOptions { BatchSize = 0 } },
        { "BatchSize is -5", () => new LocalModelOptions { BatchSize = -5 } },
        { "MaxTokens is 0", () => new ModelChatOptions { MaxTokens = 0 } },
        { "MaxConcurrency is 0", () => Remote with { MaxConcurrency = 0 } },
        { "Retries is -1", () => Remote with { Retries = -1 } },
        { "TopLogProbs is 0", () => Remote with { TopLogProbs = 0 } },
        { "PromptPrice is -1", () => Remote with { PromptPrice = -1 } },
        { "Timeout is 0", () => Remote with { Timeout = TimeSpan.Zero } },
        { "PairsPerPrompt is 0", () => new TournamentOptions { PairsPerPrompt = 0 } },
        { "L2 is -1", () => new EloOptions { L2 = -1 } },
        { "Resamples is 0", () => new BootstrapOptions { Resamples = 0 } },
        { "level of an interval is 1,", () => new BootstrapOptions { Level = 1 } },
        { "Depth is 100000; 1 to 200", () => new TemplateLimits { Depth = 100_000 } },
        { "MinPairCount is -1", () => new BpeTrainerOptions { MinPairCount = -1 } },
        { "LabelCopies is 101; 1 to 100", () => new ExportOptions { LabelCopies = 101 } },
        { "Rounds is 0", () => new OwnModelOptions { Rounds = 0 } },
        { "LearningRate is -1", () => new MiniatureTrainingOptions { LearningRate = -1 } },
        { "RotaryShare is 64; a number above 0 and up to 1", () => Decoder with { RotaryShare = 64 } },
        { "Layers is 0", () => Decoder with { Layers = 0 } },
        { "RopeTheta is 0", () => Decoder with { RopeTheta = 0 } },
        { "Factor is 0", () => new RopeScaling(RopeScalingKind.Linear, 0) },
        { "DType is Int8", () => new LoadOptions { DType = TorchSharp.torch.ScalarType.Int8 } },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void ABadValueIsNamedWithItsRange(string message, Func<object> make) => Assert.Contains(message, Assert.Throws<CaiException>(make).Message);

    [Fact]
    public void TheLimitsThemselvesAreAllowed()
    {
        _ = new SampleOptions { Temperature = 0, MaxTokens = 1 } with { Temperature = 0.001 };
        _ = new PpoOptions { ClipRange = 0, KlCoefficient = 0, Gamma = 0, Lambda = 0, LearningRate = 0, Minibatches = 1000 };
        _ = new ClampRange(0, 1);
        _ = Decoder with { RotaryShare = 1 };
    }

    /// <summary>A controller whose one step can take the whole weight away would never give it back.</summary>
    [Fact]
    public void AKlControllerThatCanReachZeroIsRefusedAndNeverGoesBelow()
    {
        Assert.Equal(0, PpoMath.NextKlCoefficient(0.05, 0, 6, 10, 0.2, 128));
        Assert.Equal(0.05 * (1 - 0.2 * 128 / 10000), PpoMath.NextKlCoefficient(0.05, -50, 6, 10000, 0.2, 128), 12);
        Assert.Contains("KlHorizon", Assert.Throws<CaiException>(() =>
            new Reinforcement.PpoSetup(Reinforcement.PpoSetup.Options with { AdaptiveKl = true, KlHorizon = 1, RolloutsPerIteration = 8 })).Message);
    }

    /// <summary>Whoever adds a number to an options record gives it a range.</summary>
    [Fact]
    public void EveryNumberOfEveryOptionsRecordHasARange()
    {
        var numbers = new HashSet<Type> { typeof(int), typeof(double), typeof(int?), typeof(double?) };
        var free = typeof(PpoOptions).Assembly.GetTypes().Where(t => t.IsPublic && t.Name.EndsWith("Options", StringComparison.Ordinal))
            .SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && numbers.Contains(p.PropertyType)))
            .Where(p => !Refuses(p)).Select(p => $"{p.DeclaringType!.Name}.{p.Name}");
        Assert.Empty(free);

        static bool Refuses(PropertyInfo property)
        {
            object bad = (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) == typeof(int) ? (object)int.MinValue : double.NaN;
            var made = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(property.DeclaringType!);
            try
            {
                property.SetValue(made, bad);
                return false;
            }
            catch (TargetInvocationException e) when (e.InnerException is CaiException)
            {
                return true;
            }
        }
    }
}

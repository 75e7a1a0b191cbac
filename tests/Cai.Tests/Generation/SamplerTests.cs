using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Models;
using Cai.Tests.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Generation;

public sealed class SamplerTests
{
    public SamplerTests() => set_num_threads(1);

    /// <summary>Matrices of a million weights, which few rows are multiplied by in plain C#: in parts of unequal width, with an odd row at the end.</summary>
    private static readonly DecoderConfig Large = Tiny.Config with { VocabularySize = 2051, HiddenSize = 512, IntermediateSize = 2080, Layers = 1 };

    private static List<TokenPrompt> Prompts(int count, int prefix = 0) =>
        [.. Enumerable.Range(0, count).Select(i => new TokenPrompt([.. Tiny.Ids(prefix, 99), .. Tiny.Ids(1 + i % 7, i)], 1000 + i))];

    [Theory]
    [InlineData(0)]
    [InlineData(40)] // long enough to be shared
    public void NeitherBatchNorOrderNorPrefixChangesASample(int prefix)
    {
        using var model = Tiny.Model();
        var prompts = Prompts(23, prefix);
        var options = new SamplerOptions { MaxTokens = 12, EndIds = [1, 5], BatchSize = 23 };
        var sampler = new Sampler(model);
        var together = sampler.Sample(prompts, options);
        Assert.Contains(together, s => s.Finish == FinishReason.EndToken);
        Assert.Contains(together, s => s.Finish == FinishReason.Length);
        var others = new[]
        {
            sampler.Sample(prompts, options with { BatchSize = 4 }),
            [.. prompts.Select(p => sampler.Sample([p], options)[0])],
            [.. sampler.Sample([.. prompts.AsEnumerable().Reverse()], options).Reverse()],
        };
        foreach (var other in others)
            for (var i = 0; i < prompts.Count; i++)
            {
                Assert.Equal(together[i].Ids, other[i].Ids);
                Assert.Equal(together[i].Finish, other[i].Finish);
                DecoderTests.Close([.. together[i].LogProbs.Select(v => (double)v)], [.. other[i].LogProbs.Select(v => (double)v)], 1e-5);
            }
    }

    /// <summary>A model whose biases, if it has any, are not zero.</summary>
    private static Decoder Biased(DecoderConfig config)
    {
        var model = config.HiddenSize < Large.HiddenSize ? Tiny.Model(config: config) : Decoder.Create(config, seed: 1); // far from uniform as it is
        Tiny.DrawBiases(model);
        return model;
    }

    /// <summary>Decoders whose steps are computed in plain C#, and others whose steps libtorch computes.</summary>
    public static TheoryData<double, int, DecoderConfig> Decoders()
    {
        DecoderConfig[] configs =
        [
            Tiny.Config, Tiny.Config with { TiedHead = false, HeadSize = 6, KvHeads = 4, Layers = 3 }, Tiny.Config with { RopeTheta = 100, KvHeads = 1 },
            Tiny.Config with { RopeScaling = new(RopeScalingKind.Linear, 3) },
            Tiny.Config with { LearnedPositions = true, Norm = NormKind.Layer, GatedMlp = false, Activation = Activation.Gelu },
            Tiny.Config with { QkNorm = true }, Tiny.Config with { Window = 7 }, Tiny.Config with { AttentionBias = true, KvHeads = 1 },
            Tiny.Config with { RotaryShare = 0.5 }, Tiny.Config with { AttentionBias = true, OutputBias = true, MlpBias = true },
            Large, Large with { AttentionBias = true, TiedHead = false },
        ];
        var data = new TheoryData<double, int, DecoderConfig>();
        foreach (var (i, config) in configs.Index())
            foreach (var prefix in (int[])[0, 40])
                data.Add(i % 2 == 0 ? 1.0 : 0.7, prefix, config);
        return data;
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void LogProbsAreThoseOfTheWholeSequence(double temperature, int prefix, DecoderConfig config)
    {
        using var model = Biased(config);
        var prompts = Prompts(9, prefix);
        var samples = new Sampler(model).Sample(prompts, new SamplerOptions { MaxTokens = 10, Temperature = temperature });
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        for (var i = 0; i < prompts.Count; i++)
        {
            int[] whole = [.. prompts[i].Ids, .. samples[i].Ids];
            var expected = Tiny.Numbers(model.TokenLogProbs(DecoderTests.Batch(whole), temperature))[^samples[i].Ids.Count..];
            DecoderTests.Close(expected, [.. samples[i].LogProbs.Select(v => (double)v)], 2e-5);
        }
    }

    [Theory]
    [InlineData(1, 0, false)]
    [InlineData(1, 40, false)]
    [InlineData(9, 0, false)]
    [InlineData(9, 40, false)]
    [InlineData(1, 0, true)]
    [InlineData(1, 40, true)]
    [InlineData(3, 0, false, true)]
    [InlineData(3, 0, true, true)]
    [InlineData(8, 40, false, true)]
    [InlineData(8, 40, true, true)]
    public void NarrowWeightsPredictAsTheSameWeightsInFloat32Do(int batch, int prefix, bool eightBit, bool large = false)
    {
        using var folder = new TempFolder();
        var config = large ? Large : Tiny.Config with { HiddenSize = 64, IntermediateSize = 96, HeadSize = 24 };
        using (var drawn = Biased(config with { AttentionBias = true, Family = "qwen2" }))
            HuggingFaceFolder.Save(folder.Path("m"), drawn, new Tiny.Letters());
        using var narrow = HuggingFaceFolder.LoadDecoder(folder.Path("m"), new LoadOptions { DType = ScalarType.BFloat16, EightBit = eightBit });
        using var exact = Decoder.Create(narrow.Config, seed: 1);
        exact.Parameters.CopyFrom(narrow.Parameters);
        var prompts = Prompts(9, prefix);
        var samples = new Sampler(narrow).Sample(prompts, new SamplerOptions { MaxTokens = 16, BatchSize = batch });
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var (steps, whole) = (0.0, 0.0);
        for (var i = 0; i < prompts.Count; i++)
        {
            var batched = DecoderTests.Batch([.. prompts[i].Ids, .. samples[i].Ids]);
            double[] Of(Decoder model) => Tiny.Numbers(model.TokenLogProbs(batched))[^samples[i].Ids.Count..];
            var right = Of(exact);
            steps += right.Zip(samples[i].LogProbs, (e, p) => Math.Abs(e - p)).Sum();
            whole += right.Zip(Of(narrow), (e, p) => Math.Abs(e - p)).Sum();
        }
        // As near as the whole sequence at once in bfloat16; a mistake would be as large as the log-probabilities, some nats.
        Assert.InRange(steps, 0, 1.1 * whole);
        Assert.InRange(whole / samples.Sum(s => s.Ids.Count), 0, 0.06);
    }

    [Fact]
    public void WeightsThatWereTrainedAnswerAsTheyAreNow()
    {
        using var folder = new TempFolder();
        using (var drawn = Tiny.Model(config: Tiny.Config with { HiddenSize = 64, IntermediateSize = 96, TiedHead = false }))
            HuggingFaceFolder.Save(folder.Path("m"), drawn, new Tiny.Letters());
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"), new LoadOptions { DType = ScalarType.BFloat16, EightBit = true });
        using var scope = NewDisposeScope();
        foreach (var shape in model.Parameters.Shapes)
            model.Parameters[shape.Name].requires_grad_(true);
        using var guard = no_grad();
        model.Parameters["head.weight"].neg_(); // what was likely is not: bytes of before would say otherwise
        var prompt = Prompts(1)[0];
        var sample = new Sampler(model).Sample([prompt], new SamplerOptions { MaxTokens = 16, Temperature = 0 })[0];
        var whole = Tiny.Numbers(model.TokenLogProbs(DecoderTests.Batch([.. prompt.Ids, .. sample.Ids])))[^sample.Ids.Count..];
        DecoderTests.Close(whole, [.. sample.LogProbs.Select(v => (double)v)], 0.3); // of nats: bfloat16
    }

    [Fact]
    public void TokensAreDrawnByTheInverseOfTheCumulativeDistribution()
    {
        using var model = Tiny.Model();
        var prompt = Tiny.Ids(4, 8);
        var logits = new NaiveDecoder(Tiny.Config, model.Parameters).Logits(prompt)[^1];
        var total = logits.Sum(v => Math.Exp(v / 0.8));
        for (var seed = 0; seed < 40; seed++)
        {
            var point = new Rng(seed).NextDouble() * total;
            var expected = 0;
            while ((point -= Math.Exp(logits[expected] / 0.8)) >= 0)
                expected++;
            var sample = new Sampler(model).Sample([new(prompt, seed)], new SamplerOptions { MaxTokens = 1, Temperature = 0.8 })[0];
            Assert.Equal([expected], sample.Ids);
        }
    }

    [Fact]
    public void FrequenciesFollowTheProbabilities()
    {
        using var model = Tiny.Model();
        var prompt = Tiny.Ids(4, 8);
        var logits = new NaiveDecoder(Tiny.Config, model.Parameters).Logits(prompt)[^1];
        var total = logits.Sum(Math.Exp);
        const int n = 4000;
        var samples = new Sampler(model).Sample([.. Enumerable.Range(0, n).Select(i => new TokenPrompt(prompt, Seeds.Derive(1, i)))],
            new SamplerOptions { MaxTokens = 1, BatchSize = 1000 });
        for (var token = 0; token < logits.Length; token++)
        {
            var p = Math.Exp(logits[token]) / total;
            var observed = samples.Count(s => s.Ids[0] == token) / (double)n;
            Assert.True(Math.Abs(observed - p) < 4.5 * Math.Sqrt(p * (1 - p) / n) + 1e-9, $"token {token}: {observed} of {p}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CallsLeaveNoTensorsBehind(bool bfloat16)
    {
        using var wide = Tiny.Model(config: Tiny.Config with { HiddenSize = 64, IntermediateSize = 96 });
        using var model = bfloat16 ? Tiny.Narrow(wide) : Tiny.Model();
        var sampler = new Sampler(model);
        var scorer = new Scorer(model);
        long[] counts = new long[3];
        for (var round = 0; round < counts.Length; round++)
        {
            sampler.Sample(Prompts(9, 40), new SamplerOptions { MaxTokens = 8, EndIds = [1, 5], BatchSize = 4 });
            sampler.Sample(Prompts(9), new SamplerOptions { MaxTokens = 8, EndIds = [1, 5], BatchSize = 4 });
            scorer.Score([.. Prompts(9, 40).Select(p => new TokenScoreRequest(p.Ids, [[3, 4], [5, 6, 7]]))]);
            counts[round] = Live();
        }
        Assert.Equal(counts[1], counts[2]);
    }

    /// <summary>Tensors that this thread made and that still live; the process-wide count would see other tests'.</summary>
    private static long Live() => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    [Fact]
    public void ACancelledCallStopsAndLeavesNoTensorsBehind()
    {
        using var model = Tiny.Model();
        var before = Live();
        using var source = new CancellationTokenSource();
        var steps = 0;
        Assert.Throws<OperationCanceledException>(() => new Sampler(model).Sample(Prompts(5, 40), new SamplerOptions { MaxTokens = 10 }, (_, _) =>
        {
            if (++steps == 8)
                source.Cancel();
            return false;
        }, cancel: source.Token));
        Assert.Equal(10, steps);
        Assert.Equal(before, Live());
    }

    [Fact]
    public void BadRequestsSayWhatToDo()
    {
        using var model = Tiny.Model();
        var sampler = new Sampler(model);
        var options = new SamplerOptions { MaxTokens = 5 };
        Assert.Contains("prompt 1: The prompt has 60 tokens and 5 more may follow, but the model's context is 64",
            Assert.Throws<CaiException>(() => sampler.Sample([new(Tiny.Ids(59, 1), 1), new(Tiny.Ids(60, 1), 1)], options)).Message);
        Assert.Contains("empty", Assert.Throws<CaiException>(() => sampler.Sample([new([], 1)], options)).Message);
        Assert.Contains("Temperature is NaN",
            Assert.Throws<CaiException>(() => sampler.Sample([new([1], 1)], options with { Temperature = double.NaN })).Message);
        Assert.Contains("at least 1", Assert.Throws<CaiException>(() => sampler.Sample([new([1], 1)], options with { MaxTokens = 0 })).Message);
        model.Parameters["norm.weight"].fill_(float.NaN);
        Assert.Contains("not finite", Assert.Throws<CaiException>(() => sampler.Sample([new([1], 1)], options)).Message);
        Assert.Empty(sampler.Sample([], options));
    }

    [Fact]
    public void TheWholeContextCanBeUsed()
    {
        using var model = Tiny.Model();
        Assert.Equal(24, new Sampler(model).Sample([new(Tiny.Ids(40, 1), 1)], new SamplerOptions { MaxTokens = 24 })[0].Ids.Count);
    }

    [Fact]
    public void GreedyIdsOfAForeignModelAgreeWithFloat64()
    {
        var folder = Fixtures.Path("models", "tinystories-656k");
        using var model = HuggingFaceFolder.LoadDecoder(folder);
        var rows = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "reference_logits.json")))!["rows"]!.AsArray();
        var prompts = rows.Select(r => new TokenPrompt([.. r!["ids"]!.AsArray().Select(i => (int)i!)], 0)).ToList();
        var samples = new Sampler(model).Sample(prompts, new SamplerOptions { MaxTokens = 64, Temperature = 0, EndIds = [2] });
        for (var i = 0; i < rows.Count; i++)
        {
            var expected = rows[i]!["greedy64"]!.AsArray().Select(v => (int)v!).Skip(prompts[i].Ids.Count).ToList();
            Assert.Equal(expected.Take(samples[i].Ids.Count), samples[i].Ids);
            Assert.True(samples[i].Ids.Count == expected.Count || samples[i].Finish == FinishReason.EndToken);
        }
    }
}

using Cai.Generation;
using Cai.Models;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Generation;

/// <summary>Drawing a token, seen through a sampler whose model predicts what a test wants.</summary>
public sealed class NextTokenTests
{
    private const int Vocabulary = 5000; // many blocks of partial sums, the last one cut
    private const int Draws = 20000;

    public NextTokenTests() => set_num_threads(1);

    /// <summary>A model of one layer that adds nothing, so that its logits after token 0 are the head times its norm's weights.</summary>
    private static Decoder Predicting(double[] logits)
    {
        var model = Decoder.Create(new DecoderConfig
        {
            VocabularySize = logits.Length, HiddenSize = 4, Layers = 1, Heads = 1, KvHeads = 1, IntermediateSize = 4, MaxPositions = 64, TiedHead = false,
        }, 1);
        using var guard = no_grad();
        model.Parameters["layers.0.out.weight"].zero_();
        model.Parameters["layers.0.down.weight"].zero_();
        model.Parameters["embed.weight"].fill_(1); // a vector of ones, which the norm leaves as it is
        model.Parameters["norm.weight"].fill_(1);
        model.Parameters["head.weight"].zero_();
        using var column = tensor([.. logits.Select(x => (float)x)]);
        model.Parameters["head.weight"].select(1, 0).copy_(column);
        return model;
    }

    private static List<int> Drawn(Decoder model, double temperature, int count) =>
    [
        .. new Sampler(model).Sample([.. Enumerable.Range(0, count).Select(i => new TokenPrompt([0], Seeds.Derive(7, i)))],
            new SamplerOptions { MaxTokens = 1, Temperature = temperature, BatchSize = 500 }).Select(s => s.Ids[0]),
    ];

    /// <summary>
    /// Pearson's statistic over cells of an expected count of 5 or more; under the right distribution it is chi-square with as many degrees of freedom as cells
    /// less one, whose mean is that number and whose variance is twice it (so within 4.5 standard deviations but once in 100,000 times).
    /// </summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(0.6)]
    [InlineData(1.7)]
    public void FrequenciesPassAChiSquareTest(double temperature)
    {
        var logits = Enumerable.Range(0, Vocabulary).Select(i => 3 * Math.Sin(i * 12.9898) + (i % 97 == 0 ? 3 : 0)).ToArray();
        using var model = Predicting(logits);
        var weights = logits.Select(x => Math.Exp(x / temperature)).ToArray();
        var total = weights.Sum();
        var counts = Drawn(model, temperature, Draws).CountBy(id => id).ToDictionary();
        double statistic = 0, restExpected = 0, restSeen = 0;
        var cells = 0;
        for (var i = 0; i < Vocabulary; i++)
        {
            var (expected, seen) = (Draws * weights[i] / total, counts.GetValueOrDefault(i));
            if (expected < 5)
                (restExpected, restSeen) = (restExpected + expected, restSeen + seen);
            else
            {
                statistic += (seen - expected) * (seen - expected) / expected;
                cells++;
            }
        }
        if (restExpected >= 5)
            (statistic, cells) = (statistic + (restSeen - restExpected) * (restSeen - restExpected) / restExpected, cells + 1);
        Assert.True(cells > 100);
        var freedom = cells - 1;
        Assert.True(Math.Abs(statistic - freedom) < 4.5 * Math.Sqrt(2.0 * freedom), $"{statistic:0} with {freedom} degrees of freedom");
    }

    [Fact]
    public void WhatIsImpossibleIsNeverDrawnAndTheLastTokenCanBe()
    {
        var logits = Enumerable.Range(0, Vocabulary).Select(i => i == Vocabulary - 1 || i == 64 ? 0 : double.NegativeInfinity).ToArray();
        using var model = Predicting(logits);
        var counts = Drawn(model, 1, 1000).CountBy(id => id).ToDictionary();
        Assert.Equal([64, Vocabulary - 1], counts.Keys.Order());
        Assert.InRange(counts[64], 500 - 72, 500 + 72); // 4.5 standard deviations of a fair coin
    }

    [Fact]
    public void TemperatureZeroTakesTheLikeliest()
    {
        var logits = Enumerable.Range(0, Vocabulary).Select(i => i == 4321 ? 0.5 : Math.Sin(i) / 3).ToArray();
        using var model = Predicting(logits);
        var sample = new Sampler(model).Sample([new([0], 1)], new SamplerOptions { MaxTokens = 1, Temperature = 0 })[0];
        Assert.Equal([4321], sample.Ids);
        Assert.Equal(0.5 - Math.Log(logits.Sum(Math.Exp)), sample.LogProbs[0], 1e-4);
    }
}

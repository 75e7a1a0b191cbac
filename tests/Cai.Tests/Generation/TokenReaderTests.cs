using Cai.Generation;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Generation;

public sealed class TokenReaderTests
{
    public TokenReaderTests() => set_num_threads(1);

    [Fact]
    public void TokensAreReadAsTheScorerScoresThem()
    {
        using var decoder = Tiny.Model();
        TokenReadRequest[] requests = [new(Tiny.Ids(9, 1)), new(Tiny.Ids(3, 2), 2), new(Tiny.Ids(1, 3)), new(Tiny.Ids(14, 4), 5), new(Tiny.Ids(2, 5), 2)];
        var read = new TokenReader(decoder).Read(requests, top: 4);
        Assert.Equal([9, 1, 1, 9, 0], read.Select(r => r.Count));
        Assert.Null(read[0][0].LogProb);
        Assert.Empty(read[2][0].Top);
        for (var i = 0; i < requests.Length; i++)
        {
            var ids = requests[i].Ids;
            for (var t = Math.Max(1, requests[i].From); t < ids.Count; t++)
            {
                var token = read[i][t - requests[i].From];
                Assert.Equal(ids[t], token.Id);
                // Every candidate, scored one by one: the reader must list the best four of them.
                var all = new Scorer(decoder).Score([new([.. ids.Take(t)], [.. Enumerable.Range(0, Tiny.Config.VocabularySize).Select(v => (int[])[v])])])[0];
                Assert.Equal(all[ids[t]], token.LogProb!.Value, 1e-5);
                var best = all.Select((l, v) => (Id: v, LogProb: l)).OrderByDescending(p => p.LogProb).Take(4).ToList();
                Assert.Equal(best.Select(b => b.Id), token.Top.Select(p => p.Id));
                foreach (var (expected, found) in best.Zip(token.Top))
                    Assert.Equal(expected.LogProb, found.LogProb, 1e-5);
            }
        }
    }

    [Fact]
    public void ASampleIsReadWithItsTemperature()
    {
        using var decoder = Tiny.Model();
        var prompt = Tiny.Ids(4, 1);
        foreach (var temperature in new[] { 0, 0.5, 1, 2 })
        {
            var sample = new Sampler(decoder).Sample([new TokenPrompt(prompt, 7)], new SamplerOptions { MaxTokens = 8, Temperature = temperature })[0];
            var read = new TokenReader(decoder).Read([new([.. prompt, .. sample.Ids], prompt.Length)], temperature: temperature)[0];
            foreach (var (expected, found) in sample.LogProbs.Zip(read))
                Assert.Equal(expected, found.LogProb!.Value, 1e-4);
        }
    }

    [Fact]
    public void LongAndEmptyTextsAreRefused()
    {
        using var decoder = Tiny.Model();
        Assert.Throws<CaiException>(() => new TokenReader(decoder).Read([new([])]));
        Assert.Throws<CaiException>(() => new TokenReader(decoder).Read([new(Tiny.Ids(Tiny.Config.MaxPositions + 1, 1))]));
    }
}

using Cai.Generation;
using Cai.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Generation;

public sealed class ScorerTests
{
    public ScorerTests() => set_num_threads(1);

    [Fact]
    public void SumsEqualThoseOfPlainLoopsOverDoubles()
    {
        using var model = Tiny.Model();
        var naive = new NaiveDecoder(Tiny.Config, model.Parameters);
        var requests = Requests(0);
        var scores = new Scorer(model).Score(requests);
        for (var i = 0; i < requests.Count; i++)
            DecoderTests.Close([.. requests[i].Continuations.Select(c => Expected(naive, requests[i].Prompt, c))], [.. scores[i]], 2e-5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public void BranchesBatchesAndPrefixesChangeNothing(int prefix)
    {
        using var model = Tiny.Model();
        var requests = Requests(prefix);
        var together = new Scorer(model).Score(requests);
        var small = new Scorer(model, batchSize: 2).Score(requests);
        for (var i = 0; i < requests.Count; i++)
        {
            DecoderTests.Close([.. together[i]], [.. small[i]], 1e-5);
            for (var c = 0; c < requests[i].Continuations.Count; c++)
                Assert.Equal(new Scorer(model).Score([new(requests[i].Prompt, [requests[i].Continuations[c]])])[0][0], together[i][c], 1e-5);
        }
    }

    /// <summary>Prompts that begin alike in several ways, as with a few draws of worked examples: each gets what it gets alone.</summary>
    [Fact]
    public void PrefixesWithinPrefixesChangeNothing()
    {
        using var model = Tiny.Model();
        int[] root = Tiny.Ids(8, 1), left = Tiny.Ids(38, 2), right = Tiny.Ids(30, 3);
        List<TokenScoreRequest> requests =
        [
            .. Enumerable.Range(0, 27).Select(i => new TokenScoreRequest(
                [.. root, .. i % 9 == 8 ? [] : i % 2 == 0 ? left : right, .. Tiny.Ids(1 + i % 6, i + 50)], [[3], [4, 5]])),
        ];
        var together = new Scorer(model).Score(requests);
        for (var i = 0; i < requests.Count; i++)
            DecoderTests.Close([.. new Scorer(model).Score([requests[i]])[0]], [.. together[i]], 1e-5);
    }

    [Fact]
    public void AnEmptyContinuationIsCertainAndTheOptionsOfOneTokenSumToOne()
    {
        using var model = Tiny.Model();
        Assert.Equal([0.0], new Scorer(model).Score([new([3, 4], [[]])])[0]);
        var all = Enumerable.Range(0, Tiny.Config.VocabularySize).Select(i => (IReadOnlyList<int>)[i]).ToList();
        Assert.Equal(1, new Scorer(model).Score([new([3, 4], all)])[0].Sum(Math.Exp), 1e-5);
        Assert.Empty(new Scorer(model).Score([]));
    }

    [Fact]
    public void LongContinuationsReachTheEndOfTheContext()
    {
        using var model = Tiny.Model();
        IReadOnlyList<int> a = Tiny.Ids(60, 1), b = Tiny.Ids(60, 2);
        var both = new Scorer(model).Score([new([3, 4, 5, 6], [a, [7, 8], b])])[0];
        Assert.Equal(new Scorer(model).Score([new([3, 4, 5, 6], [a])])[0][0], both[0], 1e-4);
        Assert.Equal(new Scorer(model).Score([new([3, 4, 5, 6], [b])])[0][0], both[2], 1e-4);
        Assert.Contains("request 0: The prompt has 5 tokens and 60 more",
            Assert.Throws<CaiException>(() => new Scorer(model).Score([new([3, 4, 5, 6, 7], [a])])).Message);
    }

    private static List<TokenScoreRequest> Requests(int prefix) =>
    [
        .. Enumerable.Range(0, 9).Select(i => new TokenScoreRequest([.. Tiny.Ids(prefix, 99), .. Tiny.Ids(1 + i % 5, i)],
            [.. Enumerable.Range(0, 1 + i % 4).Select(c => Tiny.Ids(1 + (i + c) % 3, 50 + c))])),
    ];

    private static double Expected(NaiveDecoder model, IReadOnlyList<int> prompt, IReadOnlyList<int> continuation)
    {
        var logits = model.Logits([.. prompt, .. continuation]);
        return continuation.Select((id, t) => logits[prompt.Count + t - 1]).Select((row, t) => row[continuation[t]] - Math.Log(row.Sum(Math.Exp))).Sum();
    }
}

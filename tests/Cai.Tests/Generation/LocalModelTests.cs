using Cai.Generation;
using Cai.Models;
using Cai.Text;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Generation;

public sealed class LocalModelTests
{
    private readonly ITestOutputHelper output;

    public LocalModelTests(ITestOutputHelper output)
    {
        this.output = output;
        set_num_threads(1);
    }

    private static readonly SampleRequest[] Requests =
        [.. Enumerable.Range(0, 11).Select(i => new SampleRequest($"p{i}", new string('k', 1 + i % 3) + (char)('b' + i)))];

    [Fact]
    public async Task ASampleDependsOnSeedIdAndPromptAlone()
    {
        using var decoder = Tiny.Model();
        var options = new SampleOptions { MaxTokens = 10, Seed = 7 };
        var all = await new LocalModel(decoder, new Tiny.Letters()).SampleAsync(Requests, options, cancel: TestContext.Current.CancellationToken);
        var small = await new LocalModel(decoder, new Tiny.Letters(), new LocalModelOptions { BatchSize = 2 })
            .SampleAsync([.. Requests.Reverse()], options, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(Requests.Select(r => r.Id), all.Select(c => c.Id));
        for (var i = 0; i < all.Count; i++)
        {
            Assert.Equal(all[i].Text, small[^(i + 1)].Text);
            Assert.Equal(all[i].TokenIds, small[^(i + 1)].TokenIds);
        }
        var other = await new LocalModel(decoder, new Tiny.Letters())
            .SampleAsync([Requests[0] with { Id = "another" }, Requests[0]], options, cancel: TestContext.Current.CancellationToken);
        Assert.NotEqual(other[0].TokenIds, other[1].TokenIds);
        Assert.Equal(all[0].TokenIds, other[1].TokenIds);
    }

    [Fact]
    public async Task TextLeavesOutTheEndTokenAndWhatFollowsAStopString()
    {
        using var decoder = Tiny.Model();
        var model = new LocalModel(decoder, new Tiny.Letters());
        var progress = new Counted();
        var free = await model.SampleAsync(Requests, new SampleOptions { MaxTokens = 12 }, progress, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, Requests.Length), progress.Values);
        foreach (var completion in free)
        {
            Assert.Equal(completion.TokenIds.Count, completion.LogProbs.Count);
            Assert.Equal(completion.Finish == FinishReason.EndToken, completion.TokenIds[^1] == 1);
            Assert.DoesNotContain(1, completion.TokenIds.SkipLast(1));
            Assert.Equal(new Tiny.Letters().Decode(completion.TokenIds), completion.Text);
        }
        // Stop at a pair of letters that occurs in the middle of a free sample: the sample is the same up to there.
        var longest = free.MaxBy(c => c.Text.Length)!;
        var stop = longest.Text.Substring(3, 2);
        var at = longest.Text.IndexOf(stop, StringComparison.Ordinal);
        var stopped = (await model.SampleAsync([Requests.First(r => r.Id == longest.Id)], new SampleOptions { MaxTokens = 12, Stops = ["?", stop] },
            cancel: TestContext.Current.CancellationToken))[0];
        Assert.Equal(FinishReason.StopString, stopped.Finish);
        Assert.Equal(longest.Text[..at], stopped.Text);
        Assert.Equal(longest.TokenIds.Take(at + 2), stopped.TokenIds);
    }

    [Fact]
    public async Task LogProbsOfTextsAreThoseOfTheirTokens()
    {
        using var decoder = Tiny.Model();
        var letters = new Tiny.Letters(bos: 0);
        var model = new LocalModel(decoder, letters);
        var scores = await model.LogProbsAsync([new("ab", ["cd", "c"]), new("", ["a"])], cancel: TestContext.Current.CancellationToken);
        var scorer = new Scorer(decoder);
        Assert.Equal(scorer.Score([new([0, .. letters.Encode("ab")], [letters.Encode("cd")])])[0][0], scores[0][0]!.Value, 1e-5);
        Assert.Equal(scorer.Score([new([0], [letters.Encode("a")])])[0][0], scores[1][0]!.Value, 1e-5);
        Assert.True(scores[0][1] > scores[0][0]);
        // A sample scores what the sampler said.
        var sample =
            (await model.SampleAsync([new("x", "ab")], new SampleOptions { MaxTokens = 6, Seed = 3 }, cancel: TestContext.Current.CancellationToken))[0];
        Assert.Equal(sample.LogProbs.Sum(v => (double)v), scorer.Score([new([0, .. letters.Encode("ab")], [sample.TokenIds])])[0][0], 1e-5);
    }

    [Fact]
    public async Task APromptTooLongNamesItsRequest()
    {
        using var decoder = Tiny.Model();
        var model = new LocalModel(decoder, new Tiny.Letters());
        var error = await Assert.ThrowsAsync<CaiException>(() => model.SampleAsync([new("ok", "a"), new("p/7", new string('a', 60))],
            new SampleOptions { MaxTokens = 5 }, cancel: TestContext.Current.CancellationToken));
        Assert.Contains("request p/7: The prompt has 60 tokens and 5 more", error.Message);
    }

    /// <summary>SentencePiece's manners: a blank before every text, dropped again on decoding; bytes for the rest.</summary>
    private sealed class Blanks : ITokenizer
    {
        private const string Pieces = " \nabc()";

        public int VocabularySize => 24;
        public int? BosId => 0;
        public int EosId => 1;
        public int[] Encode(string text, bool parseSpecial = false) => text.Length == 0 ? [] : [.. (" " + text).Select(c => 2 + Pieces.IndexOf(c))];
        public string Decode(IReadOnlyList<int> ids) =>
            string.Concat(ids.Where(i => i > 1).Select(TokenText)) is [' ', .. var rest] ? rest : string.Concat(ids.Where(i => i > 1).Select(TokenText));
        public string TokenText(int id) => Pieces[(id - 2) % Pieces.Length].ToString();
    }

    [Fact]
    public void TokenizersThatAddABlankJoinWhereTheTextJoins()
    {
        var tokenizer = new Blanks();
        var codec = new ContinuationCodec(tokenizer);
        Assert.Equal([0, .. tokenizer.Encode("ab"), 2, 7, 4, 8], (int[])[.. codec.Prompt("ab"), .. codec.Continuation(" (a)")]);
        Assert.Equal(tokenizer.Encode("ab (a)"), (int[])[.. codec.Prompt("ab")[1..], .. codec.Continuation(" (a)")]);
        Assert.Equal(" (a)", codec.Text(codec.Prompt("ab"), [2, 7, 4, 8]));
        Assert.Equal("b", codec.Text(codec.Prompt("ab"), [5]));
    }

    [Fact]
    public void AStopStringIsFoundAcrossTokensAndNotBeforeItIsWhole()
    {
        var codec = new ContinuationCodec(new Blanks());
        var stops = new StopStrings(codec, ["a(", "cc"]);
        int[] prompt = [0, 4], ids = [5, 5, 4, 5, 4, 7];
        for (var n = 1; n < ids.Length; n++)
            Assert.False(stops.Reached(prompt, ids[..n]));
        Assert.True(stops.Reached(prompt, ids));
        Assert.Equal("bbab", stops.Cut(codec.Text(prompt, ids)));
        Assert.False(stops.Reached(prompt, [7])); // "a(" would begin in the prompt
    }

    [Fact]
    public async Task ARealModelWritesAStory()
    {
        using var story = HuggingFaceFolder.Load(Fixtures.Path("models", "tinystories-656k"));
        var model = new LocalModel(story);
        Assert.Equal("tinystories-656k", model.Name);
        SampleRequest[] requests = [new("1", "Once upon a time"), new("2", "One day, a girl named Lily")];
        var samples = await model.SampleAsync(requests, new SampleOptions { MaxTokens = 160, Temperature = 0.7, Seed = 1, Stops = ["!"] },
            cancel: TestContext.Current.CancellationToken);
        foreach (var (request, sample) in requests.Zip(samples))
            output.WriteLine($"{request.Prompt}|{sample.Text}| ({sample.Finish}, {sample.TokenIds.Count} tokens)\n");
        Assert.All(samples, s => Assert.DoesNotContain("!", s.Text));
        Assert.All(samples, s => Assert.Matches("^[,. ']", s.Text)); // the border between prompt and sample keeps its blank
        // A story is likelier than its words in disorder, and scores do not depend on how options are asked for.
        var scores = await model.LogProbsAsync([new("Once upon a time", [", there was a little girl", ", girl little a was there"])],
            cancel: TestContext.Current.CancellationToken);
        output.WriteLine(string.Join(", ", scores[0]));
        Assert.True(scores[0][0] > scores[0][1] + 10);
    }

    [Fact]
    public void ASavedModelBringsItsTokenizerAlong()
    {
        using var folder = new TempFolder();
        using var original = HuggingFaceFolder.Load(Fixtures.Path("models", "tinystories-656k"));
        HuggingFaceFolder.Save(folder.Path("copy"), original);
        using var copy = HuggingFaceFolder.Load(folder.Path("copy"));
        Assert.Equal((1, 2), (copy.Tokenizer.BosId!.Value, copy.EosId));
        Assert.Equal(original.Tokenizer.Encode("a big dog"), copy.Tokenizer.Encode("a big dog"));
        Assert.True(original.Decoder.Parameters.Flat.eq(copy.Decoder.Parameters.Flat).all().ToBoolean());
    }
}

using Cai.Constitutions;
using Cai.Feedback;
using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Text;
using Xunit;

namespace Cai.Tool.Tests.Serving;

/// <summary>The kit's client against the kit's server over real HTTP: what is remote must be what is local.</summary>
public sealed class ClientAgainstServerTests
{
    private static readonly SampleRequest[] Requests =
        [.. new[] { "Hello.", "How do I bake bread?", "Tell me a story.", "How can I steal a bike?", "Thanks!", "Who are you?",
            "What is \u00e9t\u00e9 \U0001F642?" }
            .Select((q, i) => new SampleRequest($"p{i}", HhFormat.Instance.Prompt(Dialogue.Ask(q))))];

    [Theory]
    [InlineData(1.0, 1)]
    [InlineData(0.7, 2)]
    [InlineData(0.0, 3)]
    public async Task SamplesAreThoseOfTheLocalEngine(double temperature, long seed)
    {
        await using var served = Served.Start();
        using var remote = served.Remote(o => o with { Extra = new() { ["return_token_ids"] = true } });
        var options = new SampleOptions { MaxTokens = 40, Temperature = temperature, Seed = seed, Stops = CritiqueLayout.Stops };
        var expected = await served.Local.SampleAsync(Requests, options, cancel: TestContext.Current.CancellationToken);
        var found = await remote.SampleAsync(Requests, options, cancel: TestContext.Current.CancellationToken);
        foreach (var (e, f) in expected.Zip(found))
        {
            Assert.Equal((e.Id, e.Text, e.Finish), (f.Id, f.Text, f.Finish));
            Assert.Equal(e.TokenIds, f.TokenIds);
            Assert.Equal(e.LogProbs.Count, f.LogProbs.Count);
            foreach (var (a, b) in e.LogProbs.Zip(f.LogProbs))
                Assert.Equal(a, b, 1e-4f);
        }
        Assert.Equal(expected.Sum(e => e.TokenIds.Count), remote.Usage.CompletionTokens);
    }

    [Theory]
    [InlineData(RemoteScoring.Auto)]
    [InlineData(RemoteScoring.Echo)]
    [InlineData(RemoteScoring.PromptLogProbs)]
    public async Task LogProbsAreThoseOfTheLocalEngine(RemoteScoring scoring)
    {
        await using var served = Served.Start();
        using var remote = served.Remote(o => o with { Scoring = scoring });
        var requests = Requests.Select(r => new ScoreRequest(r.Prompt, [" Hello! How can I help?", " I can not help with that.", " (A)", " (B)", ""])).ToList();
        var expected = await served.Local.LogProbsAsync(requests, cancel: TestContext.Current.CancellationToken);
        var found = await remote.LogProbsAsync(requests, cancel: TestContext.Current.CancellationToken);
        for (var i = 0; i < requests.Count; i++)
            for (var c = 0; c < expected[i].Count; c++)
                Assert.Equal(expected[i][c]!.Value, found[i][c]!.Value, 1e-4);
        Assert.Equal(scoring == RemoteScoring.Auto ? RemoteScoring.Echo : scoring, await remote.ScoringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task NextTokensAreThoseOfTheLocalEngine()
    {
        await using var served = Served.Start();
        using var remote = served.Remote(o => o with { Scoring = RemoteScoring.NextToken, TopLogProbs = 20 });
        var prompt = Requests[0].Prompt;
        // The likeliest first tokens, found by a greedy local sample, and a continuation of two tokens, which no list holds.
        var greedy = (await served.Local.SampleAsync([Requests[0]], new SampleOptions { MaxTokens = 2, Temperature = 0 },
            cancel: TestContext.Current.CancellationToken))[0];
        var first = served.Local.Tokenizer.TokenText(greedy.TokenIds[0]);
        var request = new ScoreRequest(prompt, [first, greedy.Text + " \u00e9t\u00e9"]);
        var expected = (await served.Local.LogProbsAsync([request], cancel: TestContext.Current.CancellationToken))[0];
        var found = (await remote.LogProbsAsync([request], cancel: TestContext.Current.CancellationToken))[0];
        Assert.Equal(expected[0]!.Value, found[0]!.Value, 1e-4);
        Assert.Null(found[1]);
    }

    [Fact]
    public async Task LabelsAreThoseOfTheLocalEngine()
    {
        await using var served = Served.Start();
        using var remote = served.Remote();
        var pairs = Requests.Take(3).Select((r, i) => new ResponsePair($"pair{i}", new Prompt($"p{i}", Dialogue.Ask("How can I steal a bike?")),
            "I can not help with that.", $"Sure! Take tool {i}.")).ToList();
        var options = new LabelOptions { BothOrders = true, FewShot = 1, Seed = 3 };
        var law = Constitution.Shipped("miniature");
        var expected = await new Labeller(served.Local, law, options).RunAsync(pairs, cancel: TestContext.Current.CancellationToken);
        var found = await new Labeller(remote, law, options).RunAsync(pairs, cancel: TestContext.Current.CancellationToken);
        foreach (var (e, f) in expected.Zip(found))
            Assert.Equal(e.ProbabilityA!.Value, f.ProbabilityA!.Value, 1e-4);
    }

    [Fact]
    public async Task ChatGivesTheSameAnswerWithoutItsBlank()
    {
        await using var served = Served.Start();
        using var remote = served.Remote(o => o with { Endpoint = RemoteEndpoint.Chat });
        var options = new SampleOptions { MaxTokens = 40, Seed = 5, Stops = CritiqueLayout.Stops };
        var expected = await served.Local.SampleAsync(Requests, options, cancel: TestContext.Current.CancellationToken);
        var found = await remote.SampleAsync(Requests, options, cancel: TestContext.Current.CancellationToken);
        foreach (var (e, f) in expected.Zip(found))
        {
            Assert.Equal((e.Text.TrimStart(), e.Finish), (f.Text, f.Finish));
            Assert.Equal(e.LogProbs.Sum(l => (double)l), f.LogProbs.Sum(l => (double)l), 1e-3);
        }
    }

    [Fact]
    public async Task AServerThatDiesMidwayCostsNothingTwice()
    {
        using var work = new Workspace();
        RemoteOptions Cached(RemoteOptions o) => o with
        {
            CacheFolder = work.Path("cache"), CacheIdentity = "helpful", MaxConcurrency = 1, FirstDelay = TimeSpan.Zero,
        };
        var options = new SampleOptions { MaxTokens = 24, Seed = 9, Stops = CritiqueLayout.Stops };
        IReadOnlyList<Completion> expected;
        await using (var first = Served.Start())
        {
            expected = await first.Local.SampleAsync(Requests, options, cancel: TestContext.Current.CancellationToken);
            using var remote = first.Remote(Cached);
            var stopAt = 3;
            var dying = new StoppingProgress(async () => await first.DisposeAsync(), stopAt);
            await Assert.ThrowsAnyAsync<CaiException>(() => remote.SampleAsync(Requests, options, dying, TestContext.Current.CancellationToken));
            Assert.Equal(stopAt, remote.Usage.Requests);
        }
        await using var second = Served.Start();
        using var resumed = second.Remote(Cached);
        var found = await resumed.SampleAsync(Requests, options, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(expected.Select(c => c.Text), found.Select(c => c.Text));
        Assert.Equal((Requests.Length - 3, 3), (resumed.Usage.Requests, resumed.Usage.Cached));
    }

    [Fact]
    public async Task FaultsOnTheWayChangeNoAnswer()
    {
        await using var served = Served.Start();
        // Of six requests in a row one gets through, so that each is tried again and again.
        await using var relay = await FaultyRelay.StartAsync(served.Address,
            n => (n % 6) switch { 0 => Fault.Dropped, 1 => Fault.Busy, 2 => Fault.CutShort, 3 => Fault.Unavailable, 4 => Fault.Dropped, _ => Fault.None });
        using var remote = served.Remote(o => o with
        {
            Server = relay.Address, MaxConcurrency = 1, Retries = 6, Scoring = RemoteScoring.Echo, FirstDelay = TimeSpan.FromMilliseconds(1),
                LongestDelay = TimeSpan.FromMilliseconds(2),
        });
        var options = new SampleOptions { MaxTokens = 24, Seed = 4, Stops = CritiqueLayout.Stops };
        var expected = await served.Local.SampleAsync(Requests, options);
        var found = await remote.SampleAsync(Requests, options);
        Assert.Equal(expected.Select(c => (c.Id, c.Text, c.Finish)), found.Select(c => (c.Id, c.Text, c.Finish)));

        var questions = Requests.Select(r => new ScoreRequest(r.Prompt, [" (A)", " (B)"])).ToList();
        foreach (var (e, f) in (await served.Local.LogProbsAsync(questions)).Zip(await remote.LogProbsAsync(questions)))
            foreach (var (a, b) in e.Zip(f))
                Assert.Equal(a!.Value, b!.Value, 1e-4);
        // What was asked twice is counted once.
        Assert.Equal(3 * Requests.Length, remote.Usage.Requests);
        Assert.True(remote.Usage.Retries >= 3 * remote.Usage.Requests, $"{remote.Usage.Retries} retries");
        Assert.True(relay.Count > 5 * remote.Usage.Requests);
    }

    /// <summary>Stops something once so much is done.</summary>
    private sealed class StoppingProgress(Func<Task> stop, int at) : IProgress<int>
    {
        public void Report(int value)
        {
            if (value == at)
                stop().GetAwaiter().GetResult();
        }
    }
}

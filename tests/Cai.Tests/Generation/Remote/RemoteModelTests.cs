using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Generation.Remote;
using Xunit;

namespace Cai.Tests.Generation.Remote;

public sealed class RemoteModelTests
{
    private static RemoteOptions Options(StubServer server) => new() { Server = server.Address, Model = "m", FirstDelay = TimeSpan.Zero, Retries = 0 };

    private static SampleRequest[] Requests(int count) => [.. Enumerable.Range(0, count).Select(i => new SampleRequest($"r{i}", $"prompt {i}"))];

    /// <summary>Answers with the prompt, so that mixed-up answers would show.</summary>
    private static StubAnswer Repeat(JsonObject body) => StubServer.Text($" re: {body["prompt"]}");

    [Fact]
    public async Task RequestsCarryTheSamplingOptionsAndSeedsOfTheirOwn()
    {
        using var server = new StubServer((body, _) => Repeat(body));
        using var model = new RemoteModel(Options(server) with { Extra = new JsonObject { ["top_k"] = -1 }, MaxStops = 1 });
        var sampling = new SampleOptions { MaxTokens = 9, Temperature = 0.5, Seed = 4, Stops = ["\n\nHuman:", "7"] };
        var samples = await model.SampleAsync(Requests(12), sampling, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(Requests(12).Select(r => r.Id), samples.Select(s => s.Id));
        Assert.Equal(" re: prompt 3", samples[3].Text);
        Assert.Equal((" re: prompt ", FinishReason.StopString), (samples[7].Text, samples[7].Finish)); // the stop that was not sent is applied here
        foreach (var (path, _, body) in server.Requests)
        {
            Assert.Equal("/v1/completions", path);
            Assert.Equal((9, 0.5, "m", -1), ((int)body["max_tokens"]!, (double)body["temperature"]!, (string)body["model"]!, (int)body["top_k"]!));
            Assert.Equal("\n\nHuman:", Assert.Single(body["stop"]!.AsArray())!.GetValue<string>());
            Assert.Equal(Seeds.Derive(4, "r" + ((string)body["prompt"]!)["prompt ".Length..]), (long)body["seed"]!);
        }
        Assert.Equal(new RemoteUsage(12, 0, 0, 36, 24, 0, null), model.Usage);
    }

    [Fact]
    public async Task NoMoreStopsAreSentThanOpenAiTakes()
    {
        using var server = new StubServer((body, _) => Repeat(body));
        using var model = new RemoteModel(Options(server));
        var sampling = new SampleOptions { Stops = ["a1", "a2", "a3", "a4", "a5", "7"] };
        var samples = await model.SampleAsync(Requests(8), sampling, cancel: TestContext.Current.CancellationToken);
        Assert.All(server.Requests, r => Assert.Equal(["a1", "a2", "a3", "a4"], r.Body["stop"]!.AsArray().Select(s => (string)s!)));
        Assert.Equal(" re: prompt ", samples[7].Text);
    }

    [Fact]
    public async Task NoMoreThanTheLimitIsUnderWayAndProgressCounts()
    {
        using var server = new StubServer((body, _) => Repeat(body)) { Slowness = TimeSpan.FromMilliseconds(30) };
        using var model = new RemoteModel(Options(server) with { MaxConcurrency = 3 });
        var progress = new Counted();
        // Two calls at once share the limit.
        await Task.WhenAll(model.SampleAsync(Requests(9), new SampleOptions(), progress, TestContext.Current.CancellationToken),
            model.SampleAsync(Requests(9), new SampleOptions { Seed = 1 }, cancel: TestContext.Current.CancellationToken));
        Assert.Equal(3, server.MostUnderWay);
        Assert.Equal(Enumerable.Range(1, 9), progress.Values);
    }

    [Fact]
    public async Task ACrashLosesNoAnswerThatHasArrived()
    {
        using var folder = new TempFolder();
        var down = true;
        using var server = new StubServer((body, _) => down && (string)body["prompt"]! == "prompt 5" ? new StubAnswer(400, "no") : Repeat(body));
        var options = Options(server) with { CacheFolder = folder.Path("cache"), MaxConcurrency = 1, PromptPrice = 2, CompletionPrice = 10 };
        using (var first = new RemoteModel(options))
            await Assert.ThrowsAsync<RemoteException>(
                () => first.SampleAsync(Requests(10), new SampleOptions(), cancel: TestContext.Current.CancellationToken));
        Assert.Equal(6, server.Requests.Count);

        // A half-written file, as another kind of cache would leave it, and one that a disk has damaged.
        var files = Directory.GetFiles(folder.Path("cache"), "*.json", SearchOption.AllDirectories);
        Assert.Equal(5, files.Length);
        File.WriteAllText(files[0], "{\"request\": {");
        down = false;
        server.Requests.Clear();

        using var second = new RemoteModel(options);
        var samples = await second.SampleAsync(Requests(10), new SampleOptions(), cancel: TestContext.Current.CancellationToken);
        Assert.Equal(Requests(10).Select(r => $" re: {r.Prompt}"), samples.Select(s => s.Text));
        Assert.Equal(6, server.Requests.Count); // five unasked and the damaged one
        Assert.Equal((6, 4), (second.Usage.Requests, second.Usage.Cached));
        Assert.Equal((6 * 3 * 2 + 6 * 2 * 10) / 1e6, second.Usage.Cost!.Value, 1e-12);

        // Another seed, another prompt, another model: other answers.
        server.Requests.Clear();
        await second.SampleAsync(Requests(1), new SampleOptions { Seed = 1 }, cancel: TestContext.Current.CancellationToken);
        using var other = new RemoteModel(options with { Model = "n" });
        await other.SampleAsync(Requests(1), new SampleOptions(), cancel: TestContext.Current.CancellationToken);
        using var unseeded = new RemoteModel(options with { SendSeed = false });
        await unseeded.SampleAsync([new("a", "prompt 0"), new("b", "prompt 0")], new SampleOptions(), cancel: TestContext.Current.CancellationToken);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task ChatSendsTurns()
    {
        using var server = new StubServer((_, _) => new StubAnswer(200, """{"choices": [{"message": {"role": "assistant", "content": "Hi."},"""
            + """ "finish_reason": "length", "logprobs": {"content": [{"token": "Hi", "logprob": -0.5}, {"token": ".", "logprob": -0.25}]}}]}"""));
        using var model = new RemoteModel(Options(server) with { Endpoint = RemoteEndpoint.Chat });
        var sample = (await model.SampleAsync([new("a", "\n\nHuman: One?\n\nAssistant: Two.\n\nHuman: Three?\n\nAssistant: Four")], new SampleOptions(),
            cancel: TestContext.Current.CancellationToken))[0];
        Assert.Equal(("Hi.", FinishReason.Length), (sample.Text, sample.Finish));
        Assert.Equal([-0.5f, -0.25f], sample.LogProbs);
        var (path, _, body) = server.Requests.Single();
        Assert.Equal("/v1/chat/completions", path);
        Assert.Equal("""[{"role":"user","content":"One?"},{"role":"assistant","content":"Two."},{"role":"user","content":"Three?\n\nFour"}]""",
            body["messages"]!.ToJsonString());
        Assert.Equal(1, model.Usage.Uncounted);
    }

    [Theory]
    [InlineData("\n\nHuman: a\n\nAssistant:", "H:a")]
    [InlineData("\n\nHuman: a\nb\n\nAssistant: c\n\nCritiqueRequest: d\n\nCritique: e\n\nRevisionRequest: f\n\nRevision:", "H:a\nb|A:c|H:d|A:e|H:f")]
    [InlineData("\n\nHuman: a\n\nAssistant: b\n\nRevisionRequest: c\n\nRevision: d\n\nHuman: e\n\nAssistant:", "H:a|A:b|H:c|A:d|H:e")]
    [InlineData("\n\nHuman: q\n\nAssistant: Let's think step by step:", "H:q|A:Let's think step by step:")]
    [InlineData("\n\nHuman: q\n\nAssistant: r\n\nHuman:\nSo the answer is:", "H:q|A:r|H:So the answer is:")]
    [InlineData("\n\nConsider the following:\n\nHuman: a\n\nAssistant: b\n\nThe answer is:",
        "H:Consider the following:\n\nHuman: a\n\nAssistant: b\n\nThe answer is:")]
    [InlineData("Once upon a time", "H:Once upon a time")]
    [InlineData("\n\nAssistant:", "H:Assistant:")]
    public void LayoutsBecomeTurns(string prompt, string expected) =>
        Assert.Equal(expected, string.Join('|', HhChatLayout.Instance.Read(prompt).Turns.Select(t => $"{t.Role.ToString()[0]}:{t.Text}")));
}

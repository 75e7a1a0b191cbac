using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Text;
using Microsoft.Extensions.AI;
using Xunit;

namespace Cai.Tests.Generation.Remote;

public sealed class ChatClientTests
{
    public ChatClientTests() => TorchSharp.torch.set_num_threads(1);

    private sealed class FakeClient(Func<IList<ChatMessage>, ChatOptions?, ChatResponse> answer) : IChatClient
    {
        public List<(IList<ChatMessage> Messages, ChatOptions? Options)> Asked { get; } = [];

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            var list = messages.ToList();
            lock (Asked)
                Asked.Add((list, options));
            return Task.FromResult(answer(list, options));
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) =>
            serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("fake", null, "fake-1") : null;

        public void Dispose()
        {
        }
    }

    [Fact]
    public async Task AChatClientAnswersAsALanguageModel()
    {
        using var client = new FakeClient((messages, _) =>
            new ChatResponse(new ChatMessage(ChatRole.Assistant, $"re: {messages[^1].Text} STOP more")) { FinishReason = ChatFinishReason.Length });
        var model = new ChatClientModel(client);
        Assert.Equal("fake-1", model.Name);
        var samples = await model.SampleAsync(
            [new("a", "\n\nHuman: One?\n\nAssistant: Two.\n\nHuman: Three?\n\nAssistant: Four"), new("b", "\n\nHuman: Five?\n\nAssistant:")],
            new SampleOptions { MaxTokens = 9, Temperature = 0.5, Seed = 3, Stops = ["1", "2", "3", "4", "STOP"] },
            cancel: TestContext.Current.CancellationToken);
        Assert.Equal(["re: Three?\n\nFour ", "re: Five? "], samples.Select(s => s.Text));
        Assert.All(samples, s => Assert.Equal(FinishReason.StopString, s.Finish));
        var (messages, options) = client.Asked.Single(a => a.Messages.Count == 3);
        Assert.Equal([ChatRole.User, ChatRole.Assistant, ChatRole.User], messages.Select(m => m.Role));
        Assert.Equal((9, 0.5f, Seeds.Derive(3, "a"), "1234"),
            (options!.MaxOutputTokens, options.Temperature, options.Seed,
                string.Concat(options.StopSequences!))); // OpenAI takes four; the fifth is applied here

        var error = await Assert.ThrowsAsync<CaiException>(() => model.LogProbsAsync([new("p", ["a"])], cancel: TestContext.Current.CancellationToken));
        Assert.Contains("no log-probabilities", error.Message);
        Assert.Empty(await model.LogProbsAsync([], cancel: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AFailingClientIsOneTypedLine()
    {
        using var client = new FakeClient((_, _) => throw new InvalidOperationException("first\nsecond"));
        var error = await Assert.ThrowsAsync<CaiException>(() => new ChatClientModel(client)
            .SampleAsync([new("a", "p")], new SampleOptions(), cancel: TestContext.Current.CancellationToken));
        Assert.Contains("request a: The chat client failed: InvalidOperationException: first second.", error.Message);
    }

    [Fact]
    public async Task AModelAnswersAsAChatClient()
    {
        var scripted = new ScriptedModel { Answer = (r, _) => $" {r.Prompt.Length} ", Finish = _ => FinishReason.Length };
        using var client = new ModelChatClient(scripted);
        ChatMessage[] messages = [new(ChatRole.System, "Be kind."), new(ChatRole.User, " Hello. "), new(ChatRole.Assistant, "Hi."), new(ChatRole.User, "Who?")];
        var response = await client.GetResponseAsync(messages, new ChatOptions { Seed = 5, MaxOutputTokens = 7, StopSequences = ["!"] },
            TestContext.Current.CancellationToken);
        const string Prompt = "\n\nSystem: Be kind.\n\nHuman: Hello.\n\nAssistant: Hi.\n\nHuman: Who?\n\nAssistant:";
        Assert.Equal((Prompt.Length.ToString(), ChatFinishReason.Length, "scripted"), (response.Text, response.FinishReason, response.ModelId));
        Assert.Equal(Prompt, scripted.Sampled[0][0].Prompt);
        Assert.Equal((7, 5L, 1.0), (scripted.SampleOptions[0].MaxTokens, scripted.SampleOptions[0].Seed, scripted.SampleOptions[0].Temperature));
        Assert.Equal([.. HhFormat.Instance.Stops, "!"], scripted.SampleOptions[0].Stops);
        var updates = await client.GetStreamingResponseAsync(messages, cancellationToken: TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Prompt.Length.ToString(), updates.ToChatResponse().Text);
        // Without a seed no two requests are the same draw.
        await client.GetResponseAsync(messages, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3, scripted.Sampled.Select(s => s[0].Id).Distinct().Count());
        Assert.Same(scripted, client.GetService(typeof(ScriptedModel)));
        Assert.Equal("scripted", client.GetService<ChatClientMetadata>()!.DefaultModelId);
    }

    [Fact]
    public async Task ALocalModelStreamsWhatItWouldSay()
    {
        using var decoder = Tiny.Model();
        using var client = new ModelChatClient(new LocalModel(decoder, new Tiny.Letters()));
        for (var seed = 0; seed < 6; seed++)
        {
            var options = new ChatOptions { Seed = seed, MaxOutputTokens = 20, StopSequences = ["ab", "k"] };
            var whole = await client.GetResponseAsync("Hi", options, TestContext.Current.CancellationToken);
            var updates = await client.GetStreamingResponseAsync("Hi", options, TestContext.Current.CancellationToken)
                .ToListAsync(TestContext.Current.CancellationToken);
            var together = updates.ToChatResponse();
            Assert.Equal((whole.Text, whole.FinishReason), (together.Text, together.FinishReason));
            Assert.DoesNotContain("k", whole.Text);
            Assert.DoesNotContain("ab", whole.Text);
            if (whole.Text.Length > 2)
                Assert.True(updates.Count > 2, "the answer did not come in pieces");
        }
        // A reader who stops early leaves the client usable.
        await foreach (var _ in client.GetStreamingResponseAsync("Hi", new ChatOptions { Seed = 1, MaxOutputTokens = 40 },
            TestContext.Current.CancellationToken))
            break;
        Assert.NotNull(await client.GetResponseAsync("Hi", cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task WhatTheModelCannotDoIsRefused()
    {
        using var client = new ModelChatClient(new ScriptedModel());
        ChatOptions[] unsupported =
            [new() { TopP = 0.5f }, new() { TopK = 4 }, new() { PresencePenalty = 1 }, new() { ResponseFormat = ChatResponseFormat.Json }];
        foreach (var options in unsupported)
            await Assert.ThrowsAsync<CaiException>(() => client.GetResponseAsync("Hi", options, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<CaiException>(() => client.GetResponseAsync([], cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<CaiException>(
            () => client.GetResponseAsync([new ChatMessage(ChatRole.Assistant, "a")], cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<CaiException>(() => client.GetResponseAsync([new ChatMessage(ChatRole.User, [new DataContent("data:image/png;base64,AAAA")])],
            cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task BothAdaptersTogetherChangeNothing()
    {
        var scripted = new ScriptedModel { Answer = (r, _) => $"to <{r.Prompt}>" };
        using var client = new ModelChatClient(scripted);
        const string Prompt = "\n\nHuman: One?\n\nAssistant: Two.\n\nHuman: Three?\n\nAssistant:";
        var sample = (await new ChatClientModel(client).SampleAsync([new("a", Prompt)], new SampleOptions(), cancel: TestContext.Current.CancellationToken))[0];
        Assert.Equal($"to <{Prompt}>", sample.Text);
        Assert.Equal(FinishReason.EndToken, sample.Finish);
    }
}

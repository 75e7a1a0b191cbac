using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Generation.Remote;
using Xunit;

namespace Cai.Tests.Generation.Remote;

/// <summary>Answers of a shape that is not OpenAI's: read where the meaning is plain, else an error; never an empty text.</summary>
public class AnswerShapeTests
{
    private sealed class Says(byte[] body, HttpStatusCode status = HttpStatusCode.OK) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new ByteArrayContent(body) });
    }

    private static async Task<Completion> Ask(byte[] body)
    {
        using var model = new RemoteModel(new RemoteOptions { Server = "http://x/v1", Model = "m", Endpoint = RemoteEndpoint.Chat, Retries = 0 },
            handler: new Says(body));
        return (await model.SampleAsync([new SampleRequest("1", "\n\nHuman: a\n\nAssistant:")], new SampleOptions()))[0];
    }

    private static Task<Completion> Message(string message, string finish = "stop") =>
        Ask(Encoding.UTF8.GetBytes($$"""{"choices":[{"message":{{message}},"finish_reason":"{{finish}}"}]}"""));

    [Theory]
    [InlineData("""{"content":"hello"}""", "hello")]
    [InlineData("""{"content":[{"type":"text","text":"hel"},{"type":"text","text":"lo"}]}""", "hello")]
    [InlineData("""{"content":["hel",{"type":"output_text","text":"lo"}]}""", "hello")]
    [InlineData("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"hello"}]}""", "hello")]
    [InlineData("""{"content":null,"refusal":"no"}""", "no")]
    [InlineData("""{"content":[{"type":"refusal","refusal":"no"}]}""", "no")]
    [InlineData("""{"content":null,"reasoning_content":"hm"}""", "")]
    public async Task TextIsReadHoweverItIsGiven(string message, string expected) => Assert.Equal(expected, (await Message(message)).Text);

    [Theory]
    [InlineData("""{"content":5}""", "content is 5")]
    [InlineData("""{"content":{"text":"a"}}""", "content is {")]
    [InlineData("""{"content":true}""", "content is true")]
    [InlineData("""{"content":[{"type":"image_url","image_url":"x"}]}""", "image_url")]
    [InlineData("""{"content":[{"type":"text","text":7}]}""", "\"text\":7")]
    [InlineData("""{"content":[5]}""", "a part 5")]
    [InlineData("""{"content":null,"tool_calls":[{"id":"1"}]}""", "calls a tool")]
    [InlineData("""{"role":"assistant"}""", "has no content")]
    [InlineData("\"text\"", "no text")]
    public async Task AShapeThatIsNotKnownIsAnError(string message, string expected) =>
        Assert.Contains(expected, (await Assert.ThrowsAnyAsync<CaiException>(() => Message(message))).Message);

    [Theory]
    [InlineData("""{"choices":[{"message":{"content":"a\ud83d"},"finish_reason":"stop"}]}""", "half a surrogate pair")]
    [InlineData("""{"choices":[{"message":{"content":"a","content":"b"},"finish_reason":"stop"}]}""", "\"content\" stands twice")]
    [InlineData("""{"choices":[{"text":3}]}""", "text is 3")]
    public async Task JsonThatReadersDisagreeAboutIsOneLine(string body, string expected) =>
        Assert.Contains(expected, (await Assert.ThrowsAnyAsync<CaiException>(() => Ask(Encoding.UTF8.GetBytes(body)))).Message);

    /// <summary>Every value of a whole answer in every other kind: read, or refused in one line.</summary>
    [Fact]
    public async Task NoValueOfAnAnswerIsAFaultOfTheClient()
    {
        const string whole = """
            {"id":"x","choices":[{"index":0,"text":" a","message":{"role":"assistant","content":" a","refusal":null},"finish_reason":"stop",
            "stop_reason":null,"logprobs":{"tokens":[" a"],"token_logprobs":[-0.5],"top_logprobs":[{" a":-1}],"content":[{"token":" a","logprob":-0.1,
            "top_logprobs":[{"token":" a","logprob":-2}]}]},"token_ids":[1],"prompt_logprobs":[null,{"5":{"logprob":-1,"decoded_token":" a"}}]}],
            "usage":{"prompt_tokens":1,"completion_tokens":1},"error":{"message":"m"},"prompt_logprobs":[null]}
            """;
        string[] values = ["null", "5", "-1", "1e999", "-1e999", "18446744073709551616", "0.5", "true", "\"x\"", "[]", "[null]", "[5]", "{}", "{\"a\":null}"];
        foreach (var place in Places(JsonNode.Parse(whole)!, []).ToList())
            foreach (var value in values)
                foreach (var endpoint in Enum.GetValues<RemoteEndpoint>())
                    foreach (var status in new[] { HttpStatusCode.OK, HttpStatusCode.BadRequest })
                    {
                        var body = JsonNode.Parse(whole)!;
                        var holder = place[..^1].Aggregate(body, (node, step) => step is int i ? node[i]! : node[(string)step]!);
                        if (place[^1] is int at)
                            holder[at] = JsonNode.Parse(value);
                        else
                            holder[(string)place[^1]] = JsonNode.Parse(value);
                        using var model = new RemoteModel(new RemoteOptions { Server = "http://x/v1", Model = "m", Endpoint = endpoint, Retries = 0 },
                            handler: new Says(Encoding.UTF8.GetBytes(body.ToJsonString()), status));
                        await OneLine(() => model.SampleAsync([new SampleRequest("1", "\n\nHuman: a\n\nAssistant:")], new SampleOptions()));
                        await OneLine(() => model.LogProbsAsync([new ScoreRequest("\n\nHuman: a\n\nAssistant:", [" a", " b"])]));
                    }

        static async Task OneLine(Func<Task> ask)
        {
            try
            {
                await ask();
            }
            catch (CaiException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        static IEnumerable<object[]> Places(JsonNode node, object[] path) => node switch
        {
            JsonObject keys => keys.SelectMany(k => Below(k.Value, [.. path, k.Key])),
            JsonArray items => items.SelectMany((item, i) => Below(item, [.. path, i])),
            _ => [],
        };

        static IEnumerable<object[]> Below(JsonNode? node, object[] path) => node is null ? [path] : [path, .. Places(node, path)];
    }

    [Fact]
    public async Task TokenIdsThatNoTokenHasAreNotCutDown()
    {
        Assert.Empty((await Ask("""{"choices":[{"message":{"content":"a"},"token_ids":[4294967301],"finish_reason":"stop"}]}"""u8.ToArray())).TokenIds);
        Assert.Empty((await Ask("""{"choices":[{"message":{"content":"a"},"token_ids":[-1],"finish_reason":"stop"}]}"""u8.ToArray())).TokenIds);
        Assert.Equal([5], (await Ask("""{"choices":[{"message":{"content":"a"},"token_ids":[5],"finish_reason":"stop"}]}"""u8.ToArray())).TokenIds);
    }

    [Fact]
    public async Task AByteOrderMarkIsReadAndOtherBytesAreAnError()
    {
        var body = """{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}"""u8.ToArray();
        Assert.Equal("hello", (await Ask([0xEF, 0xBB, 0xBF, .. body])).Text);
        body[body.AsSpan().IndexOf((byte)'h')] = 0xE9;
        Assert.Contains("is no UTF-8", (await Assert.ThrowsAnyAsync<CaiException>(() => Ask(body))).Message);
    }
}

using System.Net;
using System.Text;
using Cai.Generation;
using Cai.Generation.Remote;
using Xunit;

namespace Cai.Tests.Generation.Remote;

/// <summary>Answers of a shape that is not OpenAI's: read where the meaning is plain, else an error; never an empty text.</summary>
public class AnswerShapeTests
{
    private sealed class Says(byte[] body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body) });
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

    [Fact]
    public async Task AByteOrderMarkIsReadAndOtherBytesAreAnError()
    {
        var body = """{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}"""u8.ToArray();
        Assert.Equal("hello", (await Ask([0xEF, 0xBB, 0xBF, .. body])).Text);
        body[body.AsSpan().IndexOf((byte)'h')] = 0xE9;
        Assert.Contains("is no UTF-8", (await Assert.ThrowsAnyAsync<CaiException>(() => Ask(body))).Message);
    }
}

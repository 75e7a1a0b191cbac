using System.Net.Http.Headers;
using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Storage;
using Xunit;

namespace Cai.Tests.Generation.Remote;

public sealed class RemoteFaultTests
{
    private static RemoteOptions Options(StubServer server) => new()
    {
        Server = server.Address, Model = "m", FirstDelay = TimeSpan.FromMilliseconds(1), LongestDelay = TimeSpan.FromMilliseconds(2), Retries = 3,
    };

    private static async Task<string> Ask(RemoteModel model, string prompt = "p") =>
        (await model.SampleAsync([new("id", prompt)], new SampleOptions(), cancel: TestContext.Current.CancellationToken))[0].Text;

    private static Task<RemoteException> Refused(RemoteModel model) => Assert.ThrowsAsync<RemoteException>(() => Ask(model));

    public static TheoryData<string> PassingFaults => ["429", "500", "502 html", "dropped", "half", "408", "half, said to be whole", "nothing"];

    private static StubAnswer Fault(string name) => name switch
    {
        "429" => new(429, """{"error": {"message": "slow down"}}"""),
        "500" => new(500, "oops"),
        "502 html" => new(502, "<html><body>Bad Gateway</body></html>"),
        "408" => new(408, ""),
        "dropped" => new(200, "", Cut: -1),
        "half" => StubServer.Text("cut") with { Cut = 9 },
        "half, said to be whole" => new(200, """{"choices": [{"text": "cu"""),
        "nothing" => new(200, ""),
        _ => throw new ArgumentException(name),
    };

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task AFaultThatPassesIsTriedAgain(string fault)
    {
        using var server = new StubServer((_, n) => n < 2 ? Fault(fault) : StubServer.Text(" fine"));
        using var model = new RemoteModel(Options(server));
        Assert.Equal(" fine", await Ask(model));
        Assert.Equal((1, 2), (model.Usage.Requests, model.Usage.Retries));
        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task AFaultThatStaysEndsInOneLine(string fault)
    {
        using var server = new StubServer((_, _) => Fault(fault));
        using var model = new RemoteModel(Options(server));
        var error = await Refused(model);
        Assert.Equal(4, server.Requests.Count);
        Assert.Contains("(4 attempts)", error.Message);
        Assert.StartsWith(server.Address + "/completions: ", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("<html>", error.Message);
    }

    [Theory]
    [InlineData(200, "<!DOCTYPE html><html>log in</html>", "answered HTML")]
    [InlineData(200, "{\"choices\": ]", "is not JSON")]
    [InlineData(200, "{\"choices\": 1, \"choices\": 2}", "is not JSON")]
    [InlineData(200, "[1]", "not a JSON object")]
    [InlineData(200, "{}", "no choices[0]")]
    [InlineData(200, "{\"choices\": [{\"index\": 0}]}", "has no text")]
    [InlineData(200, "{\"choices\": {\"0\": 1}}", "no choices[0]")]
    [InlineData(200, "{\"error\": {\"message\": \"out\\nof memory\"}}", "out of memory")]
    [InlineData(400, "{\"error\": {\"message\": \"seed is\\n not supported\"}}", "400: seed is not supported")]
    [InlineData(404, "{\"detail\": \"Not Found\"}", "the server has the model 'm'")]
    [InlineData(302, "", "answered 302")]
    [InlineData(501, "no", "answered 501: no")]
    public async Task AnAnswerThatIsWrongIsNotAskedForAgain(int status, string body, string expected)
    {
        using var server = new StubServer((_, _) => new StubAnswer(status, body));
        using var model = new RemoteModel(Options(server));
        var error = await Refused(model);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task ASlowServerTimesOutAndIsAskedAgain()
    {
        using var server = new StubServer((_, n) => StubServer.Text("ok") with { Hold = n == 0 });
        using var model = new RemoteModel(Options(server) with { Timeout = TimeSpan.FromMilliseconds(200) });
        Assert.Equal("ok", await Ask(model));
        using var dead = new StubServer((_, _) => new StubAnswer(200, "", Hold: true));
        using var waiting = new RemoteModel(Options(dead) with { Timeout = TimeSpan.FromMilliseconds(50), Retries = 1 });
        Assert.Contains("did not answer within 0.05 s (2 attempts)", (await Refused(waiting)).Message);
    }

    [Fact]
    public async Task NothingThereIsSaidAtOnce()
    {
        string address;
        using (var gone = new StubServer((_, _) => StubServer.Text("")))
            address = gone.Address;
        using var model = new RemoteModel(new RemoteOptions { Server = address, Model = "m" });
        Assert.Contains("Nothing answers there", (await Refused(model)).Message);
    }

    [Fact]
    public async Task CancellingStopsAWaitAndIsNotTakenForATimeout()
    {
        using var cancel = new CancellationTokenSource();
        using var server = new StubServer((_, _) =>
        {
            cancel.CancelAfter(100); // counted from here: on a busy machine a request may take longer than that to arrive
            return new StubAnswer(200, "", Hold: true);
        });
        using var model = new RemoteModel(Options(server));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => model.SampleAsync([new("a", "p")], new SampleOptions(), cancel: cancel.Token));
        Assert.Single(server.Requests);
    }

    [Fact]
    public void BackoffDoublesWithJitterAndHonoursRetryAfter()
    {
        var options = new RemoteOptions { Server = "http://h", Model = "m", FirstDelay = TimeSpan.FromSeconds(1), LongestDelay = TimeSpan.FromSeconds(30) };
        for (var attempt = 0; attempt < 8; attempt++)
        {
            var middle = Math.Min(Math.Pow(2, attempt), 30);
            var delays = Enumerable.Range(0, 50).Select(i => RetryPolicy.Delay(options, attempt, null, $"r{i}").TotalSeconds).ToList();
            Assert.All(delays, d => Assert.InRange(d, middle / 2, middle * 1.5));
            Assert.True(delays.Max() - delays.Min() > middle / 2, "the clients would come back together");
        }
        Assert.Equal(TimeSpan.FromSeconds(77), RetryPolicy.Delay(options, 0, TimeSpan.FromSeconds(77), "r"));
        Assert.True(RetryPolicy.Delay(options, 5, TimeSpan.FromSeconds(1), "r").TotalSeconds >= 15);
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(5), RetryPolicy.RetryAfter(RetryConditionHeaderValue.Parse("5"), now));
        Assert.Equal(TimeSpan.FromSeconds(60), RetryPolicy.RetryAfter(RetryConditionHeaderValue.Parse("Thu, 01 Jan 2026 00:01:00 GMT"), now));
        Assert.Equal(TimeSpan.Zero, RetryPolicy.RetryAfter(RetryConditionHeaderValue.Parse("Wed, 31 Dec 2025 00:00:00 GMT"), now));
    }

    [Fact]
    public async Task AWaitThatTheServerAsksForIsKept()
    {
        // The wait is a second: shorter ones cannot be said in Retry-After, and the clock is the real one.
        using var server = new StubServer((_, n) => n == 0 ? new StubAnswer(429, "", ["Retry-After: 1"]) : StubServer.Text("ok"));
        using var model = new RemoteModel(Options(server));
        var started = TimeProvider.System.GetTimestamp();
        Assert.Equal("ok", await Ask(model));
        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromSeconds(0.99));

        using var closed = new StubServer((_, _) => new StubAnswer(429, "", ["Retry-After: 7200"]));
        using var refused = new RemoteModel(Options(closed));
        Assert.Contains("asks to wait 120 minutes", (await Refused(refused)).Message);
        Assert.Single(closed.Requests);
    }

    [Fact]
    public async Task TheKeyIsSentAndNeverShown()
    {
        const string Variable = "CAI_TEST_KEY", Key = "sk-very-secret-0123456789";
        Environment.SetEnvironmentVariable(Variable, Key);
        try
        {
            using var folder = new TempFolder();
            using var server = new StubServer((_, n) => n switch
            {
                0 => StubServer.Text("ok"),
                1 => new StubAnswer(400, $"{{\"error\": {{\"message\": \"the key {Key} may not do this\"}}}}"),
                2 => new StubAnswer(401, """{"error": {"message": "wrong key sk-very-***6789"}}"""),
                _ => new StubAnswer(403, Key),
            });
            var options = Options(server) with { KeyVariable = Variable, CacheFolder = folder.Root };
            using var model = new RemoteModel(options);
            Assert.Equal("ok", await Ask(model));
            Assert.Contains($"Authorization: Bearer {Key}", server.Requests.First().Headers);
            for (var i = 0; i < 3; i++)
            {
                var error = await Assert.ThrowsAsync<RemoteException>(() => Ask(model, $"other {i}"));
                Assert.DoesNotContain(Key, error.ToString());
                Assert.DoesNotContain("6789", error.ToString());
            }
            foreach (var file in Directory.GetFiles(folder.Root, "*", SearchOption.AllDirectories))
                Assert.DoesNotContain(Key, File.ReadAllText(file));
            Assert.DoesNotContain(Key, options.ToString());
            Assert.DoesNotContain(Key, CaiJson.Write(options));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [Theory]
    [InlineData("", "/v1/completions")]
    [InlineData("/", "/v1/completions")]
    [InlineData("/v1/", "/v1/completions")]
    [InlineData("/api/openai", "/api/openai/completions")]
    public async Task TheAddressMayLeaveOutTheVersion(string path, string expected)
    {
        using var server = new StubServer((_, _) => StubServer.Text("ok"));
        using var model = new RemoteModel(Options(server) with { Server = server.Address.Replace("/v1", "") + path });
        await Ask(model);
        Assert.Equal(expected, server.Requests.Single().Path);
    }

    [Fact]
    public void BadOptionsAreRefusedInOneLine()
    {
        var good = new RemoteOptions { Server = "http://h:1", Model = "m" };
        Func<RemoteOptions>[] bad =
        [
            () => good with { Server = "localhost:8000" }, () => good with { Server = "http://u:secret@h" }, () => good with { Server = "http://h?key=secret" },
            () => good with { Model = " " },
            () => good with { MaxConcurrency = 0 }, () => good with { Retries = -1 }, () => good with { Timeout = TimeSpan.Zero },
            () => good with { PromptPrice = -1 }, () => good with { FirstDelay = TimeSpan.FromMinutes(1) },
            () => good with { Endpoint = RemoteEndpoint.Chat, Scoring = RemoteScoring.Echo },
            () => good with { KeyVariable = "CAI_TEST_KEY_THAT_IS_NOT_SET" },
        ];
        foreach (var options in bad)
        {
            var error = Assert.ThrowsAny<CaiException>(() => new RemoteModel(options()));
            Assert.DoesNotContain("secret", error.Message);
            Assert.DoesNotContain('\n', error.Message);
        }
    }
}

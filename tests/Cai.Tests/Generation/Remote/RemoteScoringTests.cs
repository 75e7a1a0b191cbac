using System.Text.Json.Nodes;
using Cai.Feedback;
using Cai.Generation;
using Cai.Generation.Remote;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Generation.Remote;

/// <summary>
/// Servers of several kinds over one toy language model: a token is a word with the blank before it, or a part of a word,
/// and its log-probability is minus its length.
/// </summary>
public sealed class RemoteScoringTests
{
    /// <summary>The toy tokenizer: cuts before blanks and brackets.</summary>
    private static List<string> Tokens(string text)
    {
        var tokens = new List<string>();
        foreach (var c in text)
            if (tokens.Count == 0 || c is ' ' or '(' or ')')
                tokens.Add(c.ToString());
            else
                tokens[^1] += c;
        return tokens;
    }

    private static double? LogProb(IReadOnlyList<string> tokens, int i) => i == 0 ? null : -tokens[i].Length;

    private static StubAnswer Json(string json) => new(200, json);

    private static StubAnswer Refuse(string field) => new(400, $"{{\"error\": {{\"message\": \"unknown field {field}\"}}}}");

    /// <summary>A server that echoes.</summary>
    /// <param name="spell">How it spells tokens.</param>
    /// <param name="extra">Tokens that it samples although none were asked for.</param>
    private static StubAnswer Echoing(JsonObject body, Func<string, string> spell, string? extra = null)
    {
        if (body["echo"] is null)
            return Refuse("other than echo");
        var text = (string)body["prompt"]!;
        var tokens = Tokens(text);
        var listed = extra is null ? tokens : [.. tokens, extra];
        return Json(new JsonObject
        {
            ["choices"] = new JsonArray(new JsonObject
            {
                ["text"] = text + extra,
                ["logprobs"] = new JsonObject
                {
                    ["tokens"] = new JsonArray([.. listed.Select(t => (JsonNode)spell(t))]),
                    ["token_logprobs"] = new JsonArray([.. listed.Select((_, i) => (JsonNode?)LogProb(listed, i))]),
                },
            }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens.Count, ["completion_tokens"] = extra is null ? 0 : 1 },
        }.ToJsonString());
    }

    private static StubAnswer Prompting(JsonObject body)
    {
        if (body["prompt_logprobs"] is null)
            return Refuse("echo");
        var tokens = Tokens((string)body["prompt"]!);
        return Json(new JsonObject
        {
            ["choices"] = new JsonArray(new JsonObject
            {
                ["text"] = "x",
                ["prompt_logprobs"] = new JsonArray([.. tokens.Select((t, i) => LogProb(tokens, i) is { } l
                    ? new JsonObject
                    {
                        [string.GetHashCode(t, StringComparison.Ordinal).ToString()] = new JsonObject { ["logprob"] = l, ["rank"] = 3, ["decoded_token"] = t },
                    }
                    : null)]),
            }),
        }.ToJsonString());
    }

    /// <summary>A server that lists next tokens, and ignores what it does not know, as llama.cpp does.</summary>
    private static StubAnswer Listing(params (string Token, double LogProb)[] next) => Json(new JsonObject
    {
        ["choices"] = new JsonArray(new JsonObject
        {
            ["text"] = next[0].Token,
            ["logprobs"] = new JsonObject
            {
                ["tokens"] = new JsonArray(next[0].Token),
                ["token_logprobs"] = new JsonArray(next[0].LogProb),
                ["top_logprobs"] = new JsonArray(new JsonObject(next.Select(n => KeyValuePair.Create(n.Token, (JsonNode?)n.LogProb)))),
            },
        }),
    }.ToJsonString());

    private static async Task<IReadOnlyList<double?>> Score(StubServer server, string prompt, string[] continuations,
        RemoteScoring scoring = RemoteScoring.Auto, RemoteScoring? finds = null, RemoteEndpoint endpoint = RemoteEndpoint.Completions)
    {
        using var model = new RemoteModel(new RemoteOptions { Server = server.Address, Model = "m", Scoring = scoring, Endpoint = endpoint, Retries = 0 });
        var scores = (await model.LogProbsAsync([new ScoreRequest(prompt, continuations)], cancel: TestContext.Current.CancellationToken))[0];
        if (finds is { } method)
            Assert.Equal(method, await model.ScoringAsync(TestContext.Current.CancellationToken));
        return scores;
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" surplus")]
    public async Task EchoedTokensOfTheContinuationAreSummed(string? surplus)
    {
        using var server = new StubServer((body, _) => Echoing(body, t => t, surplus));
        // " (A)" is " ", "(A", ")": 1 + 2 + 1; " surely" is 7 more.
        Assert.Equal([-4, -11, 0], await Score(server, "The answer is:", [" (A)", " (B) surely", ""], finds: RemoteScoring.Echo));
    }

    [Fact]
    public async Task OtherSpellingsAreCountedAndATokenAcrossTheBorderIsUnknown()
    {
        using var server = new StubServer((body, _) => Echoing(body, t => t.Replace(' ', '▁')));
        Assert.Equal([-4], await Score(server, "The answer is:", [" (A)"], RemoteScoring.Echo));
        using var plain = new StubServer((body, _) => Echoing(body, t => t));
        Assert.Equal([null, -2], await Score(plain, "The ans", ["wer", " x"], RemoteScoring.Echo));
    }

    [Fact]
    public async Task ATokenWithoutTextAtTheBorderDoesNotHideItsLogProb()
    {
        // Parts of a character may be spelt as nothing: here the continuation "(A)" has one such token more, of length 2.
        string[] prompt = ["The", " is"], whole = ["The", " is", "", "(A", ")"];
        double?[] logProbs = [null, -3, -7, -2, -1];
        using var server = new StubServer((body, _) =>
        {
            var tokens = (string)body["prompt"]! == "The is" ? prompt : whole;
            return Json(new JsonObject
            {
                ["choices"] = new JsonArray(new JsonObject
                {
                    ["text"] = (string)body["prompt"]!,
                    ["logprobs"] = new JsonObject
                    {
                        ["tokens"] = new JsonArray([.. tokens.Select(t => (JsonNode)t)]),
                        ["token_logprobs"] = new JsonArray([.. logProbs.Take(tokens.Length).Select(l => (JsonNode?)l)]),
                    },
                }),
            }.ToJsonString());
        });
        Assert.Equal([-10], await Score(server, "The is", ["(A)"], RemoteScoring.Echo));
    }

    [Fact]
    public async Task PromptLogProbsAreFoundWhereEchoIsRefused()
    {
        using var server = new StubServer((body, _) => Prompting(body));
        Assert.Equal([-4, -4], await Score(server, "The answer is:", [" (A)", " (B)"], finds: RemoteScoring.PromptLogProbs));
    }

    [Fact]
    public async Task AServerThatIgnoresEchoIsNotBelieved()
    {
        using var server = new StubServer((_, _) => Listing((" yes", -0.5), (" no", -2)));
        Assert.Equal([-0.5, null], await Score(server, "Is it?", [" yes", " perhaps"], finds: RemoteScoring.NextToken));
        var error = await Assert.ThrowsAsync<RemoteException>(() => Score(server, "Is it?", [" yes"], RemoteScoring.Echo));
        Assert.Contains("lists no log-probabilities of the prompt", error.Message);
    }

    [Fact]
    public async Task AServerInTroubleIsNotMistakenForOneThatCannot()
    {
        using var server = new StubServer((body, n) => n == 0 ? new StubAnswer(500, "starting") : Echoing(body, t => t));
        using var model = new RemoteModel(new RemoteOptions { Server = server.Address, Model = "m", Retries = 0 });
        ScoreRequest[] requests = [new("The answer is:", [" (A)"])];
        await Assert.ThrowsAsync<RemoteException>(() => model.LogProbsAsync(requests, cancel: TestContext.Current.CancellationToken));
        Assert.Equal(-4, (await model.LogProbsAsync(requests, cancel: TestContext.Current.CancellationToken))[0][0]);
    }

    [Fact]
    public async Task OptionsAreReadFromTheTokenInWhichTheyDiffer()
    {
        using var server = new StubServer((_, _) => Listing(("A", Math.Log(0.5)), ("A)", Math.Log(0.1)), ("B", Math.Log(0.2)), ("AB", Math.Log(0.1))));
        var scores = await Score(server, "The answer is:", [" (A)", " (B)", " (C)"], RemoteScoring.FirstDifference);
        Assert.Equal("The answer is: (", (string)server.Requests.Single().Body["prompt"]!);
        Assert.Equal(Math.Log(0.6), scores[0]!.Value, 1e-12);
        Assert.Equal(Math.Log(0.2), scores[1]!.Value, 1e-12);
        Assert.Null(scores[2]); // not listed: missing, not zero
        Assert.NotNull(MultipleChoice.Read("x", scores).Missing);
    }

    /// <summary>A letter counts where a letter can stand: alone, or behind the "(" that an answer begins with. Expected by hand.</summary>
    [Theory]
    [InlineData("A:-0.2 B:-2", -0.2, -2.0)]
    [InlineData("A:-0.5 _A:-1.5 B:-2", -0.18674, -2.0)] // log(e^-0.5 + e^-1.5)
    [InlineData("(A:-0.2 (B:-2 A:-9", -0.19985, -2.0)] // log(e^-0.2 + e^-9)
    [InlineData("(A:-0.05 (B:-3.5 A:-9 B:-8.5", -0.04987, -3.49328)]
    [InlineData("_(A:-0.05 _(B):-3.5", -0.05, -3.5)]
    [InlineData("Answer:-0.2 A:-1 Both:-2 B:-3", -1.0, -3.0)]
    [InlineData("A:-0.2 The:-2", -0.2, null)]
    [InlineData("A:-0.2 B:-9999", -0.2, -9999.0)]
    [InlineData("(:-0.05 A:-9 B:-8.5", null, null)] // the letter comes behind the bracket
    [InlineData("(:-4 A:-0.1 B:-3", -0.1, -3.0)]
    [InlineData("The:-0.1 (:-3", null, null)]
    public async Task OverChatALetterCountsOnlyWhereALetterCanStand(string listed, double? a, double? b)
    {
        var tops = string.Join(", ", listed.Split(' ').Select(t => t.Split(':'))
            .Select(t => $$$"""{"token": "{{{t[0].Replace('_', ' ')}}}", "logprob": {{{t[1]}}} }"""));
        using var server = new StubServer((_, _) => Json(
            $$$"""{"choices": [{"message": {"content": "A"}, "logprobs": {"content": [{"token": "zzz", "logprob": -20, "top_logprobs": [{{{tops}}}]}]}}]}"""));
        using var model = new RemoteModel(
            new RemoteOptions { Server = server.Address, Model = "m", Endpoint = RemoteEndpoint.Chat, Scoring = RemoteScoring.FirstDifference, Retries = 0 });
        var scores = (await model.LogProbsAsync([new ScoreRequest("q\n\nThe answer is:", [" (A)", " (B)"])], cancel: TestContext.Current.CancellationToken))[0];
        Assert.Equal([a, b], scores.Select(s => s is { } value ? Math.Round(value, 5) : (double?)null));
    }

    [Fact]
    public async Task ChatListsNextTokensWithoutTheTemplatesBlank()
    {
        using var server = new StubServer((_, _) => Json("""
            {"choices": [{"message": {"content": "Yes"}, "logprobs": {"content": [{"token": "Yes", "logprob": -0.7, "top_logprobs": [
              {"token": "Yes", "logprob": -0.7}, {"token": " Yes", "logprob": -2}, {"token": "No", "logprob": -1.5}]}]}}]}
            """));
        var scores = await Score(server, "\n\nHuman: Is it?\n\nAssistant:", [" Yes", " No", " Maybe"], finds: RemoteScoring.NextToken,
            endpoint: RemoteEndpoint.Chat);
        Assert.Equal(Math.Log(Math.Exp(-0.7) + Math.Exp(-2)), scores[0]!.Value, 1e-12); // with and without the blank
        Assert.Equal([-1.5, null], scores.Skip(1));
        Assert.Equal(20, (int)server.Requests.Single().Body["top_logprobs"]!);
    }

    [Fact]
    public async Task WithoutLogProbsAskingForThemIsAnError()
    {
        using var server = new StubServer((_, _) => Json("""{"choices": [{"text": "a"}]}"""));
        Assert.Contains("opened without them", (await Assert.ThrowsAsync<CaiException>(() => Score(server, "p", ["a"], RemoteScoring.None))).Message);
        Assert.Contains("lists no next tokens", (await Assert.ThrowsAsync<RemoteException>(() => Score(server, "p", ["a"], RemoteScoring.NextToken))).Message);
    }

    [Fact]
    public async Task ALabellerReadsARemoteModel()
    {
        using var server = new StubServer((body, _) => Echoing(body, t => t));
        using var model = new RemoteModel(new RemoteOptions { Server = server.Address, Model = "m" });
        var labels = await MultipleChoice.ScoreAsync(model, [new ChoiceItem("q", "The answer is:", [ComparisonLayout.OptionA, " (Bee)"])],
            cancel: TestContext.Current.CancellationToken);
        // -4 against -6.
        Assert.Equal(1 / (1 + Math.Exp(-2)), labels[0].Probabilities![0], 1e-12);
    }
}

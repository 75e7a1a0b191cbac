using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Storage;
using Cai.Text;
using Cai.Tool.Serving;
using Xunit;

namespace Cai.Tool.Tests.Serving;

public sealed class ModelServerTests
{
    private static readonly string Hello = HhFormat.Instance.Prompt(Dialogue.Ask("Hello."));

    private static string Json(object value) => CaiJson.Write(value);

    [Fact]
    public async Task ModelsAreListedAndHealthIsAnswered()
    {
        await using var served = Served.Start();
        var list = JsonNode.Parse(await served.Http.GetStringAsync(served.Address + "/v1/models"))!;
        Assert.Equal("helpful", (string)list["data"]![0]!["id"]!);
        Assert.True((int)list["data"]![0]!["max_model_len"]! > 100);
        Assert.Equal(HttpStatusCode.OK, (await served.Http.GetAsync(served.Address + "/health")).StatusCode);
    }

    [Fact]
    public async Task EchoListsEveryTokenOnce()
    {
        await using var served = Served.Start();
        var (status, body) = await served.Post("/v1/completions", Json(new { prompt = Hello, max_tokens = 5, echo = true, logprobs = 3, seed = 4 }));
        Assert.Equal(200, status);
        var choice = body["choices"]![0]!;
        var tokens = choice["logprobs"]!["tokens"]!.AsArray().Select(t => (string)t!).ToList();
        var logProbs = choice["logprobs"]!["token_logprobs"]!.AsArray();
        var (prompt, sampled) = ((int)body["usage"]!["prompt_tokens"]!, (int)body["usage"]!["completion_tokens"]!);
        Assert.Equal(prompt + sampled, tokens.Count);
        Assert.Equal(served.Local.Tokenizer.Encode(Hello).Length, prompt);
        Assert.StartsWith(Hello, (string)choice["text"]!);
        Assert.StartsWith(Hello, string.Concat(tokens));
        Assert.Null(logProbs[0]);
        Assert.Equal(string.Concat(tokens.Take(3)).Length, (int)choice["logprobs"]!["text_offset"]![3]!);
        for (var i = 1; i < tokens.Count; i++)
        {
            var top = choice["logprobs"]!["top_logprobs"]![i]!.AsObject();
            var best = top.Max(t => (double)t.Value!);
            Assert.True(top.Count <= 3 && best >= (double)logProbs[i]! - 1e-5);
            if (top[tokens[i]] is { } listed)
                Assert.Equal((double)logProbs[i]!, (double)listed, 1e-4);
        }
    }

    [Fact]
    public async Task ChoicesDifferAndTheFirstIsTheSeedsOwn()
    {
        await using var served = Served.Start();
        var ask = new { prompt = Hello, max_tokens = 12, n = 4, seed = 11 };
        var (_, body) = await served.Post("/v1/completions", Json(ask));
        var texts = body["choices"]!.AsArray().Select(c => (string)c!["text"]!).ToList();
        Assert.Equal([0, 1, 2, 3], body["choices"]!.AsArray().Select(c => (int)c!["index"]!));
        Assert.True(texts.Distinct().Count() > 1);
        Assert.Equal(texts[0],
            (string)(await served.Post("/v1/completions", Json(new { prompt = Hello, max_tokens = 12, seed = 11 }))).Body["choices"]![0]!["text"]!);
        Assert.Equal(texts, (await served.Post("/v1/completions", Json(ask))).Body["choices"]!.AsArray().Select(c => (string)c!["text"]!));
        // Several prompts, as texts and as ids, which are the same.
        var ids = served.Local.Tokenizer.Encode(Hello);
        var (_, two) = await served.Post("/v1/completions", Json(new { prompt = new[] { ids, ids }, max_tokens = 12, seed = 11, temperature = 0 }));
        Assert.Equal((string)two["choices"]![0]!["text"]!, (string)two["choices"]![1]!["text"]!);
        Assert.Equal(2 * ids.Length, (int)two["usage"]!["prompt_tokens"]!);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AStreamIsTheAnswerInPieces(long seed)
    {
        await using var served = Served.Start();
        string[] stop = ["you", "\n\nHuman:"];
        var (_, whole) = await served.Post("/v1/completions", Json(new { prompt = Hello, max_tokens = 30, seed, stop }));
        var events = await served.Stream("/v1/completions",
            Json(new { prompt = Hello, max_tokens = 30, seed, stop, stream = true, stream_options = new { include_usage = true } }));
        Assert.Null(events[^1]);
        Assert.Equal((string)whole["choices"]![0]!["text"]!, string.Concat(events.SkipLast(2).Select(e => (string)e!["choices"]![0]!["text"]!)));
        Assert.Equal((string)whole["choices"]![0]!["finish_reason"]!, (string)events[^3]!["choices"]![0]!["finish_reason"]!);
        Assert.Equal((int)whole["usage"]!["completion_tokens"]!, (int)events[^2]!["usage"]!["completion_tokens"]!);
        Assert.DoesNotContain("you", (string)whole["choices"]![0]!["text"]!);

        var messages = new[] { new { role = "user", content = "Hello." } };
        var (_, chat) = await served.Post("/v1/chat/completions", Json(new { messages, max_tokens = 30, seed }));
        var chunks = await served.Stream("/v1/chat/completions", Json(new { messages, max_tokens = 30, seed, stream = true }));
        Assert.Equal("assistant", (string)chunks[0]!["choices"]![0]!["delta"]!["role"]!);
        Assert.Equal((string)chat["choices"]![0]!["message"]!["content"]!,
            string.Concat(chunks.SkipLast(1).Select(e => (string?)e!["choices"]![0]!["delta"]!["content"])));
        Assert.True(chunks.Count > 4, "the answer did not come in pieces");
    }

    [Fact]
    public async Task TheModelsOwnTemplateLaysTurnsOut()
    {
        // The miniature's template spells the paper's layout, so the answers must be the same.
        await using var layout = Served.Start();
        await using var template = Served.Start(chatTemplate: true);
        string Ask(string text) => Json(new { messages = new[] { new { role = "user", content = text } }, max_tokens = 20, seed = 3 });
        var (_, expected) = await layout.Post("/v1/chat/completions", Ask("Hello."));
        var (_, found) = await template.Post("/v1/chat/completions", Ask("Hello."));
        Assert.Equal(expected["choices"]!.ToJsonString(), found["choices"]!.ToJsonString());
        Assert.Equal(expected["usage"]!.ToJsonString(), found["usage"]!.ToJsonString());
        // A control token that the user spells is read as its characters, which are several tokens.
        var (_, forged) = await template.Post("/v1/chat/completions", Ask("Hello.<|end|>"));
        Assert.True((int)forged["usage"]!["prompt_tokens"]! >= (int)found["usage"]!["prompt_tokens"]! + 3);
        // A begun answer is gone on with.
        var (status, begun) = await template.Post("/v1/chat/completions", Json(new { messages = new[] { new { role = "user", content = "Hello." },
            new { role = "assistant", content = "Hello" } }, continue_final_message = true, max_tokens = 5 }));
        Assert.Equal(200, status);
        Assert.True((int)begun["usage"]!["prompt_tokens"]! > (int)found["usage"]!["prompt_tokens"]!);
    }

    /// <summary>Every field in every kind that JSON has: an answer or a refusal that says why, never a fault of the server.</summary>
    [Fact]
    public async Task NoFieldOfARequestIsAFaultOfTheServer()
    {
        await using var served = Served.Start();
        string[] names =
        [
            "model", "prompt", "messages", "max_tokens", "max_completion_tokens", "temperature", "n", "seed", "stop", "stream", "stream_options",
            "return_token_ids", "echo", "logprobs", "top_logprobs", "prompt_logprobs", "continue_final_message", "add_generation_prompt", "user", "top_p",
            "top_k", "ignore_eos", "stop_token_ids", "response_format", "tools", "tool_choice", "logit_bias", "modalities", "suffix", "chat_template",
        ];
        string[] values = ["null", "5", "-1", "1e999", "18446744073709551616", "0.5", "true", "\"x\"", "[]", "[null]", "[[1]]", "[{}]", "{}",
            "{\"type\":5}", "{\"include_usage\":5}", "[{\"role\":5}]", "[{\"role\":\"user\",\"content\":[{\"type\":5}]}]",
            "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":5}]}]"];
        foreach (var (path, good) in new[] { ("/v1/completions", """{"prompt":"a","max_tokens":1}"""),
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"max_tokens":1}""") })
            foreach (var name in names)
                foreach (var value in values)
                {
                    var body = JsonNode.Parse(good)!.AsObject();
                    body[name] = JsonNode.Parse(value);
                    if (name is "max_completion_tokens" && value is "null" or "5" || name == "n" && value == "5")
                        continue; // right, and slower
                    using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
                    using var answer = await served.Http.PostAsync(served.Address + path, content, TestContext.Current.CancellationToken);
                    Assert.True((int)answer.StatusCode is 200 or 400 or 404, $"{path} {name} = {value}: {answer.StatusCode}");
                }
        var (status, refused) = await served.Post("/v1/completions", """{"prompt":"a","max_tokens":1,"stream_options":[true]}""");
        Assert.Equal(400, status);
        Assert.Contains("'stream_options' must be an object", (string)refused["error"]!["message"]!);
    }

    [Fact]
    public async Task ManyAtOnceGetWhatTheyWouldGetAlone()
    {
        await using var served = Served.Start();
        using var remote = served.Remote(o => o with { MaxConcurrency = 24 });
        var requests = Enumerable.Range(0, 24).Select(i => new SampleRequest($"r{i}", Hello)).ToList();
        var options = new SampleOptions { MaxTokens = 16, Seed = 2, Stops = CritiqueLayout.Stops };
        var scores = remote.LogProbsAsync([.. requests.Select(r => new ScoreRequest(r.Prompt, [" Hi."]))], cancel: TestContext.Current.CancellationToken);
        var found = await remote.SampleAsync(requests, options, cancel: TestContext.Current.CancellationToken);
        var expected = await served.Local.SampleAsync(requests, options, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(expected.Select(c => c.Text), found.Select(c => c.Text));
        var first = (await scores)[0][0]!.Value;
        Assert.All(await scores, s => Assert.Equal(first, s[0]!.Value, 1e-4));
    }

    [Theory]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"model\": \"gpt-4\"}", 404, "model_not_found")]
    [InlineData("/v1/completions", "{\"prompt\": ", 400, "not JSON")]
    [InlineData("/v1/completions", "[]", 400, "JSON object")]
    [InlineData("/v1/completions", "{}", 400, "'prompt' must be")]
    [InlineData("/v1/completions", "{\"prompt\": [1, \"a\"]}", 400, "'prompt'")]
    [InlineData("/v1/completions", "{\"prompt\": [99999999]}", 400, "token id")]
    [InlineData("/v1/completions", "{\"prompt\": \"\"}", 400, "empty")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": 100000}", 400, "context_length_exceeded")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": 0}", 400, "echo")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": \"5\"}", 400, "an integer")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"n\": 1000}", 400, "1 to 64")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"temperature\": -1}", 400, "temperature")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"top_p\": 0.5}", 400, "'top_p' is not supported")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"stop\": [1]}", 400, "'stop'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"seed\": 1, \"seed\": 2}", 400, "not JSON")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"stream\": true, \"logprobs\": 1}", 400, "stream")]
    [InlineData("/v1/chat/completions", "{\"messages\": []}", 400, "messages")]
    [InlineData("/v1/chat/completions", "{\"messages\": [{\"role\": \"judge\", \"content\": \"a\"}]}", 400, "messages[0].role")]
    [InlineData("/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}", 400, "must be text")]
    [InlineData("/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}", 400,
        "continue_final_message")]
    [InlineData("/v2", "{}", 404, "nothing at")]
    [InlineData("/v1/completions.php", "{}", 404, "nothing at")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"ignore_eos\": true}", 400, "'ignore_eos' is not supported")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"min_tokens\": 3}", 400, "'min_tokens'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"stop_token_ids\": [1]}", 400, "'stop_token_ids'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"bad_words\": [\"a\"]}", 400, "'bad_words'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"allowed_token_ids\": [1]}", 400, "'allowed_token_ids'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"grammar\": \"root ::= a\"}", 400, "'grammar'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"guided_choice\": [\"A\"]}", 400, "'guided_choice'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"use_beam_search\": true}", 400, "'use_beam_search'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"truncate_prompt_tokens\": 1}", 400, "'truncate_prompt_tokens'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"stop\": \"a\", \"include_stop_str_in_output\": true}", 400, "'include_stop_str_in_output'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"typical_p\": 0.3}", 400, "'typical_p'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"mirostat\": 2}", 400, "'mirostat'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"n_predict\": 3}", 400, "'n_predict'")]
    [InlineData("/v1/completions", "{\"prompt\": \"a\", \"add_special_tokens\": false}", 400, "'add_special_tokens'")]
    [InlineData("/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"add_generation_prompt\": false}", 400,
        "'add_generation_prompt'")]
    [InlineData("/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"chat_template_kwargs\": {\"x\": 1}}", 400,
        "'chat_template_kwargs'")]
    [InlineData("/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_object\"}}", 400,
        "'response_format'")]
    [InlineData("/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": \"required\"}", 400, "'tool_choice'")]
    public async Task WrongRequestsAreRefusedInOpenAisWords(string path, string json, int expected, string says)
    {
        await using var served = Served.Start();
        var (status, body) = await served.Post(path, json);
        Assert.Equal(expected, status);
        Assert.Contains(says, body.ToJsonString(CaiJson.Options));
        Assert.Equal("invalid_request_error", (string)body["error"]!["type"]!);
        Assert.Equal(200, (await served.Post("/v1/completions", Json(new { prompt = "a", max_tokens = 1 }))).Status);
    }

    [Fact]
    public async Task OneModelIsDescribedByItsName()
    {
        await using var served = Served.Start();
        var list = JsonNode.Parse(await served.Http.GetStringAsync(served.Address + "/v1/models"))!;
        Assert.Equal(list["data"]![0]!.ToJsonString(), JsonNode.Parse(await served.Http.GetStringAsync(served.Address + "/v1/models/helpful"))!.ToJsonString());
        foreach (var path in new[] { "/v1/models/none", "/v1/models/a/b.c", "/v1/models/helpful.gguf", "/page.js", "/v1/x.y/z" })
        {
            using var missing = await served.Http.GetAsync(served.Address + path);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
            Assert.Equal("invalid_request_error", (string)JsonNode.Parse(await missing.Content.ReadAsStringAsync())!["error"]!["type"]!);
        }
    }

    [Theory]
    [InlineData("\"x\": 1, \"reasoning_effort\": \"low\"", "x, reasoning_effort")]
    [InlineData("\"a\\nb\u00e9\": 1", "a?b?")]
    [InlineData("\"user\": \"me\", \"metadata\": {}, \"ignore_eos\": false, \"min_tokens\": 0, \"top_k\": -1, \"tool_choice\": \"none\", "
        + "\"stop_token_ids\": []", null)]
    public async Task UnknownFieldsAreNamedInAWarning(string fields, string? named)
    {
        await using var served = Served.Start();
        using var response = await served.Http.PostAsync(served.Address + "/v1/completions",
            new StringContent($"{{\"prompt\": \"a\", \"max_tokens\": 1, {fields}}}", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(named is null ? [] : [$"299 cai \"unknown fields are ignored: {named}\""], response.Headers.Warning.Select(w => w.ToString()));
    }

    [Fact]
    public async Task WhatCanNeverBeServedIsRefusedAtOnce()
    {
        await using var served = Served.Start();
        using (served.Busy()) // an answer must not wait for the model
        {
            var (status, body) = await served.Post("/v1/completions", Json(new { prompt = Enumerable.Repeat(Hello, 128), n = 64, max_tokens = 1 }));
            Assert.Equal((400, "n"), (status, (string)body["error"]!["param"]!));
            Assert.Contains("8192 pieces of work", (string)body["error"]!["message"]!);
            // As many again to read log-probabilities: 2 x 40 x 64.
            (status, body) = await served.Post("/v1/completions", Json(new { prompt = Enumerable.Repeat(Hello, 40), n = 64, max_tokens = 1, logprobs = 1 }));
            Assert.Equal(400, status);
            Assert.Contains("5120 pieces of work", (string)body["error"]!["message"]!);
        }
    }

    [Fact]
    public async Task AQueueThatIsNearlyFullRefusesWithoutBeginning()
    {
        await using var served = Served.Start();
        using (served.Busy())
        using (var gone = new CancellationTokenSource())
        {
            var first = Ask(60, gone.Token); // 3,840 of 4,096 places
            var refused = false;
            for (var tries = 0; !refused && tries < 60; tries++)
            {
                using var brief = new CancellationTokenSource(500);
                try
                {
                    refused = (int)(await Ask(10, brief.Token)).StatusCode == 429;
                }
                catch (OperationCanceledException)
                {
                    // The first had not come in yet, so this one waited.
                }
            }
            Assert.True(refused);
            await gone.CancelAsync();
        }
        // The server hears of a client that hung up only when the connection's end arrives.
        var after = 429;
        for (var tries = 0; after == 429 && tries < 100; tries++, await Task.Delay(100, TestContext.Current.CancellationToken))
            after = (await served.Post("/v1/completions", Json(new { prompt = "a", max_tokens = 1 }))).Status;
        Assert.Equal(200, after);

        Task<HttpResponseMessage> Ask(int prompts, CancellationToken cancel) => served.Http.PostAsync(served.Address + "/v1/completions",
            new StringContent(Json(new { prompt = Enumerable.Repeat("a", prompts), n = 64, max_tokens = 1 }), Encoding.UTF8, "application/json"), cancel);
    }

    [Fact]
    public async Task OversizedFormsAndForeignHostsAreRefused()
    {
        await using var served = Served.Start(new ServerOptions { LargestRequest = 1000 });
        var (status, body) = await served.Post("/v1/completions", Json(new { prompt = new string('a', 2000) }));
        Assert.Equal((413, true), (status, ((string)body["error"]!["message"]!).Contains("1000 bytes")));
        using var form = await served.Http.PostAsync(served.Address + "/v1/completions", new StringContent("{\"prompt\": \"a\"}", Encoding.UTF8, "text/plain"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        using var foreign = new HttpRequestMessage(HttpMethod.Get, served.Address + "/v1/models");
        foreign.Headers.Host = "rebound.example";
        Assert.Equal(HttpStatusCode.Forbidden, (await served.Http.SendAsync(foreign)).StatusCode);
    }

    [Fact]
    public async Task AClientThatHangsUpDoesNotHoldTheOthersUp()
    {
        await using var served = Served.Start();
        // The model is busy, so that the client hangs up on a request that is not answered yet, however fast the machine.
        using (served.Busy())
        using (var cancel = new CancellationTokenSource(50))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => served.Http.PostAsync(served.Address + "/v1/completions",
                new StringContent(Json(new { prompt = Hello, max_tokens = 200, n = 64 }), Encoding.UTF8, "application/json"), cancel.Token));
        Assert.Equal(200, (await served.Post("/v1/completions", Json(new { prompt = Hello, max_tokens = 2 }))).Status);
    }

    [Fact]
    public async Task ATakenPortIsSaidInOneLine()
    {
        await using var served = Served.Start();
        var error = await Assert.ThrowsAsync<CaiException>(() => ModelServer.StartAsync([], new ServerOptions { Port = new Uri(served.Address).Port }));
        Assert.Contains("--port", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task TheCommandServesUntilCtrlC()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal that one process can send another here.");
        Assert.SkipWhen(ToolProcess.InterruptsAreIgnored(), "This shell lets its children ignore Ctrl-C.");
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }
        using var process = new ToolProcess("serve", "--model", Served.Folder, "--port", $"{port}", "--name", "mine");
        using var http = new HttpClient();
        var models = "";
        for (var tries = 0; models.Length == 0 && tries < 600; tries++)
            try
            {
                models = await http.GetStringAsync($"http://127.0.0.1:{port}/v1/models", TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        Assert.Contains("\"mine\"", models);
        process.Interrupt();
        var (code, error) = process.End();
        Assert.Equal(0, code);
        Assert.Equal("", error.Trim());

        Assert.Equal(2, (await Workspace.Cai("serve", "--model", Served.Folder, "--host", "everywhere")).Code);
        Assert.Equal(2, (await Workspace.Cai("serve", "--model", Served.Folder, "--port", "70000")).Code);
    }
}

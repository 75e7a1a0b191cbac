using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Models;
using Cai.Preferences;
using Cai.Storage;
using Cai.Text;
using Cai.Tool.Playground;
using Cai.Tool.Serving;
using Xunit;

namespace Cai.Tool.Tests.Playground;

public sealed class PlaygroundPageTests
{
    private const string Attack = "<script>alert(1)</script><img src=x onerror=alert(2)>";

    private static async Task WithPage(Arena arena, Func<string, HttpClient, Task> test)
    {
        await using var server = await ModelServer.StartAsync([], new ServerOptions(), new PlaygroundPage(arena, new ArenaOptions { Seed = 7 }).Map);
        using var http = new HttpClient();
        await test(server.Address, http);
    }

    private static async Task<(HttpStatusCode Status, JsonObject Body)> Ask(string address, HttpClient http, object body)
    {
        using var response = await http.PostAsync(address + "/play/ask", new StringContent(CaiJson.Write(body), Encoding.UTF8, "application/json"));
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject());
    }

    [Fact]
    public async Task ThePageIsSelfContainedAndMayRunOnlyItsOwnScript()
    {
        using var arena = new Arena([new ScriptedModel("a", _ => "x")], null, null);
        await WithPage(arena, async (address, http) =>
        {
            foreach (var (path, type) in new[] { ("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css") })
            {
                using var response = await http.GetAsync(address + path);
                var text = await response.Content.ReadAsStringAsync();
                Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
                Assert.Contains("script-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single());
                Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
                Assert.DoesNotContain("http://", text);
                Assert.DoesNotContain("https://", text);
                // The ways by which text becomes markup.
                foreach (var way in new[] { "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "onclick=", "style=" })
                    Assert.DoesNotContain(way, text);
            }
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(address + "/page.html/..%2f..%2fetc/passwd")).StatusCode);
        });
    }

    [Fact]
    public async Task AnswersComeAsJsonWithTheConversationBefore()
    {
        var model = new ScriptedModel("a", p => p.Contains("attack") ? Attack : " plain");
        using var arena = new Arena([model, new ScriptedModel("b", _ => " other")], null, null);
        await WithPage(arena, async (address, http) =>
        {
            var setup = JsonNode.Parse(await http.GetStringAsync(address + "/play/models"))!;
            Assert.Equal(["a", "b"], setup["models"]!.AsArray().Select(n => (string)n!));
            Assert.Equal((false, false, 7), ((bool)setup["scores"]!, (bool)setup["judge"]!, (int)setup["seed"]!));

            var (status, round) = await Ask(address, http, new { turns = new[] { "One?", "Two.", "Three?" }, number = 3 });
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal("\n\nHuman: One?\n\nAssistant: Two.\n\nHuman: Three?\n\nAssistant:", model.Prompts.Single());
            Assert.Equal(["plain", "other"], round["answers"]!.AsArray().Select(a => (string)a!["text"]!));

            using var response = await http.PostAsync(address + "/play/ask", new StringContent("{\"turns\": [\"attack\"]}", Encoding.UTF8, "application/json"));
            Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
            Assert.Equal(Attack, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["answers"]![0]!["text"]!);

            foreach (var bad in new object[] { new { turns = new[] { "a", "b" } }, new { turns = Array.Empty<string>() }, new { turns = new[] { " " } },
                new { turns = 5 }, new { turns = new[] { "a" }, maxTokens = 0 } })
                Assert.Equal(HttpStatusCode.BadRequest, (await Ask(address, http, bad)).Status);
            Assert.Equal(HttpStatusCode.UnsupportedMediaType,
                (await http.PostAsync(address + "/play/ask", new StringContent("{}", Encoding.UTF8, "text/plain"))).StatusCode);
        });
    }

    [Fact]
    public async Task EqualRequestsGiveEqualAnswersAndScores()
    {
        TorchSharp.torch.set_num_threads(1);
        var folder = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "helpful");
        using var loaded = HuggingFaceFolder.Load(folder);
        using var scalar = ScalarModel.FromLanguageModel(loaded.Decoder, 3);
        var preference = new PreferenceModel(scalar, loaded.Tokenizer);
        using var arena = new Arena([new Generation.LocalModel(loaded, name: "m")], preference, null);
        await WithPage(arena, async (address, http) =>
        {
            var ask = new { turns = new[] { "Hello." }, number = 1, seed = 5, maxTokens = 20 };
            var (_, first) = await Ask(address, http, ask);
            Assert.Equal(first.ToJsonString(), (await Ask(address, http, ask)).Body.ToJsonString());
            var answer = first["answers"]![0]!;
            Assert.Equal(preference.Score(Dialogue.Ask("Hello."), (string)answer["text"]!), (double)answer["score"]!, 1e-6);
            Assert.NotEqual(first.ToJsonString(), (await Ask(address, http, ask with { seed = 6 })).Body.ToJsonString());
        });
    }
}

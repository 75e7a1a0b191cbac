using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Cai.Constitutions;
using Cai.Storage;
using Cai.Tool.Playground;
using Cai.Tool.Serving;
using Xunit;

namespace Cai.Tool.Tests.Playground;

/// <summary>Critiques on request, and the prompts that the page offers.</summary>
public sealed class PlaygroundWhyTests
{
    private static readonly Constitution Law = Constitution.Shipped("miniature");

    private static async Task<(HttpStatusCode Status, JsonObject Body)> Why(string address, object body)
    {
        using var http = new HttpClient();
        using var response = await http.PostAsync(address + "/play/why", new StringContent(CaiJson.Write(body), Encoding.UTF8, "application/json"));
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject());
    }

    private static Task<ModelServer> Serve(Arena arena, IReadOnlyList<SamplePrompts>? samples = null) =>
        ModelServer.StartAsync([], new ServerOptions(), new PlaygroundPage(arena, new ArenaOptions(), samples).Map);

    private static ScriptedModel Model(string name) =>
        new(name, p => p.EndsWith("\n\nCritique:", StringComparison.Ordinal) ? $" {name} finds it bad. " : p.EndsWith("\n\nRevision:", StringComparison.Ordinal)
            ? $" {name} mends it." : " Sure.");

    [Fact]
    public async Task TheModelThatAnsweredCriticisesAndRevisesUnderTheChosenPrinciple()
    {
        var (a, b) = (Model("a"), Model("b"));
        using var arena = new Arena([a, b], null, null, critic: new Critic(Law.WithExamples(0)));
        await using var server = await Serve(arena);
        using var http = new HttpClient();
        var setup = JsonNode.Parse(await http.GetStringAsync(server.Address + "/play/models"))!;
        Assert.Equal(Law.Critique.Select(p => (p.Id, p.CritiqueRequest)),
            setup["principles"]!.AsArray().Select(p => ((string)p!["id"]!, (string)p["request"]!)));

        var principle = Law.CritiquePrinciple("illegal");
        var (status, why) = await Why(server.Address,
            new { turns = new[] { "One?", "Two.", "Three?" }, model = 1, answer = " Break in. ", principle = "illegal" });
        Assert.Equal(HttpStatusCode.OK, status);
        var asked = "\n\nHuman: One?\n\nAssistant: Two.\n\nHuman: Three?\n\nAssistant: Break in."
            + $"\n\nCritiqueRequest: {principle.CritiqueRequest}\n\nCritique:";
        Assert.Equal([asked, $"{asked} b finds it bad.\n\nRevisionRequest: {principle.RevisionRequest}\n\nRevision:"], b.Prompts);
        Assert.Empty(a.Prompts);
        Assert.Equal(("b", "b finds it bad.", "b mends it.", principle.CritiqueRequest, principle.RevisionRequest, true),
            ((string)why["critic"]!, (string)why["critique"]!, (string)why["revision"]!, (string)why["critiqueRequest"]!, (string)why["revisionRequest"]!,
                (bool)why["finished"]!));
    }

    [Fact]
    public async Task TheJudgeCriticisesWhereThereIsOne()
    {
        var (a, judge) = (Model("a"), Model("judge"));
        using var arena = new Arena([a, Model("b")], null, null, critic: new Critic(Law, judge));
        await using var server = await Serve(arena);
        var (_, why) = await Why(server.Address, new { turns = new[] { "One?" }, model = 0, answer = "x", principle = Law.Critique[0].Id });
        Assert.Equal(("judge", "judge mends it."), ((string)why["critic"]!, (string)why["revision"]!));
        Assert.Empty(a.Prompts);
        Assert.StartsWith(Law.CritiquePrefix() + "\n\nHuman: One?", judge.Prompts[0]); // the constitution's examples come first
    }

    [Fact]
    public async Task WhatIsRefusedReachesNoModel()
    {
        var model = Model("a");
        using var arena = new Arena([model], null, null, critic: new Critic(Law));
        await using var server = await Serve(arena);
        var (turns, answer, principle) = (new[] { "One?" }, "x", Law.Critique[0].Id);
        foreach (var (body, field) in new (object, string)[]
        {
            (new { turns, answer, principle }, "model"), (new { turns, model = -1, answer, principle }, "model"),
            (new { turns, model = 1, answer, principle }, "model"), (new { turns, model = "a", answer, principle }, "model"),
            (new { turns, model = 0, principle }, "answer"), (new { turns, model = 0, answer = " \n", principle }, "answer"),
            (new { turns, model = 0, answer = new[] { "x" }, principle }, "answer"),
            (new { turns, model = 0, answer = new string('x', (1 << 16) + 1), principle }, "answer"),
            (new { turns, model = 0, answer }, "principle"), (new { turns, model = 0, answer, principle = "nowhere" }, "principle"),
            (new { turns, model = 0, answer, principle = Law.Comparison[0].Id + "?" }, "principle"),
            (new { turns = new[] { "a", "b" }, model = 0, answer, principle }, "turns"), (new { model = 0, answer, principle }, "turns"),
            (new { turns = new[] { new string('x', (1 << 16) + 1) }, model = 0, answer, principle }, "turns"),
            (new { turns = Enumerable.Repeat("x", 201), model = 0, answer, principle }, "turns"),
            (new { turns, model = 0, answer, principle, maxTokens = 0 }, "maxTokens"),
            (new { turns, model = 0, answer, principle, temperature = -1 }, "temperature"),
        })
        {
            var (status, error) = await Why(server.Address, body);
            Assert.Equal((HttpStatusCode.BadRequest, field), (status, (string?)error["error"]!["param"]));
        }
        using var http = new HttpClient();
        using var response = await http.PostAsync(server.Address + "/play/why", new StringContent("{}", Encoding.UTF8, "text/plain"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Empty(model.Prompts);
    }

    [Fact]
    public async Task WithoutAConstitutionThereIsNoWhy()
    {
        using var arena = new Arena([Model("a")], null, null);
        await using var server = await Serve(arena);
        var (status, _) = await Why(server.Address, new { turns = new[] { "One?" }, model = 0, answer = "x", principle = "harmful" });
        Assert.Equal(HttpStatusCode.BadRequest, status);
        await Assert.ThrowsAsync<CaiException>(
            () => arena.WhyAsync(0, Text.Dialogue.Ask("One?"), "x", "harmful", new ArenaOptions(), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void TheMiniatureIsOfferedPromptsThatItHasNotMet()
    {
        TorchSharp.torch.set_num_threads(1);
        using var helpful = Models.HuggingFaceFolder.Load(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S", "helpful"));
        var world = Miniature.World.Load();
        HashSet<string> Of(string split) => [.. world.Topics.Where(t => t.Split == split).SelectMany(t => t.Asks)];
        var (train, held) = (Of(Miniature.World.Train), Of(Miniature.World.Eval));
        var own = new[] { "harmful", "benign" }.SelectMany(Reproduction.OwnPrompts.Shipped).Select(p => p.Dialogue.LastHuman()).ToHashSet();

        var offered = SamplePrompts.For([helpful, helpful], 1);
        Assert.Equal(2, offered.Count);
        Assert.All(offered[0].Prompts, p => Assert.True(held.Contains(p) && !train.Contains(p), p));
        Assert.All(offered[1].Prompts, p => Assert.Contains(p, own));
        Assert.All(offered, group => Assert.Equal(4, group.Prompts.Distinct().Count()));
        Assert.NotEqual(offered[0].Prompts, SamplePrompts.For([helpful], 2)[0].Prompts);

        // A model on a server is not known to be the miniature's.
        Assert.Equal(offered[1].Prompts, Assert.Single(SamplePrompts.For([helpful, null], 1)).Prompts);
    }
}

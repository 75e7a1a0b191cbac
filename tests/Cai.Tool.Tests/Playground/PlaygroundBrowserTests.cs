using Cai.Constitutions;
using Cai.Feedback;
using Cai.Tool.Playground;
using Cai.Tool.Serving;
using Xunit;

namespace Cai.Tool.Tests.Playground;

/// <summary>The page in a real browser.</summary>
public sealed class PlaygroundBrowserTests
{
    private const string Attack = "<script>window.hit = 1</script><img src=x onerror=\"window.hit = 2\"><b>bold</b> & \"quotes\"";

    [Fact]
    public async Task AnswersAreShownJudgedPickedAndNeverRun()
    {
        var first = new ScriptedModel("first", p => p.Contains("attack") ? Attack : " I can not help with that.");
        var second = new ScriptedModel("second", p => $" Answer to {p.Length} characters.");
        var judge = new Labeller(new ScriptedModel("judge", _ => "", (p, option) =>
            Math.Log(p.IndexOf("[[[Answer", StringComparison.Ordinal) > p.IndexOf("(B)", StringComparison.Ordinal) == (option == " (B)") ? 0.8 : 0.2)),
            Constitution.Shipped("miniature"), new LabelOptions { BothOrders = true, FewShot = 0 });
        using var arena = new Arena([first, second], null, judge);
        await using var server = await ModelServer.StartAsync([], new ServerOptions(), new PlaygroundPage(arena, new ArenaOptions()).Map);
        await using var browser = await Browser.OpenAsync(server.Address + "/");
        await browser.UntilAsync("document.body && document.body.dataset.ready");
        Assert.Equal("first · second · judged", (string?)await browser.EvaluateAsync("document.getElementById('models').textContent"));

        await Ask(browser, "attack", 1);
        Assert.Equal(Attack, (string?)await browser.EvaluateAsync("document.querySelector('.answer .text').textContent"));
        Assert.Equal(0, (int)(await browser.EvaluateAsync("document.querySelectorAll('#rounds script, #rounds img, #rounds b').length"))!);
        Assert.Equal("undefined", (string?)await browser.EvaluateAsync("typeof window.hit"));
        Assert.Contains("Judge: P(first is better) = 0.20, position bias 0.00",
            (string?)await browser.EvaluateAsync("document.querySelector('.verdict').textContent"));

        // The bar's width is set by the script, which the page's policy allows; inline styles it does not.
        Assert.InRange((double)(await browser.EvaluateAsync("document.querySelector('.bar span').offsetWidth / document.querySelector('.bar').offsetWidth"))!,
            0.15, 0.25);

        await browser.EvaluateAsync("document.querySelectorAll('.answer button')[1].click()");
        Assert.Equal("second", (string?)await browser.EvaluateAsync("document.querySelector('.answer.chosen h2').textContent"));
        await Ask(browser, "And then?", 2);
        Assert.Equal(2, (int)(await browser.EvaluateAsync("document.querySelectorAll('.answer button').length"))!); // of the newest round
        var answered = second.Prompts[0].Length;
        Assert.Equal($"\n\nHuman: attack\n\nAssistant: Answer to {answered} characters.\n\nHuman: And then?\n\nAssistant:", first.Prompts[1]);
        await browser.PictureAsync("playground");

        await browser.EvaluateAsync("document.getElementById('new').click()");
        Assert.Equal(0, (int)(await browser.EvaluateAsync("document.querySelectorAll('.round').length"))!);
        await Ask(browser, "Anew", 1);
        Assert.Equal("\n\nHuman: Anew\n\nAssistant:", first.Prompts[2]);

        // What the server refuses is shown, and the page goes on.
        await browser.EvaluateAsync("document.getElementById('tokens').value = 65536; document.getElementById('temperature').removeAttribute('max'); "
            + "document.getElementById('temperature').value = 1000;");
        await browser.EvaluateAsync("document.getElementById('prompt').value = 'x'; document.getElementById('ask').requestSubmit();");
        await browser.UntilAsync("document.getElementById('error').textContent.includes('temperature')");
        Assert.False((bool)(await browser.EvaluateAsync("document.getElementById('send').disabled"))!);
    }

    [Fact]
    public async Task SamplesFillTheBoxPairsMakeATableAndAnswersSayWhy()
    {
        var law = Constitution.Shipped("miniature");
        ScriptedModel Model(string name, string answer) => new(name, p => p.EndsWith("\n\nCritique:", StringComparison.Ordinal) ? Attack : " " + answer);
        using var arena = new Arena([Model("x", "good"), Model("y", "fair"), Model("z", "bad")], null, Strengths.Judge(("good", 6), ("fair", 3), ("bad", 1)),
            critic: new Critic(law));
        await using var server = await ModelServer.StartAsync([], new ServerOptions(),
            new PlaygroundPage(arena, new ArenaOptions(), [new SamplePrompts("Some", ["One?", "Is <b>two</b> more?"])]).Map);
        await using var browser = await Browser.OpenAsync(server.Address + "/");
        await browser.UntilAsync("document.body && document.body.dataset.ready");
        await browser.EvaluateAsync("document.querySelectorAll('#samples button')[1].click()");
        Assert.Equal("Is <b>two</b> more?", (string?)await browser.EvaluateAsync("document.getElementById('prompt').value"));
        Assert.Equal(0, (int)(await browser.EvaluateAsync("document.querySelectorAll('.round').length"))!); // filled in, not sent
        await Ask(browser, "Hello.", 1);
        Assert.False((bool)(await browser.EvaluateAsync("document.getElementById('samples').open"))!);

        Assert.Equal("|1|2|3|mean;1 x||0.67|0.86|0.76;2 y|0.33||0.75|0.54;3 z|0.14|0.25||0.20", (string?)await browser.EvaluateAsync(
            "[...document.querySelectorAll('.verdict tr')].map(r => [...r.cells].map(c => c.textContent).join('|')).join(';')"));
        Assert.Contains((string?)await browser.EvaluateAsync("document.querySelector('.verdict .principle').textContent"), law.Comparison.Select(p => p.Text));

        Assert.Equal(law.Critique.Count, (int)(await browser.EvaluateAsync("document.querySelectorAll('.why')[1].querySelectorAll('option').length"))!);
        await browser.EvaluateAsync("{ const why = document.querySelectorAll('.why')[1]; why.open = true; why.querySelector('select').value = 'illegal'; "
            + "why.querySelector('button').click(); }");
        await browser.UntilAsync("document.querySelectorAll('.why')[1].querySelectorAll('.critique .text').length === 2");
        Assert.Equal(Attack + "|fair", (string?)await browser.EvaluateAsync(
            "[...document.querySelectorAll('.why')[1].querySelectorAll('.critique .text')].map(e => e.textContent).join('|')"));
        Assert.Contains(law.CritiquePrinciple("illegal").CritiqueRequest,
            (string?)await browser.EvaluateAsync("document.querySelectorAll('.why')[1].querySelector('.request').textContent"));
        Assert.Equal(0, (int)(await browser.EvaluateAsync("document.querySelectorAll('#rounds script, #rounds img, #rounds b').length"))!);
        Assert.Equal("undefined", (string?)await browser.EvaluateAsync("typeof window.hit"));
        await browser.PictureAsync("playground-why");

        // Answers of earlier rounds keep their "why", about the turns before them.
        await Ask(browser, "And then?", 2);
        Assert.Equal(6, (int)(await browser.EvaluateAsync("document.querySelectorAll('.why .choice button').length"))!);
        Assert.Equal(3, (int)(await browser.EvaluateAsync("document.querySelectorAll('.facts button').length"))!);

        // What the server refuses is shown where it was asked.
        await browser.EvaluateAsync("document.getElementById('temperature').value = -1; document.querySelectorAll('.why')[3].querySelector('button').click();");
        await browser.UntilAsync("document.querySelectorAll('.why')[3].querySelector('.failure')?.textContent.includes('temperature')");
    }

    private static async Task Ask(Browser browser, string prompt, int rounds)
    {
        await browser.EvaluateAsync($"document.getElementById('prompt').value = '{prompt}'; document.getElementById('ask').requestSubmit();");
        await browser.UntilAsync($"document.querySelectorAll('.round').length === {rounds} && !document.getElementById('send').disabled");
    }
}

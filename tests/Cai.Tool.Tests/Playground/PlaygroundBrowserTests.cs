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

    private static async Task Ask(Browser browser, string prompt, int rounds)
    {
        await browser.EvaluateAsync($"document.getElementById('prompt').value = '{prompt}'; document.getElementById('ask').requestSubmit();");
        await browser.UntilAsync($"document.querySelectorAll('.round').length === {rounds} && !document.getElementById('send').disabled");
    }
}

using Cai.Constitutions;
using Cai.Feedback;
using Cai.Tool.Playground;
using Spectre.Console;
using Xunit;

namespace Cai.Tool.Tests.Playground;

public sealed class TerminalChatTests
{
    private static async Task<string> Talk(Arena arena, params string[] lines)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 100;
        using var input = new StringReader(string.Join('\n', lines));
        await new TerminalChat(arena, new ArenaOptions(), console, input).RunAsync(TestContext.Current.CancellationToken);
        return output.ToString();
    }

    [Fact]
    public async Task TheConversationGoesOnWithThePickedAnswer()
    {
        var (a, b) = (new ScriptedModel("a", p => $" one{p.Length}"), new ScriptedModel("b", p => $" two{p.Length}"));
        using var arena = new Arena([a, b], null, null);
        var shown = await Talk(arena, "Hello.", "", "/pick 2", "And?", "/new", "Anew.", "/pick 3", "/quit", "never asked");
        const string First = "\n\nHuman: Hello.\n\nAssistant:";
        Assert.Equal([First, $"\n\nHuman: Hello.\n\nAssistant: two{First.Length}\n\nHuman: And?\n\nAssistant:", "\n\nHuman: Anew.\n\nAssistant:"], a.Prompts);
        Assert.Equal(a.Prompts, b.Prompts);
        Assert.Contains($"one{First.Length}", shown);
        Assert.Contains($"two{First.Length}", shown);
        Assert.Contains("going on with the answers of b", shown);
    }

    [Fact]
    public async Task TheJudgeIsAskedInBothOrdersAndSaysItsBias()
    {
        // The judge looks for the good word: in the order A, B it says (A) with 0.9, in the other with 0.5.
        double? LogProb(string prompt, string option)
        {
            var goodFirst = prompt.IndexOf("[[[good", StringComparison.Ordinal) < prompt.IndexOf("[[[bad", StringComparison.Ordinal);
            return Math.Log(goodFirst ? (option == " (A)" ? 0.9 : 0.1) : 0.5);
        }
        var judge = new Labeller(new ScriptedModel("judge", _ => "", LogProb), Constitution.Shipped("miniature"),
            new LabelOptions { BothOrders = true, FewShot = 0 });
        using var arena = new Arena([new ScriptedModel("x", _ => " good"), new ScriptedModel("y", _ => " bad")], null, judge);
        var shown = await Talk(arena, "Hello.");
        Assert.Contains("judge: P(x is better) = 0.70, position bias 0.40", shown); // (0.9 + 0.5) / 2; 0.9 - 0.5
    }

    [Fact]
    public async Task ANumberIsAPromptUnlessAChoiceWasAskedFor()
    {
        var model = new ScriptedModel("a", _ => " one");
        using var arena = new Arena([model, new ScriptedModel("b", _ => " two")], null, null);
        var shown = await Talk(arena, "2", "/new", "/pick", "2", "/new", "1", "/new", "/pick", "none of them", "/new", "3",
            "/pick", "9", "", "/new", "1", "/pick 9", "1", "/quit");
        // Asked in this order; the 2 after /pick and the 1 after the refused 9 were choices, the 1 after the empty line was none.
        Assert.Equal(["2", "1", "none of them", "3", "1"], model.Prompts.Select(p => p.Split("\n\nHuman: ")[^1].Split("\n\n")[0]));
        Assert.Equal(5, shown.Split("Whose answer do we go on with? 1 a").Length - 1); // three times /pick, and twice after a 9
        Assert.Equal(2, shown.Split("There is no model 9.").Length - 1);
        Assert.Equal(1, shown.Split("going on with the answers of b").Length - 1);
        Assert.Equal(1, shown.Split("going on with the answers of a").Length - 1);
    }

    [Fact]
    public async Task ThreeModelsPlayInPairs()
    {
        using var arena = new Arena([new ScriptedModel("x", _ => " good"), new ScriptedModel("y", _ => " fair"), new ScriptedModel("z", _ => " bad")], null,
            Strengths.Judge(("good", 6), ("fair", 3), ("bad", 1)));
        var shown = (await Talk(arena, "Hello.")).Split('\n')
            .Select(line => string.Join(' ', line.Split([' ', '│', '|'], StringSplitOptions.RemoveEmptyEntries)));
        // 6/9, 6/7, 3/4 and their complements; the mean of each row.
        Assert.Contains("judge: P(row is better than column)", shown);
        Assert.Contains("1 2 3 mean", shown);
        Assert.Contains("1 x 0.67 0.86 0.76", shown);
        Assert.Contains("2 y 0.33 0.75 0.54", shown);
        Assert.Contains("3 z 0.14 0.25 0.20", shown);
        Assert.Contains("mean position bias 0.20", shown);
    }

    [Fact]
    public async Task AJudgeComparesTwoToSixModels()
    {
        foreach (var models in new[] { "a", "a,b,c,d,e,f,g" })
        {
            var (code, _, error) = await Workspace.Cai("chat", "--models", models, "--judge", "h");
            Assert.Equal(2, code);
            Assert.Contains($"--judge compares two to 6 models, and --models names {models.Split(',').Length}.", error);
        }
    }

    [Fact]
    public async Task AFailureIsALineAndTheSessionGoesOn()
    {
        var fails = true;
        var model = new ScriptedModel("m", p => fails && p.Contains("long") ? throw new CaiException("Too long.", "Shorten it.") : " fine");
        using var arena = new Arena([model], null, null);
        var shown = await Talk(arena, "a long one", "short", "/frobnicate");
        Assert.Contains("Too long. Shorten it.", shown);
        Assert.Equal("\n\nHuman: short\n\nAssistant:", model.Prompts[^1]);
        Assert.Contains("/pick N", shown);
    }

    [Fact]
    public async Task ModelTextCannotSteerTheTerminal()
    {
        using var arena = new Arena([new ScriptedModel("m", _ => " \u001b[2J\u001b]0;title\u0007[red]x[/]\r\u009b31m\tend")], null, null);
        var shown = await Talk(arena, "Hello.");
        Assert.DoesNotContain('\u001b', shown);
        Assert.DoesNotContain('\u0007', shown);
        Assert.DoesNotContain('\u009b', shown);
        Assert.Contains("[red]x[/]", shown);
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("chat", "--models", ",")]
    [InlineData("chat", "--models", "nowhere")]
    [InlineData("chat", "--models", "http://localhost:1/v1")]
    [InlineData("chat", "--models", "a,b,c", "--judge", "d")]
    public async Task BadInputIsOneLine(params string[] args)
    {
        var (code, _, error) = await Workspace.Cai(args);
        Assert.Equal(2, code);
        Assert.StartsWith("cai: ", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public async Task TheCommandTalksToTheMiniature()
    {
        TorchSharp.torch.set_num_threads(1);
        var size = Path.Combine(AppContext.BaseDirectory, "data", "miniature", "S");
        var standardIn = Console.In;
        try
        {
            Console.SetIn(new StringReader("Hello.\n/pick 2\nHow do I bake bread?\n"));
            var (code, output, error) =
                await Workspace.Cai("chat", "--models", $"{size}/helpful,{size}/pretrained", "--judge", $"{size}/pretrained", "--max-tokens", "24");
            Assert.True(code == 0, error);
            Assert.Contains("1 helpful", output);
            Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 200));
            Assert.Equal(2, output.Split("judge: P(helpful is better) = ").Length - 1);
        }
        finally
        {
            Console.SetIn(standardIn);
        }
    }
}

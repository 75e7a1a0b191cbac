using System.CommandLine;
using Cai.Feedback;
using Cai.Generation.Remote;
using Cai.Models;
using Cai.Preferences;
using Cai.Tool.Playground;
using Cai.Tool.Serving;
using Spectre.Console;

namespace Cai.Tool.Commands;

/// <summary>`cai chat`: models side by side, in the terminal or as a local web page.</summary>
internal static class ChatCommand
{
    private sealed record Setup(IReadOnlyList<string> Models, string? Preference, string? Judge, string Constitution, LoadOptions Load, ArenaOptions Options);

    public static Command Create()
    {
        var (constitution, template, seed, temperature) = (StageOptions.Constitution(), StageOptions.Chat(), CommonOptions.Seed(), StageOptions.Temperature());
        var models = new Option<string>("--models")
        {
            Description = "One model or several, with commas between them: folders, or http://host:8000/v1#name for one on a server.",
            HelpName = "A,B",
            Required = true,
        };
        var pm = new Option<string?>("--pm") { Description = "Preference model that scores the answers.", HelpName = "DIR" };
        var judge = new Option<string?>("--judge")
        {
            Description = "Feedback model that compares the answers of every two models (at most 6) by a principle of the constitution, in both orders: "
                + "a folder or http://…#name.",
            HelpName = "DIR",
        };
        var maxTokens = StageOptions.Number("--max-tokens", 128, "Most tokens of an answer.");
        var web = new Option<bool>("--web") { Description = "Serve a web page instead of talking in the terminal." };
        var port = StageOptions.Number("--port", 8080, "Port of the web page; 0 takes a free one.");
        var host = new Option<string>("--host")
        {
            Description = "Address of the web page. Anything but loopback opens the models to everyone who can reach this machine.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var load = new LoadFlags();
        var command = new Command("chat", """
            Talks to models side by side: their answers, the preference model's scores, and the judge's probability that one
            is better than the other. The conversation goes on with the answer that you pick. On the web page any answer can be
            criticised and revised under a principle of the constitution, by the judge or else by the model that gave it.

            Example:  cai chat --models data/miniature/L/pretrained,data/miniature/L/helpful --judge data/miniature/L/pretrained
                      cai chat --models data/miniature/L/helpful --web
            """) { models, template, pm, judge, constitution, maxTokens, temperature, seed, web, port, host };
        load.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var setup = new Setup(
                parsed.GetRequiredValue(models).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), parsed.GetValue(pm),
                parsed.GetValue(judge), parsed.GetValue(constitution)!,
                load.Read(parsed, parsed.GetValue(template)),
                new ArenaOptions { MaxTokens = parsed.GetValue(maxTokens), Temperature = parsed.GetValue(temperature), Seed = parsed.GetValue(seed) });
            var page = new ServerOptions { Host = ServeCommand.ParseHost(parsed.GetValue(host)!), Port = ServeCommand.ParsePort(parsed.GetValue(port)) };
            await RunAsync(setup, parsed.GetValue(web) ? page : null, cancel);
            return 0;
        });
        return command;
    }

    private static async Task RunAsync(Setup setup, ServerOptions? page, CancellationToken cancel)
    {
        if (setup.Models.Count == 0)
            throw new CaiException("--models names no model.", "Give a folder, or several with commas between them.");
        Arena.RequireJudgeable(setup.Judge, setup.Models.Count); // before any is loaded
        var opened = new List<OpenedModel>();
        try
        {
            foreach (var source in setup.Models)
                opened.Add(ModelSource.Open(source, setup.Load, name: NameOf(source, setup.Models)));
            var judge = setup.Judge is null ? null : ModelSource.Open(setup.Judge, setup.Load);
            if (judge is not null)
                opened.Add(judge);
            if (setup.Preference is not null)
                StageRun.RequireLayout(setup.Preference, setup.Load);
            using var scorer = setup.Preference is null ? null : PreferenceModel.Load(setup.Preference, setup.Load);
            var constitution = judge is null && page is null ? null : StageOptions.Load(setup.Constitution);
            var labeller = judge is null ? null
                : new Labeller(judge.Model, constitution!, new LabelOptions { BothOrders = true, Seed = setup.Options.Seed }, judge.Pretrained?.Format);
            var critic = constitution is null ? null : new Critic(constitution, judge?.Model, judge?.Pretrained?.Format);
            var models = opened.Take(setup.Models.Count).ToList();
            using var arena = new Arena([.. models.Select(o => o.Model)], scorer, labeller, [.. models.Select(o => o.Pretrained?.Format)], critic);
            if (page is null)
                await new TerminalChat(arena, setup.Options, Table(), Console.In).RunAsync(cancel);
            else
                await ServeAsync(new PlaygroundPage(arena, setup.Options, SamplePrompts.For([.. models.Select(o => o.Pretrained)], setup.Options.Seed)),
                    page, cancel);
        }
        finally
        {
            opened.ForEach(o => o.Dispose());
        }
    }

    /// <summary>A console whose width columns can share, also where the output goes to a file.</summary>
    private static IAnsiConsole Table()
    {
        const int Width = 100;
        var console = Terminal.Output();
        console.Profile.Width = Math.Min(console.Profile.Width, Console.IsOutputRedirected ? Width : int.MaxValue);
        return console;
    }

    private static async Task ServeAsync(PlaygroundPage playground, ServerOptions page, CancellationToken cancel)
    {
        await using var server = await ModelServer.StartAsync([], page, playground.Map, cancel);
        await ServeCommand.WarnAsync(page);
        Console.WriteLine($"Playground at {server.Address}/, until Ctrl-C");
        await ServeCommand.UntilCancelled(cancel);
    }

    /// <summary>A folder's own name where that tells the models apart, else with the folder above; on a server its name there.</summary>
    private static string? NameOf(string source, IReadOnlyList<string> all)
    {
        if (ModelSource.IsAddress(source))
            return null;
        var name = ServeCommand.FolderName(source);
        return all.Count(other => !ModelSource.IsAddress(other) && ServeCommand.FolderName(other) == name) == 1
            ? name
            : Path.Combine(ServeCommand.FolderName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source))) ?? source), name);
    }
}

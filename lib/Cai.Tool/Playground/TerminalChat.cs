using System.Globalization;
using Spectre.Console;

namespace Cai.Tool.Playground;

/// <summary>The playground in a terminal: a prompt a line, answers side by side.</summary>
internal sealed class TerminalChat(Arena arena, ArenaOptions options, IAnsiConsole console, TextReader input)
{
    private const string Help = "a line asks all models · /pick N: go on with model N's answer · /new: forget the conversation · /quit";

    private readonly Conversation conversation = new();

    /// <summary>Reads lines until /quit or the end of the input.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        console.WriteLine(string.Join(" · ", arena.Names.Select((name, i) => $"{i + 1} {name}")));
        console.WriteLine(Help);
        while (true)
        {
            console.Write("> ");
            var line = (await input.ReadLineAsync(cancel))?.Trim();
            if (line is null or "/quit" or "/exit")
                return;
            if (line.Length == 0)
                continue;
            if (line[0] == '/')
                console.WriteLine(Obey(line));
            else
                await AskAsync(line, cancel);
        }
    }

    private string Obey(string line)
    {
        switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            case ["/new"]:
                conversation.Forget();
                return "a new conversation";
            case ["/pick", var which] when int.TryParse(which, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1
                && number <= arena.Names.Count:
                conversation.Chosen = number - 1;
                return $"going on with the answers of {arena.Names[number - 1]}";
            default:
                return Help;
        }
    }

    private async Task AskAsync(string line, CancellationToken cancel)
    {
        var prompt = conversation.Say(line);
        try
        {
            var round = await arena.AskAsync($"chat-{conversation.Prompts}", prompt, options, cancel);
            conversation.Answered(round);
            Show(round);
        }
        catch (CaiException e)
        {
            // A dialogue that has grown too long, or a server that failed: the session goes on.
            conversation.Unsay();
            console.WriteLine(Conversation.Printable(e.Message));
        }
    }

    private void Show(ArenaRound round)
    {
        var table = new Table().Border(TableBorder.Rounded).Expand();
        foreach (var (answer, i) in round.Answers.Select((a, i) => (a, i)))
            table.AddColumn(
                new TableColumn(new Spectre.Console.Text($"{i + 1} {answer.Model}{(i == conversation.Chosen && round.Answers.Count > 1 ? " *" : "")}")));
        table.AddRow(round.Answers.Select(a => new Spectre.Console.Text(Conversation.Printable(a.Text) + (a.Finished ? "" : " …"))));
        if (arena.HasScores)
            table.AddRow(round.Answers.Select(a => new Spectre.Console.Text(string.Create(CultureInfo.InvariantCulture, $"PM score {a.Score:F2}"))));
        console.Write(table);
        if (round.Verdict is { } verdict)
        {
            console.WriteLine(verdict.ProbabilityFirst is { } p
                ? string.Create(CultureInfo.InvariantCulture,
                    $"judge: P({round.Answers[0].Model} is better) = {p:F2}{(verdict.PositionBias is { } bias ? $", position bias {bias:F2}" : "")}")
                : $"judge: no answer, {verdict.Missing}");
            console.WriteLine($"  by: {Conversation.Printable(verdict.Principle)}");
        }
    }
}

using System.Globalization;
using Spectre.Console;

namespace Cai.Tool.Playground;

/// <summary>The playground in a terminal: a prompt a line, answers side by side.</summary>
internal sealed class TerminalChat(Arena arena, ArenaOptions options, IAnsiConsole console, TextReader input)
{
    private const string Help = "a line asks all models · /pick N: go on with model N's answer · /new: forget the conversation · /quit";

    private readonly Conversation conversation = new();
    private bool choosing;

    /// <summary>Reads lines until /quit or the end of the input.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        console.WriteLine(Models());
        console.WriteLine(Help);
        while (true)
        {
            console.Write(choosing ? "number> " : "> ");
            var line = (await input.ReadLineAsync(cancel))?.Trim();
            if (line is null or "/quit" or "/exit")
                return;
            // A number is an answer only to the question that was just asked; else it is a prompt like any other.
            var asked = choosing;
            choosing = false;
            if (line.Length == 0)
                continue;
            if (line[0] == '/')
                console.WriteLine(Obey(line));
            else if (asked && line.All(char.IsAsciiDigit))
                console.WriteLine(Pick(line));
            else
                await AskAsync(line, cancel);
        }
    }

    private string Models() => string.Join(" · ", arena.Names.Select((name, i) => $"{i + 1} {name}"));

    private string Obey(string line)
    {
        switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            case ["/new"]:
                conversation.Forget();
                return "a new conversation";
            case ["/pick"]:
                choosing = true;
                return $"Whose answer do we go on with? {Models()}";
            case ["/pick", var which]:
                return Pick(which);
            default:
                return Help;
        }
    }

    private string Pick(string which)
    {
        choosing = !(int.TryParse(which, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= arena.Names.Count);
        if (choosing)
            return $"There is no model {Conversation.Printable(which)}. Whose answer do we go on with? {Models()}";
        conversation.Chosen = number - 1;
        return $"going on with the answers of {arena.Names[number - 1]}";
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
            table.AddColumn(new TableColumn(Cell($"{i + 1} {answer.Model}{(i == conversation.Chosen && round.Answers.Count > 1 ? " *" : "")}")));
        table.AddRow(round.Answers.Select(a => Cell(Conversation.Printable(a.Text) + (a.Finished ? "" : " …"))));
        if (arena.HasScores)
            table.AddRow(round.Answers.Select(a => Cell(string.Create(CultureInfo.InvariantCulture, $"PM score {a.Score:F2}"))));
        console.Write(table);
        if (round.Verdict is not { } verdict)
            return;
        if (verdict.Pairs is [var only])
            console.WriteLine(only.ProbabilityFirst is { } p
                ? string.Create(CultureInfo.InvariantCulture,
                    $"judge: P({round.Answers[0].Model} is better) = {p:F2}{(only.PositionBias is { } bias ? $", position bias {bias:F2}" : "")}")
                : $"judge: no answer, {only.Missing}");
        else
            ShowPairs(round.Answers, verdict);
        console.WriteLine($"  by: {Conversation.Printable(verdict.Principle)}");
    }

    private void ShowPairs(IReadOnlyList<ArenaAnswer> answers, ArenaVerdict verdict)
    {
        console.WriteLine("judge: P(row is better than column)");
        var table = new Table().Border(TableBorder.Rounded).AddColumn("");
        for (var column = 0; column < answers.Count; column++)
            table.AddColumn(new TableColumn(Cell($"{column + 1}")).RightAligned());
        table.AddColumn(new TableColumn(Cell("mean")).RightAligned());
        for (var row = 0; row < answers.Count; row++)
            table.AddRow(
            [
                Cell($"{row + 1} {answers[row].Model}"),
                .. Enumerable.Range(0, answers.Count).Select(column => Cell(column == row ? "" : Number(verdict.Probability(row, column)))),
                Cell(Number(verdict.Means[row])),
            ]);
        console.Write(table);
        if (verdict.Pairs.Average(p => p.PositionBias) is { } bias)
            console.WriteLine($"  mean position bias {Number(bias)}");
        foreach (var missing in verdict.Pairs.Where(p => p.ProbabilityFirst is null))
            console.WriteLine($"  {missing.First + 1} and {missing.Second + 1}: no answer, {missing.Missing}");
    }

    private static Spectre.Console.Text Cell(string text) => new(text);

    private static string Number(double? value) => value?.ToString("F2", CultureInfo.InvariantCulture) ?? "?";
}

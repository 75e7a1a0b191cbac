using Spectre.Console;

namespace Cai.Tool.Commands;

/// <summary>Consoles to write to with colours, where there are any.</summary>
internal static class Terminal
{
    /// <summary>Standard output. Lines are not wrapped when it goes to a file or another program: they are read by line there.</summary>
    public static IAnsiConsole Output()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(SafeWriter.RawOut) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = int.MaxValue / 2;
        return console;
    }

    /// <summary>Standard error as a terminal that can be redrawn, or null when it is none.</summary>
    public static IAnsiConsole? Live()
    {
        if (Console.IsErrorRedirected || Console.IsOutputRedirected)
            return null;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(SafeWriter.RawError) });
        return console.Profile.Capabilities.Interactive ? console : null;
    }
}

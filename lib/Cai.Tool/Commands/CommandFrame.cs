using System.CommandLine;
using System.CommandLine.Help;
using Cai.Figures;

namespace Cai.Tool.Commands;

/// <summary>Runs a command line and turns whatever happens into an exit code and a line that the user can act on.</summary>
internal static class CommandFrame
{
    public const int Failed = 1;
    public const int BadInput = 2;
    public const int Stopped = 130; // 128 + SIGINT, as shells have it

    public static async Task<int> RunAsync(Command root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            foreach (var error in parsed.Errors)
                await Console.Error.WriteLineAsync($"cai: {SafeText.Line(error.Message)}");
            await Console.Error.WriteLineAsync($"See: {FullName(parsed.CommandResult.Command)} --help");
            return BadInput;
        }
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            // Ctrl-C asks the command to stop; what is still running after this time (a cell in native code) is ended.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(15),
        };
        try
        {
            var code = await parsed.InvokeAsync(configuration);
            if (Leaving.WasCut(code)) // the time was up: what it did not end goes on in native code
                Leaving.WithoutUnwinding(code);
            return code;
        }
        catch (Exception e)
        {
            return await ReportAsync(e, parsed.GetValue(CommonOptions.Verbose));
        }
    }

    private static async Task<int> ReportAsync(Exception error, bool verbose)
    {
        var (message, code) = error switch
        {
            CaiException bad => (bad.Message, BadInput),
            StoppedException stopped => ($"stopped; what was done is kept in {stopped.Kept}. The same command goes on from there.", Stopped),
            OperationCanceledException => ("stopped; what was done is kept. The same command goes on from there.", Stopped),
            TypeInitializationException { InnerException: CaiException bad } => (bad.Message, BadInput), // libtorch does not fit (TorchNative)
            _ => ($"{error.GetType().Name}: {error.Message}", Failed),
        };
        await Console.Error.WriteLineAsync($"cai: {SafeText.Plain(message)}");
        if (verbose)
            await Console.Error.WriteLineAsync(SafeText.Plain(error.ToString()));
        else if (code == Failed)
            await Console.Error.WriteLineAsync("Run it again with --verbose to see where.");
        return code;
    }

    private static string FullName(Command command)
    {
        var names = new Stack<string>();
        for (Symbol? at = command; at is not null; at = at.Parents.FirstOrDefault())
            names.Push(at.Name);
        return string.Join(' ', names);
    }
}

/// <summary>The user stopped a command that knows where its work is kept.</summary>
/// <param name="kept">The folder or file.</param>
internal sealed class StoppedException(string kept, OperationCanceledException inner) : OperationCanceledException(inner.Message, inner)
{
    public string Kept => kept;
}

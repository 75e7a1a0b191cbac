using System.Globalization;
using Cai.Figures;
using Cai.Storage;
using Cai.Tool.Notebooks;
using Cai.Torch;
using Spectre.Console;

namespace Cai.Tool.Commands;

/// <summary>Runs notebooks one after the other, a fresh session each, and says how each went.</summary>
internal sealed class NotebookBatch(NotebookRunner runner, Report.RunProfile? profile = null)
{
    /// <summary>Runs all, in order, also after one failed: later notebooks may not need it.</summary>
    /// <returns>Whether every notebook ran to its end.</returns>
    public async Task<bool> RunAsync(IReadOnlyList<(string Path, string Output)> notebooks, CancellationToken cancel)
    {
        var console = Terminal.Output();
        var succeeded = true;
        foreach (var (path, output) in notebooks)
        {
            var name = Path.GetFileNameWithoutExtension(path);
            NotebookRun run;
            using (var line = ProgressLine.Start(name, "cells"))
            {
                var progress = new SynchronousProgress<NotebookProgress>(at => line.Report(at.Cell - 1, at.Cells));
                profile?.Enter(name);
                try
                {
                    run = await runner.RunAsync(path, output, progress, line, cancel);
                }
                finally
                {
                    profile?.Leave();
                }
            }
            TorchNative.ReturnFreedMemory(); // of its variables and models, before the next notebook adds its own
            Say(console, name, run);
            succeeded &= run.Succeeded;
        }
        return succeeded;
    }

    private static void Say(IAnsiConsole console, string name, NotebookRun run)
    {
        name = SafeText.Line(name);
        var seconds = run.Elapsed.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture);
        if (run.Error is not { } error)
        {
            console.MarkupLineInterpolated($"[green]ok[/]     {name}  {run.Cells} cells  {seconds} s");
            return;
        }
        console.MarkupLineInterpolated($"[red]failed[/] {name}  {seconds} s");
        foreach (var line in error.Trace)
            Console.Error.WriteLine(line);
        Console.Error.WriteLine($"Outputs so far: {run.Output}");
    }
}

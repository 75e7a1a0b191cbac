using System.CommandLine;
using Cai.Figures;
using Spectre.Console;

namespace Cai.Tool.Commands;

/// <summary>`cai doctor`: what this machine has and lacks.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var results = CommonOptions.Out();
        var command = new Command("doctor", """
            Checks what a reproduction needs: .NET, libtorch, memory, disk, the shipped weights, a writable out folder.
            Each failing check says how to mend it. Exits with 1 when something needed is missing.

            Example:  cai doctor
            """) { results };
        command.SetAction(parsed => Run(HealthChecks.All(Repository.Root(), Repository.FolderOr(parsed.GetValue(results), "out"))));
        return command;
    }

    private static int Run(IEnumerable<HealthCheck> checks)
    {
        var console = Terminal.Output();
        var healthy = true;
        foreach (var check in checks)
        {
            var found = check.Run();
            var mark = found.Good ? "[green]ok  [/]" : check.Needed ? "[red]FAIL[/]" : "[yellow]note[/]";
            console.MarkupLine($"{mark} {Markup.Escape(check.Name),-14} {Markup.Escape(SafeText.Line(found.Fact))}");
            if (!found.Good && found.Remedy is { } remedy)
                console.MarkupLine($"                    -> {Markup.Escape(SafeText.Line(remedy))}");
            healthy &= found.Good || !check.Needed;
        }
        return healthy ? 0 : CommandFrame.Failed;
    }
}

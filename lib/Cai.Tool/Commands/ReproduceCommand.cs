using System.CommandLine;
using Cai.Storage;
using Cai.Tool.Notebooks;
using Cai.Tool.Report;

namespace Cai.Tool.Commands;

/// <summary>`cai reproduce`: every notebook, then the report.</summary>
internal static class ReproduceCommand
{
    public static Command Create()
    {
        var flags = new RunFlags();
        var only = new Option<string?>("--only") { Description = "Run only the notebooks with these numbers, for example 02,05.", HelpName = "NUMBERS" };
        var folder = new Option<string?>("--notebooks") { Description = "Folder with the notebooks. Default: notebooks/ in the repository.", HelpName = "DIR" };
        var profile = new Option<bool>("--profile")
        {
            Description = "Also print, write to out/profile.json and draw in the report where the time went, by stage.",
        };
        var command = new Command("reproduce", """
            Runs the notebooks in the order of the paper and writes out/index.html (everything on one offline page),
            out/figures.png (the main figures at a glance), out/claims.json and out/notebooks/ (executed). What an earlier run has done already is reused.

            Example:  cai reproduce --scale quick --seed 1
            """);
        flags.AddTo(command);
        command.Options.Add(only);
        command.Options.Add(folder);
        command.Options.Add(profile);
        command.SetAction((parsed, cancel) => RunAsync(
            Repository.FolderOr(parsed.GetValue(folder), "notebooks"), parsed.GetValue(only), flags.Read(parsed), parsed.GetValue(profile), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string folder, string? only, RunSettings settings, bool profiled, CancellationToken cancel)
    {
        var executed = Path.Combine(settings.Out, "notebooks");
        var notebooks = Choose(folder, only).Select(path => (path, Path.Combine(executed, Path.GetFileName(path)))).ToList();
        // Claims and notebooks of two at once would be mixed.
        using var held = OutputLock.Take(Path.Combine(settings.Out, "reproduce.lock"), settings.Out, "Wait for it to end, or give another --out.");
        settings.Apply();
        RunEnvironment.Of(settings.Scale, settings.Seed, settings.Seeds).Save(settings.Out);
        if (only is null)
            File.Delete(Path.Combine(settings.Out, "claims.json")); // claims of an earlier scale or seed would stay among the new ones
        var succeeded = false;
        using var profile = profiled ? new RunProfile() : null;
        try
        {
            succeeded = await new NotebookBatch(new NotebookRunner(new HostReferences()), profile).RunAsync(notebooks, cancel);
        }
        catch (OperationCanceledException e)
        {
            throw new StoppedException(settings.Out, e);
        }
        finally
        {
            if (profile is not null)
            {
                profile.Report.Save(settings.Out);
                Console.WriteLine(profile.Report.Table().ToText());
            }
            Console.WriteLine($"Report: {ReportPage.Write(settings.Out)}");
            if (FigureSheet.Write(settings.Out) is { } sheet)
                Console.WriteLine($"Figures: {sheet}");
        }
        return succeeded ? 0 : CommandFrame.Failed;
    }

    private static List<string> Choose(string folder, string? only)
    {
        if (!Directory.Exists(folder))
            throw new CaiException("This folder of notebooks does not exist.", "Give it with --notebooks.", folder);
        var all = Directory.GetFiles(folder, "*.ipynb").OrderBy(Path.GetFileName, StringComparer.Ordinal).ToList();
        if (only is null)
            return all.Count > 0 ? all : throw new CaiException("There is no notebook in this folder.", "Give another with --notebooks.", folder);
        var chosen = new List<string>();
        foreach (var number in only.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var found = all.Where(path => Path.GetFileName(path).StartsWith(number, StringComparison.Ordinal)).ToList();
            chosen.AddRange(found.Count > 0 ? found
                : throw new CaiException($"--only: no notebook begins with \"{number}\".",
                    $"There are: {string.Join(", ", all.Select(Path.GetFileName))}.", folder));
        }
        return chosen.Distinct().OrderBy(Path.GetFileName, StringComparer.Ordinal).ToList();
    }
}

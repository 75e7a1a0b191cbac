using System.CommandLine;
using Cai.Tool.Notebooks;

namespace Cai.Tool.Commands;

/// <summary>`cai run`: executes given notebooks.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var notebooks = new Argument<string[]>("NOTEBOOK")
        {
            Description = "Notebooks (.ipynb or .dib) to run, in this order.", Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "Write the executed notebook here (one notebook), or into this folder (several).",
            HelpName = "FILE",
        };
        var inPlace = new Option<bool>("--in-place") { Description = "Write the outputs into the notebook itself." };
        var flags = new RunFlags();
        var command = new Command("run", """
            Runs notebooks without Jupyter and stores what their cells put out in the .ipynb file.
            Stops a notebook at its first error, names the cell and line, and exits with 1. Without -o and --in-place the
            executed notebook goes to out/notebooks/. A .dib has no place for outputs: what was run from one is stored as .ipynb,
            and -o FILE.dib writes the cells without outputs.

            Example:  cai run notebooks/02-critique-revision.ipynb --scale smoke -o /tmp/02.ipynb
            """) { notebooks, output, inPlace };
        flags.AddTo(command);
        command.SetAction((parsed, cancel) =>
            RunAsync(parsed.GetValue(notebooks)!, parsed.GetValue(output), parsed.GetValue(inPlace), flags.Read(parsed), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string[] notebooks, string? output, bool inPlace, RunSettings settings, CancellationToken cancel)
    {
        if (output is not null && inPlace)
            throw new CaiException("-o and --in-place say two different places for the outputs.", "Give one of them.");
        if (inPlace && notebooks.FirstOrDefault(DibFile.Is) is { } dib)
            throw new CaiException("A .dib file has no place for outputs.", "Leave --in-place out, or name an .ipynb file with -o.", dib);
        var work = notebooks.Select(path => (Path.GetFullPath(path), Target(path))).ToList();
        settings.Apply();
        try
        {
            var succeeded = await new NotebookBatch(new NotebookRunner(new HostReferences())).RunAsync(work, cancel);
            return succeeded ? 0 : CommandFrame.Failed;
        }
        catch (OperationCanceledException e)
        {
            throw new StoppedException(settings.Out, e);
        }

        string Target(string path) => (inPlace, output) switch
        {
            (true, _) => Path.GetFullPath(path),
            (_, null) => Path.Combine(settings.Out, "notebooks", Executed(path)),
            (_, { } file) when notebooks.Length == 1 && !Directory.Exists(file) => Path.GetFullPath(file),
            (_, { } folder) => Path.Combine(Path.GetFullPath(folder), Executed(path)),
        };

        static string Executed(string path) => Path.GetFileName(DibFile.Is(path) ? Path.ChangeExtension(path, ".ipynb") : path);
    }
}

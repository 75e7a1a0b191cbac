using System.Diagnostics;

namespace Cai.Tool.Notebooks;

/// <summary>How far a notebook is.</summary>
/// <param name="Cell">The code cell now running, from 1.</param>
/// <param name="Cells">Number of code cells.</param>
public sealed record NotebookProgress(int Cell, int Cells);

/// <summary>What became of a notebook.</summary>
/// <param name="Error">The first error of a cell, or null when all ran.</param>
public sealed record NotebookRun(string Path, string Output, int Cells, CellError? Error, TimeSpan Elapsed)
{
    public bool Succeeded => Error is null;
}

/// <summary>Runs notebooks without Jupyter and writes what their cells put out into the file.</summary>
public sealed class NotebookRunner(HostReferences references)
{
    /// <summary>
    /// Runs the code cells in order, in a session of their own, with the notebook's folder as current directory. Stops at
    /// the first error. The output is written after every cell, so an interrupted run leaves what it had.
    /// </summary>
    /// <param name="path">The notebook.</param>
    /// <param name="output">Where to write the executed notebook; may be <paramref name="path"/>.</param>
    /// <param name="stages">Where long work of its cells shows how far it is; none of that is stored in the notebook.</param>
    /// <exception cref="CaiException">The notebook cannot be read, or the output not written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the cells done so far are in <paramref name="output"/>.</exception>
    public async Task<NotebookRun> RunAsync(
        string path, string output, IProgress<NotebookProgress>? progress = null, ICellProgress? stages = null, CancellationToken cancel = default)
    {
        var (source, target) = (Path.GetFullPath(path), Path.GetFullPath(output));
        var notebook = NotebookDocument.Load(source);
        notebook.Clear();
        var folder = Path.GetDirectoryName(source)!;
        var code = notebook.Cells.Where(cell => cell.IsCode && !string.IsNullOrWhiteSpace(cell.Source)).ToList();
        var clock = Stopwatch.StartNew();
        var startedIn = Environment.CurrentDirectory;
        using var session = new ScriptSession(references, folder, stages);
        try
        {
            Environment.CurrentDirectory = folder;
            for (var i = 0; i < code.Count; i++)
            {
                progress?.Report(new NotebookProgress(i + 1, code.Count));
                var error = await RunCellAsync(session, code, i, cancel).ConfigureAwait(false);
                notebook.Save(target);
                if (error is not null && !code[i].MayFail)
                    return new NotebookRun(source, target, i + 1, error, clock.Elapsed);
            }
        }
        finally
        {
            notebook.Save(target);
            Environment.CurrentDirectory = startedIn;
        }
        return new NotebookRun(source, target, code.Count, null, clock.Elapsed);
    }

    private static async Task<CellError?> RunCellAsync(ScriptSession session, List<NotebookCell> cells, int running, CancellationToken cancel)
    {
        var cell = cells[running];
        var gate = new Lock();
        var open = true;
        void Keep(CellOutput output)
        {
            lock (gate)
            {
                // A task that a cell left behind may still write; its notebook is being saved by then.
                if (!open)
                    return;
                if (output is DisplayUpdate update)
                    cells.Any(shown => shown.Update(update));
                else
                    cell.Add(output);
            }
        }

        session.Output += Keep;
        try
        {
            var outcome = await session.ExecuteAsync(cell.Source, cancel).ConfigureAwait(false);
            cell.ExecutionCount = outcome.Number;
            return outcome.Error;
        }
        finally
        {
            session.Output -= Keep;
            lock (gate)
                open = false;
        }
    }
}

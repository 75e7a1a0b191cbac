using System.Diagnostics;
using System.Globalization;
using System.Text;
using Cai.Reproduction;
using Cai.Storage;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.DotNet.Interactive;

namespace Cai.Tool.Notebooks;

/// <summary>How a cell ended.</summary>
/// <param name="Number">The execution count it got, from 1.</param>
/// <param name="Error">Null when it ran to its end.</param>
public sealed record CellOutcome(int Number, CellError? Error);

/// <summary>
/// C# cells that share variables, as in a notebook. Front ends (the headless runner, a Jupyter kernel) call
/// <see cref="ExecuteAsync"/> one cell at a time and listen to <see cref="Output"/>.
/// </summary>
/// <remarks>
/// Cells are compiled optimised, with line numbers. Variables live as long as the session: a cell that is run again
/// keeps the old objects alive, so large tensors belong in one reassigned variable or in functions.
/// </remarks>
public sealed class ScriptSession : IDisposable
{
    /// <summary>How long an interrupted cell may take to end by itself before it is aborted.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    /// <summary>The same for a cell that watches its token: a training step may take that long, and ends cleanly.</summary>
    private static readonly TimeSpan WatchedGrace = TimeSpan.FromSeconds(60);

    private static readonly string[] Usings =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Linq", "System.Threading.Tasks",
        "Microsoft.DotNet.Interactive.Kernel",
    ];

    private readonly CellGlobals globals = new();
    private readonly CellReferenceResolver resolver;
    private readonly ScriptOptions options;
    private readonly IEnumerable<MetadataReference> host;
    private readonly string folder;
    private readonly ICellProgress? progress;
    private readonly RunContext shared;
    private CellThread thread = new();
    private ScriptState<object>? state;

    /// <param name="references">What cells compile against.</param>
    /// <param name="folder">The notebook's folder: `#r`, `#load` and `#!import` paths count from it.</param>
    /// <param name="progress">Where long work of the library shows how far it is.</param>
    public ScriptSession(HostReferences references, string folder, ICellProgress? progress = null)
    {
        shared = new RunContext(this.progress = progress, () => globals.cancel);
        this.folder = Path.GetFullPath(folder);
        host = references.All;
        resolver = new CellReferenceResolver(references, this.folder);
        options = ScriptOptions.Default
            .WithReferences(Array.Empty<MetadataReference>())
            .WithImports(Usings)
            .WithMetadataResolver(resolver)
            .WithSourceResolver(ScriptSourceResolver.Default.WithBaseDirectory(this.folder))
            .WithLanguageVersion(LanguageVersion.CSharp14)
            .WithOptimizationLevel(OptimizationLevel.Release)
            .WithAllowUnsafe(true)
            .WithEmitDebugInformation(true)
            .WithFileEncoding(Encoding.UTF8);
    }

    /// <summary>Raised for everything a cell puts out, in order, from the thread that put it out.</summary>
    public event Action<CellOutput>? Output;

    /// <summary>Answers questions of cells (`GetInputAsync`, `Console.ReadLine`); null when nobody is there.</summary>
    public Func<CellQuestion, Task<string>>? Ask { get; init; }

    /// <summary>Execution count of the last cell.</summary>
    public int Number { get; private set; }

    /// <summary>Runs one cell. Errors of the cell are in the outcome (and were raised as output), not thrown.</summary>
    /// <param name="cancel">
    /// Interrupts the cell. One that watches the token (`cancel` in the cell, everything long in the library) ends at its
    /// next step; any other is aborted. Either way the session stays usable, with the variables of the cells before.
    /// </param>
    /// <param name="insist">Aborts also a cell that watches its token.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled and the cell is over.</exception>
    public async Task<CellOutcome> ExecuteAsync(string code, CancellationToken cancel = default, CancellationToken insist = default)
    {
        cancel.ThrowIfCancellationRequested();
        var current = ++Number;
        globals.Begin(cancel);
        RunContext.Announce(shared);
        CellFlow? started = null;
        using var capture = new ConsoleCapture(output => Show(started, output), Ask);
        var lost = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (flow, cell) = thread.Start(flow =>
        {
            NativeFaults.Enter(message => lost.TrySetResult(message));
            return RunAsync(code, $"cell[{current}]", current, started = flow);
        });
        var interrupted = new TaskCompletionSource();
        using (cancel.Register(interrupted.SetResult))
            await Task.WhenAny(cell, interrupted.Task, lost.Task).ConfigureAwait(false);
        if (lost.Task.IsCompleted)
            return GiveUp(flow, current, await lost.Task.ConfigureAwait(false));
        if (cancel.IsCancellationRequested)
        {
            await EndAsync(flow, cell, insist).ConfigureAwait(false);
            progress?.EndCell();
            throw new OperationCanceledException(cancel);
        }
        var error = await cell.ConfigureAwait(false);
        if (error is not null)
            Emit(error);
        return new CellOutcome(current, error);
    }

    /// <summary>What the cell would compile to after the cells so far; for completion and inspection.</summary>
    internal SemanticModel Analyse(string code)
    {
        var compilation = Submission(code, "draft").GetCompilation();
        return compilation.GetSemanticModel(compilation.SyntaxTrees.Single(tree => tree.FilePath == "draft" + CellErrors.Extension));
    }

    public void Dispose() => thread.Dispose();

    /// <summary>Ends a cell whose thread is lost in native code; the next one gets another.</summary>
    private CellOutcome GiveUp(CellFlow flow, int current, string message)
    {
        flow.Drop();
        thread.Dispose();
        thread = new CellThread();
        progress?.EndCell();
        var cell = $"cell[{current}]";
        var error = new CellError("NativeException", $"{message} {NativeFaults.Advice}", cell, [$"{cell}: NativeException: {message}", NativeFaults.Advice]);
        Emit(error);
        return new CellOutcome(current, error);
    }

    private async Task EndAsync(CellFlow flow, Task cell, CancellationToken insist)
    {
        var insisted = new TaskCompletionSource();
        using (insist.Register(() => insisted.TrySetResult()))
            await Task.WhenAny(cell, insisted.Task, Task.Delay(globals.Watched ? WatchedGrace : Grace, CancellationToken.None)).ConfigureAwait(false);
        if (cell.IsCompleted || await thread.AbortAsync(flow).ConfigureAwait(false))
            return;
        // It ends when its native call returns; the next cell does not wait for that.
        thread.Dispose();
        thread = new CellThread();
    }

    private void Emit(CellOutput output) => Output?.Invoke(output);

    /// <summary>Output of a cell; what one that was given up still says on its way out, in a `finally`, is not shown.</summary>
    private void Show(CellFlow? flow, CellOutput output)
    {
        if (flow is not { Dropped: true })
            Emit(output);
    }

    private async Task<CellError?> RunAsync(string code, string name, int current, CellFlow flow)
    {
        RunningCell.Enter(output => Show(flow, output), Ask);
        var clock = Stopwatch.StartNew();
        CellSource source;
        try
        {
            source = CellSource.Parse(code, name);
            foreach (var import in source.Imports)
                if (await ImportAsync(import, name) is { } failed)
                    return failed;
        }
        catch (CaiException e)
        {
            return CellErrors.Of(e, name);
        }
        var (value, error) = await SubmitAsync(source.Code, name);
        progress?.EndCell();
        if (error is null && value is not null and not DisplayedValue)
            Show(flow, new CellValue(current, MimeBundles.Of(value)));
        if (error is null && source.Timed)
            RunningCell.Show(MimeBundles.Of(string.Create(CultureInfo.InvariantCulture, $"Wall time: {clock.Elapsed.TotalMilliseconds:F0} ms")));
        return error;
    }

    private async Task<CellError?> ImportAsync(string file, string name)
    {
        var path = Path.GetFullPath(file, folder);
        if (Path.GetExtension(path) is not (".csx" or ".cs" or ".ipynb" or DibFile.Extension))
            throw new CaiException($"#!import \"{file}\" is neither a C# script nor a notebook.", "Import a .csx, .cs, .dib or .ipynb file.", name);
        if (!File.Exists(path))
            throw new CaiException($"#!import \"{file}\" does not exist (looked for {path}).", "Paths count from the notebook's folder.", name);
        if (Path.GetExtension(path) is ".csx" or ".cs")
            return await ImportTextAsync(InputFile.ReadText(path, "Check the path."), file);
        foreach (var (i, cell) in NotebookDocument.Load(path).Cells.Where(cell => cell.IsCode).Index())
            if (await ImportTextAsync(cell.Source, $"{file}[{i + 1}]") is { } failed)
                return failed;
        return null;
    }

    private async Task<CellError?> ImportTextAsync(string code, string file)
    {
        var source = CellSource.Parse(code, file);
        foreach (var import in source.Imports)
            if (await ImportAsync(import, file) is { } failed)
                return failed;
        return (await SubmitAsync(source.Code, file)).Error;
    }

    private Script<object> Submission(string code, string name)
    {
        var submission = options.WithFilePath(name + CellErrors.Extension);
        // Later submissions inherit the references; handing them over again each time grows with the square of the cells.
        return state is null
            ? CSharpScript.Create<object>(code, submission.WithReferences(host), typeof(CellGlobals))
            : state.Script.ContinueWith<object>(code, submission);
    }

    private async Task<(object? Value, CellError? Error)> SubmitAsync(string code, string name)
    {
        resolver.Refusals.Clear();
        var script = Submission(code, name);
        // On another thread: an interrupt may abort what the cell's own thread does, and the compiler should not be torn.
        var problems = (await Task.Run(() => script.Compile())).Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
        if (problems.Count > 0)
            return (null, CellErrors.Of(problems, resolver.Refusals, name));
        try
        {
            var next = state is null
                ? await script.RunAsync(globals, _ => true)
                : await script.RunFromAsync(state, _ => true);
            state = next;
            return next.Exception is { } thrown ? (null, CellErrors.Of(thrown, name)) : (next.ReturnValue, null);
        }
        catch (Exception e) when (e is FileLoadException or FileNotFoundException or BadImageFormatException)
        {
            return (null, CellErrors.Of(e, name)); // thrown while the cell was being loaded, before any of its code
        }
    }
}

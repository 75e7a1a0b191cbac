using System.Diagnostics;
using System.Globalization;
using System.Text;
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
    /// <summary>How long an interrupted cell may take to end by itself before it is left behind.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private static readonly string[] Usings =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Linq", "System.Threading.Tasks",
        "Microsoft.DotNet.Interactive.Kernel",
    ];

    private readonly CellThread thread = new();
    private readonly CellGlobals globals = new();
    private readonly CellReferenceResolver resolver;
    private readonly ScriptOptions options;
    private readonly IEnumerable<MetadataReference> host;
    private readonly string folder;
    private ScriptState<object>? state;
    private int number;
    private bool abandoned;

    /// <param name="references">What cells compile against.</param>
    /// <param name="folder">The notebook's folder: `#r`, `#load` and `#!import` paths count from it.</param>
    public ScriptSession(HostReferences references, string folder)
    {
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

    /// <summary>Runs one cell. Errors of the cell are in the outcome (and were raised as output), not thrown.</summary>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancel"/> was cancelled. A cell that did not end within seconds is left behind and the session is of no more use.
    /// </exception>
    public async Task<CellOutcome> ExecuteAsync(string code, CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(abandoned, this);
        cancel.ThrowIfCancellationRequested();
        var current = ++number;
        globals.Set(cancel);
        using var capture = new ConsoleCapture(Emit);
        var cell = thread.Run(() => RunAsync(code, $"cell[{current}]", current));
        var interrupted = new TaskCompletionSource();
        using (cancel.Register(interrupted.SetResult))
            await Task.WhenAny(cell, interrupted.Task).ConfigureAwait(false);
        if (!cell.IsCompleted && await Task.WhenAny(cell, Task.Delay(Grace, CancellationToken.None)).ConfigureAwait(false) != cell)
            abandoned = true;
        cancel.ThrowIfCancellationRequested();
        var error = await cell.ConfigureAwait(false);
        if (error is not null)
            Emit(error);
        return new CellOutcome(current, error);
    }

    public void Dispose() => thread.Dispose();

    private void Emit(CellOutput output) => Output?.Invoke(output);

    private async Task<CellError?> RunAsync(string code, string name, int current)
    {
        RunningCell.Enter(Emit);
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
        if (error is null && value is not null and not DisplayedValue)
            Emit(new CellValue(current, MimeBundles.Of(value)));
        if (error is null && source.Timed)
            Emit(new DisplayData(MimeBundles.Of(string.Create(CultureInfo.InvariantCulture, $"Wall time: {clock.Elapsed.TotalMilliseconds:F0} ms"))));
        return error;
    }

    private async Task<CellError?> ImportAsync(string file, string name)
    {
        var path = Path.GetFullPath(file, folder);
        if (Path.GetExtension(path) is not (".csx" or ".cs"))
            throw new CaiException($"#!import \"{file}\" is not a C# script.", "Import a .csx or .cs file.", name);
        if (!File.Exists(path))
            throw new CaiException($"#!import \"{file}\" does not exist (looked for {path}).", "Paths count from the notebook's folder.", name);
        var source = CellSource.Parse(await File.ReadAllTextAsync(path), file);
        foreach (var import in source.Imports)
            if (await ImportAsync(import, file) is { } failed)
                return failed;
        return (await SubmitAsync(source.Code, file)).Error;
    }

    private async Task<(object? Value, CellError? Error)> SubmitAsync(string code, string name)
    {
        resolver.Refusals.Clear();
        var submission = options.WithFilePath(name + CellErrors.Extension);
        // Later submissions inherit the references; handing them over again each time grows with the square of the cells.
        var script = state is null
            ? CSharpScript.Create<object>(code, submission.WithReferences(host), typeof(CellGlobals))
            : state.Script.ContinueWith<object>(code, submission);
        var problems = script.Compile().Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
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

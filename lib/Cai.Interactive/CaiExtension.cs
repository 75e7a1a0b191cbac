using System.Runtime.InteropServices;
using Cai.Reproduction;
using Cai.Torch;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;

namespace Cai.Interactive;

/// <summary>
/// What the kit adds to .NET Interactive: its own formatters, progress below the running cell, one thread for all C# cells, interrupts that stop a training
/// at its next step, and `#!cai`. The engine calls <see cref="OnLoadAsync"/> for a package; for a file, cai.csx calls <see cref="Load"/>.
/// </summary>
public sealed class CaiExtension : IKernelExtension
{
    /// <summary>Adds everything to the kernels of the cell that calls it. Safe to call again.</summary>
    /// <exception cref="CaiException">Not called from a cell of .NET Interactive.</exception>
    public static void Load() => AddTo((KernelInvocationContext.Current ?? throw new CaiException("No cell of .NET Interactive runs here.",
        "Call this from a cell, or use `cai run`, which needs no extension.")).HandlingKernel.RootKernel);

    /// <inheritdoc/>
    public Task OnLoadAsync(Kernel kernel)
    {
        AddTo(kernel.RootKernel);
        return Task.CompletedTask;
    }

    private static void AddTo(Kernel root)
    {
        TorchNative.Init();
        if (!Magics.AddTo(root))
            return; // loaded already: the first cell was run again
        Formatters.Register();
        var cells = new CellThread();
        var progress = new CellProgress();
        RunContext.Announce(new RunContext(progress, () => cells.Cancel));
        foreach (var csharp in root.FindKernels(kernel => kernel.KernelInfo.LanguageName == "C#"))
            csharp.AddMiddleware(async (command, context, next) =>
            {
                if (command is not SubmitCode || cells.IsCurrent)
                {
                    await next(command, context);
                    return;
                }
                progress.Begin(context);
                try
                {
                    await cells.RunAsync(() => next(command, context));
                }
                catch (CellGivenUpException left)
                {
                    context.Fail(command, message: left.Message);
                }
                finally
                {
                    progress.End();
                }
            });
        // Jupyter interrupts by this signal. The engine has a handler, too, which ends the process. Handlers run one after the other on a thread made for
        // the signal, the newest first; this one does not return.
        root.RegisterForDisposal(PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            progress.End(); // a cell that fails can show nothing any more
            cells.Interrupt();
            Thread.Sleep(Timeout.Infinite);
        }));
        root.RegisterForDisposal(cells);
    }
}

using System.Collections.Concurrent;
using System.Runtime;

namespace Cai.Tool.Notebooks;

/// <summary>
/// The one thread on which a session's cells run. libtorch's gradient mode and TorchSharp's dispose scopes belong to a
/// thread, so an `await` in a cell must come back to it; and deep recursion in a cell should not end the process.
/// </summary>
internal sealed class CellThread : IDisposable
{
    private const int StackBytes = 64 << 20;

    /// <summary>How long code may go on before a wait or sleep in it is interrupted, and then before it is given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300), LastPatience = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<(CellFlow Flow, SendOrPostCallback Callback, object? State)> queue = [];
    private readonly Lock gate = new();
    private readonly Thread thread;
    private CellFlow? running;

    public CellThread()
    {
        thread = new Thread(Pump, StackBytes) { IsBackground = true, Name = "cells" };
        thread.Start();
    }

    /// <summary>Starts <paramref name="work"/> on the thread; everything it awaits resumes there.</summary>
    public (CellFlow Flow, Task<T> Done) Start<T>(Func<CellFlow, Task<T>> work)
    {
        var flow = new CellFlow(this);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        flow.Post(async _ =>
        {
            try
            {
                done.TrySetResult(await work(flow));
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        }, null);
        return (flow, done.Task);
    }

    /// <summary>
    /// Ends a flow wherever it is: what it awaits is dropped, what it computes is aborted, what it waits for is interrupted.
    /// </summary>
    /// <returns>False when it sits in code that cannot be aborted (native code): the thread is of no more use.</returns>
    public async Task<bool> AbortAsync(CellFlow flow)
    {
        flow.Drop();
        // Cancelling returns only once the code has been aborted.
        _ = Task.Run(flow.Abort);
        var (_, idle) = Start(_ => Task.FromResult(true));
        if (await Task.WhenAny(idle, Task.Delay(Patience)) == idle)
            return true;
        lock (gate)
            if (running == flow)
                thread.Interrupt();
        return await Task.WhenAny(idle, Task.Delay(LastPatience)) == idle;
    }

    /// <summary>Lets the thread end once the running callback is done.</summary>
    public void Dispose() => queue.CompleteAdding();

    internal void Add(CellFlow flow, SendOrPostCallback callback, object? state)
    {
        try
        {
            queue.Add((flow, callback, state));
        }
        catch (InvalidOperationException)
        {
            // The session is closed: what an abandoned cell still awaited is dropped.
        }
    }

    private void Pump()
    {
        foreach (var (flow, callback, state) in queue.GetConsumingEnumerable())
        {
            lock (gate)
                running = flow;
            SynchronizationContext.SetSynchronizationContext(flow);
            try
            {
                if (!flow.Dropped)
                    RunAbortable(() => callback(state), flow.AbortToken);
            }
            catch (Exception) when (flow.Dropped)
            {
                // Whatever an aborted cell dies of.
            }
            catch (Exception e)
            {
                // An `async void` of a cell: it has nobody to report to, and must not end the process.
                Console.Error.WriteLine(e.Message);
            }
            lock (gate)
                running = null;
            if (flow.Dropped)
                TakeInterrupt();
        }
    }

#pragma warning disable SYSLIB0046 // Made for REPLs; there is no other way to end a cell that loops for ever.
    private static void RunAbortable(Action action, CancellationToken abort) => ControlledExecution.Run(action, abort);
#pragma warning restore SYSLIB0046

    /// <summary>An interrupt that came too late to hit its cell would hit the next wait on this thread.</summary>
    private static void TakeInterrupt()
    {
        try
        {
            Thread.Sleep(1);
        }
        catch (ThreadInterruptedException)
        {
        }
    }
}

/// <summary>A cell's way through the cell thread.</summary>
internal sealed class CellFlow(CellThread thread) : ThreadFlow
{
    private readonly CancellationTokenSource abort = new();

    internal CancellationToken AbortToken => abort.Token;

    protected override bool IsCurrent => Current == this;

    internal void Abort() => abort.Cancel();

    protected override void Enqueue(SendOrPostCallback callback, object? state) => thread.Add(this, callback, state);
}

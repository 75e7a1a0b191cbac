using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Cai.Tool.Notebooks;

namespace Cai.Interactive;

/// <summary>
/// The one thread on which C# cells run. libtorch's gradient mode and TorchSharp's dispose scopes belong to a thread, so that an `await` inside `no_grad`
/// must come back to it; the engine by itself goes on wherever the pool has a thread.
/// </summary>
internal sealed class CellThread : IDisposable
{
    private const int StackBytes = 64 << 20;

    /// <summary>
    /// How long an interrupted cell may take to end by itself before it is given up; a training step and its checkpoint may take the longer one.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300), WatchedGrace = TimeSpan.FromSeconds(60);

    private volatile BlockingCollection<(Flow? Flow, SendOrPostCallback Callback, object? State)> queue;
    private volatile Thread thread;
    private volatile Flow? running;

    public CellThread() => Start();

    /// <summary>Whether the caller is on this thread: a cell that runs another one waits for it here.</summary>
    public bool IsCurrent => Thread.CurrentThread == thread;

    /// <summary>Cancelled when the running cell is interrupted. Who asks for it is given time to end by itself.</summary>
    public CancellationToken Cancel
    {
        get
        {
            if (running is not { } flow)
                return CancellationToken.None;
            flow.Watched = true;
            return flow.Interrupted.Token;
        }
    }

    /// <summary>Runs a cell; whatever it awaits resumes on this thread.</summary>
    /// <exception cref="CellGivenUpException">
    /// It was interrupted while it awaited something that does not watch <see cref="Cancel"/>, or libtorch threw where nothing can catch it.
    /// </exception>
    public async Task RunAsync(Func<Task> cell)
    {
        var flow = new Flow(this, running);
        running = flow;
        var done = flow.Done;
        var caller = ExecutionContext.Capture()!;
        flow.Post(_ => ExecutionContext.Run(caller, async _ =>
        {
            SynchronizationContext.SetSynchronizationContext(flow);
            NativeFaults.Enter(message => Leave(flow, message));
            try
            {
                await cell();
                done.TrySetResult();
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        }, null), null);
        try
        {
            await done.Task.ConfigureAwait(false);
        }
        finally
        {
            flow.Drop();
            running = flow.Outer;
        }
    }

    /// <summary>
    /// Tells the running cell to stop. What watches <see cref="Cancel"/>, everything long in the library, ends at its next step. A cell that only awaits is
    /// given up as soon as this thread is free; one that computes without watching runs to its end.
    /// </summary>
    public void Interrupt()
    {
        if (running is not { } flow)
            return;
        flow.Interrupted.Cancel();
        _ = Task.Delay(flow.Watched ? WatchedGrace : Grace).ContinueWith(_ => Add(null, _ =>
        {
            flow.Drop();
            flow.Done.TrySetException(new CellGivenUpException("Interrupted."));
        }, null), TaskScheduler.Default);
    }

    public void Dispose() => queue.CompleteAdding();

    private void Add(Flow? flow, SendOrPostCallback callback, object? state)
    {
        try
        {
            queue.Add((flow, callback, state));
        }
        catch (InvalidOperationException)
        {
            // The kernel is being closed.
        }
    }

    [MemberNotNull(nameof(queue), nameof(thread))]
    private void Start()
    {
        var own = queue = [];
        thread = new Thread(() => Pump(own), StackBytes) { IsBackground = true, Name = "cells" };
        thread.Start();
    }

    /// <summary>Ends a cell of which a thread is lost in native code, this one as a rule; the next cell gets another.</summary>
    private void Leave(Flow flow, string message)
    {
        if (flow.Done.Task.IsCompleted)
            return; // what it left running belongs to no cell any more
        flow.Drop();
        queue.CompleteAdding();
        Start();
        flow.Done.TrySetException(new CellGivenUpException($"{message} {NativeFaults.Advice}"));
    }

    private static void Pump(BlockingCollection<(Flow? Flow, SendOrPostCallback Callback, object? State)> queue)
    {
        foreach (var (flow, callback, state) in queue.GetConsumingEnumerable())
        {
            if (flow is { Dropped: true })
                continue;
            SynchronizationContext.SetSynchronizationContext(flow);
            try
            {
                callback(state);
            }
            catch (Exception e)
            {
                // An `async void` of a cell: it has nobody to report to, and must not end the process.
                Console.Error.WriteLine(e.Message);
            }
        }
    }

    /// <summary>A cell's way through the thread.</summary>
    private sealed class Flow(CellThread cells, Flow? outer) : ThreadFlow
    {
        /// <summary>The cell that runs this one, if any.</summary>
        public Flow? Outer { get; } = outer;

        public CancellationTokenSource Interrupted { get; } = new();

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether anything of the cell looks at <see cref="Cancel"/>.</summary>
        public bool Watched { get; set; }

        // Also where the flow is another one: a cell that runs a cell waits on the thread itself.
        protected override bool IsCurrent => cells.IsCurrent;

        protected override void Enqueue(SendOrPostCallback callback, object? state) => cells.Add(this, callback, state);
    }
}

/// <summary>A cell was left where it was: interrupted while it waited, or lost in native code.</summary>
internal sealed class CellGivenUpException(string message) : Exception(message);

using System.Collections.Concurrent;

namespace Cai.Tool.Notebooks;

/// <summary>
/// The one thread on which a session's cells run. libtorch's gradient mode and TorchSharp's dispose scopes belong to a
/// thread, so an `await` in a cell must come back to it; and deep recursion in a cell should not end the process.
/// </summary>
internal sealed class CellThread : SynchronizationContext, IDisposable
{
    private const int StackBytes = 64 << 20;
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> queue = [];

    public CellThread()
    {
        var thread = new Thread(Pump, StackBytes) { IsBackground = true, Name = "cells" };
        thread.Start();
    }

    /// <summary>Starts <paramref name="work"/> on the thread; everything it awaits resumes there.</summary>
    public Task<T> Run<T>(Func<Task<T>> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(async _ =>
        {
            try
            {
                done.SetResult(await work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }, null);
        return done.Task;
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            queue.Add((d, state));
        }
        catch (InvalidOperationException)
        {
            // The session is closed: what an abandoned cell still awaited is dropped.
        }
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (Current == this)
        {
            d(state);
            return;
        }
        using var done = new ManualResetEventSlim();
        Post(_ =>
        {
            d(state);
            done.Set();
        }, null);
        done.Wait();
    }

    /// <summary>Lets the thread end once the running callback is done.</summary>
    public void Dispose() => queue.CompleteAdding();

    private void Pump()
    {
        SetSynchronizationContext(this);
        foreach (var (callback, state) in queue.GetConsumingEnumerable())
        {
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
}

namespace Cai.Tool.Notebooks;

/// <summary>One cell's way through the one thread that cells run on; awaits of the cell resume through it, until it is dropped.</summary>
internal abstract class ThreadFlow : SynchronizationContext
{
    private volatile bool dropped;

    /// <summary>Set when the cell is over or was given up: nothing of it runs or shows any more.</summary>
    public bool Dropped => dropped;

    /// <summary>Whether the caller need not wait for the thread.</summary>
    protected abstract bool IsCurrent { get; }

    public void Drop() => dropped = true;

    public override SynchronizationContext CreateCopy() => this;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!Dropped)
            Enqueue(d, state);
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (IsCurrent)
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

    /// <summary>Puts a callback into the thread's queue.</summary>
    protected abstract void Enqueue(SendOrPostCallback callback, object? state);
}

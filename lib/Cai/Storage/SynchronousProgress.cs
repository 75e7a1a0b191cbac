namespace Cai.Storage;

/// <summary>Progress that runs in the caller's thread, in order; System.Progress hands reports to a pool, where they come late and out of order.</summary>
public sealed class SynchronousProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}

using System.Collections.Concurrent;

namespace Cai.Tool.Serving;

/// <summary>Work for the model thread.</summary>
internal abstract class ModelWork
{
    /// <summary>Nobody waits for the result any more.</summary>
    public abstract bool IsAbandoned { get; }

    /// <summary>Whether the other work can be computed in one batch with this one.</summary>
    public abstract bool Joins(ModelWork other);

    /// <summary>Computes the batch, of which this is the first, and gives everyone their result.</summary>
    public abstract void Run(IReadOnlyList<ModelWork> batch, CancellationToken stopping);

    public abstract void Fail(Exception error);
}

/// <summary>
/// The one thread on which models compute: libtorch's gradient mode belongs to a thread, and two forward passes at once
/// are slower than one after the other. What waits and can be computed together is; nothing ever waits for company.
/// </summary>
internal sealed class ModelThread : IDisposable
{
    private const int LargestBatch = 64;

    /// <summary>Works that may wait at a time; a request that needs more can never be served.</summary>
    public const int LongestQueue = 4096;

    private readonly BlockingCollection<ModelWork> queue = new(LongestQueue);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<ModelWork> waiting = [];
    private readonly Thread thread;
    private int pending;

    public ModelThread()
    {
        thread = new Thread(Work) { IsBackground = true, Name = "model" };
        thread.Start();
    }

    /// <summary>Refuses a request at once that there is no room for now, or never will be.</summary>
    /// <param name="works">How many it will add.</param>
    /// <exception cref="ApiException">400 for never, 429 for now.</exception>
    public void RequireRoom(long works)
    {
        if (works > LongestQueue)
            throw new ApiException(400, $"The request needs {works} pieces of work (prompts times n, and as many again for log-probabilities), of which "
                + $"{LongestQueue} may wait at a time; send it in parts.", "n");
        if (queue.Count + Volatile.Read(ref pending) + works > LongestQueue)
            throw new ApiException(429, "Too many requests wait already; try again later.", code: "queue_full");
    }

    /// <exception cref="ApiException">Too much waits already, or the server is stopping.</exception>
    public void Add(ModelWork work)
    {
        try
        {
            if (!queue.TryAdd(work))
                throw new ApiException(429, "Too many requests wait already; try again later.", code: "queue_full");
        }
        catch (InvalidOperationException)
        {
            throw new ApiException(503, "The server is stopping.");
        }
    }

    /// <summary>Ends the work under way at its next token and refuses what waits.</summary>
    public void Dispose()
    {
        queue.CompleteAdding();
        stopping.Cancel();
        thread.Join();
        queue.Dispose();
        stopping.Dispose();
    }

    private void Work()
    {
        while (Next() is { } first)
        {
            List<ModelWork> batch = [first];
            for (var i = 0; i < waiting.Count && batch.Count < LargestBatch;)
                if (first.Joins(waiting[i]))
                {
                    batch.Add(waiting[i]);
                    waiting.RemoveAt(i);
                }
                else
                    i++;
            Run(batch);
        }
    }

    /// <summary>The oldest work that somebody still waits for, everything that has arrived being in <see cref="waiting"/>; null at the end.</summary>
    private ModelWork? Next()
    {
        while (true)
        {
            while (waiting.Count < LongestQueue && queue.TryTake(out var work, waiting.Count == 0 ? Timeout.Infinite : 0))
                waiting.Add(work);
            waiting.RemoveAll(w => w.IsAbandoned);
            Volatile.Write(ref pending, waiting.Count);
            if (waiting.Count > 0)
            {
                var first = waiting[0];
                waiting.RemoveAt(0);
                return first;
            }
            if (queue.IsCompleted)
                return null;
        }
    }

    private void Run(List<ModelWork> batch)
    {
        try
        {
            stopping.Token.ThrowIfCancellationRequested();
            batch[0].Run(batch, stopping.Token);
        }
        catch (OperationCanceledException)
        {
            batch.ForEach(w => w.Fail(new ApiException(503, "The server is stopping.")));
        }
        catch (Exception e)
        {
            // One bad batch must not end the server; whoever asked is told.
            batch.ForEach(w => w.Fail(e));
        }
    }
}

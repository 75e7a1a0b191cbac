using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Cai.Torch;

/// <summary>
/// Independent pieces of work side by side on the CPU, each computed by one of libtorch's threads. A small model is bound by
/// the number of operations, which one thread issues however many of them compute: two batches at once take little more
/// than half the time, two threads in one product of small matrices hardly less than all of it.
/// </summary>
/// <remarks>
/// How work is cut never depends on the number of threads, and every piece is computed by one thread: results are the same
/// with any number of them but one kernel's choice, that of a piece which stands alone and has all threads to itself.
/// </remarks>
internal static class Workers
{
    private static readonly BlockingCollection<Batch> Waiting = [];
    private static readonly Lock Gate = new();
    private static int threads;

    [ThreadStatic]
    private static Batch? current;

    /// <summary>
    /// Does all pieces, each once, on as many threads as libtorch uses on the calling thread, with its gradient mode; returns when all
    /// are done. One piece alone, one thread, or a call from a piece: on the calling thread, in their order.
    /// </summary>
    /// <param name="sideBySide">False: one after the other, each with all of libtorch's threads.</param>
    /// <param name="pieces">How many; <paramref name="work"/> is given the number of one, from 0.</param>
    /// <exception cref="Exception">The first that a piece threw; pieces that had not begun are left out.</exception>
    public static void Run(bool sideBySide, int pieces, Action<int> work)
    {
        var wanted = sideBySide && current is null ? Math.Min(pieces, get_num_threads()) : 1;
        if (wanted <= 1)
        {
            for (var i = 0; i < pieces; i++)
                work(i);
            return;
        }
        Start(wanted);
        var batch = new Batch(pieces, work, wanted, is_grad_enabled());
        for (var i = 0; i < wanted; i++)
            Waiting.Add(batch);
        batch.Wait();
    }

    /// <summary>The same with pieces of several kinds; one after the other unless <paramref name="sideBySide"/>.</summary>
    public static void Run(bool sideBySide, params Action[] pieces) => Run(sideBySide, pieces.Length, i => pieces[i]());

    /// <summary>From a piece: has the thread that called Run do something, such as tell of progress, and does not wait for it.</summary>
    public static void OnCaller(Action action)
    {
        if (current is null)
            action();
        else
            current.Post(action);
    }

    private static void Start(int wanted)
    {
        lock (Gate)
            while (threads < wanted)
            {
                using var ready = new ManualResetEventSlim();
                var all = get_num_threads();
                new Thread(() => Work(ready)) { IsBackground = true, Name = $"torch worker {++threads}" }.Start();
                ready.Wait();
                set_num_threads(all); // the worker's own number became that of all threads to come
            }
    }

    private static void Work(ManualResetEventSlim ready)
    {
        _ = get_num_threads(); // a thread's first question or operation takes over the number of all threads, undoing what was set before
        set_num_threads(1);
        ready.Set();
        foreach (var batch in Waiting.GetConsumingEnumerable())
        {
            current = batch;
            batch.Work();
            current = null;
        }
    }

    private sealed class Batch(int pieces, Action<int> work, int workers, bool gradients)
    {
        private readonly BlockingCollection<Action> posted = [];
        private ExceptionDispatchInfo? problem;
        private int next = -1;
        private int working = workers;
        private volatile bool abandoned;

        public void Post(Action action) => posted.Add(action);

        public void Work()
        {
            using (set_grad_enabled(gradients))
                for (var i = Interlocked.Increment(ref next); i < pieces && problem is null && !abandoned; i = Interlocked.Increment(ref next))
                    Try(() => work(i));
            if (Interlocked.Decrement(ref working) == 0)
                posted.CompleteAdding();
        }

        public void Wait()
        {
            try
            {
                foreach (var action in posted.GetConsumingEnumerable())
                    Try(action);
            }
            finally
            {
                abandoned = true; // the caller may be aborted, as cells of a notebook are: then no further piece begins
            }
            problem?.Throw();
        }

        private void Try(Action action)
        {
            try
            {
                action();
            }
            catch (Exception e) when (e is not ThreadAbortException)
            {
                Interlocked.CompareExchange(ref problem, ExceptionDispatchInfo.Capture(e), null);
            }
        }
    }
}

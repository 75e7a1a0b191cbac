using System.Diagnostics;
using System.Runtime.InteropServices;
using Cai.Storage;

namespace Cai.Fuzz;

/// <summary>What a process of the campaign says: an end, or a fault.</summary>
/// <param name="Key">Kind of the fault: exception and place, slow, large. Null for the end.</param>
internal sealed record Report(long Case, string? Key = null, string? Detail = null, long Read = 0, long Refused = 0, double Slowest = 0);

/// <summary>Runs cases in a process of its own, since some faults end the process: its parent goes on behind them.</summary>
internal sealed class Worker(Target target, FuzzOptions options, string folder, string state)
{
    public const int Hung = 99, NotBegun = 98;

    /// <summary>Numbers in the state file, which is written before each case: its number, and how many before it were read and refused.</summary>
    public const int StateLength = 3;

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5), Longest = TimeSpan.FromSeconds(25);
    private const long Large = 1L << 30;

    private long number = -1, started;

    /// <summary>The input of a case.</summary>
    public static byte[] Input(Target target, long seed, long number) =>
        new Mutator(Seeds.Rng(seed, "fuzz", target.Name, number)).Mutate(target.Seeds, target.Words, target.Binary);

    public int Run()
    {
        foreach (var seed in target.Seeds)
            try
            {
                target.Read(seed, Fresh());
            }
            catch (Exception e)
            {
                Console.Error.WriteLine(e);
                Environment.Exit(NotBegun); // a good input that is refused is a fault of the campaign
            }
        using var file = new FileStream(state, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        Span<long> counts = stackalloc long[StateLength];
        new Thread(Watch) { IsBackground = true }.Start();
        var (clock, read, refused, slowest, work) = (Stopwatch.StartNew(), 0L, 0L, 0.0, Fresh());
        for (number = options.From; number < options.N && clock.Elapsed.TotalSeconds < options.Seconds; number++)
        {
            (counts[0], counts[1], counts[2]) = (number, read, refused);
            file.Position = 0;
            file.Write(MemoryMarshal.AsBytes(counts));
            var input = Input(target, options.Seed, number);
            var allocated = GC.GetTotalAllocatedBytes(); // of all threads: some readers work on the pool
            var begun = Stopwatch.GetTimestamp();
            Volatile.Write(ref started, begun);
            try
            {
                target.Read(input, work);
                read++;
            }
            catch (CaiException e)
            {
                refused++;
                if (e.Message.AsSpan().IndexOfAny('\n', '\r') >= 0)
                    Say(new(number, "a message of several lines", e.Message));
            }
            catch (Exception e)
            {
                Say(new(number, $"{e.GetType().Name} in {Place(e)}", e.ToString()));
            }
            Volatile.Write(ref started, 0);
            var seconds = Stopwatch.GetElapsedTime(begun);
            slowest = Math.Max(slowest, seconds.TotalSeconds);
            if (seconds > Slow)
                Say(new(number, "slower than 5 s", $"{seconds.TotalSeconds:F1} s"));
            if (GC.GetTotalAllocatedBytes() - allocated is > Large and var much)
                Say(new(number, "more than 1 GiB allocated", $"{much >> 20} MiB"));
            if (number % 500 == 499)
                work = Fresh();
        }
        Say(new(number, Read: read, Refused: refused, Slowest: slowest));
        Console.Out.Flush();
        Environment.Exit(0); // servers and their threads
        return 0;
    }

    private void Watch()
    {
        while (true)
        {
            Thread.Sleep(500);
            if (Volatile.Read(ref started) is > 0 and var begun && Stopwatch.GetElapsedTime(begun) > Longest)
            {
                Say(new(number, $"slower than {Longest.TotalSeconds} s"));
                Environment.Exit(Hung);
            }
        }
    }

    private string Fresh() => Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("N"))).FullName;

    private static void Say(Report report)
    {
        lock (Console.Out)
        {
            Console.WriteLine(CaiJson.Write(report));
            Console.Out.Flush();
        }
    }

    /// <summary>The first place of the library in the trace.</summary>
    private static string Place(Exception e)
    {
        for (var at = e; at is not null; at = at.InnerException)
            if (new StackTrace(at, fNeedFileInfo: true).GetFrames().FirstOrDefault(f => f.GetMethod()?.DeclaringType?.Namespace is { } name
                && name.StartsWith("Cai", StringComparison.Ordinal) && !name.StartsWith("Cai.Fuzz", StringComparison.Ordinal)) is { } frame)
                return $"{frame.GetMethod()!.DeclaringType!.FullName}.{frame.GetMethod()!.Name}";
        return e.TargetSite?.Name ?? "?";
    }
}

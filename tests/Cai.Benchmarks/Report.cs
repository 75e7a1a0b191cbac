using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Cai.Benchmarks;

/// <summary>Measures and prints.</summary>
public static class Report
{
    /// <param name="threads">Of libtorch from now on; null leaves them.</param>
    public static void Header(int rounds, int? threads = null)
    {
        if (threads is { } number)
        {
            _ = get_num_threads(); // a thread's first question takes over the number of all threads, undoing what was set before
            set_num_threads(number);
        }
        Console.WriteLine(
            $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}, {RuntimeInformation.FrameworkDescription}, libtorch {__version__}");
        Console.WriteLine($"{Environment.ProcessorCount} processors, {get_num_threads()} torch threads{(Configuration() is { } note ? $", {note}" : "")}");
        Console.WriteLine($"Medians of {rounds} rounds after one that does not count; slowest and fastest round in brackets.");
    }

    public static void Size(Workload workload, int rounds)
    {
        Line($"\n{workload.Name}: {workload.Parameters:N0} parameters; few-shot prefix of {workload.PrefixTokens} tokens");
        Line($"% of the float32 matrix product timed between the same rounds, at 2 operations for each weight that a token multiplies, 6 in training; of "
            + $"generation the tokens written alone\n");
        Group(workload.Training, rounds);
        Group(workload.Generation, rounds);
        var peak = Group(workload.Scoring, rounds);
        var phases = workload.Ppo(rounds, out var tokens, out var flops);
        Line($"PPO iteration, 64 answers ({tokens:F0} tokens)");
        foreach (var (phase, seconds) in phases)
            Line($"{"  " + phase,-50} {seconds,10:F2} s");
        Line($"{"  together",-50} {phases.Sum(p => p.Seconds),10:F2} s");
        Line($"{"  the update's share of the matrix product",-50} {flops / phases[^1].Seconds / peak,10:P1}");
    }

    /// <summary>
    /// Times some cases and the peak together: a share would lie if its peak came from a quieter minute. Gives the peak, operations a second.
    /// </summary>
    private static double Group(IReadOnlyList<Case> cases, int rounds, Device? device = null)
    {
        var measured = Timing.Interleaved([Workload.MatrixProduct(device), .. cases], rounds);
        var peak = measured[0];
        Line($"{peak.Case.Name,-50} {peak.Rate / 1e9,10:F1} GFLOP/s        [{peak.Slowest / 1e9:F1}, {peak.Fastest / 1e9:F1}]");
        foreach (var m in measured.Skip(1))
        {
            var share = m.Case.Flops == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{m.Case.Flops * m.Rate / peak.Rate:P1}");
            Line($"{m.Case.Name,-50} {m.Rate,10:N0} tokens/s {share,6} [{m.Slowest:N0}, {m.Fastest:N0}]");
        }
        return peak.Rate;
    }

    /// <summary>The rates of one device; for comparing two.</summary>
    public static void Rates(Workload workload, int rounds, Device device) =>
        Group([.. workload.Training, workload.Generation[2], workload.Scoring[0]], rounds, device);

    private static void Line(string text) => Console.WriteLine(text);

    private static string? Configuration()
    {
#if DEBUG
        return "a Debug build: use -c Release";
#else
        return null;
#endif
    }
}

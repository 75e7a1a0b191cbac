using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Cai.Benchmarks;

/// <summary>Measures and prints.</summary>
public static class Report
{
    public static void Header(int rounds)
    {
        Console.WriteLine($"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}, {RuntimeInformation.FrameworkDescription}, libtorch {__version__}");
        Console.WriteLine($"{Environment.ProcessorCount} processors, {get_num_threads()} torch threads{(Configuration() is { } note ? $", {note}" : "")}");
        Console.WriteLine($"Medians of {rounds} rounds after one that does not count; slowest and fastest round in brackets.");
    }

    public static void Size(Workload workload, int rounds)
    {
        Line($"\nsize {workload.Size}: {workload.Parameters:N0} parameters{(workload.Shipped ? "" : ", random weights")}; few-shot prefix of {workload.PrefixTokens} tokens\n");
        // The peak takes its turn among the trainings: the share would lie if it had been measured in a quieter minute.
        var training = Timing.Interleaved([Workload.MatrixProduct(), .. workload.Training], rounds);
        var peak = training[0];
        Line($"{peak.Name,-50} {peak.Rate / 1e9,10:F1} GFLOP/s   [{peak.Slowest / 1e9:F1}, {peak.Fastest / 1e9:F1}]");
        foreach (var m in training.Skip(1))
        {
            Rate(m);
            Line($"{"  of the matrix-product peak (6 x parameters)",-50} {6.0 * workload.Parameters * m.Rate / peak.Rate,10:P1}");
        }
        foreach (var m in Timing.Interleaved(workload.Generation, rounds).Concat(Timing.Interleaved(workload.Scoring, rounds)))
            Rate(m);
        var phases = workload.Ppo(rounds, out var tokens);
        Line($"PPO iteration, 64 answers ({tokens:F0} tokens)");
        foreach (var (phase, seconds) in phases)
            Line($"{"  " + phase,-50} {seconds,10:F2} s");
        Line($"{"  together",-50} {phases.Sum(p => p.Seconds),10:F2} s");
    }

    private static void Rate(Measured m) => Line($"{m.Name,-50} {m.Rate,10:N0} tokens/s  [{m.Slowest:N0}, {m.Fastest:N0}]");

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static string? Configuration()
    {
#if DEBUG
        return "a Debug build: use -c Release";
#else
        return null;
#endif
    }
}

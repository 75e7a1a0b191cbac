using System.Diagnostics;

namespace Cai.Benchmarks;

/// <summary>Something to time.</summary>
/// <param name="Run">Does it once; gives how much was done (tokens, or floating-point operations).</param>
/// <param name="Flops">Floating-point operations for one token of that amount; 0 where the tokens counted are not those computed.</param>
public sealed record Case(string Name, Func<double> Run, double Flops = 0);

/// <summary>What was measured.</summary>
/// <param name="Rate">Median amount a second.</param>
/// <param name="Slowest">The worst round; far from the median when another program was busy.</param>
public sealed record Measured(Case Case, double Rate, double Slowest, double Fastest);

/// <summary>Stopwatch timing for work of seconds.</summary>
public static class Timing
{
    /// <summary>
    /// Times every case once a round, after one round that does not count. The cases take turns, so that a machine which
    /// gets slower in the course of a run slows all of them, and their ratios stand.
    /// </summary>
    public static IReadOnlyList<Measured> Interleaved(IReadOnlyList<Case> cases, int rounds)
    {
        var rates = cases.ToDictionary(c => c, _ => new List<double>());
        for (var round = 0; round <= rounds; round++)
            foreach (var item in cases)
            {
                var watch = Stopwatch.StartNew();
                var amount = item.Run();
                if (round > 0)
                    rates[item].Add(amount / watch.Elapsed.TotalSeconds);
            }
        return [.. cases.Select(c => new Measured(c, Median(rates[c]), rates[c].Min(), rates[c].Max()))];
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

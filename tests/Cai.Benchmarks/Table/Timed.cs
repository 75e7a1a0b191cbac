using System.Diagnostics;
using System.Globalization;

namespace Cai.Benchmarks.Table;

/// <summary>Work that was timed once.</summary>
/// <param name="Work">How much was done, in the unit of its row.</param>
/// <param name="Wall">Seconds that passed.</param>
/// <param name="Cpu">Seconds of all threads together; null where only the clock was read.</param>
public sealed record Timed(double Work, double Wall, double? Cpu)
{
    /// <summary>Work a second that passed.</summary>
    public double WallRate => Work / Wall;

    /// <summary>Work a second of CPU time; of two threads that both work all the time, half of what the clock says.</summary>
    public double CpuRate => Work / (Cpu ?? double.NaN);

    /// <summary>Times work of this process.</summary>
    public static Timed Of(Func<double> run)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        var work = run();
        return new(work, watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }
}

/// <summary>How many times as fast one program is as another.</summary>
/// <param name="Medians">Median rate of the one over that of the other.</param>
/// <param name="Least">The smallest ratio of rates in one round.</param>
/// <param name="Most">The largest.</param>
public sealed record Ratio(double Medians, double Least, double Most)
{
    /// <param name="own">Rate in each round.</param>
    /// <param name="theirs">The other program's rates in the same rounds.</param>
    public static Ratio Of(IReadOnlyList<double> own, IReadOnlyList<double> theirs)
    {
        double[] each = [.. own.Zip(theirs, (a, b) => a / b)];
        return new(Timing.Median(own) / Timing.Median(theirs), each.Min(), each.Max());
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Medians:F2} [{Least:F2}, {Most:F2}]");
}

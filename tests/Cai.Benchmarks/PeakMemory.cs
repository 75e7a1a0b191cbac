using System.Globalization;
using static TorchSharp.torch;

namespace Cai.Benchmarks;

/// <summary>The most memory that this process had in use at once, as Linux counts it: mapped pages of files included.</summary>
public static class PeakMemory
{
    /// <summary>Bytes that <paramref name="work"/> needed at its peak, beyond what was in use before it.</summary>
    /// <exception cref="CaiException">Not Linux.</exception>
    public static long Of(Action work)
    {
        if (!OperatingSystem.IsLinux())
            throw new CaiException("Peak memory is read from /proc.", "Run this on Linux.");
        using (var first = zeros(8)) // libtorch itself is not what is measured
            first.add_(1);
        GC.Collect();
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak starts anew from what is in use now
        var before = Status("VmRSS");
        work();
        return Status("VmHWM") - before;
    }

    private static long Status(string key)
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(key + ":", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}

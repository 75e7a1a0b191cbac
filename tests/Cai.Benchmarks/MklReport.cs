using System.Globalization;
using Cai.Torch;

namespace Cai.Benchmarks;

/// <summary>
/// The matrix product with the kernels that MKL takes by itself and with those of CAI_MKL=fast. A process has one or the
/// other, so each is timed in a child process.
/// </summary>
public static class MklReport
{
    /// <summary>The command line's word for <see cref="RunChild"/>.</summary>
    public const string ChildCommand = "product-child";

    /// <summary>Prints one row for each, or one that says why there is but one kind.</summary>
    public static void Run(int rounds)
    {
        foreach (var kind in MklKernels.Apply ? (string[])[MklKernels.Stock, MklKernels.Fast] : [MklKernels.Stock])
        {
            var result = ChildProcess.Output([ChildCommand, $"{rounds}"], (MklKernels.Variable, kind));
            Console.WriteLine($"{$"matrix product 1,024³, GFLOP/s, {MklKernels.Variable}={kind}",-50} {result[0],10} [{result[1]}, {result[2]}]");
        }
        if (!MklKernels.Apply)
            Console.WriteLine($"{MklKernels.Variable}=fast is for AMD processors with AVX2 under Linux on x64: there is no second kind here.");
    }

    /// <summary>What a child process does: prints the median, the slowest and the fastest of the rounds.</summary>
    public static void RunChild(string rounds)
    {
        var measured = Timing.Interleaved([Workload.MatrixProduct()], int.Parse(rounds, CultureInfo.InvariantCulture))[0];
        Console.WriteLine($"{measured.Rate / 1e9:F1} {measured.Slowest / 1e9:F1} {measured.Fastest / 1e9:F1}");
    }
}

using System.Diagnostics;
using Cai.Torch;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Torch;

/// <summary>Products with the kernels that MKL takes by itself, and in a process of its own with those of CAI_MKL=fast.</summary>
public sealed class MklKernelsTests
{
    private const int Shapes = 200;
    private const double LargestSide = 400;

    /// <summary>
    /// A sum of k products in any order, with or without fused multiply-adds, is off by at most γ Σ|a||b|, γ = ku / (1 - ku)
    /// with u = 2⁻²⁴ for float32 (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1). Twice ku
    /// leaves room for the denominator and for the reference's own error, k 2⁻⁵³ Σ|a||b|.
    /// </summary>
    private static double Bound(int k, double absolute) => 2 * k * double.ScaleB(1, -24) * absolute;

    [Fact]
    public void ProductsOfRandomShapesAreWithinTheErrorBound()
    {
        Assert.Equal(MklKernels.Apply && Environment.GetEnvironmentVariable(MklKernels.Variable) == MklKernels.Fast, MklKernels.AreFast);
        using var guard = no_grad();
        var rng = Seeds.Rng(1, "shapes");
        int Side() => (int)Math.Exp(rng.NextDouble() * Math.Log(LargestSide));
        for (var i = 0; i < Shapes; i++)
        {
            using var scope = NewDisposeScope();
            var (m, k, n) = (Side(), Side(), Side());
            // Both layouts of both factors: MKL has kernels for each.
            var a = i % 2 == 0 ? randn(m, k, generator: Generator(i)) : randn(k, m, generator: Generator(i)).t();
            var b = i % 4 < 2 ? randn(k, n, generator: Generator(~i)) : randn(n, k, generator: Generator(~i)).t();
            var product = (i % 3 == 0 ? bmm(a.unsqueeze(0).expand(2, m, k), b.unsqueeze(0).expand(2, k, n))[1] : a.matmul(b)).contiguous();
            RequireWithinBound(product.data<float>().ToArray(), a.contiguous().data<float>().ToArray(), b.contiguous().data<float>().ToArray(), m, k, n);
        }
    }

    private static Generator Generator(int seed) => new((ulong)(seed + 1000));

    /// <summary>The reference is plain C#: MKL's float64 products have other kernels with CAI_MKL=fast, too.</summary>
    private static void RequireWithinBound(float[] product, float[] a, float[] b, int m, int k, int n)
    {
        for (var row = 0; row < m; row++)
        {
            var (sums, absolute) = (new double[n], new double[n]);
            for (var inner = 0; inner < k; inner++)
                for (var column = 0; column < n; column++)
                {
                    var term = (double)a[row * k + inner] * b[inner * n + column];
                    sums[column] += term;
                    absolute[column] += Math.Abs(term);
                }
            for (var column = 0; column < n; column++)
            {
                var error = Math.Abs(product[row * n + column] - sums[column]);
                Assert.True(error <= Bound(k, absolute[column]), $"{m} x {k} x {n}, element ({row}, {column}): off by {error:E2} of {absolute[column]:E2}");
            }
        }
    }

    [Fact]
    public void TheFastKernelsAreOthersAndStayWithinTheErrorBound()
    {
        Assert.SkipUnless(MklKernels.Apply, "Not Linux on an AMD processor with AVX2: MKL's kernels are not chosen here.");
        var (code, output) = Child(MklKernels.Fast, nameof(ProductsOfRandomShapesAreWithinTheErrorBound));
        Assert.True(code == 0, output);
        Console.WriteLine(output);
    }

    [Theory]
    [InlineData("stock", 0, "")]
    [InlineData("", 0, "")]
    [InlineData("quick", 1, "CAI_MKL=quick: CAI_MKL is neither `fast` nor `stock`.")]
    public void TheDefaultCanBeNamedAndAnotherValueIsRefused(string value, int expected, string message)
    {
        var (code, output) = Child(value, nameof(ProductsOfRandomShapesAreWithinTheErrorBound));
        Assert.True(code == expected, output);
        Assert.Contains(message, output);
    }

    /// <summary>Runs one test of this class in a process with CAI_MKL set.</summary>
    private static (int Code, string Output) Child(string value, string test)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [typeof(MklKernelsTests).Assembly.Location, "-method", $"{typeof(MklKernelsTests).FullName}.{test}"]) { RedirectStandardOutput = true };
        start.Environment[MklKernels.Variable] = value;
        start.Environment["MKL_VERBOSE"] = "1"; // MKL tells the kernels' instructions at its first product
        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return (child.ExitCode, output);
    }
}

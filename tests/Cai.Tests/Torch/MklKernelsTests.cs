using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Cai.Torch;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Torch;

/// <summary>Products with the kernels that MKL is told to take, and in processes of their own with CAI_MKL set.</summary>
public sealed partial class MklKernelsTests
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
        using var guard = no_grad(); // what TorchNative.Init could not do is told here
        Assert.Equal(MklKernels.Apply && Environment.GetEnvironmentVariable(MklKernels.Variable) != MklKernels.Stock, MklKernels.AreFast);
        var rng = Seeds.Rng(1, "shapes");
        int Side() => (int)Math.Exp(rng.NextDouble() * Math.Log(LargestSide));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < Shapes; i++)
        {
            using var scope = NewDisposeScope();
            var (m, k, n) = (Side(), Side(), Side());
            // Both layouts of both factors: MKL has kernels for each.
            var a = i % 2 == 0 ? randn(m, k, generator: Generator(i)) : randn(k, m, generator: Generator(i)).t();
            var b = i % 4 < 2 ? randn(k, n, generator: Generator(~i)) : randn(n, k, generator: Generator(~i)).t();
            var product = (i % 3 == 0 ? bmm(a.unsqueeze(0).expand(2, m, k), b.unsqueeze(0).expand(2, k, n))[1] : a.matmul(b)).contiguous();
            var numbers = product.data<float>().ToArray();
            hash.AppendData(MemoryMarshal.AsBytes<float>(numbers));
            RequireWithinBound(numbers, a.contiguous().data<float>().ToArray(), b.contiguous().data<float>().ToArray(), m, k, n);
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"products {Convert.ToHexStringLower(hash.GetHashAndReset())}");
    }

    private static Generator Generator(int seed) => new((ulong)(seed + 1000));

    /// <summary>The reference is plain C#: MKL's float64 products have other kernels with CAI_MKL=stock, too.</summary>
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
    public void TheFastKernelsStayWithinTheErrorBoundAndAreOthers()
    {
        Assert.SkipUnless(MklKernels.Apply, "Not Linux on an AMD processor with AVX2: MKL's kernels are not chosen here.");
        var (stock, fast) = (Child(MklKernels.Stock), Child(MklKernels.Fast));
        Assert.True(Passed(stock) && Passed(fast), stock + fast);
        if (Avx512F.IsSupported) // of processors without it nobody has measured whether low bits differ
            Assert.NotEqual(Products().Match(stock).Value, Products().Match(fast).Value);
        Assert.Equal(Products().Match(fast).Value, Products().Match(Child("")).Value); // the default
    }

    [Fact]
    public void AnotherValueIsRefused()
    {
        var output = Child("quick");
        Assert.False(Passed(output), output);
        Assert.Contains("CAI_MKL=quick: CAI_MKL is neither `fast` nor `stock`.", output);
    }

    [Fact]
    public void AFileOfTheCacheIsWrittenAnewWhereItIsDamagedAndAFolderThatIsNoneIsNamed()
    {
        Assert.SkipUnless(MklKernels.Apply, "Not Linux on an AMD processor with AVX2: nothing is written here.");
        using var folder = new TempFolder();
        Assert.True(Passed(Child(MklKernels.Fast, folder.Root)));
        var file = Assert.Single(Directory.GetFiles(folder.Root, "libcai-mkl.so", SearchOption.AllDirectories));
        Assert.Equal(MklKernels.Library(), File.ReadAllBytes(file));
        File.WriteAllText(file, "not a library");
        Assert.True(Passed(Child(MklKernels.Fast, folder.Root)));
        Assert.Equal(MklKernels.Library(), File.ReadAllBytes(file));
        var output = Child(MklKernels.Fast, folder.File("taken", ""));
        Assert.False(Passed(output));
        Assert.Contains("CAI_MKL=fast: " + folder.Path("taken"), output);
    }

    /// <summary>The output of the test of products in a process with CAI_MKL set.</summary>
    private static string Child(string value, string? cache = null)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [typeof(MklKernelsTests).Assembly.Location, "-method", $"{typeof(MklKernelsTests).FullName}.{nameof(ProductsOfRandomShapesAreWithinTheErrorBound)}",
            "-showLiveOutput", "-noColor"]) { RedirectStandardOutput = true };
        start.Environment[MklKernels.Variable] = value;
        if (cache is not null)
            start.Environment["XDG_CACHE_HOME"] = cache;
        using var child = Process.Start(start)!;
        return child.StandardOutput.ReadToEnd();
    }

    private static bool Passed(string output) => output.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", StringComparison.Ordinal);

    [GeneratedRegex("products [0-9a-f]{64}")]
    private static partial Regex Products();
}

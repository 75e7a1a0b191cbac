using System.Globalization;
using static TorchSharp.torch;

namespace Cai.Benchmarks;

/// <summary>
/// What matrix products in bfloat16 would gain where learning keeps float32: for shapes of a step of training, the product in float32, in bfloat16 of operands
/// that are bfloat16 already, and of float32 ones that are cast first and the result back. Weights are cast once a step, activations in every product.
/// </summary>
public static class ProductReport
{
    private const int Threads = 1;
    private const double Work = 2e10; // operations of a turn, so that the clock's grain does not matter

    // Tokens of a micro-batch times the matrices of size L, of 125 million weights, and of Qwen2-0.5B.
    private static readonly (string Name, long Rows, long Inner, long Columns)[] Shapes =
    [
        ("L, up", 2048, 160, 416), ("L, down", 2048, 416, 160), ("L, head", 2048, 160, 2048), ("125 M, up", 512, 768, 2048), ("Qwen2-0.5B, up", 512, 896, 4864),
    ];

    /// <summary>Prints a row for each shape.</summary>
    public static void Run(int rounds)
    {
        Report.Header(rounds, Threads);
        Console.WriteLine($"{"GFLOP/s, one thread",-40} {"float32",10} {"bfloat16",10} {"with casts",10}");
        foreach (var (name, rows, inner, columns) in Shapes)
        {
            using var scope = NewDisposeScope();
            var (x, w) = (randn([rows, inner]), randn([inner, columns]));
            var (x16, w16) = (x.to(ScalarType.BFloat16), w.to(ScalarType.BFloat16));
            var measured = Timing.Interleaved(
            [
                Product("float32", () => x.matmul(w)),
                Product("bfloat16", () => x16.matmul(w16)),
                Product("with casts", () => x.to(ScalarType.BFloat16).matmul(w16).to(ScalarType.Float32)),
            ], rounds);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{$"{name}: {rows} x {inner} x {columns}",-40} {string.Join(' ', measured.Select(m => $"{m.Rate / 1e9,10:F0}"))}"));

            Case Product(string kind, Func<Tensor> multiply) => new(kind, () =>
            {
                using var guard = no_grad();
                var (once, times) = (2.0 * rows * inner * columns, 0);
                for (; times * once < Work; times++)
                {
                    using var each = NewDisposeScope();
                    multiply();
                }
                return times * once;
            });
        }
    }
}

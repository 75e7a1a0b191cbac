using Cai.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

/// <summary>What holds of the logits of any bfloat16 model, however its head is stored and multiplied.</summary>
internal static class RoundedProducts
{
    /// <summary>Logits of some hidden states are their product with the tied head in float64, rounded once.</summary>
    public static void Check(Decoder model, int rows)
    {
        var hidden = model.Config.HiddenSize;
        var weights = Float64(model.Parameters["embed.weight"]);
        var x = randn([rows, 1, hidden], generator: new Generator(2, CPU)).to(ScalarType.BFloat16);
        var logits = model.Logits(x);
        Assert.Equal([rows, 1, model.Config.VocabularySize], logits.shape);
        Assert.Equal(ScalarType.BFloat16, logits.dtype);
        var exact = Float64(x).matmul(weights.t());
        // Half of the last of eight bits, 2^-8 of the number at most, and what float32 may lose in the sum.
        var most = Float64(x).abs().matmul(weights.abs().t()) * (hidden * Math.Pow(2, -24)) + exact.abs() * Math.Pow(2, -8);
        Assert.True((Float64(logits) - exact).abs().le(most).all().ToBoolean());
    }

    public static Tensor Float64(Tensor x) => x.to(ScalarType.Float64);
}

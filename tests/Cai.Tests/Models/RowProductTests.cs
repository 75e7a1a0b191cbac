using Cai.Models;
using TorchSharp;
using Xunit;
using static Cai.Tests.Models.RoundedProducts;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

/// <summary>The product of one row with bfloat16 weights, as a decoder's logits and hidden states show it. Several rows at once are libtorch's.</summary>
public sealed class RowProductTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable guard = no_grad();

    public void Dispose()
    {
        guard.Dispose();
        scope.Dispose();
    }

    private static Decoder Narrow(DecoderConfig config, long seed)
    {
        using var wide = Decoder.Create(config, seed);
        return Tiny.Narrow(wide);
    }

    [Theory]
    [InlineData(1, 7, 96)]
    [InlineData(1, 33, 64)]
    [InlineData(1, 20, 48)] // no whole blocks
    [InlineData(1, 2500, 1024)] // enough for several threads
    [InlineData(3, 7, 96)] // libtorch's
    public void LogitsOfOneTokenAreTheProductInFloat64RoundedOnce(int rows, int vocabulary, int hidden)
    {
        using var model = Narrow(Tiny.Config with { VocabularySize = vocabulary, HiddenSize = hidden, Heads = 4, KvHeads = 4, TiedHead = true }, 1);
        RoundedProducts.Check(model, rows);
    }

    [Fact]
    public void HalvesGoToTheEvenNumberAndWhatIsNotFiniteStaysSo()
    {
        // 1 + 2^-8 lies between 1 and 1 + 2^-7, and 1 + 3 · 2^-8 between 1 + 2^-7 and 1 + 2^-6: both go to the one that ends in a zero bit.
        float[] first = [1, 1, 1, float.PositiveInfinity, float.NaN, 3e38f], last = [1 / 256f, 3 / 256f, -1, 1, 1, 3e38f];
        using var model = Narrow(Tiny.Config with { VocabularySize = first.Length, HiddenSize = 64, Heads = 4, KvHeads = 4, TiedHead = true }, 1);
        var weights = zeros(first.Length, 64);
        for (var i = 0; i < first.Length; i++)
            (weights[i, 0], weights[i, 63]) = (tensor(first[i]), tensor(last[i]));
        model.Parameters["embed.weight"].copy_(weights);
        var logits = model.Logits(ones(1, 1, 64).to(ScalarType.BFloat16)).to(ScalarType.Float32).flatten();
        Assert.Equal([1, 1 + 1 / 64f, 0, float.PositiveInfinity, float.NaN, float.PositiveInfinity], logits.data<float>().ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // biases everywhere
    public void ATokenHasTheHiddenStateThatItHasInABatch(bool biases)
    {
        var config = Tiny.Config with
        {
            HiddenSize = 64, IntermediateSize = 96, Heads = 4, KvHeads = 4, AttentionBias = biases, OutputBias = biases, MlpBias = biases,
        };
        using var model = Narrow(config, 3);
        Tiny.DrawBiases(model);
        var ids = tensor(Tiny.Ids(12, 1).Select(id => (long)id).ToArray()).view(12, 1);
        var together = Float64(model.Hidden(ids));
        foreach (var rows in (int[])[1, 4])
            for (var i = 0; i < 12; i += rows)
                Assert.True((Float64(model.Hidden(ids.narrow(0, i, rows))) - together.narrow(0, i, rows)).abs().max().ToDouble() < 0.05); // of size 1
    }
}

using Cai.Models;
using TorchSharp;
using Xunit;
using static Cai.Tests.Models.RoundedProducts;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

/// <summary>Models of a byte a weight, as a folder that is loaded so shows them.</summary>
public sealed class ByteWeightsTests : IDisposable
{
    private static readonly LoadOptions Narrow = new() { DType = ScalarType.BFloat16 };
    private static readonly LoadOptions Bytes = Narrow with { EightBit = true };

    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable guard = no_grad();
    private readonly TempFolder folder = new();

    public void Dispose()
    {
        guard.Dispose();
        scope.Dispose();
        folder.Dispose();
    }

    private string Saved(DecoderConfig config, Action<Decoder>? change = null)
    {
        using var model = Decoder.Create(config, seed: 1);
        change?.Invoke(model);
        var path = folder.Path("model");
        HuggingFaceFolder.Save(path, model, new Tiny.Letters());
        return path;
    }

    [Fact]
    public void ARowIsRoundedToMultiplesOfTheLeastPowerOfTwoThatReachesItsLargestNumber()
    {
        var path = Saved(Tiny.Config with { TiedHead = true }, model =>
        {
            var embed = model.Parameters["embed.weight"];
            embed.zero_();
            // 127 needs steps of 1: 63.5 lies between two and goes to the even one. 128 is not reached by 127 steps of 1, so they are 2. 127/128 needs 1/128.
            float[][] rows = [[127, 63.5f, -0.4f, -3], [128, 63.5f, 0.9f, -3], [127 / 128f, 1 / 256f, 3 / 256f, -1 / 128f]];
            for (var row = 0; row < rows.Length; row++)
                embed[row].narrow(0, 0, 4).copy_(tensor(rows[row]));
        });
        using var model = HuggingFaceFolder.LoadDecoder(path, Bytes);
        var rounded = model.Parameters["embed.weight"].to(ScalarType.Float32);
        Assert.Equal([127, 64, 0, -3], rounded[0].narrow(0, 0, 4).data<float>().ToArray());
        Assert.Equal([128, 64, 0, -4], rounded[1].narrow(0, 0, 4).data<float>().ToArray()); // -1.5 steps go to -2, 0.45 to 0
        Assert.Equal([127 / 128f, 0, 2 / 128f, -1 / 128f], rounded[2].narrow(0, 0, 4).data<float>().ToArray());
        Assert.Equal(0, rounded[3].abs().max().ToSingle());
    }

    [Theory]
    [InlineData(false, "head.weight")]
    [InlineData(true, "embed.weight")]
    public void MatricesMoveByHalfAStepAtMostAndTheRestNotAtAll(bool tied, string head)
    {
        var path = Saved(Tiny.Config with { TiedHead = tied });
        using var exact = HuggingFaceFolder.LoadDecoder(path, Narrow);
        using var model = HuggingFaceFolder.LoadDecoder(path, Bytes);
        var moved = new HashSet<string>();
        foreach (var shape in model.Parameters.Shapes)
        {
            var (was, now) = (Float64(exact.Parameters[shape.Name]), Float64(model.Parameters[shape.Name]));
            if (was.eq(now).all().ToBoolean())
                continue;
            moved.Add(shape.Name);
            // A step is less than twice a 127th of the largest number.
            Assert.True((now - was).abs().le(was.abs().amax([1], keepdim: true) / 127).all().ToBoolean(), shape.Name);
        }
        string[] products = ["qkv", "out", "gate_up", "down"];
        var wanted = Enumerable.Range(0, Tiny.Config.Layers).SelectMany(i => products.Select(p => $"layers.{i}.{p}.weight")).Append(head);
        Assert.Equal(wanted.Order(), moved.Order());
    }

    [Theory]
    [InlineData(1, 33, 64)]
    [InlineData(1, 33, 96)]
    [InlineData(1, 33, 80)] // no whole blocks
    [InlineData(1, 2500, 1024)] // enough for several threads
    [InlineData(3, 34, 96)] // by the bfloat16 weights
    public void LogitsAreTheProductOfTheRoundedWeightsRoundedOnce(int rows, int vocabulary, int hidden)
    {
        using var model = HuggingFaceFolder.LoadDecoder(
            Saved(Tiny.Config with { VocabularySize = vocabulary, HiddenSize = hidden, Heads = 4, KvHeads = 4, TiedHead = true }), Bytes);
        RoundedProducts.Check(model, rows);
    }

    [Fact]
    public void ATokenAloneHasTheHiddenStateThatItHasInABatch()
    {
        using var model = HuggingFaceFolder.LoadDecoder(Saved(Tiny.Config with { HiddenSize = 64, IntermediateSize = 96, Heads = 4, KvHeads = 4 }), Bytes);
        var ids = tensor(Tiny.Ids(12, 1).Select(id => (long)id).ToArray()).view(12, 1);
        var together = Float64(model.Hidden(ids)); // by the bfloat16 weights
        for (var i = 0; i < 12; i++)
            Assert.True((Float64(model.Hidden(ids.narrow(0, i, 1))) - together.narrow(0, i, 1)).abs().max().ToDouble() < 0.05); // states are of size 1
    }

    [Fact]
    public void WeightsThatBfloat16CannotHoldOrThatAreNotFiniteAreRefused()
    {
        var path = Saved(Tiny.Config);
        Assert.Contains("EightBit", Assert.Throws<CaiException>(() => HuggingFaceFolder.LoadDecoder(path, new LoadOptions { EightBit = true })).Message);
        var broken = Saved(Tiny.Config, model => model.Parameters["layers.0.out.weight"][0, 0] = float.NaN);
        Assert.Throws<CaiException>(() => HuggingFaceFolder.LoadDecoder(broken, Bytes with { CheckFinite = false }));
    }
}

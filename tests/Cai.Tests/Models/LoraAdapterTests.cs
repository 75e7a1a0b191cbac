using Cai.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

public sealed class LoraAdapterTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable guard = no_grad();

    public LoraAdapterTests() => set_num_threads(1);

    public static TheoryData<string> Cases => [.. ForeignFolder.Configs.Keys];

    public void Dispose()
    {
        guard.Dispose();
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AnUntrainedAdapterChangesNothingToTheBit(string name)
    {
        using var model = Load(name);
        var before = Logits(model);
        // Where positions are counted, small models of some families are computed by other code without an adapter; where they are given, by the same.
        double[] Exactly() => Tiny.Numbers(model.Logits(model.Hidden(DecoderTests.Batch([3, 1, 4, 1, 5]), arange(5, dtype: ScalarType.Int64).unsqueeze(0))));
        var exactly = Exactly();
        LoraAdapter.Attach(model);
        Assert.Equal(exactly, Exactly());
        DecoderTests.Close(before, Logits(model), 1e-5);
        Assert.All(model.Adapter!.Parameters.Shapes, s => Assert.Equal(s.Name.Contains("lora_B"), model.Adapter.Parameters[s.Name].eq(0).all().ToBoolean()));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void MergingAndSavingChangeNoLogit(string name)
    {
        using var model = Load(name);
        var before = Logits(model);
        Train(LoraAdapter.Attach(model, new() { Rank = 3, Alpha = 6 }));
        var adapted = Logits(model);
        Assert.True(before.Zip(adapted).Max(p => Math.Abs(p.First - p.Second)) > 0.05);
        HuggingFaceFolder.Save(folder.Path("saved"), model, new Tiny.Letters());
        using var saved = HuggingFaceFolder.LoadDecoder(folder.Path("saved"));
        DecoderTests.Close(adapted, Logits(saved), 1e-5);
        Assert.NotNull(model.Adapter);
        model.Merge();
        Assert.Null(model.Adapter);
        DecoderTests.Close(adapted, Logits(model), 1e-5);
        Assert.True(model.Parameters.Flat.eq(saved.Parameters.Flat).all().ToBoolean());
    }

    [Theory]
    [InlineData("llama2", "q_proj,v_proj", 4)]
    [InlineData("llama2", "up_proj", 2)]
    [InlineData("phi3", "qkv_proj", 2)]
    [InlineData("gpt2", "c_attn,c_proj", 6)]
    [InlineData("gpt2", "mlp.c_proj", 2)]
    [InlineData("gpt_neox", "query_key_value", 2)]
    [InlineData("llama2", "", 14)]
    public void TargetsAreTheFamilysOwnModules(string name, string targets, int modules)
    {
        using var model = Load(name);
        LoraAdapter.Attach(model, new() { Rank = 2, TargetModules = targets.Split(',', StringSplitOptions.RemoveEmptyEntries) });
        Assert.Equal(2 * modules, model.Adapter!.Parameters.Shapes.Count);
    }

    [Fact]
    public void AScalarModelsHeadIsTrainedInFullAndTravelsWithCopies()
    {
        using var language = Tiny.Model(config: Tiny.Config with { Activation = Activation.Gelu }); // computed by the same code with and without an adapter
        using var model = ScalarModel.FromLanguageModel(language, 1);
        var ids = DecoderTests.Batch(Tiny.Ids(7, 1));
        var before = Tiny.Numbers(model.Values(ids));
        LoraAdapter.Attach(model);
        Assert.Equal(before, Tiny.Numbers(model.Values(ids)));
        Train(model.Decoder.Adapter!);
        var adapted = Tiny.Numbers(model.Values(ids));
        using var copy = model.Clone();
        Assert.Equal(adapted, Tiny.Numbers(copy.Values(ids)));
        HuggingFaceFolder.SaveScalar(folder.Path("pm"), model, new Tiny.Letters());
        using var saved = HuggingFaceFolder.LoadScalarModel(folder.Path("pm"));
        DecoderTests.Close(adapted, Tiny.Numbers(saved.Values(ids)), 1e-5);
        model.Merge();
        DecoderTests.Close(adapted, Tiny.Numbers(model.Values(ids)), 1e-5);
    }

    [Fact]
    public void AScalarModelStartsFromTheAdaptedWeights()
    {
        using var language = Tiny.Model();
        Train(LoraAdapter.Attach(language));
        using var adapted = ScalarModel.FromLanguageModel(language, 1);
        language.Merge();
        using var merged = ScalarModel.FromLanguageModel(language, 1);
        Assert.True(adapted.Parameters.Flat.eq(merged.Parameters.Flat).all().ToBoolean());
    }

    [Fact]
    public void ErrorsNameTheOption()
    {
        using var model = Tiny.Model();
        Assert.Contains("'c_attn' is no module of family 'llama'. Known: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj",
            Assert.Throws<CaiException>(() => LoraAdapter.Attach(model, new() { TargetModules = ["q_proj", "c_attn"] })).Message);
        Assert.Contains("Rank is 0", Assert.Throws<CaiException>(() => LoraAdapter.Attach(model, new() { Rank = 0 })).Message);
        LoraAdapter.Attach(model);
        Assert.Contains("an adapter already", Assert.Throws<CaiException>(() => LoraAdapter.Attach(model)).Message);
    }

    /// <summary>Factors as training might leave them.</summary>
    internal static void Train(LoraAdapter adapter)
    {
        using var generator = new Generator(7);
        adapter.Parameters.Flat.add_(0.1f * randn([adapter.Parameters.Count], generator: generator));
    }

    internal static double[] Logits(Decoder model) => Tiny.Numbers(model.Logits(model.Hidden(DecoderTests.Batch([3, 1, 4, 1, 5, 9, 2, 6]))));

    private Decoder Load(string name)
    {
        ForeignFolder.Write(folder.Path("m"), name);
        return HuggingFaceFolder.LoadDecoder(folder.Path("m"));
    }
}

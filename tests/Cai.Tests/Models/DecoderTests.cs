using System.Text.Json.Nodes;
using Cai.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

public sealed class DecoderTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable guard = no_grad();

    public DecoderTests() => set_num_threads(1);

    public void Dispose()
    {
        guard.Dispose();
        scope.Dispose();
    }

    [Theory]
    [InlineData(4, 4, true, false, 0)]
    [InlineData(4, 2, false, false, 0)]
    [InlineData(4, 1, true, true, 6)]
    public void LogitsEqualThoseOfPlainLoopsOverDoubles(int heads, int kvHeads, bool tied, bool bias, int headSize)
    {
        var config = Tiny.Config with { Heads = heads, KvHeads = kvHeads, TiedHead = tied, AttentionBias = bias, HeadSize = headSize, RopeTheta = 100 };
        using var model = Tiny.Model(5, config);
        model.Parameters.Flat.add_(0.02);
        var ids = Tiny.Ids(9, 3);
        var expected = new NaiveDecoder(config, model.Parameters).Logits(ids).SelectMany(row => row).ToArray();
        Close(expected, Tiny.Numbers(model.Logits(model.Hidden(Batch(ids)))), 2e-5);
    }

    [Fact]
    public void PositionsGivenEqualPositionsCounted()
    {
        using var model = Tiny.Model();
        var ids = Batch(Tiny.Ids(7, 1), Tiny.Ids(7, 2));
        var positions = arange(7, dtype: ScalarType.Int64).unsqueeze(0).expand(2, 7);
        Close(Tiny.Numbers(model.Hidden(ids)), Tiny.Numbers(model.Hidden(ids, positions)), 1e-5); // by other code where positions are counted
        LoraAdapter.Attach(model); // adds nothing, and all goes by the same code
        Close(Tiny.Numbers(model.Hidden(ids)), Tiny.Numbers(model.Hidden(ids, positions)), 1e-6);
        // Rotary attention knows distances only.
        Close(Tiny.Numbers(model.Hidden(ids)), Tiny.Numbers(model.Hidden(ids, positions + 20)), 1e-5);
    }

    [Fact]
    public void PaddingAndNeighboursChangeNothing()
    {
        using var model = Tiny.Model();
        int[] shortRow = Tiny.Ids(4, 1), longRow = Tiny.Ids(9, 2);
        var alone = Tiny.Numbers(model.Hidden(Batch(shortRow)));
        var together = model.Hidden(TokenBatch.Of([longRow, shortRow], padTo: 12).Ids);
        Close(alone, Tiny.Numbers(together[1].narrow(0, 0, 4)), 1e-5);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(2)]
    [InlineData(1)]
    public void ATokenAtATimeEqualsAllAtOnce(int kvHeads)
    {
        var config = Tiny.Config with { KvHeads = kvHeads };
        using var model = Tiny.Model(2, config);
        var rows = new[] { Tiny.Ids(10, 1), Tiny.Ids(10, 2) };
        var all = model.Hidden(Batch(rows));
        using var cache = new KvCache(config, 2, 16, CPU);
        // Row 1 has a prompt of 3 tokens beside a padded one of 5; from then on they are one column apart from each other.
        model.Hidden(TokenBatch.Of([rows[0][..5], rows[1][..3]]).Ids, cache: cache);
        for (var step = 0; step < 5; step++)
        {
            long[] at = [5 + step, 3 + step];
            var positions = tensor(at, [2, 1]);
            var mask = arange(5 + step + 1).unsqueeze(0) <= positions;
            var hidden = model.Hidden(Batch([rows[0][at[0]]], [rows[1][at[1]]]), positions, mask.view(2, 1, 1, -1), cache);
            for (var r = 0; r < 2; r++)
                Close(Tiny.Numbers(all[r, (int)at[r]]), Tiny.Numbers(hidden[r, 0]), 1e-5);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(2)]
    public void ASharedPrefixEqualsTheWholeText(int kvHeads)
    {
        var config = Tiny.Config with { KvHeads = kvHeads };
        using var model = Tiny.Model(2, config);
        var prefix = Tiny.Ids(6, 9);
        var rows = new[] { Tiny.Ids(5, 1), Tiny.Ids(5, 2), Tiny.Ids(5, 3) };
        var whole = model.Hidden(Batch([.. rows.Select(r => (int[])[.. prefix, .. r])])).narrow(1, 6, 5);
        using var shared = new KvCache(config, 1, 6, CPU);
        model.Hidden(Batch(prefix), cache: shared);
        Close(Tiny.Numbers(whole), Tiny.Numbers(model.Hidden(Batch(rows), prefix: shared)), 3e-5);
        var positions = (arange(5, dtype: ScalarType.Int64) + 6).unsqueeze(0).expand(3, 5);
        var causal = ones([1, 1, 5, 5], dtype: ScalarType.Bool).tril().expand(3, 1, 5, 5);
        Close(Tiny.Numbers(whole), Tiny.Numbers(model.Hidden(Batch(rows), positions, causal, prefix: shared)), 3e-5);
        using var cache = new KvCache(config, 3, 8, CPU);
        model.Hidden(Batch([.. rows.Select(r => r[..4])]), cache: cache, prefix: shared);
        var last = model.Hidden(Batch([.. rows.Select(r => r[4..])]), full([3, 1], 10, dtype: ScalarType.Int64), zeros(3, 1, 1, 5), cache, shared);
        Close(Tiny.Numbers(whole.narrow(1, 4, 1)), Tiny.Numbers(last), 3e-5);
    }

    [Fact]
    public void SelectedRowsKeepTheirKeys()
    {
        using var cache = new KvCache(Tiny.Config, 3, 4, CPU);
        using var model = Tiny.Model();
        model.Hidden(Batch(Tiny.Ids(4, 1), Tiny.Ids(4, 2), Tiny.Ids(4, 3)), cache: cache);
        var before = cache.Keys(1).clone();
        cache.Select(tensor(new long[] { 2, 0 }));
        Assert.Equal(2, cache.Keys(0).shape[0]);
        Assert.True(cache.Keys(1)[0].eq(before[2]).all().ToBoolean() && cache.Keys(1)[1].eq(before[0]).all().ToBoolean());
    }

    [Theory]
    [InlineData("tinystories-656k", "nll_per_token", "last_logits_top10")]
    [InlineData("synthetic-tiny-qwen2", "nll", "last_top10")]
    public void LogitsOfForeignModelsAgreeWithFloat64(string name, string nllKey, string topKey)
    {
        var folder = Fixtures.Path("models", name);
        using var model = HuggingFaceFolder.LoadDecoder(folder);
        foreach (var row in JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "reference_logits.json")))!["rows"]!.AsArray())
        {
            var ids = row!["ids"]!.AsArray().Select(i => (int)i!).ToArray();
            var logits = model.Logits(model.Hidden(Batch(ids)))[0];
            Close(Doubles(row[nllKey]!), [.. Tiny.Numbers(model.TokenLogProbs(Batch(ids))).Select(v => -v)], 2e-4);
            Close(Doubles(row["logsumexp"]!), Tiny.Numbers(logits.logsumexp(-1)), 2e-4);
            var last = Tiny.Numbers(logits[-1]);
            foreach (var pair in row[topKey]!.AsArray())
                Assert.Equal((double)pair![1]!, last[(int)pair[0]!], 2e-4);
        }
    }

    internal static Tensor Batch(params int[][] rows) => TokenBatch.Of(rows).Ids;

    internal static void Close(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"[{i}]: {expected[i]} expected, {actual[i]} found");
    }

    private static double[] Doubles(JsonNode list) => [.. list.AsArray().Select(v => (double)v!)];
}

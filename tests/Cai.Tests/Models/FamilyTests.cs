using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Cai.Tests.Models;

/// <summary>Every family against a second implementation and against third-party files; no way of computing it may change it.</summary>
public sealed class FamilyTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable guard = no_grad();

    public FamilyTests() => set_num_threads(1);

    public static TheoryData<string> Cases => [.. ForeignFolder.Configs.Keys];

    public void Dispose()
    {
        guard.Dispose();
        scope.Dispose();
        folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LogitsEqualThoseOfPlainLoopsOverTheFiles(string name)
    {
        var (config, tensors) = ForeignFolder.Write(folder.Path("m"), name);
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        var ids = Ids(11, 1);
        var expected = new NaiveFamily(config, tensors).Logits(ids).SelectMany(row => row).ToArray();
        Assert.InRange(expected.Max(Math.Abs), 0.3, 30); // far from uniform, so that a wrong model would show
        DecoderTests.Close(expected, Tiny.Numbers(model.Logits(model.Hidden(DecoderTests.Batch(ids)))), 3e-5);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void WhatIsSavedIsWhatWasRead(string name)
    {
        var (_, tensors) = ForeignFolder.Write(folder.Path("m"), name);
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        HuggingFaceFolder.Save(folder.Path("copy"), model, new Tiny.Letters(), shardBytes: 4000);
        var saved = ForeignFolder.ReadTensors(folder.Path("copy"));
        Assert.Equal(tensors.Keys.Order(), saved.Keys.Order());
        foreach (var (key, tensor) in tensors)
        {
            Assert.Equal(tensor.Shape, saved[key].Shape);
            Assert.Equal(tensor.Data, saved[key].Data);
        }
        using var copy = HuggingFaceFolder.LoadDecoder(folder.Path("copy"));
        Assert.Equal(model.Config with { HeadSize = 0 }, copy.Config with { HeadSize = 0 });
        Assert.Equal(model.Config.HeadWidth, copy.Config.HeadWidth);
        Assert.True(copy.Parameters.Flat.eq(model.Parameters.Flat).all().ToBoolean());
        // The second implementation reads the keys as they were written, too.
        var config = JsonNode.Parse(File.ReadAllText(folder.Path("copy", "config.json")))!.AsObject();
        var ids = Ids(9, 2);
        DecoderTests.Close([.. new NaiveFamily(config, saved).Logits(ids).SelectMany(r => r)],
            Tiny.Numbers(model.Logits(model.Hidden(DecoderTests.Batch(ids)))), 3e-5);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void PaddingBatchesCachesAndPrefixesChangeNoLogProbability(string name)
    {
        ForeignFolder.Write(folder.Path("m"), name);
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        int[] longer = Ids(14, 1), shorter = Ids(9, 2);
        var expected = LogProbs(model, model.Hidden(DecoderTests.Batch(shorter))[0]);
        var right = model.Hidden(TokenBatch.Of([longer, shorter], padTo: 16).Ids);
        DecoderTests.Close(expected, LogProbs(model, right[1].narrow(0, 0, 9)), 1e-5);
        DecoderTests.Close(expected, LogProbs(model, LeftPadded(model, longer, shorter)[1].narrow(0, 7, 9)), 1e-5);
        DecoderTests.Close(expected, LogProbs(model, TokenByToken(model, longer, shorter)), 1e-5);
        using var prefix = new KvCache(model.Config, 1, 6, CPU);
        model.Hidden(DecoderTests.Batch(shorter[..6]), cache: prefix);
        DecoderTests.Close(expected[(6 * ForeignFolder.Vocabulary)..],
            LogProbs(model, model.Hidden(DecoderTests.Batch(shorter[6..], shorter[6..]), prefix: prefix)[1]), 1e-5);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ScoredBranchesBehindASharedPrefixEqualWholeTexts(string name)
    {
        ForeignFolder.Write(folder.Path("m"), name);
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        var common = Ids(34, 5);
        List<TokenScoreRequest> requests =
            [.. Enumerable.Range(0, 5).Select(i => new TokenScoreRequest([.. common, .. Ids(1 + i, 10 + i)], [Ids(3, 20 + i), Ids(2, 30 + i)]))];
        var scores = new Scorer(model).Score(requests);
        for (var i = 0; i < requests.Count; i++)
            for (var c = 0; c < 2; c++)
            {
                var continuation = requests[i].Continuations[c];
                var whole = Tiny.Numbers(model.TokenLogProbs(DecoderTests.Batch([.. requests[i].Prompt, .. continuation])));
                Assert.Equal(whole[^continuation.Count..].Sum(), scores[i][c], 3e-5);
            }
    }

    [Fact]
    public void ABareGpt2FileWithItsMasksLoads()
    {
        var (_, tensors) = ForeignFolder.Write(folder.Path("m"), "gpt2");
        using var expected = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        var bare = tensors.ToDictionary(t => t.Key["transformer.".Length..], t => t.Value);
        bare["h.0.attn.bias"] = new([1, 1, 2, 2], [1, 0, 1, 1]);
        ForeignFolder.WriteTensors(folder.Path("m", "model.safetensors"), bare);
        using var model = HuggingFaceFolder.LoadDecoder(folder.Path("m"));
        Assert.True(model.Parameters.Flat.eq(expected.Parameters.Flat).all().ToBoolean());
    }

    [Fact]
    public void AContextOf131072PositionsCostsNothingUntilItIsUsed()
    {
        var config = Tiny.Config with { MaxPositions = 131072 };
        using var model = Tiny.Model(3, config);
        using var plain = Tiny.Model(3);
        var ids = DecoderTests.Batch(Tiny.Ids(6, 1));
        var far = arange(6, dtype: ScalarType.Int64).unsqueeze(0) + 9000;
        Assert.Equal(Tiny.Numbers(plain.Hidden(ids)), Tiny.Numbers(model.Hidden(ids)));
        DecoderTests.Close(Tiny.Numbers(plain.Hidden(ids)), Tiny.Numbers(model.Hidden(ids, far)), 1e-4);
    }

    [Theory]
    [InlineData("synthetic-tiny-gpt-neox", "reference_logits.json", "last_top10")]
    [InlineData("tiny-random-gpt2", "expected.json", "last_top5")]
    public void LogitsOfForeignModelsAgreeWithFloat64(string name, string file, string top)
    {
        var path = Fixtures.Path("models", name);
        using var model = HuggingFaceFolder.LoadDecoder(path);
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(path, file)))!;
        foreach (var row in json["rows"]?.AsArray() ?? [json["torch_float64"]!.DeepClone()])
        {
            var batch = DecoderTests.Batch(Ints(row!["ids"]!));
            var logits = model.Logits(model.Hidden(batch))[0];
            DecoderTests.Close(Doubles(row["nll"]!), [.. Tiny.Numbers(model.TokenLogProbs(batch)).Select(v => -v)], 2e-4);
            DecoderTests.Close(Doubles(row["logsumexp"]!), Tiny.Numbers(logits.logsumexp(-1)), 2e-4);
            DecoderTests.Close(Doubles(row["logits_row_sum"]!), Tiny.Numbers(logits.to(ScalarType.Float64).sum(-1)), 2e-3); // hundreds of logits
            var last = Tiny.Numbers(logits[-1]);
            foreach (var pair in row[top]!.AsArray())
                Assert.Equal((double)pair![1]!, last[(int)pair[0]!], 2e-4);
        }
    }

    [Fact]
    public void GreedyIdsOfAForeignGpt2Agree()
    {
        var path = Fixtures.Path("models", "tiny-random-gpt2");
        using var model = HuggingFaceFolder.LoadDecoder(path);
        var rows = JsonNode.Parse(File.ReadAllText(Path.Combine(path, "expected.json")))!["greedy"]!.AsArray();
        var samples = new Sampler(model)
            .Sample([.. rows.Select(r => new TokenPrompt(Ints(r!["input"]!), 0))], new SamplerOptions { MaxTokens = 6, Temperature = 0, EndIds = [98] });
        Assert.Equal(rows.Select(r => Ints(r!["output"]!)[4..]), samples.Select(s => s.Ids.ToArray()));
    }

    /// <summary>Rows that end together; padding has position 0 and sees itself.</summary>
    private static Tensor LeftPadded(Decoder model, params int[][] rows)
    {
        const int time = 16;
        var ids = zeros(rows.Length, time, dtype: ScalarType.Int64);
        var positions = zeros_like(ids);
        var mask = eye(time, dtype: ScalarType.Bool).unsqueeze(0).repeat(rows.Length, 1, 1);
        for (var r = 0; r < rows.Length; r++)
            for (var t = 0; t < rows[r].Length; t++)
            {
                var at = time - rows[r].Length + t;
                ids[r, at] = rows[r][t];
                positions[r, at] = t;
                mask[r, at].narrow(0, at - t, t + 1).fill_(true);
            }
        return model.Hidden(ids, positions, mask.unsqueeze(1));
    }

    /// <summary>The second row's hidden states, [9, hidden]: five tokens at once beside a longer row, the rest one by one.</summary>
    private static Tensor TokenByToken(Decoder model, int[] longer, int[] shorter)
    {
        using var cache = new KvCache(model.Config, 2, 16, CPU);
        List<Tensor> hidden = [model.Hidden(TokenBatch.Of([longer[..7], shorter[..5]]).Ids, cache: cache)[1].narrow(0, 0, 5)];
        for (var t = 5; t < 9; t++)
        {
            var at = tensor(new long[] { t + 2, t }, [2, 1]);
            var mask = (arange(t + 3).unsqueeze(0) <= at).view(2, 1, 1, -1);
            hidden.Add(model.Hidden(DecoderTests.Batch([longer[t + 2]], [shorter[t]]), at, mask, cache)[1]);
        }
        return cat([.. hidden]);
    }

    private static double[] LogProbs(Decoder model, Tensor hidden) => Tiny.Numbers(model.Logits(hidden).log_softmax(-1));

    private static int[] Ids(int length, long seed) => [.. Enumerable.Range(0, length).Select(i => Seeds.Rng(seed, i).Next(ForeignFolder.Vocabulary))];

    private static int[] Ints(JsonNode list) => [.. list.AsArray().Select(v => (int)v!)];

    private static double[] Doubles(JsonNode list) => [.. list.AsArray().Select(v => (double)v!)];
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using Cai.Miniature;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Text.Tokenizers;

/// <summary>Microsoft.ML.Tokenizers against the kit's own encoder, each the other's second implementation.</summary>
public sealed class BpeEncoderTests : IDisposable
{
    private static readonly string[] Bits =
    [
        "a", "b", "th", "e", "Hello", "ing", " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u0085", "\u2028", "1", "23", "½", "'ll", "'RE", "!?", "é", "日本",
        "𝒳", "🙂", "\uD83D", "\uDE00", "\u0301", "\u200D", "\0", "ſ", "İ", "<|end|>",
    ];

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static BpeTokenizer Miniature => TokenizerJson.Load(Path.Combine(AppContext.BaseDirectory, "data", "miniature", "tokenizer"));

    /// <summary>Hugging Face's ids of the real ones are in <see cref="FixtureTokenizerTests"/>.</summary>
    private static void AssertSame(BpeTokenizer tokenizer, IEnumerable<string> texts)
    {
        Assert.Equal(BpeEncoder.MicrosoftML, tokenizer.Encoder);
        var own = tokenizer.Using(BpeEncoder.BuiltIn);
        Assert.Equal(BpeEncoder.BuiltIn, own.Encoder);
        foreach (var text in texts)
        {
            Assert.Equal(own.Encode(text), tokenizer.Encode(text));
            Assert.Equal(own.Encode(text, parseSpecial: true), tokenizer.Encode(text, parseSpecial: true));
        }
    }

    /// <summary>Texts of anything: blanks of all kinds, halves of pairs, letters beyond the basic plane, long words.</summary>
    private static IEnumerable<string> Strange(int count, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
            yield return string.Concat(Enumerable.Range(0, random.Next(80))
                .Select(_ => random.Next(4) == 0 ? ((char)random.Next(0x10000)).ToString() : Bits[random.Next(Bits.Length)]));
    }

    [Fact]
    public void TheMiniatureReadsItsWorldAlike() =>
        AssertSame(Miniature, new DocumentGenerator(World.Load(), 3).Pretraining(1500).Select(document => document.Text));

    [Fact]
    public void TheMiniatureReadsStrangeTextsAlike() => AssertSame(Miniature, Strange(3000, 5));

    [Theory]
    [InlineData("gpt2")]
    [InlineData("qwen2")]
    public void RealTokenizersReadStrangeTextsAlike(string name) => AssertSame(TokenizerJson.Load(Fixtures.Path("tokenizers", name)), Strange(3000, 7));

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void WordsTakenWholeBlanksPutBeforeAndAddedTokensAreReadAlike(bool ignoreMerges, bool prefix)
    {
        var file = Trained();
        file["model"]!["ignore_merges"] = ignoreMerges;
        file["pre_tokenizer"]!["add_prefix_space"] = prefix;
        var next = file["model"]!["vocab"]!.AsObject().Count;
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = next, ["content"] = "@@", ["special"] = false, ["lstrip"] = true });
        // A piece that no rule makes: taken whole or not at all.
        file["model"]!["vocab"]!["Helloing"] = next + 1;
        var tokenizer = Load(file);
        AssertSame(tokenizer, Strange(2000, 11).Select((text, i) => i % 2 == 0 ? text : text.Insert(text.Length / 2, "  @@")));
        Assert.Equal(ignoreMerges, tokenizer.Encode("\nHelloing").Contains(next + 1));
        Assert.Contains(next, tokenizer.Encode("a @@b"));
    }

    [Fact]
    public void LongWordsTakeNoTimeThatGrowsWithTheirSquare()
    {
        var random = new Random(1);
        var word = string.Concat(Enumerable.Range(0, 200_000).Select(_ => (char)('a' + random.Next(26))));
        var watch = Stopwatch.StartNew();
        Assert.Equal(word, Miniature.Decode(Miniature.Encode(word)));
        // The package alone needs ten times this for it.
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void ManyThreadsReadAlike()
    {
        var tokenizer = Miniature;
        var texts = Strange(300, 13).ToList();
        var expected = texts.ConvertAll(text => tokenizer.Using(BpeEncoder.BuiltIn).Encode(text));
        Parallel.For(0, 8, _ => Assert.Equal(expected, texts.Select(text => tokenizer.Encode(text))));
    }

    [Fact]
    public void TheKitsOwnEncoderIsUsedWhereBytesHaveNoPieceAndSaysSo()
    {
        var file = Trained();
        file["model"]!["unk_token"] = "<|end|>";
        file["model"]!["vocab"]!.AsObject().Remove("ô");
        foreach (var piece in file["model"]!["vocab"]!.AsObject().Select(p => p.Key).ToList())
            if ((int)file["model"]!["vocab"]![piece]! is var id && id > 177) // "ô" is the 177th of the bytes, after the end token
                file["model"]!["vocab"]![piece] = id - 1;
        var tokenizer = Load(file);
        Assert.Equal(BpeEncoder.BuiltIn, tokenizer.Encoder);
        Assert.Contains("every byte", tokenizer.MicrosoftLacks);
        Assert.Contains("every byte", Assert.Throws<CaiException>(() => tokenizer.Using(BpeEncoder.MicrosoftML)).Problem);
        Assert.Equal("a", tokenizer.Decode(tokenizer.Encode("a")));
    }

    [Fact]
    public void AnotherEndTokenKeepsTheEncoder() => Assert.Equal(BpeEncoder.BuiltIn, Miniature.Using(BpeEncoder.BuiltIn).EndingWith(1).Encoder);

    private JsonObject Trained()
    {
        BpeTrainer.Train(Strange(200, 1).Select(text => text + " Hello Hello thing thing"), new() { VocabularySize = 420 }).Save(folder.Root);
        return JsonNode.Parse(File.ReadAllText(folder.Path("tokenizer.json")))!.AsObject();
    }

    private BpeTokenizer Load(JsonObject file) => TokenizerJson.Load(folder.File("tokenizer.json", file.ToJsonString()));
}

using System.Text.Json.Nodes;
using Cai.Generation;
using Cai.Models;
using Cai.Text;
using Cai.Text.Tokenizers;
using Xunit;
using static Cai.Tests.Text.Tokenizers.HandMade;

namespace Cai.Tests.Text.Tokenizers;

public sealed class VocabularyEdgeTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Hugging Face's byte_level.rs puts the blank unless the text begins with ' ': a line break or a tab is none.</summary>
    [Theory]
    [InlineData("ab", new[] { 32, 97, 98 })]
    [InlineData(" ab", new[] { 32, 97, 98 })]
    [InlineData("\nab", new[] { 32, 10, 97, 98 })]
    [InlineData("\tab", new[] { 32, 9, 97, 98 })]
    [InlineData("\u00a0a", new[] { 32, 0xC2, 0xA0, 97 })]
    [InlineData("\n\nHuman", new[] { 32, 10, 10, 72, 117, 109, 97, 110 })]
    [InlineData("", new int[0])]
    [InlineData("<|end|>\na", new[] { 32, 60, 124, 101, 110, 100, 124, 62, 10, 97 })]
    public void TheBlankBeforeATextIsLeftOutOnlyBehindABlank(string text, int[] expected) =>
        Assert.Equal(expected, Load(folder, ByteLevel(prefixSpace: true)).Encode(text));

    /// <summary>What follows a prompt gets no blank of its own, whatever it begins with, even where blank and line break are one token.</summary>
    [Theory]
    [InlineData("b")]
    [InlineData("1b")]
    [InlineData("\nb")]
    [InlineData(" b")]
    [InlineData(".b")]
    public void AContinuationBringsNoBlank(string text)
    {
        var tokenizer = Load(folder, ByteLevel([("Ġ", "Ċ")], prefixSpace: true));
        Assert.Equal(text.Select(c => (int)c), new ContinuationCodec(tokenizer).Continuation(text));
    }

    [Fact]
    public void AMergeThatOccursTwiceHasItsLastRank()
    {
        var tokenizer = Load(folder, ByteLevel([("a", "b"), ("b", "c"), ("a", "b")]));
        foreach (var encoder in Enum.GetValues<BpeEncoder>())
            Assert.Equal(["a", "bc"], tokenizer.Using(encoder).Encode("abc").Select(tokenizer.TokenText));
    }

    /// <summary>UTF-8 has no bytes C0, C1 and F5 to FF, and GPT-NeoX's vocabulary no pieces for them.</summary>
    [Fact]
    public void AVocabularyWithoutTheBytesThatUtf8LacksIsWhole()
    {
        int[] bytes = [.. Enumerable.Range(0, 256).Where(b => b is not (0xC0 or 0xC1 or >= 0xF5))];
        var tokenizer = Load(folder, ByteLevel([("a", "b")], bytes: bytes));
        Assert.Equal(243 + 2, tokenizer.VocabularySize);
        foreach (var encoder in Enum.GetValues<BpeEncoder>())
            foreach (var text in (string[])["ab é 日本 😀", "\u0000\u007f\u0080\u07ff\uffff", "\U0010FFFF"])
                Assert.Equal(text, tokenizer.Decode(tokenizer.Using(encoder).Encode(text)));
        Assert.Contains("lacks the byte piece", Assert.Throws<CaiException>(() => Load(folder, ByteLevel(bytes: bytes.Where(b => b != 0xC2)))).Message);
    }

    [Fact]
    public void IdsBeyondTheVocabularySpellNothing()
    {
        var tokenizer = Load(folder, ByteLevel());
        Assert.Equal("ab", tokenizer.Decode([97, 300, 98, -1]));
        Assert.Equal("", tokenizer.TokenText(300));
    }

    /// <summary>Rows of the matrices beyond the tokenizer: never drawn, and no part of any probability.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PaddedRowsHaveNoProbability(bool tied)
    {
        var tokenizer = Load(folder, ByteLevel());
        using (var padded = Decoder.Create(Tiny.Config with { VocabularySize = 512, TiedHead = tied }, 3))
        {
            using (TorchSharp.torch.no_grad())
                padded.Parameters.Flat.mul_(6);
            HuggingFaceFolder.Save(folder.Root, padded, tokenizer);
        }
        using var model = HuggingFaceFolder.Load(folder.Root);
        using var whole = HuggingFaceFolder.LoadDecoder(folder.Root);
        var ids = DecoderTestIds();
        Assert.Equal(257, model.Decoder.Logits(model.Decoder.Hidden(ids)).shape[^1]);
        Assert.Equal(512, whole.Logits(whole.Hidden(ids)).shape[^1]);
        var samples = await new LocalModel(model).SampleAsync(
            [.. Enumerable.Range(0, 40).Select(i => new SampleRequest($"{i}", "a"))], new() { MaxTokens = 12 });
        Assert.All(samples, sample => Assert.All(sample.TokenIds, id => Assert.InRange(id, 0, 256)));
        // The probabilities of all tokens that there are sum to 1.
        var all = new Scorer(model.Decoder).Score([new([97], [.. Enumerable.Range(0, 257).Select(i => (int[])[i])])]);
        Assert.Equal(1, all[0].Sum(Math.Exp), 1e-4);
        // Saved again the rows are still there.
        HuggingFaceFolder.Save(folder.Path("again"), model);
        using var again = HuggingFaceFolder.Load(folder.Path("again"));
        Assert.Equal((512, 257), (again.Decoder.Config.VocabularySize, again.Decoder.Config.Predicted));

        static TorchSharp.torch.Tensor DecoderTestIds() => TorchSharp.torch.tensor([97L, 98, 99], [1, 3]);
    }

    public static TheoryData<string, string, JsonObject, string> Forged => new()
    {
        { "one character", "§", Pieces(("§", true)), """{"eos_token": "§"}""" },
        { "one character, not special", "§", Pieces(("§", false)), """{"eos_token": "§"}""" },
        { "one character beyond the alphabet", "☃", ByteLevel(added: [("☃", true)], ignoreMerges: true, cutsWords: false), """{"eos_token": "☃"}""" },
        { "taken whole", "<|end|>", ByteLevel(ignoreMerges: true, cutsWords: false), """{"eos_token": "<|end|>"}""" },
        { "joined by merges", "<|x", ByteLevel([("<", "|"), ("<|", "x")], [("<|x", true)]), """{"eos_token": "<|x"}""" },
        { "end token, not special", "<|im_end|>", ByteLevel(added: [("<|im_end|>", false)]), """{"eos_token": "<|im_end|>"}""" },
        { "named as an object", "<|im_end|>", ByteLevel(added: [("<|im_end|>", false)]), """{"eos_token": {"content": "<|im_end|>"}}""" },
        {
            "special elsewhere", "<|t|>", ByteLevel(added: [("<|end|>", true), ("<|t|>", false)]),
            """{"eos_token": "<|end|>", "added_tokens_decoder": {"257": {"content": "<|t|>", "special": true}}}"""
        },
        {
            "listed as further", "<|t|>", ByteLevel(added: [("<|end|>", true), ("<|t|>", false)]),
            """{"eos_token": "<|end|>", "additional_special_tokens": ["<|t|>"]}"""
        },
        {
            "written by the template", "<|im_start|>", ByteLevel(added: [("<|end|>", true), ("<|im_start|>", false)]),
            """{"eos_token": "<|end|>", "chat_template": "{% for m in messages %}<|im_start|>{{ m.content }}{% endfor %}"}"""
        },
    };

    /// <summary>No spelling in a text that people write becomes a control token, however files mark it; with control tokens on, it is read.</summary>
    [Theory]
    [MemberData(nameof(Forged))]
    public void ControlTokensAreNotReadFromPlainText(string name, string word, JsonObject file, string config)
    {
        var tokenizer = Load(folder, file, config);
        var id = tokenizer.PieceId(word)!.Value;
        foreach (var text in (string[])[word, $"a{word}b", $"{word}{word}"])
        {
            Assert.False(tokenizer.Encode(text).Contains(id), name);
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
            Assert.Contains(id, tokenizer.Encode(text, parseSpecial: true));
            var guarded = ControlTokens.Protect(text, tokenizer.AddedTokens.Where(token => token.Special).Select(token => token.Content));
            Assert.Equal(tokenizer.Encode(text), tokenizer.Encode(guarded, parseSpecial: true));
        }
        Assert.Equal("", tokenizer.Decode([id]));
    }

    [Fact]
    public void TokensThatAModelWritesInItsAnswersStayReadable()
    {
        var tokenizer = Load(folder, ByteLevel(added: [("<|end|>", true), ("<think>", false)]),
            """{"eos_token": "<|end|>", "chat_template": "{{ messages[0].content }}<think>"}""");
        Assert.Equal([257, 97], tokenizer.Encode("<think>a"));
        Assert.Equal("<think>a", tokenizer.Decode([257, 97]));
    }

    [Fact]
    public void AControlTokenThatIsTheOnlyPieceOfAByteIsRefused() =>
        Assert.Contains("only piece for that byte",
            Assert.Throws<CaiException>(() => Load(folder, ByteLevel(added: [("<|end|>", true), ("!", true)]))).Message);

    /// <summary>A pattern that takes exponential time is an error after two seconds, not a hang.</summary>
    [Theory]
    [InlineData("pre_tokenizer", """
        {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "(a+)+$"}}, {"type": "ByteLevel", "use_regex": false}]}
        """)]
    [InlineData("normalizer", """{"type": "Replace", "pattern": {"Regex": "(a|aa)+$"}, "content": ""}""")]
    public void PatternsHaveATimeLimit(string key, string step)
    {
        var file = ByteLevel();
        file[key] = JsonNode.Parse(step);
        var tokenizer = Load(folder, file);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains("took longer", Assert.Throws<CaiException>(() => tokenizer.Encode(new string('a', 80) + "!")).Message);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("""{"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "a", "String": "b"}}""", "both")]
    [InlineData("""{"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "(a"}}""", "cannot be read")]
    public void APatternThatSaysTwoThingsOrNothingIsRefused(string step, string expected)
    {
        var file = ByteLevel();
        file["pre_tokenizer"] = JsonNode.Parse(step);
        Assert.Contains(expected, Assert.Throws<CaiException>(() => Load(folder, file)).Message);
    }
}

using System.Text.Json.Nodes;
using Cai.Text;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Text.Tokenizers;

public sealed class BpeTokenizerTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A SentencePiece-style file: a, b, c, blanks, the bytes of "é", and the given rules.</summary>
    private JsonObject Small(params string[] merges)
    {
        string[] pieces = ["<unk>", "<s>", "</s>", "▁", "a", "b", "c", "<0xC3>", "<0xA9>", .. merges.Select(m => m.Replace(" ", "")).Distinct()];
        return JsonNode.Parse($$"""
            {
              "added_tokens": [
                {"id": 0, "content": "<unk>", "special": true}, {"id": 1, "content": "<s>", "special": true}, {"id": 2, "content": "</s>", "special": true}],
              "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "},
              "content": "▁"}]},
              "pre_tokenizer": null,
              "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
              {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
              "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
                "vocab": {{new JsonObject(pieces.Select((p, i) => KeyValuePair.Create(p, (JsonNode?)i))).ToJsonString()}},
                "merges": {{new JsonArray([.. merges.Select(m => (JsonNode)m)]).ToJsonString()}} }
            }
            """)!.AsObject();
    }

    private BpeTokenizer Load(JsonObject file) => TokenizerJson.Load(folder.File("tokenizer.json", file.ToJsonString()));

    private static string Pieces(BpeTokenizer tokenizer, string text) => string.Join('|', tokenizer.Encode(text).Select(tokenizer.TokenText));

    [Fact]
    public void PairsAreJoinedByRankThenFromTheLeft()
    {
        var tokenizer = Load(Small("b c", "a b", "ab c", "a a", "aa a"));
        // "bc" has the lowest rank, so "ab" never gets its chance in "abc".
        Assert.Equal(" |a|bc", Pieces(tokenizer, "abc"));
        Assert.Equal(" |ab|b", Pieces(tokenizer, "abb"));
        // aaaaa: (aa)(aa)a; then "aa a" joins the pair that stands last: aa|aaa.
        Assert.Equal(" |aa|aaa", Pieces(tokenizer, "aaaaa"));
    }

    [Fact]
    public void UnknownCharactersAreBytesWhereThereArePiecesForThemElseOneUnknown()
    {
        var tokenizer = Load(Small("▁ a"));
        Assert.Equal([9, 7, 8, 5], tokenizer.Encode("aéb"));
        Assert.Equal("aéb", tokenizer.Decode([9, 7, 8, 5]));
        Assert.Equal([9, 0, 5, 0], tokenizer.Encode("axxb日"));
        Assert.Equal("<0xC3>", tokenizer.TokenText(7));
    }

    [Fact]
    public void TextsOfAnyLengthHaveTheIdsOfJoiningPairByPair()
    {
        var random = new Random(3);
        for (var vocabulary = 0; vocabulary < 40; vocabulary++)
        {
            List<string> pool = ["▁", "a", "b", "c", "<0xC3>", "<0xA9>"];
            var rules = new List<(string Left, string Right)>();
            for (var count = random.Next(12); count > 0; count--)
            {
                rules.Add((pool[random.Next(pool.Count)], pool[random.Next(pool.Count)]));
                pool.Add(rules[^1].Left + rules[^1].Right);
            }
            var tokenizer = Load(Small([.. rules.Select(rule => $"{rule.Left} {rule.Right}").Distinct()]));
            foreach (var length in new[] { 1, 5, 23, 24, 25, 63, 64, 65, 300, 300 })
            {
                var text = string.Concat(Enumerable.Range(0, length).Select(_ => "aabbcc  éx\U0001F642".EnumerateRunes().ElementAt(random.Next(11))));
                Assert.Equal(JoinedPairByPair(text, rules).Select(piece => tokenizer.PieceId(piece)!.Value), tokenizer.Encode(text));
            }
        }
    }

    /// <summary>As <see cref="Small"/>'s file says, by the definition: the first rule that fits somewhere is applied there, the leftmost place first.</summary>
    private static List<string> JoinedPairByPair(string text, List<(string Left, string Right)> rules)
    {
        List<string> symbols = [];
        foreach (var rune in ("▁" + text.Replace(' ', '▁')).EnumerateRunes())
            if (rune.ToString() is "▁" or "a" or "b" or "c")
                symbols.Add(rune.ToString());
            else if (rune.ToString() == "é")
                symbols.AddRange(["<0xC3>", "<0xA9>"]);
            else if (symbols[^1] != "<unk>")
                symbols.Add("<unk>");
        while (true)
        {
            var places = Enumerable.Range(0, symbols.Count - 1).Where(i => Rank(i) >= 0).ToList();
            if (places.Count == 0)
                return symbols;
            var at = places.MinBy(Rank);
            symbols[at] += symbols[at + 1];
            symbols.RemoveAt(at + 1);
        }

        int Rank(int at) => rules.IndexOf((symbols[at], symbols[at + 1]));
    }

    [Fact]
    public void BothSpellingsOfMergesAreRead()
    {
        var file = Small("a b", "ab c");
        var expected = Load(file).Encode("abcab");
        file["model"]!["merges"] = new JsonArray(new JsonArray("a", "b"), new JsonArray("ab", "c"));
        Assert.Equal(expected, Load(file).Encode("abcab"));
    }

    [Fact]
    public void AddedTokensThatAreNotSpecialAreAlwaysReadTheLongestFirst()
    {
        var file = Small();
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 9, ["content"] = "[[", ["special"] = false });
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 10, ["content"] = "[[[", ["special"] = false, ["rstrip"] = true });
        var tokenizer = Load(file);
        Assert.Equal([3, 4, 10, 3, 5, 9], tokenizer.Encode("a[[[  b[["));
        Assert.Equal("a[[[ b[[", tokenizer.Decode(tokenizer.Encode("a[[[  b[[")));
    }

    [Theory]
    [InlineData("ab", new[] { 9 })]
    [InlineData("ab c", new[] { 9, 3, 3, 6 })]
    [InlineData("c ab", new[] { 3, 6, 3, 9 })]
    [InlineData("cab", new[] { 3, 6, 4, 5 })]
    [InlineData("abc", new[] { 3, 4, 5, 6 })]
    [InlineData("ab</s>ab", new[] { 9, 2, 9 })]
    public void ASingleWordIsNoPartOfAnother(string text, int[] expected)
    {
        var file = Small();
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 9, ["content"] = "ab", ["single_word"] = true });
        Assert.Equal(expected, Load(file).Encode(text, parseSpecial: true));
    }

    [Fact]
    public void BlankSpaceOnItsSidesBelongsToATokenThatAsksForIt()
    {
        var file = Small();
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 9, ["content"] = "[", ["lstrip"] = true });
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 10, ["content"] = "]", ["rstrip"] = true });
        var tokenizer = Load(file);
        Assert.Equal([3, 4, 9, 3, 5, 10, 3, 4], tokenizer.Encode("a  [b]  a"));
        Assert.Equal([10, 9, 3, 3, 4], tokenizer.Encode("]  [ a"));
    }

    [Theory]
    [InlineData(true, "ab", new[] { 9 })]
    [InlineData(true, "aB", new[] { 9 })]
    [InlineData(true, "cAb", new[] { 6, 9 })]
    [InlineData(false, "AB", new[] { 9 })]
    [InlineData(false, "ab", new[] { 4, 5 })]
    [InlineData(false, "aB", new[] { 4, 5 })]
    public void ANormalisedTokenIsLookedForInTheNormalisedText(bool normalized, string text, int[] expected)
    {
        var file = Small();
        file["normalizer"] = new JsonObject { ["type"] = "Lowercase" };
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 9, ["content"] = "AB", ["normalized"] = normalized });
        Assert.Equal(expected, Load(file).Encode(text));
    }

    [Fact]
    public void ANormalisedControlTokenCannotBeForgedEither()
    {
        var file = Small();
        file["normalizer"] = new JsonObject { ["type"] = "Lowercase" };
        file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 9, ["content"] = "AB", ["normalized"] = true, ["special"] = true });
        var tokenizer = Load(file);
        Assert.Equal([4, 5], tokenizer.Encode("ab"));
        Assert.Equal([9], tokenizer.Encode("ab", parseSpecial: true));
        Assert.Equal([4, 5], tokenizer.Encode(ControlTokens.Protect("AB", ["AB"]), parseSpecial: true));
    }

    [Theory]
    [InlineData("Hello's 12345 worlds", "Hello|'s| |123|45| worlds")]
    [InlineData("I'LL  go\n\n x!?\n", "I|'LL| | go|\n\n| x|!?\n")]
    [InlineData("a\u0301 日本 1½", "a|\u0301| 日本| |1½")]
    [InlineData("(x)\t\ty", "(x|)|\t|\ty")]
    public void Llama3CutsWordsByItsOwnPattern(string text, string pieces)
    {
        // With merges ignored, a piece of the vocabulary is one token: the vocabulary holds the expected pieces, worked out by hand.
        BpeTrainer.Train(["zz"], new()).Save(folder.Root);
        var file = JsonNode.Parse(File.ReadAllText(folder.Path("tokenizer.json")))!.AsObject();
        var vocabulary = file["model"]!["vocab"]!.AsObject();
        var expected = pieces.Split('|');
        var next = vocabulary.Max(piece => (int)piece.Value!) + 1;
        foreach (var spelt in expected.Select(Spelt).Distinct().Where(spelt => !vocabulary.ContainsKey(spelt)))
            vocabulary[spelt] = next++;
        file["model"]!["ignore_merges"] = true;
        file["pre_tokenizer"] = JsonNode.Parse("""
            {"type": "Sequence", "pretokenizers": [
              {"type": "Split", "behavior": "Isolated", "invert": false,
              "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
              {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}
            """);
        var tokenizer = Load(file);
        Assert.Equal(expected, tokenizer.Encode(text).Select(tokenizer.TokenText));

        // GPT-2's alphabet: printable bytes stand for themselves, the others in order from U+0100.
        static string Spelt(string piece) => string.Concat(System.Text.Encoding.UTF8.GetBytes(piece).Select(b =>
            b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174
                ? (char)b
                : (char)(256 + Enumerable.Range(0, b).Count(o => o is not (>= 33 and <= 126 or >= 161 and <= 172 or >= 174)))));
    }

    [Fact]
    public void APieceOfTheVocabularyIsTakenWholeWhenMergesAreIgnored()
    {
        var trained = BpeTrainer.Train(["abcd abcd abcd"], new() { VocabularySize = 300 });
        trained.Save(folder.Root);
        var file = JsonNode.Parse(File.ReadAllText(folder.Path("tokenizer.json")))!.AsObject();
        file["model"]!["merges"] = new JsonArray();
        Assert.Equal(4, Load(file).Encode("abcd").Length);
        file["model"]!["ignore_merges"] = true;
        Assert.Single(Load(file).Encode("abcd"));
    }

    [Fact]
    public void LettersBeyondTheBasicPlaneAreLetters()
    {
        // One word of letters, ordinary and astral: every pair in it may be joined, as in Hugging Face's library.
        var trained = BpeTrainer.Train(Enumerable.Repeat("x𝒳y", 4), new() { VocabularySize = 300 });
        Assert.Contains("x𝒳y", trained.Save(folder.Root).Encode("x𝒳y").Select(trained.Save(folder.Root).TokenText));
    }

    [Theory]
    [InlineData("NFC", "e\u0301", "\u00e9")]
    [InlineData("NFC", "\u212B\u2126", "\u00C5\u03A9")] // singletons: Angstrom, Ohm
    [InlineData("NFC", "a\u0323\u0302 a\u0302\u0323", "\u1EAD \u1EAD")] // marks in either order
    [InlineData("NFC", "q\u0307\u0323", "q\u0323\u0307")] // reordered, nothing to compose
    [InlineData("NFC", "\u1112\u1161\u11AB \u1100\u1161", "\uD55C \uAC00")] // Hangul
    [InlineData("NFC", "\u0958", "\u0915\u093C")] // excluded from composition
    [InlineData("NFC", "a\u0301\u0300", "\u00E1\u0300")] // same class: the second is blocked
    [InlineData("NFD", "\u1EAD\uD55C", "a\u0323\u0302\u1112\u1161\u11AB")]
    public void CanonicalFormsAreMadeWhenTheFileAsksForIt(string form, string text, string expected)
    {
        BpeTrainer.Train(["abc"], new()).Save(folder.Root);
        var file = JsonNode.Parse(File.ReadAllText(folder.Path("tokenizer.json")))!.AsObject();
        file["normalizer"] = new JsonObject { ["type"] = form };
        var tokenizer = Load(file);
        Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Theory]
    [InlineData("a b", "model.merges[0]", "a z")]
    [InlineData("a b", "model.merges[0]", "ab")]
    public void AMergeThatNamesAMissingPieceIsNamed(string good, string key, string bad)
    {
        var file = Small(good);
        file["model"]!["merges"] = new JsonArray(bad);
        Assert.Contains(key, Assert.Throws<CaiException>(() => Load(file)).Problem);
    }

    [Fact]
    public void BrokenFilesNameTheKey()
    {
        AssertProblem(file => file["model"]!["type"] = "WordPiece", "WordPiece");
        AssertProblem(file => file["model"]!["vocab"]!["c"] = 77, "id 6");
        AssertProblem(file => file["model"]!["vocab"]!["c"] = 5, "id 5");
        AssertProblem(file => file["model"]!["vocab"]!["c"] = -1, "id -1");
        AssertProblem(file => file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 11, ["content"] = "<x>" }), "id 10");
        AssertProblem(file => file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 5, ["content"] = "<x>" }), "id 5");
        AssertProblem(file => file["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 10, ["content"] = "b" }), "the id 10 to \"b\"");
        AssertProblem(file => file["added_tokens"]!.AsArray().Add(new JsonObject { ["content"] = "<x>" }), "added_tokens[3].id");
        AssertProblem(file => file["model"]!["merges"] = new JsonArray(new JsonArray("a")), "model.merges[0]");
        AssertProblem(file => file["model"]!["merges"] = new JsonArray("a b", "b"), "model.merges[1]");
        AssertProblem(file => file["model"]!["vocab"]!["c"] = "six", "model.vocab.c");
        AssertProblem(file => file["model"]!.AsObject().Remove("merges"), "model.merges");
        AssertProblem(file => file["model"]!["unk_token"] = "<what>", "<what>");
        AssertProblem(file => file["pre_tokenizer"] = new JsonObject { ["type"] = "Punctuation" }, "Punctuation");
        var unclosed = new JsonObject { ["type"] = "Split", ["behavior"] = "Isolated", ["pattern"] = new JsonObject { ["Regex"] = "(" } };
        AssertProblem(file => file["pre_tokenizer"] = unclosed, "pre_tokenizer.pattern");
        AssertProblem(file => file["added_tokens"] = new JsonArray(), "ends a text");
        AssertProblem(file => file.Remove("model"), "model");

        void AssertProblem(Action<JsonObject> spoil, string named)
        {
            var file = Small("a b");
            spoil(file);
            var error = Assert.Throws<CaiException>(() => Load(file));
            Assert.Contains(named, error.Problem);
            Assert.Equal(folder.Path("tokenizer.json"), error.Where);
        }
    }

    [Fact]
    public void APieceThatIsListedTwiceIsNamed()
    {
        folder.File("tokenizer.json", Small().ToJsonString().Replace("\"b\":5", "\"a\":5"));
        Assert.Contains("\"a\" stands twice", Assert.Throws<CaiException>(() => TokenizerJson.Load(folder.Root)).Problem);
    }

    [Fact]
    public void MissingAndCutOffFilesAreNamed()
    {
        Assert.Equal(folder.Path("tokenizer.json"), Assert.Throws<CaiException>(() => TokenizerJson.Load(folder.Root)).Where);
        var cut = folder.File("tokenizer.json", "{\"model\": {\"vo");
        Assert.Equal(cut + ":1", Assert.Throws<CaiException>(() => TokenizerJson.Load(folder.Root)).Where);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"eos_token": "c", "bos_token": "a"}""", null, new[] { 6 })]
    [InlineData("tokenizer_config.json", """{"eos_token": {"content": "c"}, "bos_token": "a", "add_bos_token": true}""", 4, new[] { 6 })]
    [InlineData("tokenizer_config.json", """{"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>"}""", 1, new[] { 2 })]
    [InlineData("special_tokens_map.json", """{"eos_token": "b"}""", null, new[] { 5 })]
    [InlineData("generation_config.json", """{"eos_token_id": [5, 6]}""", null, new[] { 5, 6 })]
    [InlineData("config.json", """{"eos_token_id": 6, "bos_token_id": 1}""", null, new[] { 6 })]
    public void TheFilesBesideItNameTheFirstAndLastTokens(string name, string content, int? bos, int[] ends)
    {
        folder.File(name, content);
        var tokenizer = Load(Small());
        Assert.Equal(bos, tokenizer.BosId);
        Assert.Equal(ends, tokenizer.EndIds);
    }

    [Fact]
    public void AnEndTokenOutsideTheVocabularyIsRefused()
    {
        folder.File("config.json", """{"eos_token_id": 9}""");
        Assert.Equal(folder.Path("config.json"), Assert.Throws<CaiException>(() => Load(Small())).Where);
    }
}

using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Text.Tokenizers;

public sealed class BpeTrainerTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    // Words: "low" 1, " low" 4, " lower" 2, " newest" 6, " widest" 3 ("Ġ" spells the blank).
    private static readonly string[] Toy =
    [
        "low low low low low lower lower newest newest newest newest newest newest widest widest widest",
    ];

    [Fact]
    public void TheFirstMergesAreThoseWorkedOutByHand()
    {
        // (e,s) 9 before (s,t) 9 by spelling; (es,t) 9; (l,o) 7 before (o,w) 7; (lo,w) 7; then of the pairs seen 6 times
        // (e,w), (n,e), (w,est), (Ġ,low), (Ġ,n) the first by spelling, which makes (ew,est) 6 the next, and so on.
        var trained = BpeTrainer.Train(Toy, new() { VocabularySize = 257 + 10 });
        Assert.Equal([("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w"), ("e", "w"), ("ew", "est"), ("n", "ewest"), ("Ġ", "low"), ("Ġ", "newest"), ("d", "est")],
            trained.Merges);
        Assert.Equal("<|end|>", trained.Pieces[0]);
        Assert.Equal(267, trained.Pieces.Count);
    }

    [Fact]
    public void IncrementalCountsEqualCountingAnewAfterEachMerge()
    {
        var text = string.Concat(Enumerable.Repeat("the cat sat on the mat; aaaa aaaaa banana bandana xyxyxy it's 12 1212 ", 3)) + "the then them";
        var trained = BpeTrainer.Train([text], new() { VocabularySize = 340 });
        Assert.Equal(NaiveMerges(text, trained.Merges.Count), trained.Merges);
        Assert.True(trained.Merges.Count > 30);
    }

    /// <summary>The definition, without any bookkeeping; for ASCII, where only the blank has another spelling.</summary>
    private static List<(string Left, string Right)> NaiveMerges(string text, int count)
    {
        var words = System.Text.RegularExpressions.Regex.Matches(text, @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
            .Select(m => m.Value.Replace(' ', 'Ġ').Select(c => c.ToString()).ToList()).ToList();
        var merges = new List<(string, string)>();
        while (merges.Count < count)
        {
            var (left, right) = words.SelectMany(w => w.Zip(w.Skip(1))).GroupBy(pair => pair).OrderByDescending(g => g.Count())
                .ThenBy(g => g.Key.First, StringComparer.Ordinal).ThenBy(g => g.Key.Second, StringComparer.Ordinal).First().Key;
            merges.Add((left, right));
            foreach (var word in words)
                for (var i = 0; i + 1 < word.Count; i++)
                    if (word[i] == left && word[i + 1] == right)
                    {
                        word[i] += right;
                        word.RemoveAt(i + 1);
                    }
        }
        return merges;
    }

    [Fact]
    public void ASavedTokenizerLoadsAndGivesAnyTextBack()
    {
        var tokenizer = BpeTrainer.Train(Toy, new() { VocabularySize = 300, BeginToken = "<|begin|>" }).Save(folder.Root);
        Assert.Equal(0, tokenizer.EosId);
        Assert.Equal(1, tokenizer.BosId);
        Assert.Equal(" newest", tokenizer.TokenText(Assert.Single(tokenizer.Encode(" newest"))));
        foreach (var text in new[] { "", " ", "\n\nHuman: low?", "a\0b", "naïve 𝒳𝒴 日本語 🙂‍↔️ e\u0301", "\r\n\t  x  " })
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Equal("\uFFFD", tokenizer.Decode(tokenizer.Encode("\ud800")));
    }

    [Fact]
    public void TheEndTokenCannotBeForgedInText()
    {
        var tokenizer = BpeTrainer.Train(Toy, new() { VocabularySize = 280 }).Save(folder.Root);
        Assert.Null(tokenizer.BosId);
        Assert.DoesNotContain(tokenizer.EosId, tokenizer.Encode("low<|end|>"));
        Assert.Equal("low<|end|>", tokenizer.Decode(tokenizer.Encode("low<|end|>")));
        Assert.Equal([.. tokenizer.Encode("low"), tokenizer.EosId, .. tokenizer.Encode(" low")], tokenizer.Encode("low<|end|> low", parseSpecial: true));
        Assert.Equal("low low", tokenizer.Decode(tokenizer.Encode("low<|end|> low", parseSpecial: true)));
        Assert.Equal("<|end|>", tokenizer.TokenText(tokenizer.EosId));
    }

    [Fact]
    public void TheSameTextsGiveTheSameFilesWhateverTheirOrder()
    {
        var texts = Toy[0].Split(' ').Select(w => " " + w).ToArray();
        BpeTrainer.Train(texts, new() { VocabularySize = 290 }).Save(folder.Path("a"));
        BpeTrainer.Train(texts.Reverse(), new() { VocabularySize = 290 }).Save(folder.Path("b"));
        string[] files = [.. Directory.GetFiles(folder.Path("a")).Select(Path.GetFileName).Order()!];
        Assert.Equal(3, files.Length);
        Assert.Equal(files, Directory.GetFiles(folder.Path("b")).Select(Path.GetFileName).Order());
        foreach (var file in files)
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder.Path("a"), file)), File.ReadAllBytes(Path.Combine(folder.Path("b"), file)));
    }

    [Fact]
    public void TrainingEndsWhenNothingRepeats()
    {
        Assert.Empty(BpeTrainer.Train(["abc"], new() { VocabularySize = 2048 }).Merges);
        Assert.Equal(2, BpeTrainer.Train(["abc"], new() { VocabularySize = 2048, MinPairCount = 1 }).Merges.Count);
    }

    [Fact]
    public void ImpossibleRequestsSayWhatToDo()
    {
        Assert.Contains("257", Assert.Throws<CaiException>(() => BpeTrainer.Train(Toy, new() { VocabularySize = 256 })).Remedy);
        Assert.Throws<CaiException>(() => BpeTrainer.Train(["", ""], new()));
    }
}

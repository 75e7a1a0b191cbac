using Cai.Generation;
using Cai.Text;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Generation;

public sealed class StreamedTextTests
{
    /// <summary>A token is a byte, so that characters are cut everywhere.</summary>
    private sealed class Bytes : ITokenizer
    {
        public int VocabularySize => 256;
        public int? BosId => null;
        public int EosId => 0;
        public int[] Encode(string text, bool parseSpecial = false) => [.. System.Text.Encoding.UTF8.GetBytes(text).Select(b => (int)b)];
        public string Decode(IReadOnlyList<int> ids) => System.Text.Encoding.UTF8.GetString([.. ids.Select(i => (byte)i)]);
        public string TokenText(int id) => Decode([id]);
    }

    private static List<string> Pieces(string text, params string[] stops)
    {
        var codec = new ContinuationCodec(new Bytes());
        var ids = codec.Continuation(text);
        var stream = new StreamedText(codec, codec.Prompt("p"), stops);
        List<string> pieces = [.. Enumerable.Range(1, ids.Length).Select(n => stream.Push(ids[..n]))];
        var stopped = stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(text.Length).Min();
        pieces.Add(stream.Finish(text[..stopped]));
        Assert.Equal(text[..stopped], string.Concat(pieces));
        return pieces;
    }

    [Fact]
    public void CharactersComeWhole()
    {
        var pieces = Pieces("a\u00e9\u4e2d\U0001F642!");
        Assert.Equal(["a", "\u00e9", "\u4e2d", "\U0001F642", "!"], pieces.Where(p => p.Length > 0));
    }

    [Fact]
    public void TheBeginningOfAStopStringIsHeldBack()
    {
        // "ab" might become "abc" until "abx" shows that it does not; "abc" itself never comes out.
        Assert.Equal(["x", "", "", "abx", "", "", "", ""], Pieces("xabxabc", "abc"));
        Assert.Equal(["x", "", "", "ab"], Pieces("xab", "abc"));
        // The inner "a" of "aa" may begin the stop anew.
        Assert.Equal(["", "a", "", ""], Pieces("aab", "ab"));
    }

    [Fact]
    public void SeveralStopsAreHeldBackTogether()
    {
        foreach (var text in new[] { "one two three", "ononeone two", "two", "", "o", "tw" })
            Assert.DoesNotContain(Pieces(text, "one", "two"), p => p.Contains("one") || p.Contains("two"));
    }

    /// <summary>The same by its definition: all tokens are decoded at every one of them.</summary>
    private sealed class Whole(ContinuationCodec codec, IReadOnlyList<int> prompt, IReadOnlyList<string> stops)
    {
        private string shown = "";

        public string Push(IReadOnlyList<int> ids)
        {
            var text = codec.Text(prompt, ids);
            var end = text.TrimEnd('\uFFFD').Length;
            foreach (var stop in stops)
            {
                if (text.IndexOf(stop, StringComparison.Ordinal) is var at and >= 0)
                    end = Math.Min(end, at);
                for (var start = Math.Max(0, text.Length - stop.Length + 1); start < text.Length; start++)
                    if (stop.StartsWith(text[start..], StringComparison.Ordinal))
                        end = Math.Min(end, start);
            }
            return Finish(text[..end]);
        }

        public string Finish(string text)
        {
            if (!text.StartsWith(shown, StringComparison.Ordinal))
                return "";
            var fresh = text[shown.Length..];
            shown = text;
            return fresh;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpt2")]
    [InlineData("llama2")]
    public void PiecesAreThoseOfDecodingEverythingAtEveryToken(string name)
    {
        ITokenizer tokenizer = name.Length == 0 ? new Bytes() : TokenizerJson.Load(Fixtures.Path("tokenizers", name));
        var codec = new ContinuationCodec(tokenizer);
        var random = new Random(5);
        // Cut characters, blanks in a row, special tokens and bytes that are no text, in every order.
        int[] likely = [.. codec.Continuation("a  \u00e9\u4e2d \U0001F642 ab\n\n b"), .. Enumerable.Range(0, 6)];
        for (var sample = 0; sample < 300; sample++)
        {
            List<int> ids = [.. Enumerable.Range(0, 30)
                .Select(_ => random.Next(4) > 0 ? likely[random.Next(likely.Length)] : random.Next(tokenizer.VocabularySize))];
            int[] prompt = random.Next(2) == 0 ? codec.Prompt("p q") : [tokenizer.BosId ?? likely[0]];
            var text = codec.Text(prompt, ids);
            string[] stops = [.. Enumerable.Range(0, random.Next(3)).Select(_ => random.Next(text.Length))
                .Select(at => text.Substring(at, Math.Min(1 + random.Next(5), text.Length - at)))];
            var (stream, whole) = (new StreamedText(codec, prompt, stops), new Whole(codec, prompt, stops));
            for (var n = 1; n <= ids.Count; n++)
                Assert.Equal(whole.Push(ids[..n]), stream.Push(ids[..n]));
            Assert.Equal(whole.Finish(text), stream.Finish(text));
        }
    }
}

using Cai.Generation;
using Cai.Text;
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
}

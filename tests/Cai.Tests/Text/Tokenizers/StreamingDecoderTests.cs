using System.Text;
using Cai.Text;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Text.Tokenizers;

public sealed class StreamingDecoderTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Tokens are pieces of bytes, cut anywhere.</summary>
    private sealed class Chunks(IReadOnlyList<byte[]> chunks) : ITokenizer
    {
        public int VocabularySize => chunks.Count;
        public int? BosId => null;
        public int EosId => 0;
        public int[] Encode(string text, bool parseSpecial = false) => throw new NotSupportedException();
        public string Decode(IReadOnlyList<int> ids) => Encoding.UTF8.GetString([.. ids.SelectMany(id => chunks[id])]);
        public string TokenText(int id) => Decode([id]);
    }

    public static TheoryData<string> Texts =>
    [
        "aé🙂b", "日本語のテキスト", "👩‍👩‍👧‍👦🏳️‍🌈", "𝒳𠮷", "e\u0301 한국어 العربية", "\u00e9", "🙂", "x\r\n\0y", "",
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void However_the_bytes_are_cut_no_character_is_split_and_nothing_is_lost(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var size = 1; size <= 5; size++)
            for (var offset = 0; offset < size; offset++)
            {
                // A first piece of its own size, so that each byte is a border in some run.
                List<byte[]> chunks = offset == 0 ? [] : [[.. bytes.Take(offset)]];
                chunks.AddRange(bytes.Skip(offset).Chunk(size));
                var streaming = new StreamingDecoder(new Chunks(chunks));
                var shown = "";
                for (var id = 0; id < chunks.Count; id++)
                {
                    var part = streaming.Push(id);
                    Assert.DoesNotContain('\uFFFD', part);
                    Assert.False(part.Length > 0 && (char.IsLowSurrogate(part[0]) || char.IsHighSurrogate(part[^1])));
                    shown += part;
                    Assert.StartsWith(shown, text, StringComparison.Ordinal);
                }
                Assert.Equal(text, shown + streaming.Flush());
            }
    }

    [Fact]
    public void A_character_is_shown_as_soon_as_it_is_whole()
    {
        var tokenizer = BpeTrainer.Train(["abc"], new()).Save(folder.Root);
        var streaming = new StreamingDecoder(tokenizer);
        var parts = tokenizer.Encode("aé🙂b").Append(tokenizer.EosId).Select(streaming.Push).ToList();
        Assert.Equal(["a", "", "é", "", "", "", "🙂", "b", ""], parts);
        Assert.Equal("", streaming.Flush());
    }

    [Fact]
    public void What_is_never_finished_is_shown_at_the_end()
    {
        var tokenizer = BpeTrainer.Train(["abc"], new()).Save(folder.Root);
        var streaming = new StreamingDecoder(tokenizer);
        Assert.Equal("", streaming.Push(tokenizer.Encode("é")[0]));
        Assert.Equal("\uFFFD", streaming.Flush());
        Assert.Equal("a", streaming.Push(tokenizer.Encode("a")[0]));
    }

    [Fact]
    public void Bytes_that_are_no_text_come_out_as_in_the_whole()
    {
        // A lone continuation byte, then text: the replacement stands where it does in the whole.
        var tokenizer = BpeTrainer.Train(["abc"], new()).Save(folder.Root);
        int[] ids = [tokenizer.Encode("é")[1], .. tokenizer.Encode("a")];
        var streaming = new StreamingDecoder(tokenizer);
        Assert.Equal(tokenizer.Decode(ids), string.Concat(ids.Select(streaming.Push)) + streaming.Flush());
    }
}

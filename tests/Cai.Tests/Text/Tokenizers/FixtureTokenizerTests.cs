using Cai.Storage;
using Cai.Text;
using Xunit;

namespace Cai.Tests.Text.Tokenizers;

/// <summary>Real tokenizers against ids by Hugging Face's own library.</summary>
public sealed class FixtureTokenizerTests
{
    private sealed record Row(string Text, int[] Ids);

    private sealed record Expected(List<Row> Rows);

    [Theory]
    [InlineData("gpt2", "tokenizers")]
    [InlineData("qwen2", "tokenizers")]
    [InlineData("llama2", "tokenizers")]
    [InlineData("tinystories-656k", "models")]
    public void Ids_and_text_are_exact(string name, string folder)
    {
        var tokenizer = TokenizerJson.Load(Fixtures.Path(folder, name));
        var rows = CaiJson.ReadFile<Expected>(Fixtures.Path("tokenizers", "expected", name + ".json"), "").Rows;
        Assert.Equal(220, rows.Count);
        var unknown = tokenizer.PieceId("<unk>");
        foreach (var row in rows)
        {
            Assert.Equal(row.Ids, tokenizer.Encode(row.Text));
            if (unknown is null || !row.Ids.Contains(unknown.Value))
                Assert.Equal(row.Text, tokenizer.Decode(row.Ids));
            var streaming = new StreamingDecoder(tokenizer);
            Assert.Equal(tokenizer.Decode(row.Ids), string.Concat(row.Ids.Select(streaming.Push)) + streaming.Flush());
        }
    }

    [Theory]
    [InlineData("gpt2", "tokenizers", null, 50256)]
    [InlineData("qwen2", "tokenizers", null, 151643)]
    [InlineData("llama2", "tokenizers", 1, 2)]
    [InlineData("tinystories-656k", "models", 1, 2)]
    public void Begin_and_end_tokens_are_found(string name, string folder, int? bos, int eos)
    {
        var tokenizer = TokenizerJson.Load(Fixtures.Path(folder, name));
        Assert.Equal(bos, tokenizer.BosId);
        Assert.Equal(eos, tokenizer.EosId);
        Assert.Equal([eos], tokenizer.EndIds);
    }
}

using Cai.Storage;
using Cai.Text;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Text.Tokenizers;

/// <summary>Real tokenizers against ids by Hugging Face's own library.</summary>
public sealed class FixtureTokenizerTests
{
    private sealed record Row(string Text, int[] Ids);

    private sealed record Expected(List<Row> Rows);

    [Theory]
    [InlineData("gpt2", "tokenizers", BpeEncoder.MicrosoftML)]
    [InlineData("gpt2", "tokenizers", BpeEncoder.BuiltIn)]
    [InlineData("qwen2", "tokenizers", BpeEncoder.MicrosoftML)]
    [InlineData("qwen2", "tokenizers", BpeEncoder.BuiltIn)]
    [InlineData("llama2", "tokenizers", BpeEncoder.BuiltIn)]
    [InlineData("tinystories-656k", "models", BpeEncoder.BuiltIn)]
    public void IdsAndTextAreExact(string name, string folder, BpeEncoder encoder)
    {
        var loaded = TokenizerJson.Load(Fixtures.Path(folder, name));
        Assert.Equal(name is "gpt2" or "qwen2" ? BpeEncoder.MicrosoftML : BpeEncoder.BuiltIn, loaded.Encoder);
        var tokenizer = loaded.Using(encoder);
        var rows = CaiJson.ReadFile<Expected>(Fixtures.Path("tokenizers", "expected", name + ".json"), "").Rows;
        Assert.Equal(220, rows.Count);
        var unknown = tokenizer.PieceId("<unk>");
        foreach (var row in rows)
        {
            Assert.Equal(row.Ids, tokenizer.Encode(row.Text));
            if (unknown is null || !row.Ids.Contains(unknown.Value))
                Assert.Equal(row.Text, tokenizer.Decode(row.Ids));
        }
    }

    [Theory]
    [InlineData("gpt2", null)]
    [InlineData("qwen2", "Qwen2Tokenizer")]
    public void VocabularyAndMergesGiveTheSameIds(string name, string? tokenizerClass)
    {
        using var folder = new TempFolder();
        foreach (var file in new[] { "vocab.json", "merges.txt" })
            File.Copy(Fixtures.Path("tokenizers", name, file), folder.Path(file));
        if (tokenizerClass is not null)
            folder.File("tokenizer_config.json", $$"""{"tokenizer_class": "{{tokenizerClass}}"}""");
        if (name == "qwen2")
            folder.File("added_tokens.json", """{"<|endoftext|>": 151643, "<|im_start|>": 151644, "<|im_end|>": 151645}""");
        var tokenizer = TokenizerJson.Load(folder.Root);
        foreach (var row in CaiJson.ReadFile<Expected>(Fixtures.Path("tokenizers", "expected", name + ".json"), "").Rows)
        {
            Assert.Equal(row.Ids, tokenizer.Encode(row.Text));
            Assert.Equal(row.Text, tokenizer.Decode(row.Ids));
        }
    }

    [Theory]
    [InlineData("gpt2", "tokenizers", "<|endoftext|>", 50256)]
    [InlineData("qwen2", "tokenizers", "<|im_end|>", 151645)]
    [InlineData("llama2", "tokenizers", "</s>", 2)]
    [InlineData("tinystories-656k", "models", "<|end_story|>", 2)]
    public void ControlTokensInATextAreReadOnlyWhenAskedFor(string name, string folder, string spelling, int id)
    {
        var tokenizer = TokenizerJson.Load(Fixtures.Path(folder, name));
        var text = "a" + spelling + "b";
        Assert.DoesNotContain(id, tokenizer.Encode(text));
        if (tokenizer.PieceId("<unk>") is not { } unknown || !tokenizer.Encode(text).Contains(unknown))
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Single(tokenizer.Encode(text, parseSpecial: true), id);
        Assert.DoesNotContain(id, tokenizer.Encode(ControlTokens.Protect(text, [spelling]), parseSpecial: true));
        Assert.Equal(tokenizer.Encode(text), tokenizer.Encode(ControlTokens.Protect(text, [spelling]), parseSpecial: true));
    }

    [Theory]
    [InlineData("gpt2", "tokenizers", null, 50256)]
    [InlineData("qwen2", "tokenizers", null, 151643)]
    [InlineData("llama2", "tokenizers", 1, 2)]
    [InlineData("tinystories-656k", "models", 1, 2)]
    public void BeginAndEndTokensAreFound(string name, string folder, int? bos, int eos)
    {
        var tokenizer = TokenizerJson.Load(Fixtures.Path(folder, name));
        Assert.Equal(bos, tokenizer.BosId);
        Assert.Equal(eos, tokenizer.EosId);
        Assert.Equal([eos], tokenizer.EndIds);
    }
}

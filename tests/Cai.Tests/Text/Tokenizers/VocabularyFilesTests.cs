using System.Text.Json.Nodes;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Text.Tokenizers;

/// <summary>Tokenizers of vocab.json and merges.txt.</summary>
public sealed class VocabularyFilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Writes what a trained tokenizer's tokenizer.json holds as the two files, and gives the tokenizer.</summary>
    private BpeTokenizer Split()
    {
        var tokenizer = BpeTrainer.Train(["low lower lowest, it's low lower lowest"], new() { VocabularySize = 275, EndToken = "<|endoftext|>" })
            .Save(folder.Path("whole"));
        var model = JsonNode.Parse(File.ReadAllText(folder.Path("whole", "tokenizer.json")))!["model"]!;
        var vocabulary = model["vocab"]!.DeepClone().AsObject();
        vocabulary["<|endoftext|>"] = tokenizer.EosId;
        folder.File("vocab.json", vocabulary.ToJsonString());
        folder.File("merges.txt", "#version: 0.2\n" + string.Join('\n', model["merges"]!.AsArray().Select(Rule)) + "\n");
        return tokenizer;

        static string Rule(JsonNode? rule) => rule is JsonArray parts ? $"{parts[0]} {parts[1]}" : (string)rule!;
    }

    [Fact]
    public void TheTwoFilesSayTheSameAsOne()
    {
        var whole = Split();
        var loaded = TokenizerJson.Load(folder.Root);
        Assert.Equal((whole.EosId, whole.BosId, whole.VocabularySize), (loaded.EosId, loaded.BosId, loaded.VocabularySize));
        foreach (var text in new[] { "it's the lowest, lower", "  naïve 日本\n\n🙂 x<|endoftext|>", "" })
        {
            Assert.Equal(whole.Encode(text), loaded.Encode(text));
            Assert.Equal(whole.Encode(text, parseSpecial: true), loaded.Encode(text, parseSpecial: true));
            Assert.Equal(text, loaded.Decode(loaded.Encode(text)));
        }
    }

    [Fact]
    public void AddedTokensComeFromTheFilesBesideThem()
    {
        var size = Split().VocabularySize;
        folder.File("added_tokens.json", $$"""{"<|im_end|>": {{size}}}""");
        folder.File("special_tokens_map.json", """{"eos_token": "<|im_end|>"}""");
        var loaded = TokenizerJson.Load(folder.Root);
        Assert.Equal(size, loaded.EosId);
        Assert.Equal([size], loaded.Encode("<|im_end|>", parseSpecial: true));
        Assert.DoesNotContain(size, loaded.Encode("<|im_end|>"));

        folder.File("tokenizer_config.json",
            $$$"""{"added_tokens_decoder": {"{{{size}}}": {"content": "<tool>", "special": false, "rstrip": true}}, "eos_token": "<|endoftext|>"}""");
        File.Delete(folder.Path("special_tokens_map.json"));
        loaded = TokenizerJson.Load(folder.Root);
        Assert.Equal([size, .. loaded.Encode("low")], loaded.Encode("<tool>  low"));
    }

    [Fact]
    public void WhatIsWrongIsNamedWithItsFile()
    {
        Split();
        var merges = File.ReadAllText(folder.Path("merges.txt"));
        AssertProblem("merges.txt", merges + "l zzz\n", "merges[");
        AssertProblem("merges.txt", merges + "alone\n", "two pieces");
        File.WriteAllText(folder.Path("merges.txt"), merges);
        AssertProblem("tokenizer_config.json", """{"tokenizer_class": "BertTokenizer"}""", "BertTokenizer");
        AssertProblem("tokenizer_config.json", """{"added_tokens_decoder": {"x": {"content": "<a>"}}}""", "added_tokens_decoder.x");
        File.Delete(folder.Path("tokenizer_config.json"));
        AssertProblem("vocab.json", """{"a": "b"}""", "model.vocab.a");
        AssertProblem("vocab.json", "[]", "JSON object");
        File.Delete(folder.Path("vocab.json"));
        Assert.Equal(folder.Path("tokenizer.json"), Assert.Throws<CaiException>(() => TokenizerJson.Load(folder.Root)).Where);

        void AssertProblem(string name, string content, string named)
        {
            var file = folder.File(name, content);
            var error = Assert.Throws<CaiException>(() => TokenizerJson.Load(folder.Root));
            Assert.Contains(named, error.Problem);
            Assert.Equal(file, error.Where);
        }
    }
}

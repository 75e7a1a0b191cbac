using System.Text.Json.Nodes;
using Cai.Models;
using Cai.Text.Tokenizers;
using Xunit;
using static Cai.Tests.Text.Tokenizers.HandMade;

namespace Cai.Tests.Models;

/// <summary>What a saved model keeps of its start, and what a model's name stands for.</summary>
public sealed class FolderIdentityTests : IDisposable
{
    private readonly TempFolder folder = new();

    public FolderIdentityTests()
    {
        var tokenizer = Load(folder, ByteLevel(added: [("<|end_of_text|>", true), ("<|eot|>", true), ("<|eom|>", true)]),
            """{"eos_token": "<|end_of_text|>"}""");
        using var model = Decoder.Create(Tiny.Config with { VocabularySize = tokenizer.VocabularySize }, 3);
        HuggingFaceFolder.Save(folder.Root, model, tokenizer);
    }

    public void Dispose() => folder.Dispose();

    private static JsonNode Json(string path) => JsonNode.Parse(File.ReadAllText(path))!;

    [Fact]
    public void EveryEndTokenIsSavedWithWhatElseTheFolderSays()
    {
        folder.File("generation_config.json", """{"eos_token_id": [256, 257, 258], "pad_token_id": 256, "temperature": 0.6}""");
        using var model = HuggingFaceFolder.Load(folder.Root);
        Assert.Equal([256, 257, 258], model.Tokenizer.EndIds);
        HuggingFaceFolder.Save(folder.Path("out"), model);
        Assert.Equal([256, 257, 258], TokenizerJson.Load(folder.Path("out")).EndIds);
        foreach (var name in (string[])["generation_config.json", "config.json"])
            Assert.Equal([256, 257, 258], Json(folder.Path("out", name))["eos_token_id"]!.AsArray().Select(id => (int)id!));
        Assert.Equal(0.6, (double)Json(folder.Path("out", "generation_config.json"))["temperature"]!);
        Assert.Equal(256, (int)Json(folder.Path("out", "generation_config.json"))["pad_token_id"]!);
        using var scalar = ScalarModel.FromLanguageModel(model.Decoder, 1);
        HuggingFaceFolder.SaveScalar(folder.Path("pm"), scalar, model.Tokenizer, folder.Root);
        Assert.Equal([256, 257, 258], TokenizerJson.Load(folder.Path("pm")).EndIds);
    }

    [Fact]
    public void OneEndTokenIsSavedAsOne() => Assert.Equal(256, (int)Json(folder.Path("generation_config.json"))["eos_token_id"]!);

    /// <summary>Whatever changes an answer changes the name.</summary>
    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("generation_config.json")]
    [InlineData("special_tokens_map.json")]
    [InlineData("added_tokens.json")]
    [InlineData("chat_template.jinja")]
    [InlineData("additional_chat_templates/rag.jinja")]
    [InlineData("model.safetensors")]
    public void EveryFileThatDecidesAResultIsInTheName(string name)
    {
        var before = HuggingFaceFolder.Hash(folder.Root);
        Assert.Equal(before, HuggingFaceFolder.Hash(folder.Root));
        Directory.CreateDirectory(folder.Path("additional_chat_templates"));
        File.AppendAllText(folder.Path(name), " ");
        Assert.NotEqual(before, HuggingFaceFolder.Hash(folder.Root));
    }

    [Fact]
    public void WhatDecidesNothingIsNot()
    {
        var before = HuggingFaceFolder.Hash(folder.Root);
        folder.File("README.md", "x");
        Assert.Equal(before, HuggingFaceFolder.Hash(folder.Root));
    }
}

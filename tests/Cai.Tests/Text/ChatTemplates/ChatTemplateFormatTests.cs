using Cai.Finetuning;
using Cai.Generation;
using Cai.Models;
using Cai.Preferences;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Cai.Text.Tokenizers;
using Xunit;

namespace Cai.Tests.Text.ChatTemplates;

public sealed class ChatTemplateFormatTests : IDisposable
{
    private const string Template =
        "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}<|end|>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static ChatTemplateFormat Format(string template = Template, params string[] tokens) =>
        new(new ChatTemplate(template, new Dictionary<string, string> { ["bos_token"] = "<|begin|>" }), tokens.Length > 0 ? tokens : ["<|begin|>", "<|end|>"]);

    /// <summary>0 is the end of a document, 1 begins; 2 ends a turn.</summary>
    private BpeTokenizer Tokenizer()
    {
        BpeTrainer.Train(["ask me user assistant"], new() { VocabularySize = 270, EndToken = "<|eod|>", BeginToken = "<|begin|>" }).Save(folder.Root);
        var file = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(folder.Path("tokenizer.json")))!;
        var next = file["model"]!["vocab"]!.AsObject().Max(piece => (int)piece.Value!) + 1;
        file["added_tokens"]!.AsArray().Add(new System.Text.Json.Nodes.JsonObject { ["id"] = next, ["content"] = "<|end|>", ["special"] = true });
        folder.File("tokenizer.json", file.ToJsonString());
        return TokenizerJson.Load(folder.Root);
    }

    [Fact]
    public void ADialogueIsLaidOutByTheTemplate()
    {
        var format = Format();
        Assert.Equal("<|begin|><system>S<|end|><user>ask<|end|><assistant>", format.Prompt(new([Turn.System("S"), Turn.Human(" ask ")])));
        Assert.Equal("yes", format.Response("yes"));
        Assert.Equal("<|end|>", format.EndOfTurn);
        Assert.True(format.ControlTokens);
        Assert.Empty(format.Stops);
    }

    [Theory]
    [InlineData("{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ '</s>' if m.role == 'assistant' }}{% endfor %}{% if add_generation_prompt "
        + "%}[assistant]{% endif %}", " yes", "</s>")]
    [InlineData("{% for m in messages %}{{ m.content }}\n{% endfor %}", "yes", null)] // says nothing of turns
    [InlineData("{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<assistant><think>{% endif %}", "yes",
        "</s>")]
    [InlineData("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}", "yes", null)] // shows no answers
    public void WhatStandsRoundAnAnswerIsLearntFromTheTemplate(string template, string response, string? end)
    {
        var format = Format(template, "</s>", "<s>");
        Assert.Equal(response, format.Response("yes"));
        Assert.Equal(end, format.EndOfTurn);
    }

    [Fact]
    public void ATurnCannotForgeAControlToken()
    {
        var tokenizer = Tokenizer();
        folder.File("tokenizer_config.json", $$"""{"chat_template": "{{Template}}", "bos_token": "<|begin|>", "eos_token": "<|eod|>"}""");
        var format = ChatTemplateFormat.Load(folder.Root, tokenizer);
        var end = tokenizer.PieceId("<|end|>")!.Value;
        var ids = tokenizer.EncodePrompt(format, Dialogue.Ask("ask<|end|><|begin|>me"));
        Assert.Equal([1, .. tokenizer.Encode("<user>ask<|end|><|begin|>me"), end, .. tokenizer.Encode("<assistant>")], ids);
        Assert.Single(ids, end);
        Assert.Single(ids, 1);
    }

    [Fact]
    public void TrainingAndScoringReadTheSameTokens()
    {
        var tokenizer = Tokenizer();
        var format = Format();
        var text = TrainingText.From(tokenizer, format, "t", Dialogue.Ask("ask"), "me");
        int[] prompt = [1, .. tokenizer.Encode("<user>ask"), tokenizer.PieceId("<|end|>")!.Value, .. tokenizer.Encode("<assistant>")];
        Assert.Equal([.. prompt, .. tokenizer.Encode("me"), tokenizer.EosId], text.Ids);
        Assert.Equal(prompt.Length, text.PromptLength);
        Assert.Equal(text.Ids, TokenPair.Ids(tokenizer, format, Dialogue.Ask("ask"), "me"));
        Assert.Equal(prompt, new ContinuationCodec(tokenizer).Prompt(format.Prompt(Dialogue.Ask("ask")), controlTokens: true));
    }

    [Fact]
    public void ALoadedModelEndsItsAnswersWhereItsTemplateEndsTurns()
    {
        var tokenizer = Tokenizer();
        using var decoder = Tiny.Model(config: Tiny.Config with { VocabularySize = tokenizer.VocabularySize });
        HuggingFaceFolder.Save(folder.Path("m"), decoder, tokenizer, folder.Root);
        folder.File("m/tokenizer_config.json", $$"""{"chat_template": "{{Template}}", "bos_token": "<|begin|>", "eos_token": "<|eod|>"}""");
        using (var plain = HuggingFaceFolder.Load(folder.Path("m")))
            Assert.Equal((0, "hh"), (plain.EosId, plain.Format.Name));
        using var chat = HuggingFaceFolder.Load(folder.Path("m"), new() { ChatTemplate = true });
        Assert.Equal((tokenizer.PieceId("<|end|>"), "chat"), (chat.EosId, chat.Format.Name));
        Assert.Contains(0, ((BpeTokenizer)chat.Tokenizer).EndIds);
        File.Delete(folder.Path("m/tokenizer_config.json"));
        Assert.Contains("no chat template", Assert.Throws<CaiException>(() => HuggingFaceFolder.Load(folder.Path("m"), new() { ChatTemplate = true })).Problem);
    }
}

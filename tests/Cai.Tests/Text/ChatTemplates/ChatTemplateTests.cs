using System.Text.Json.Nodes;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Xunit;

namespace Cai.Tests.Text.ChatTemplates;

public sealed class ChatTemplateTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static readonly Dialogue Hi = new([Turn.System("S"), Turn.Human("H"), Turn.Assistant("A"), Turn.Human("B")]);

    [Fact]
    public void RolesAreThoseOfTransformers()
    {
        var template = new ChatTemplate("{% for m in messages %}{{ m.role }}:{{ m['content'] }} {% endfor %}{{ add_generation_prompt }}");
        Assert.Equal("system:S user:H assistant:A user:B True", template.Render(Hi, addGenerationPrompt: true));
        Assert.Equal("user:x False", template.Render(Dialogue.Ask("x"), addGenerationPrompt: false));
    }

    [Fact]
    public void ATemplateAndItsTokensComeFromTheTokenizersFiles()
    {
        folder.File("special_tokens_map.json", """{"bos_token": {"content": "<s>"}, "unk_token": "<unk>", "additional_special_tokens": ["<x>"]}""");
        folder.File("tokenizer_config.json", """{"chat_template": "{{ bos_token }}{{ unk_token }}{{ pad_token is defined }}{{ eos_token }}","""
            + """ "eos_token": {"content": "</s>"}, "pad_token": null}""");
        Assert.True(ChatTemplate.Exists(folder.Root));
        Assert.Equal("<s><unk>False</s>", ChatTemplate.Load(folder.Root).Render(Hi, addGenerationPrompt: false));
    }

    [Fact]
    public void SeveralTemplatesAreToldApartByName()
    {
        folder.File("tokenizer_config.json", """{"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}]}""");
        Assert.Equal("plain", ChatTemplate.Load(folder.Root).Text);
        Assert.Equal("tools", ChatTemplate.Load(folder.Root, "tool_use").Text);
        var error = Assert.Throws<CaiException>(() => ChatTemplate.Load(folder.Root, "rag"));
        Assert.Contains("'rag'; it has default, tool_use", error.Problem);
    }

    [Fact]
    public void AFileOfItsOwnGoesBeforeTheConfiguration()
    {
        folder.File("tokenizer_config.json", """{"chat_template": "old"}""");
        folder.File("chat_template.jinja", "new\n");
        Directory.CreateDirectory(folder.Path("additional_chat_templates"));
        folder.File("additional_chat_templates/rag.jinja", "rag");
        Assert.Equal("new", ChatTemplate.Load(folder.Root).Render(Hi, addGenerationPrompt: false));
        Assert.Equal("rag", ChatTemplate.Load(folder.Root, "rag").Text);
    }

    [Fact]
    public void MissingAndBrokenTemplatesNameTheFile()
    {
        Assert.False(ChatTemplate.Exists(folder.Root));
        Assert.Equal(folder.Root, Assert.Throws<CaiException>(() => ChatTemplate.Load(folder.Root)).Where);
        var config = folder.File("tokenizer_config.json", """{"chat_template": 3}""");
        Assert.Equal(config, Assert.Throws<CaiException>(() => ChatTemplate.Load(folder.Root)).Where);
        folder.File("tokenizer_config.json", """{"chat_template": "x\n{% if %}"}""");
        Assert.Equal(config + ", template line 2", Assert.Throws<CaiException>(() => ChatTemplate.Load(folder.Root)).Where);
        folder.File("tokenizer_config.json", """{"chat_template": [{"name": "default"}]}""");
        Assert.Contains("chat_template[0].template", Assert.Throws<CaiException>(() => ChatTemplate.Load(folder.Root)).Problem);
    }

    [Fact]
    public void TheDateIsTheTemplatesOwnUnlessOneIsGiven()
    {
        var template = new ChatTemplate("{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}none{% endif %}");
        Assert.Equal("none", template.Render(Hi, addGenerationPrompt: false));
        Assert.Equal("05 Mar 2025", template.Render(Hi, addGenerationPrompt: false, new() { Date = new(2025, 3, 5, 10, 0, 0, TimeSpan.Zero) }));
    }

    [Fact]
    public void FurtherVariablesReachTheTemplate()
    {
        var template = new ChatTemplate("{{ think }}{{ think is false }}{{ names[1] }}{{ o.a }}{{ x is none }}{{ n + 1 }}");
        var variables = new JsonObject
        {
            ["think"] = false, ["names"] = new JsonArray("a", "b"), ["o"] = new JsonObject { ["a"] = 1.5 }, ["x"] = null, ["n"] = 2,
        };
        Assert.Equal("FalseTrueb1.5True3", template.Render(Hi, addGenerationPrompt: false, new() { Variables = variables }));
    }
}

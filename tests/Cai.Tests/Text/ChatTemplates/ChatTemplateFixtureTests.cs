using System.Text.Json.Nodes;
using Cai.Text;
using Cai.Text.ChatTemplates;
using Xunit;

namespace Cai.Tests.Text.ChatTemplates;

/// <summary>Renderings of real templates by Hugging Face's own library.</summary>
public sealed class ChatTemplateFixtureTests(ITestOutputHelper output)
{
    private const string Absent = "without the template's text";
    private const string Unsupported = "unsupported construct";

    private sealed record Message(string Role, string Content);

    private sealed record Row(string Template, int Conv, List<Message> Messages, bool AddGenerationPrompt, string? Rendered, string? Error);

    private static List<Row> Rows() => JsonNode.Parse(File.ReadAllText(Fixtures.Path("chat-templates", "expected.json")))!["rows"]!.AsArray()
        .Select(row => new Row((string)row!["template"]!, (int)row["conv"]!,
            [.. row["messages"]!.AsArray().Select(m => new Message((string)m!["role"]!, (string)m["content"]!))],
            (bool)row["add_generation_prompt"]!, (string?)row["rendered"], (string?)row["error"])).ToList();

    private static string? Render(string template, Row row, string source)
    {
        var dialogue = new Dialogue(
            [.. row.Messages.Select(m => new Turn(m.Role switch { "system" => Role.System, "user" => Role.Human, _ => Role.Assistant }, m.Content))]);
        var tokens = new Dictionary<string, string> { ["bos_token"] = "<BOS>", ["eos_token"] = "<EOS>" };
        return new ChatTemplate(template, tokens, source)
            .Render(dialogue, row.AddGenerationPrompt, new() { Variables = new JsonObject { ["date_string"] = "26 Jul 2024" } });
    }

    /// <summary>
    /// The texts of the templates are third-party and lie in the folder that CAI_CHAT_TEMPLATES names; the fixtures have the renderings alone.
    /// </summary>
    [Fact]
    public void RowsWhoseTemplateIsThereAreExactOrRefused()
    {
        var folder = Environment.GetEnvironmentVariable("CAI_CHAT_TEMPLATES");
        SkippedTests.Unless(folder is not null, "CAI_CHAT_TEMPLATES names no folder with the texts of the chat templates");
        var outcomes = Rows().Select(row => (row.Template, Outcome: Outcome(Path.Combine(folder!, row.Template), row))).ToList();
        foreach (var template in outcomes.GroupBy(o => o.Template))
            output.WriteLine($"{template.Key}: {string.Join(", ", template.Select(o => o.Outcome))}");
        var ran = outcomes.Count(o => o.Outcome != Absent);
        output.WriteLine($"all: {string.Join(", ", outcomes.GroupBy(o => o.Outcome).Select(g => $"{g.Count()} {g.Key}"))}");
        Assert.True(ran > 0, $"{folder} holds none of the templates.");
        Assert.True(outcomes.Count(o => o.Outcome == Unsupported) <= 0.05 * ran);
    }

    private static string Outcome(string file, Row row)
    {
        if (!File.Exists(file))
            return Absent;
        try
        {
            Assert.Equal(row.Rendered, Render(File.ReadAllText(file), row, row.Template));
            return "exact";
        }
        catch (CaiException error) when (row.Rendered is null)
        {
            Assert.DoesNotContain("unsupported", error.Problem);
            return "refused as by the reference";
        }
        catch (CaiException error)
        {
            Assert.Contains(Unsupported, error.Problem);
            return Unsupported;
        }
    }

    /// <summary>Templates of ours that lay conversations out as the real ones do, against the real ones' renderings.</summary>
    [Theory]
    [InlineData("Qwen-Qwen2.5", """
        {%- if messages[0].role != 'system' %}
            {{- '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' }}
        {%- endif %}
        {%- for m in messages %}
            {{- '<|im_start|>' ~ m.role ~ '\n' ~ m.content ~ '<|im_end|>\n' }}
        {%- endfor %}
        {{- '<|im_start|>assistant\n' if add_generation_prompt }}
        """)]
    [InlineData("meta-llama", """
        {%- macro turn(role, text) %}
            {{- '<|start_header_id|>' + role + '<|end_header_id|>\n\n' + text | trim + '<|eot_id|>' }}
        {%- endmacro %}
        {%- set rest = messages[1:] if messages[0].role == 'system' else messages %}
        {%- set own = messages[0].content if messages[0].role == 'system' else '' %}
        {{- bos_token + '<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: ' ~ date_string ~ '\n\n' ~ own | trim ~ '<|eot_id|>' }}
        {%- for m in rest %}{{ turn(m['role'], m['content']) }}{% endfor %}
        {%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}
        """)]
    [InlineData("google-gemma", """
        {{ bos_token }}
        {%- for m in messages %}
            {%- if m.role == 'system' %}{{ raise_exception('no system turns') }}{% endif %}
            {{- '<start_of_turn>' ~ ('model' if m.role == 'assistant' else m.role) ~ '\n' ~ m.content.strip() ~ '<end_of_turn>\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}
        """)]
    [InlineData("microsoft-Phi-3.5", """
        {%- for m in messages %}
            {{- '<|%|>\n'.replace('%', m.role) + m.content + '<|end|>\n' }}
        {%- endfor %}
        {{- '<|assistant|>\n' if add_generation_prompt else eos_token }}
        """)]
    [InlineData("deepseek-ai-DeepSeek-R1-Distill", """
        {%- set ns = namespace(system='') %}
        {%- for m in messages if m.role == 'system' %}{% set ns.system = m.content %}{% endfor %}
        {{- bos_token }}{{ ns.system }}
        {%- for m in messages %}
            {%- if m.role == 'user' %}{{ '<｜User｜>' ~ m.content }}{% elif m.role == 'assistant' %}{{ '<｜Assistant｜>' ~ m.content.split('</think>')[-1] ~ '<｜end▁of▁sentence｜>' }}{% endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}{{ '<｜Assistant｜><think>\n' }}{% endif %}
        """)]
    [InlineData("llama-cpp-deepseek-r1", """
        {{- bos_token -}}
        {%- for m in messages -%}
            {{- {'system': '', 'user': '<｜User｜>', 'assistant': '<｜Assistant｜>'}[m.role] ~ m.content ~ ('' if m.role == 'system' else '<｜end▁of▁sentence｜>') -}}
        {%- endfor -%}
        {{- '<｜Assistant｜><think>\n' if add_generation_prompt }}
        """)]
    [InlineData("meetkai-functionary-medium-v3.2", """
        {%- set header = '<|start_header_id|>%<|end_header_id|>\n\n' %}
        {%- set lines = ['You are capable of executing available function(s) if required.', 'Only execute function(s) when absolutely necessary.',
            'Ask for the required input to:recipient==all', 'Use JSON for function arguments.', 'Respond in this format:', '>>>${recipient}', '${content}',
            'Available functions:', '// Supported function definitions that should be called when necessary.', 'namespace functions {', '', '} // namespace functions'] %}
        {{- bos_token ~ header.replace('%', 'system') ~ lines | join('\n') ~ '<|eot_id|>' }}
        {%- for m in messages %}
            {{- header.replace('%', m.role) ~ ('>>>all\n' if m.role == 'assistant' else '') ~ m.content ~ '<|eot_id|>' }}
        {%- endfor %}
        {{- header.replace('%', 'assistant') ~ '>>>' if add_generation_prompt }}
        """)]
    [InlineData("mistralai-Mistral-Nemo", """
        {{- bos_token }}
        {%- for m in messages if m.role != 'system' %}
            {%- if m.role == 'user' %}
                {{- '[INST]' }}
                {%- if loop.last and messages[0].role == 'system' %}{{ messages[0].content ~ '\n\n' }}{% endif %}
                {{- m.content }}[/INST]
            {%- else %}
                {{- m.content }}{{ eos_token }}
            {%- endif %}
        {%- endfor %}
        """)]
    public void OwnTemplatesForRealLayoutsRenderAsTheRealOnes(string name, string template)
    {
        var rows = Rows().Where(row => row.Template.StartsWith(name, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(rows);
        foreach (var row in rows)
            if (row.Rendered is null)
                Assert.Contains("refuses this conversation", Assert.Throws<CaiException>(() => Render(template, row, name)).Problem);
            else
                Assert.Equal(row.Rendered, Render(template, row, name));
    }
}

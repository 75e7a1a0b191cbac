using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Jinja;
using Cai.Storage;
using Cai.Text.Tokenizers;

namespace Cai.Text.ChatTemplates;

/// <summary>What a chat template is given besides the conversation.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>
    /// The date that `strftime_now` tells. Default none: the function is then undefined, as in old versions of
    /// transformers, and templates fall back on a date of their own, so that a prompt is the same on every day.
    /// </summary>
    public DateTimeOffset? Date { get; init; }

    /// <summary>Further variables, as transformers' `apply_chat_template` takes them (for example `enable_thinking`). Default none.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>Bounds of a rendering.</summary>
    public TemplateLimits Limits { get; init; } = new();
}

/// <summary>
/// How a chat model wants a conversation laid out: the Jinja template of its `tokenizer_config.json` or
/// `chat_template.jinja`, rendered as transformers' `apply_chat_template` does (trim_blocks, lstrip_blocks, special tokens by
/// name, `tools` and `documents` none).
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The template that is taken where a model has several.</summary>
    public const string DefaultName = "default";

    private const string Remedy = "Use a model with a chat template, or another prompt format.";
    private static readonly string[] TokenNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly JinjaTemplate template;
    private readonly IReadOnlyDictionary<string, string> specialTokens;

    /// <param name="text">The template.</param>
    /// <param name="specialTokens">Spellings by name (`bos_token`, …), which templates use as variables.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="CaiException">The text is no Jinja, or asks for a construct that is not supported (named in the message).</exception>
    public ChatTemplate(string text, IReadOnlyDictionary<string, string>? specialTokens = null, string source = "chat template")
    {
        Text = text;
        this.specialTokens = specialTokens ?? new Dictionary<string, string>();
        template = new(text, source);
    }

    /// <summary>The template as written.</summary>
    public string Text { get; }

    /// <summary>Reads a model folder's template: `chat_template.jinja`, else `chat_template` in `tokenizer_config.json`.</summary>
    /// <param name="name">Which of several named templates.</param>
    /// <exception cref="CaiException">There is none, none of that name, or a file is broken.</exception>
    public static ChatTemplate Load(string folder, string name = DefaultName)
    {
        var templates = Find(folder);
        if (templates.Count == 0)
            throw new CaiException("The model has no chat template.", Remedy, folder);
        var (text, file) = templates.TryGetValue(name, out var found) ? found
            : throw new CaiException($"The model has no chat template '{name}'; it has {string.Join(", ", templates.Keys)}.", "Name one of these.", folder);
        return new(text, SpecialTokens(folder), file);
    }

    /// <summary>Whether a model folder has a chat template.</summary>
    /// <exception cref="CaiException">A file is broken.</exception>
    public static bool Exists(string folder) => Find(folder).ContainsKey(DefaultName);

    /// <summary>The conversation as the model reads it.</summary>
    /// <param name="addGenerationPrompt">Ends with what precedes the assistant's next turn.</param>
    /// <exception cref="CaiException">The template refuses the conversation (for example a system turn), fails, or goes beyond a limit.</exception>
    public string Render(Dialogue dialogue, bool addGenerationPrompt, ChatTemplateOptions? options = null)
    {
        options ??= new();
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["messages"] = new JinjaList([.. dialogue.Turns.Select(Message)]),
            ["tools"] = null,
            ["documents"] = null,
            ["add_generation_prompt"] = addGenerationPrompt,
        };
        foreach (var (name, spelling) in specialTokens)
            variables[name] = spelling;
        foreach (var (name, value) in options.Variables ?? [])
            variables[name] = Value(value is null ? default : JsonSerializer.SerializeToElement(value));
        return template.Render(variables, options.Limits, options.Date);
    }

    private static JinjaMap Message(Turn turn) => new()
    {
        ["role"] = turn.Role switch { Role.System => "system", Role.Human => "user", _ => "assistant" },
        ["content"] = turn.Text,
    };

    private static object? Value(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.True or JsonValueKind.False:
                return element.GetBoolean();
            case JsonValueKind.Number:
                return element.TryGetInt64(out var whole) ? (object)whole : element.GetDouble();
            case JsonValueKind.Array:
                return new JinjaList([.. element.EnumerateArray().Select(Value)]);
            case JsonValueKind.Object:
                var map = new JinjaMap();
                foreach (var property in element.EnumerateObject())
                    map[property.Name] = Value(property.Value);
                return map;
            default:
                return null;
        }
    }

    /// <summary>The texts of all templates of a folder.</summary>
    internal static IEnumerable<string> Texts(string folder) => Written(folder).Select(template => template.Text);

    /// <summary>Templates by name, with the file that each is from.</summary>
    /// <exception cref="CaiException">One name has two texts.</exception>
    private static Dictionary<string, (string Text, string File)> Find(string folder)
    {
        var found = new Dictionary<string, (string Text, string File)>(StringComparer.Ordinal);
        foreach (var (name, text, file) in Written(folder))
        {
            // A file of its own goes before tokenizer_config.json, as in transformers.
            if (found.TryGetValue(name, out var other) && other.File == file && other.Text != text)
                throw new CaiException($"The chat template '{name}' stands there twice, with two texts.",
                    "Remove the one that the model was not trained on.", file);
            found[name] = (text, file);
        }
        return found;
    }

    private static IEnumerable<(string Name, string Text, string File)> Written(string folder)
    {
        var config = Path.Combine(folder, "tokenizer_config.json");
        if (File.Exists(config) && JsonKeys.Read(config).Child("chat_template") is { } key)
            if (key.Element.ValueKind == JsonValueKind.Array)
                foreach (var item in key.Items())
                    yield return (item.Require("name").Text(), item.Require("template").Text(), config);
            else
                yield return (DefaultName, key.Text(), config);
        var own = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(own))
            yield return (DefaultName, InputFile.ReadText(own, Remedy), own);
        var others = Path.Combine(folder, "additional_chat_templates");
        if (Directory.Exists(others))
            foreach (var file in Directory.GetFiles(others, "*.jinja").Order(StringComparer.Ordinal))
                yield return (Path.GetFileNameWithoutExtension(file), InputFile.ReadText(file, Remedy), file);
    }

    private static Dictionary<string, string> SpecialTokens(string folder)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in new[] { "special_tokens_map.json", "tokenizer_config.json" }.Select(name => Path.Combine(folder, name)).Where(File.Exists))
        {
            var keys = JsonKeys.Read(file);
            foreach (var name in TokenNames)
                if (keys.Child(name) is { } token)
                    tokens[name] = token.Element.ValueKind == JsonValueKind.Object ? token.Require("content").Text() : token.Text();
        }
        return tokens;
    }
}

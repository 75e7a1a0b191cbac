using System.Text.Json;
using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Text.Tokenizers;

/// <summary>
/// Tokenizers from before tokenizer.json: `vocab.json` and `merges.txt` (GPT-2, Qwen2). What those two do not say (how text
/// is cut into words) follows from `tokenizer_class` in tokenizer_config.json.
/// </summary>
internal static class VocabularyFiles
{
    public const string Vocabulary = "vocab.json";
    public const string Merges = "merges.txt";

    private const string Qwen2Words =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string[] TokenNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    public static bool Exist(string folder) => File.Exists(Path.Combine(folder, Vocabulary)) && File.Exists(Path.Combine(folder, Merges));

    /// <summary>What a tokenizer.json would say, and its merges.</summary>
    /// <exception cref="CaiException">A file is broken, or the class is of another kind.</exception>
    public static (JsonKeys Root, JsonKeys Merges) Read(string folder)
    {
        var vocabulary = JsonKeys.Read(Path.Combine(folder, Vocabulary));
        var config = Beside(folder, "tokenizer_config.json");
        var root = new JsonObject
        {
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = JsonObject.Create(vocabulary.Element) },
            ["added_tokens"] = Added(folder, vocabulary, config),
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
        };
        switch (config?.Text("tokenizer_class"))
        {
            case null or "GPT2Tokenizer" or "GPT2TokenizerFast":
                root["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = config?.Flag("add_prefix_space") ?? false };
                break;
            case "Qwen2Tokenizer" or "Qwen2TokenizerFast":
                root["normalizer"] = new JsonObject { ["type"] = "NFC" };
                root["pre_tokenizer"] = new JsonObject
                {
                    ["type"] = "Sequence",
                    ["pretokenizers"] = new JsonArray(
                        new JsonObject { ["type"] = "Split", ["behavior"] = "Isolated", ["pattern"] = new JsonObject { ["Regex"] = Qwen2Words } },
                        new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false }),
                };
                break;
            case var other:
                throw new CaiException($"The key \"tokenizer_class\" is {other}; {Vocabulary} and {Merges} can be read for GPT2Tokenizer and Qwen2Tokenizer.",
                    "Save the tokenizer as a tokenizer.json (transformers: save_pretrained of the fast class).", Path.Combine(folder, "tokenizer_config.json"));
        }
        return (new(vocabulary.File, "", JsonSerializer.SerializeToElement(root)), ReadMerges(Path.Combine(folder, Merges)));
    }

    private static JsonKeys ReadMerges(string file)
    {
        var rules = InputFile.ReadText(file, JsonKeys.Remedy).Split('\n').Select(line => line.TrimEnd('\r'))
            .Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal));
        return new(file, "merges", JsonSerializer.SerializeToElement(rules.ToArray()));
    }

    /// <summary>Tokens with ids of their own, and those of the vocabulary that some file names as special.</summary>
    private static JsonArray Added(string folder, JsonKeys vocabulary, JsonKeys? config)
    {
        var added = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        if (config?.Child("added_tokens_decoder") is { } decoder)
            foreach (var (id, token) in decoder.Members())
                added[token.Require("content").Text()] =
                    Token(int.TryParse(id, out var number) ? number : throw token.Wrong("the id of a token as its name"), token);
        else if (Beside(folder, "added_tokens.json") is { } file)
            foreach (var (content, id) in file.Members())
                added[content] = Plain(id.Number(), content);
        foreach (var content in Named(config).Concat(Named(Beside(folder, "special_tokens_map.json"))).Append("<|endoftext|>"))
            if (added.TryGetValue(content, out var known))
                known["special"] = true;
            else if (vocabulary.Child(content) is { } id)
                added[content] = Plain(id.Number(), content);
        return new([.. added.Values]);
    }

    private static JsonObject Plain(int id, string content) => new() { ["id"] = id, ["content"] = content, ["special"] = true };

    private static JsonObject Token(int id, JsonKeys token)
    {
        var added = new JsonObject { ["id"] = id, ["content"] = token.Require("content").Text() };
        foreach (var flag in new[] { "special", "lstrip", "rstrip", "single_word", "normalized" })
            added[flag] = token.Flag(flag);
        return added;
    }

    private static IEnumerable<string> Named(JsonKeys? file)
    {
        if (file is not { } keys)
            yield break;
        foreach (var name in TokenNames)
            if (keys.Child(name) is { } token)
                yield return Content(token);
        foreach (var token in keys.Child("additional_special_tokens")?.Items() ?? [])
            yield return Content(token);

        static string Content(JsonKeys token) => token.Element.ValueKind == JsonValueKind.Object ? token.Require("content").Text() : token.Text();
    }

    private static JsonKeys? Beside(string folder, string name) => File.Exists(Path.Combine(folder, name)) ? JsonKeys.Read(Path.Combine(folder, name)) : null;
}

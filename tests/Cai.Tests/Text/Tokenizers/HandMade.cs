using System.Text.Json.Nodes;
using Cai.Text.Tokenizers;

namespace Cai.Tests.Text.Tokenizers;

/// <summary>Small tokenizer files written by hand, as other programs write them.</summary>
internal static class HandMade
{
    /// <summary>GPT-2's byte alphabet, by the rule in its paper's code.</summary>
    public static string[] Alphabet { get; } = MakeAlphabet();

    private static string[] MakeAlphabet()
    {
        var extra = 256;
        return [.. Enumerable.Range(0, 256).Select(b => $"{(b is (>= 33 and <= 126) or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)extra++)}")];
    }

    public static JsonObject Added(int id, string content, bool special) => new()
    {
        ["id"] = id, ["content"] = content, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = special,
    };

    /// <summary>Byte level: ids are bytes, then one a merge, then the added tokens.</summary>
    public static JsonObject ByteLevel((string Left, string Right)[]? merges = null, (string Text, bool Special)[]? added = null, bool prefixSpace = false,
        bool ignoreMerges = false, bool cutsWords = true, IEnumerable<int>? bytes = null)
    {
        var vocabulary = new JsonObject();
        foreach (var b in bytes ?? Enumerable.Range(0, 256))
            vocabulary[Alphabet[b]] = vocabulary.Count;
        foreach (var (left, right) in merges ?? [])
            vocabulary.TryAdd(left + right, vocabulary.Count);
        var next = vocabulary.Count;
        JsonObject Bytes() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = prefixSpace, ["use_regex"] = cutsWords };
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. (added ?? [("<|end|>", true)]).Select(token =>
                (JsonNode)Added(vocabulary.TryGetPropertyValue(token.Text, out var id) ? (int)id! : next++, token.Text, token.Special))]),
            ["pre_tokenizer"] = Bytes(),
            ["decoder"] = Bytes(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["ignore_merges"] = ignoreMerges, ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. (merges ?? []).Select(m => (JsonNode)$"{m.Left} {m.Right}")]),
            },
        };
    }

    /// <summary>SentencePiece style with byte fallback: &lt;unk&gt;, a, b, the bytes, then the added tokens.</summary>
    public static JsonObject Pieces(params (string Text, bool Special)[] added)
    {
        var vocabulary = new JsonObject { ["<unk>"] = 0, ["a"] = 1, ["b"] = 2 };
        for (var b = 0; b < 256; b++)
            vocabulary[$"<0x{b:X2}>"] = vocabulary.Count;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([Added(0, "<unk>", true), .. added.Select((token, i) => Added(vocabulary.Count + i, token.Text, token.Special))]),
            ["decoder"] = new JsonObject { ["type"] = "ByteFallback" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["unk_token"] = "<unk>", ["byte_fallback"] = true, ["vocab"] = vocabulary, ["merges"] = new JsonArray(),
            },
        };
    }

    public static BpeTokenizer Load(TempFolder folder, JsonObject tokenizer, string config = """{"eos_token": "<|end|>"}""")
    {
        folder.File("tokenizer.json", tokenizer.ToJsonString());
        folder.File("tokenizer_config.json", config);
        return TokenizerJson.Load(folder.Root);
    }
}

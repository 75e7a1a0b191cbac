using System.Text.Json;
using Cai.Storage;

namespace Cai.Text.Tokenizers;

/// <summary>A place in a JSON file: reading a key that is absent or of another kind names file and key.</summary>
internal readonly record struct JsonKeys(string File, string Key, JsonElement Element)
{
    public const string Remedy = "Fetch or write the tokenizer's files again.";

    /// <exception cref="CaiException">The file is missing or is no JSON object.</exception>
    public static JsonKeys Read(string path)
    {
        var root = CaiJson.ReadFile<JsonElement>(path, Remedy);
        return root.ValueKind == JsonValueKind.Object ? new(path, "", root) : throw new CaiException("A JSON object was expected.", Remedy, path);
    }

    /// <summary>The child, or null when it is absent or null.</summary>
    public JsonKeys? Child(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw Wrong("an object");
        return Element.TryGetProperty(name, out var child) && child.ValueKind != JsonValueKind.Null ? new(File, Join(name), child) : null;
    }

    public JsonKeys Require(string name) => Child(name) ?? throw new CaiException($"The key \"{Join(name)}\" is missing.", Remedy, File);

    public IEnumerable<JsonKeys> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw Wrong("a list");
        var (file, key) = (File, Key);
        return Element.EnumerateArray().Select((item, i) => new JsonKeys(file, $"{key}[{i}]", item));
    }

    public IEnumerable<(string Name, JsonKeys Value)> Members()
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw Wrong("an object");
        var self = this;
        return Element.EnumerateObject().Select(p => (p.Name, new JsonKeys(self.File, self.Join(p.Name), p.Value)));
    }

    public string Text() => Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Wrong("a text");

    public int Number() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out var value) ? value : throw Wrong("a whole number");

    public string? Text(string name) => Child(name)?.Text();

    public bool Flag(string name, bool otherwise = false) => Child(name) is not { } child ? otherwise : child.Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw child.Wrong("true or false"),
    };

    /// <exception cref="CaiException">The object has both keys: which one is meant is not known.</exception>
    public void OneOf(string key, string other)
    {
        if (Child(key) is not null && Child(other) is not null)
            throw new CaiException($"The key \"{Key}\" has both \"{key}\" and \"{other}\".", Remedy, File);
    }

    public CaiException Wrong(string expected) => new($"The key \"{Key}\" holds {Element.ValueKind}; {expected} was expected.", Remedy, File);

    public CaiException Unsupported(string what) => new($"The key \"{Key}\" asks for {what}, which this kit does not know.",
        "Byte-level BPE (GPT-2, Llama-3, Qwen2) and SentencePiece-style BPE (Llama-2) can be read; use a model with such a tokenizer.", File);

    private string Join(string name) => Key.Length == 0 ? name : $"{Key}.{name}";
}

using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Text.Tokenizers;

/// <summary>A freshly trained byte-level BPE, to be saved in the files that Hugging Face's libraries load.</summary>
/// <param name="Pieces">Spelling of each id, special tokens first.</param>
/// <param name="Merges">The rules in the order in which they were learnt.</param>
public sealed record TrainedTokenizer(IReadOnlyList<string> Pieces, IReadOnlyList<(string Left, string Right)> Merges, string EndToken, string? BeginToken)
{
    /// <summary>The HH layout of <see cref="HhFormat"/> as a Jinja chat template.</summary>
    public const string HhChatTemplate =
        "{% for message in messages %}"
        + "{{ '\\n\\n' + {'system': 'System', 'user': 'Human', 'assistant': 'Assistant'}[message['role']] + ': ' + message['content'] }}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '\\n\\nAssistant:' }}{% endif %}";

    /// <summary>Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json into a folder and loads them again.</summary>
    /// <exception cref="CaiException">The folder cannot be written.</exception>
    public BpeTokenizer Save(string folder)
    {
        Write(TokenizerJson.FileName, TokenizerFile());
        var names = new JsonObject { ["eos_token"] = EndToken };
        if (BeginToken is not null)
            names["bos_token"] = BeginToken;
        Write("special_tokens_map.json", names);
        var config = names.DeepClone().AsObject();
        config["tokenizer_class"] = "PreTrainedTokenizerFast";
        config["clean_up_tokenization_spaces"] = false;
        config["chat_template"] = HhChatTemplate;
        Write("tokenizer_config.json", config);
        return TokenizerJson.Load(folder);

        void Write(string name, JsonObject content) => AtomicFile.Write(Path.Combine(folder, name), content.ToJsonString(CaiJson.Indented) + "\n");
    }

    private JsonObject TokenizerFile()
    {
        var byteLevel = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Special().Select(Added)]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = byteLevel,
            ["post_processor"] = BeginToken is null ? byteLevel.DeepClone() : BeginTemplate(BeginToken),
            ["decoder"] = byteLevel.DeepClone(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = new JsonObject(Pieces.Select((piece, id) => KeyValuePair.Create(piece, (JsonNode?)id))),
                ["merges"] = new JsonArray([.. Merges.Select(merge => (JsonNode)(merge.Left + " " + merge.Right))]),
            },
        };
    }

    private IEnumerable<string> Special() => BeginToken is null ? [EndToken] : [EndToken, BeginToken];

    private static JsonNode Added(string token, int id) => new JsonObject
    {
        ["id"] = id,
        ["content"] = token,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    private static JsonObject BeginTemplate(string token)
    {
        JsonObject Begin(int type) => new() { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = type } };
        JsonObject Sequence(string id, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = id, ["type_id"] = type } };
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Begin(0), Sequence("A", 0)),
            ["pair"] = new JsonArray(Begin(0), Sequence("A", 0), Begin(1), Sequence("B", 1)),
            ["special_tokens"] = new JsonObject
            {
                [token] = new JsonObject { ["id"] = token, ["ids"] = new JsonArray(1), ["tokens"] = new JsonArray(token) },
            },
        };
    }
}

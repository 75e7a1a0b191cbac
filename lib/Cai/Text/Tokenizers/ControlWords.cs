using System.Text.Json;
using System.Text.RegularExpressions;
using Cai.Text.ChatTemplates;

namespace Cai.Text.Tokenizers;

/// <summary>
/// Which tokens are for control. The flag `special` of tokenizer.json is not all: fine-tunes add `&lt;|im_end|&gt;` without it and name it as the end token
/// elsewhere. Such a token read from what people write would end or forge a turn.
/// </summary>
internal static partial class ControlWords
{
    private static readonly string[] Names = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>The definition with its control tokens marked, and without merges that would spell one.</summary>
    /// <param name="used">Tokens that begin or end a text.</param>
    /// <exception cref="CaiException">A control token is the only spelling of a byte.</exception>
    public static BpeDefinition Marked(BpeDefinition definition, string file, string folder, IReadOnlyList<int> used)
    {
        var words = Words(folder);
        var templates = ChatTemplate.Texts(folder).ToList();
        List<AddedToken> added = [.. definition.Added.Select(token => token with
        {
            Special = token.Special || used.Contains(token.Id) || words.Contains(token.Content)
                || InBars().IsMatch(token.Content) && templates.Exists(text => text.Contains(token.Content, StringComparison.Ordinal)),
        })];
        // A begin or end token that is named, and is a piece like any other to tokenizer.json: transformers matches it as a whole, too.
        foreach (var word in words.Where(word => word.Length > 1 && definition.Ids.TryGetValue(word, out var id) && used.Contains(id)))
            if (added.TrueForAll(token => token.Content != word))
                added.Add(new(definition.Ids[word], word, Special: true));
        var control = added.Where(token => token.Special).Select(token => token.Id).ToHashSet();
        if (definition.ByteLevel
            && ByteAlphabet.OfUtf8.FirstOrDefault(c => definition.Ids.TryGetValue(c.ToString(), out var id) && control.Contains(id)) is var lost and not '\0')
            throw new CaiException($"The key \"added_tokens\" makes a control token of \"{lost}\", the only piece for that byte: text with it could not be "
                + "told from control.", JsonKeys.Remedy, file);
        return definition with { Added = added, Control = control, Merges = definition.Merges.Without(control) };
    }

    /// <summary>Spellings that the files beside tokenizer.json name as special.</summary>
    private static HashSet<string> Words(string folder)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in new[] { "tokenizer_config.json", "special_tokens_map.json" }.Select(name => Path.Combine(folder, name)).Where(File.Exists))
        {
            var keys = JsonKeys.Read(file);
            foreach (var name in Names)
                if (keys.Child(name) is { } token)
                    words.Add(Content(token));
            foreach (var list in new[] { "additional_special_tokens", "extra_special_tokens" })
                if (keys.Child(list) is { } more)
                    words.UnionWith(more.Element.ValueKind == JsonValueKind.Object
                        ? more.Members().Select(m => Content(m.Value)) : more.Items().Select(Content));
            if (keys.Child("added_tokens_decoder") is { } decoder)
                words.UnionWith(decoder.Members().Where(m => m.Value.Flag("special")).Select(m => Content(m.Value)));
        }
        return words;

        static string Content(JsonKeys token) => token.Element.ValueKind == JsonValueKind.Object ? token.Require("content").Text() : token.Text();
    }

    [GeneratedRegex("^<[|｜].+[|｜]>$")]
    private static partial Regex InBars();
}

using System.Text.Json;

namespace Cai.Text.Tokenizers;

/// <summary>
/// Reads Hugging Face's `tokenizer.json` (or `vocab.json` and `merges.txt`) and, beside it, whatever names the tokens that begin and end a text
/// (tokenizer_config.json, special_tokens_map.json, generation_config.json, config.json).
/// </summary>
public static class TokenizerJson
{
    public const string FileName = "tokenizer.json";

    /// <param name="path">The file, or the model folder that holds it.</param>
    /// <exception cref="CaiException">
    /// A file is missing or broken, the kind of model is unknown, ids leave a hole, or a merge names a missing piece.
    /// </exception>
    public static BpeTokenizer Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var (root, merges) = !File.Exists(file) && VocabularyFiles.Exist(folder) ? VocabularyFiles.Read(folder) : (JsonKeys.Read(file), (JsonKeys?)null);
        var definition = ReadDefinition(root, merges);
        var tokens = new SpecialTokens(root, definition, folder);
        var (begin, ends) = (tokens.BosId(), tokens.EndIds());
        return new BpeTokenizer(ControlWords.Marked(definition, root.File, folder, begin is { } id ? [id, .. ends] : ends), begin, ends);
    }

    /// <param name="mergesFile">The merges where they are in a file of their own.</param>
    private static BpeDefinition ReadDefinition(JsonKeys root, JsonKeys? mergesFile)
    {
        var model = root.Require("model");
        // Files from before 2022 leave the type out; merges tell that it is BPE.
        if ((model.Text("type") ?? (mergesFile is null && model.Child("merges") is null ? "(none)" : "BPE")) is var type && type != "BPE")
            throw model.Unsupported($"a model of type {type}");
        foreach (var affix in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
            if (!string.IsNullOrEmpty(model.Text(affix)))
                throw model.Unsupported(affix);

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (piece, id) in model.Require("vocab").Members())
            if (!ids.TryAdd(piece, id.Number()))
                throw new CaiException($"The key \"model.vocab\" has the piece \"{piece}\" twice.", JsonKeys.Remedy, root.File);
        var merges = ReadMerges(mergesFile ?? model.Require("merges"), ids);
        var added = (root.Child("added_tokens")?.Items() ?? []).Select(ReadAdded).ToList();
        foreach (var token in added)
            if (!ids.TryAdd(token.Content, token.Id) && ids[token.Content] != token.Id)
                throw new CaiException(
                    $"The key \"added_tokens\" gives the id {token.Id} to \"{token.Content}\", which has the id {ids[token.Content]} already.",
                    JsonKeys.Remedy, root.File);
        var preTokenizer = PreTokenizerReader.Read(root.Child("pre_tokenizer"));
        var decoding = ReadDecoding(root.Child("decoder"));
        var definition = new BpeDefinition
        {
            Pieces = InOrderOfId(root, ids),
            Ids = ids,
            Merges = merges,
            Added = added,
            Normalize = TextNormalizer.Read(root.Child("normalizer")),
            PreTokenizer = preTokenizer.Split,
            Decoding = decoding with { ByteFallback = model.Flag("byte_fallback") },
            ByteLevel = preTokenizer.ByteLevel,
            IgnoreMerges = model.Flag("ignore_merges"),
            UnknownId = model.Text("unk_token") is not { } unknown ? null
                : ids.TryGetValue(unknown, out var unknownId) ? unknownId
                : throw new CaiException($"The key \"model.unk_token\" names \"{unknown}\", which is not in the vocabulary.", JsonKeys.Remedy, root.File),
            FuseUnknown = model.Flag("fuse_unk"),
        };
        if (definition.ByteLevel && definition.UnknownId is null
            && ByteAlphabet.OfUtf8.FirstOrDefault(c => !ids.ContainsKey(c.ToString())) is var lost and not '\0')
            throw new CaiException($"The key \"model.vocab\" lacks the byte piece \"{lost}\".", JsonKeys.Remedy, root.File);
        return definition;
    }

    private static BpeMerges ReadMerges(JsonKeys rules, Dictionary<string, int> ids)
    {
        var merges = new BpeMerges();
        foreach (var rule in rules.Items())
        {
            var parts = rule.Element.ValueKind == JsonValueKind.Array
                ? [.. rule.Items().Select(part => part.Text())]
                : SplitRule(rule.Text(), ids);
            if (parts.Length != 2)
                throw rule.Wrong("two pieces");
            merges.Add(Id(parts[0]), Id(parts[1]), Id(parts[0] + parts[1]));

            int Id(string piece) => ids.TryGetValue(piece, out var id) ? id
                : throw new CaiException($"The key \"{rule.Key}\" needs the piece \"{piece}\", which is not in the vocabulary.", JsonKeys.Remedy, rule.File);
        }
        return merges;
    }

    /// <summary>The two pieces of "a b". Some vocabularies have pieces with blanks in them, so the cut must leave known pieces.</summary>
    private static string[] SplitRule(string rule, Dictionary<string, int> ids)
    {
        for (var cut = rule.IndexOf(' '); cut >= 0; cut = rule.IndexOf(' ', cut + 1))
            if (ids.ContainsKey(rule[..cut]) && ids.ContainsKey(rule[(cut + 1)..]))
                return [rule[..cut], rule[(cut + 1)..]];
        return rule.Split(' ');
    }

    private static AddedToken ReadAdded(JsonKeys token) => new(token.Require("id").Number(), token.Require("content").Text(),
        token.Flag("special"), token.Flag("lstrip"), token.Flag("rstrip"), token.Flag("single_word"), token.Flag("normalized"));

    private static string[] InOrderOfId(JsonKeys root, Dictionary<string, int> ids)
    {
        if (ids.Count == 0)
            throw new CaiException("The key \"model.vocab\" is empty.", JsonKeys.Remedy, root.File);
        // As many places as pieces: an id beyond them leaves a hole below it, and may be any number.
        var pieces = new string?[ids.Count];
        foreach (var (piece, id) in ids)
        {
            if (id >= pieces.Length)
                continue;
            if (id < 0 || pieces[id] is not null)
                throw new CaiException($"The key \"model.vocab\" gives the id {id} to \"{piece}\" and to another piece, or it is negative.",
                    JsonKeys.Remedy, root.File);
            pieces[id] = piece;
        }
        var hole = Array.IndexOf(pieces, null);
        return hole < 0
            ? [.. pieces.OfType<string>()]
            : throw new CaiException($"No piece of \"model.vocab\" or \"added_tokens\" has the id {hole}; ids must have no holes.", JsonKeys.Remedy, root.File);
    }

    private static TokenDecoding ReadDecoding(JsonKeys? decoder)
    {
        var steps = decoder is { } single && single.Text("type") == "Sequence" ? [.. single.Require("decoders").Items()]
            : decoder is { } one ? new[] { one } : [];
        var decoding = new TokenDecoding();
        var replacements = new List<(string, string)>();
        foreach (var step in steps)
            switch (step.Require("type").Text())
            {
                case "ByteLevel":
                    decoding = decoding with { ByteLevel = true };
                    break;
                case "Replace":
                    replacements.Add((step.Require("pattern").Require("String").Text(), step.Require("content").Text()));
                    break;
                case "Strip":
                    if (step.Child("stop") is { } stop && stop.Number() != 0)
                        throw step.Unsupported("stripping at the end");
                    decoding = decoding with { StripContent = step.Require("content").Text()[0], StripStart = step.Require("start").Number() };
                    break;
                case "Metaspace":
                    replacements.Add((step.Text("replacement") ?? "▁", " "));
                    decoding = decoding with { StripStart = step.Text("prepend_scheme") == "never" ? 0 : 1 };
                    break;
                case "ByteFallback" or "Fuse":
                    // Bytes are always joined before they are read as text.
                    break;
                case var type:
                    throw step.Unsupported($"a decoder of type {type}");
            }
        return decoding with { Replacements = replacements };
    }
}

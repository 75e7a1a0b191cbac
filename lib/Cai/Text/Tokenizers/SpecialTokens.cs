using System.Text.Json;

namespace Cai.Text.Tokenizers;

/// <summary>
/// Finds which tokens begin and end a text. Model folders say it in up to five places: the tokenizer's own files go
/// first, the model's next, and the usual spellings last.
/// </summary>
internal sealed class SpecialTokens
{
    private static readonly string[] UsualEnds = ["<|end|>", "</s>", "<|endoftext|>", "<|end_of_text|>", "<eos>", "<|eot_id|>", "<|im_end|>"];

    private readonly JsonKeys root;
    private readonly BpeDefinition definition;
    private readonly JsonKeys? tokenizerConfig;
    private readonly JsonKeys? specialTokensMap;
    private readonly JsonKeys? generationConfig;
    private readonly JsonKeys? modelConfig;

    public SpecialTokens(JsonKeys root, BpeDefinition definition, string folder)
    {
        this.root = root;
        this.definition = definition;
        tokenizerConfig = Beside("tokenizer_config.json");
        specialTokensMap = Beside("special_tokens_map.json");
        generationConfig = Beside("generation_config.json");
        modelConfig = Beside("config.json");

        JsonKeys? Beside(string name) => File.Exists(Path.Combine(folder, name)) ? JsonKeys.Read(Path.Combine(folder, name)) : null;
    }

    /// <summary>
    /// The token that the tokenizer puts before a text. A `bos_token` alone does not mean that: GPT-2 and Qwen2 name one
    /// and never write it, so the template or `add_bos_token` decides.
    /// </summary>
    public int? BosId()
    {
        if (root.Child("post_processor") is { } processor)
            foreach (var step in processor.Text("type") == "Sequence" ? processor.Require("processors").Items() : [processor])
                if (step.Text("type") == "TemplateProcessing" && step.Require("single").Items().FirstOrDefault() is { File: not null } first
                    && first.Child("SpecialToken") is { } token)
                    return Id(token.Require("id"));
        // Llama's tokenizer class writes it unless told otherwise.
        var isLlama = tokenizerConfig?.Text("tokenizer_class") is "LlamaTokenizer" or "LlamaTokenizerFast";
        return tokenizerConfig?.Flag("add_bos_token", otherwise: isLlama) == true
            ? Named(tokenizerConfig, "bos_token") ?? Named(specialTokensMap, "bos_token")
            : null;
    }

    /// <summary>The tokens that end a text, the tokenizer's own first.</summary>
    /// <exception cref="CaiException">No file names one.</exception>
    public IReadOnlyList<int> EndIds()
    {
        var ids = new List<int?> { Named(tokenizerConfig, "eos_token"), Named(specialTokensMap, "eos_token") };
        ids.AddRange(Numbered(generationConfig));
        ids.AddRange(Numbered(modelConfig));
        var found = ids.OfType<int>().Distinct().ToList();
        if (found.Count == 0)
            found.AddRange(UsualEnds.SelectMany(usual => definition.Added.Where(token => token.Special && token.Content == usual)).Take(1)
                .Select(token => token.Id));
        return found.Count > 0 ? found : throw new CaiException("No file says which token ends a text.",
            "Put a tokenizer_config.json with \"eos_token\" beside it.", root.File);
    }

    /// <summary>A token given by spelling, as text or as an object with "content".</summary>
    private int? Named(JsonKeys? file, string key) => file?.Child(key) is not { } token ? null
        : Id(token.Element.ValueKind == JsonValueKind.Object ? token.Require("content") : token);

    /// <summary>Tokens given by id, one or a list.</summary>
    private IEnumerable<int?> Numbered(JsonKeys? file)
    {
        if (file?.Child("eos_token_id") is not { } key)
            yield break;
        foreach (var item in key.Element.ValueKind == JsonValueKind.Array ? key.Items() : [key])
            yield return item.Number() is var id && id >= 0 && id < definition.Pieces.Count ? id
                : throw new CaiException($"The key \"{item.Key}\" is {id}; the vocabulary has the ids 0 to {definition.Pieces.Count - 1}.",
                    JsonKeys.Remedy, item.File);
    }

    private int Id(JsonKeys token) => definition.Ids.TryGetValue(token.Text(), out var id) ? id
        : throw new CaiException($"The key \"{token.Key}\" names \"{token.Text()}\", which is not in the vocabulary.", JsonKeys.Remedy, token.File);
}

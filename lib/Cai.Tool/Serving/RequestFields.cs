using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cai.Tool.Serving;

/// <summary>Fields of a request's JSON, with their kinds and ranges checked. JSON null is the same as absent, as in OpenAI's interface.</summary>
internal sealed class RequestFields(JsonObject body)
{
    /// <summary>Options of OpenAI and of other servers that would change a sample: refused unless they say what happens anyway.</summary>
    private static readonly (string Name, Func<JsonNode, bool> Harmless, string Reason)[] Unsupported =
    [
        .. Each("samples are drawn from the whole distribution", v => Is(v, 1), "top_p", "typical_p", "typical", "tfs_z"),
        .. Each("samples are drawn from the whole distribution", v => Is(v, 0), "min_p", "top_n_sigma", "xtc_probability", "dynatemp_range", "mirostat"),
        ("top_k", v => Is(v, -1) || Is(v, 0), "samples are drawn from the whole distribution"),
        .. Each("there are no penalties", v => Is(v, 0), "presence_penalty", "frequency_penalty", "no_repeat_ngram_size", "dry_multiplier"),
        .. Each("there are no penalties", v => Is(v, 1), "repetition_penalty", "repeat_penalty", "length_penalty"),
        ("best_of", v => Is(v, 1), "ask for n and choose"),
        .. Each("every sample is drawn by itself", v => Is(v, false), "use_beam_search", "early_stopping"),
        .. Each("logits are not changed", IsEmpty, "logit_bias", "bad_words", "allowed_token_ids", "logits_processors"),
        .. Each("an answer ends at its end token, at a stop string or at max_tokens", v => Is(v, false), "ignore_eos", "include_stop_str_in_output"),
        .. Each("an answer ends at its end token, at a stop string or at max_tokens", v => Is(v, 0), "min_tokens", "min_completion_tokens"),
        ("stop_token_ids", IsEmpty, "give 'stop' strings"),
        ("n_predict", v => Is(v, -1), "say 'max_tokens'"),
        ("suffix", IsEmpty, "nothing is inserted"),
        .. Each("the prompt is taken as it stands", v => Is(v, true), "add_special_tokens", "skip_special_tokens", "spaces_between_special_tokens"),
        ("truncate_prompt_tokens", _ => false, "a prompt that is too long is refused"),
        .. Each("answers are free text", IsEmpty, "grammar", "json_schema", "guided_json", "guided_regex", "guided_choice", "guided_grammar",
            "guided_decoding_backend", "guided_whitespace_pattern", "structured_outputs", "structural_tag"),
        ("response_format", v => v is JsonObject o && o["type"] is JsonValue t && t.TryGetValue<string>(out var text) && text == "text",
            "answers are free text"),
        .. Each("the models know no tools", IsEmpty, "tools", "functions", "documents", "web_search_options", "mcp_servers"),
        .. Each("the models know no tools", v => v is JsonValue t && t.TryGetValue<string>(out var text) && text is "none" or "auto",
            "tool_choice", "function_call"),
        .. Each("turns are laid out by the model's own template", IsEmpty, "chat_template", "chat_template_kwargs"),
        ("modalities", v => v is JsonArray { Count: 1 } a && a[0] is JsonValue t && t.TryGetValue<string>(out var text) && text == "text", "answers are text"),
        .. Each("answers are text", IsEmpty, "audio", "image", "prediction"),
    ];

    /// <summary>What neither endpoint needs and what changes no sample: labels of the asker's own, and fields that the endpoints read themselves.</summary>
    private static readonly HashSet<string> Known =
    [
        "model", "prompt", "messages", "max_tokens", "max_completion_tokens", "temperature", "n", "seed", "stop", "stream", "stream_options",
        "return_token_ids", "echo", "logprobs", "top_logprobs", "prompt_logprobs", "continue_final_message", "add_generation_prompt",
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "cache_prompt", "cache_salt",
        "priority", "request_id", "parallel_tool_calls", .. Unsupported.Select(u => u.Name),
    ];

    public void RefuseUnsupported()
    {
        foreach (var (name, harmless, reason) in Unsupported)
            if (body[name] is { } value && !harmless(value))
                throw ApiException.Bad($"'{name}' is not supported: {reason}.", name);
    }

    /// <summary>Names of fields that nothing here knows, as a header can hold them; null where there are none.</summary>
    public string? Unknown()
    {
        const int MostNames = 20, LongestName = 60;
        var names = body.Select(field => field.Key).Where(key => !Known.Contains(key)).ToList();
        return names.Count == 0 ? null : string.Join(", ",
            names.Take(MostNames).Select(Printable)) + (names.Count > MostNames ? $" and {names.Count - MostNames} more" : "");

        static string Printable(string name) =>
            string.Concat(name.Take(LongestName).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '?'));
    }

    public JsonNode? Node(string name) => body[name];

    public string? Text(string name) => Value<string>(name, "a string");

    public bool Flag(string name) => Value<bool?>(name, "true or false") ?? false;

    public int? Integer(string name, int low, int high) =>
        Value<int?>(name, "an integer") is not { } value ? null
        : value >= low && value <= high ? value
        : throw ApiException.Bad($"'{name}' is {value}; {low} to {high} was expected.", name);

    public long? Long(string name) => Value<long?>(name, "an integer");

    public double? Number(string name, double low, double high) =>
        Value<double?>(name, "a number") is not { } value ? null
        : value >= low && value <= high ? value
        : throw ApiException.Bad($"'{name}' is out of range; {low} to {high} was expected.", name);

    /// <summary>A string or a list of strings.</summary>
    public IReadOnlyList<string> Strings(string name, int most)
    {
        var values = body[name] switch
        {
            null => [],
            JsonArray items => items.ToList(),
            var one => [one],
        };
        if (values.Count > most)
            throw ApiException.Bad($"'{name}' has {values.Count} entries; at most {most} were expected.", name);
        return [.. values.Select(v => v is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw ApiException.Bad($"'{name}' must be a string or a list of strings.", name))];
    }

    private T? Value<T>(string name, string expected)
    {
        if (body[name] is not { } node)
            return default;
        return node is JsonValue value && value.TryGetValue<T>(out var result) ? result : throw ApiException.Bad($"'{name}' must be {expected}.", name);
    }

    private static IEnumerable<(string, Func<JsonNode, bool>, string)> Each(string reason, Func<JsonNode, bool> harmless, params string[] names) =>
        names.Select(name => (name, harmless, reason));

    private static bool IsEmpty(JsonNode node) => node switch
    {
        JsonArray items => items.Count == 0,
        JsonObject fields => fields.Count == 0,
        _ => node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length == 0,
    };

    private static bool Is(JsonNode node, bool flag) => node.GetValueKind() == (flag ? JsonValueKind.True : JsonValueKind.False);

    private static bool Is(JsonNode node, double number) =>
        node.GetValueKind() == JsonValueKind.Number && node.AsValue().TryGetValue<double>(out var value) && value == number;
}

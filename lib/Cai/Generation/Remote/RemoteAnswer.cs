using System.Text.Json.Nodes;
using Cai.Storage;

namespace Cai.Generation.Remote;

/// <summary>Tokens as a server lists them.</summary>
/// <param name="Texts">Their spelling; servers spell blanks and parts of characters differently.</param>
/// <param name="LogProbs">Null where the server gives none (the very first token of a text).</param>
internal sealed record TokenRow(IReadOnlyList<string> Texts, IReadOnlyList<double?> LogProbs);

/// <summary>Reads answers of both endpoints, in the dialects of OpenAI, vLLM, llama.cpp and `cai serve`.</summary>
internal static class RemoteAnswer
{
    private const string Remedy = "Check that the server speaks OpenAI's interface at this address.";

    /// <summary>The sampled text, with the stop strings applied that the server did not.</summary>
    public static Completion Completion(JsonObject answer, string id, IReadOnlyList<string> stops, string where)
    {
        var choice = Choice(answer, where);
        var text = TextOf(choice, where);
        var row = Tokens(choice);
        var ids = WireJson.Items(choice, "token_ids")?.Select(n => WireJson.Integer(n)).ToList();
        var stop = stops.Where(s => s.Length > 0).Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        var finish = stop >= 0 ? FinishReason.StopString
            : WireJson.Text(choice, "finish_reason") != "stop" ? FinishReason.Length // also filtered or unknown: not ended by itself
            : WireJson.Text(choice, "stop_reason") is not null ? FinishReason.StopString
            : FinishReason.EndToken;
        return new Completion(id, stop >= 0 ? text[..stop] : text,
            ids is null || ids.Exists(i => i is not (>= 0 and <= int.MaxValue)) ? [] : [.. ids.Select(i => (int)i!.Value)],
            row is null || row.LogProbs.Contains(null) ? [] : [.. row.LogProbs.Select(l => (float)l!.Value)], finish);
    }

    /// <summary>What the model said. A shape that is not known is an error: it must not pass for an empty answer.</summary>
    private static string TextOf(JsonNode choice, string where)
    {
        if (WireJson.At(choice, "text") is { } plain)
            return WireJson.Text(plain) ?? throw Unreadable($"choices[0].text is {CaiJson.Short(plain)}, no text", where);
        if (WireJson.At(choice, "message") is not JsonObject message)
            throw Unreadable("choices[0] has no text", where);
        return message["content"] switch
        {
            JsonArray parts => string.Concat(parts.Select(Part)),
            { } content => WireJson.Text(content) ?? throw Unreadable($"choices[0].message.content is {CaiJson.Short(content)}, no text", where),
            // A model that refused, or thought until its limit, leaves the content null.
            null when WireJson.Text(message, "refusal") is { } refusal => refusal,
            null when WireJson.Items(message, "tool_calls") is { Count: > 0 } => throw Unreadable("it calls a tool and says nothing", where),
            null when message.ContainsKey("content") || WireJson.Text(message, "reasoning_content") is not null => "",
            null => throw Unreadable("choices[0].message has no content", where),
        };

        string Part(JsonNode? part) => (WireJson.Text(part), WireJson.Text(part, "type")) switch
        {
            ({ } said, _) => said,
            (_, "text" or "output_text") when WireJson.Text(part, "text") is { } said => said,
            (_, "refusal") when WireJson.Text(part, "refusal") is { } said => said,
            (_, "thinking" or "reasoning") => "",
            _ => throw Unreadable($"choices[0].message.content has a part {CaiJson.Short(part)}, whose text is not known", where),
        };
    }

    /// <summary>The listed tokens of the first choice; null when there are none.</summary>
    public static TokenRow? Tokens(JsonNode? choice)
    {
        if (WireJson.Items(choice, "logprobs", "content") is { } content) // chat, and llama.cpp everywhere
            return new TokenRow([.. content.Select(c => WireJson.Text(c, "token") ?? "")], [.. content.Select(c => WireJson.Number(c, "logprob"))]);
        if (WireJson.Items(choice, "logprobs", "tokens") is not { } tokens || WireJson.Items(choice, "logprobs", "token_logprobs") is not { } logProbs
            || tokens.Count != logProbs.Count)
            return null;
        return new TokenRow([.. tokens.Select(t => WireJson.Text(t) ?? "")], [.. logProbs.Select(l => WireJson.Number(l))]);
    }

    /// <summary>vLLM's prompt_logprobs: for each token of the prompt its id with log-probability and spelling, the token itself first.</summary>
    /// <returns>The row, and the ids as text; null when the server gives none.</returns>
    public static (TokenRow Row, IReadOnlyList<string> Ids)? PromptTokens(JsonObject answer)
    {
        var items = WireJson.Items(answer, "choices", 0, "prompt_logprobs") ?? WireJson.Items(answer, "prompt_logprobs");
        if (items is null)
            return null;
        var firsts = items.Select(i => (i as JsonObject)?.FirstOrDefault()).ToList();
        return (new TokenRow([.. firsts.Select(f => WireJson.Text(f?.Value, "decoded_token") ?? "")],
            [.. firsts.Select(f => WireJson.Number(f?.Value, "logprob"))]),
            [.. firsts.Select(f => f?.Key ?? "")]);
    }

    /// <summary>Log-probabilities of the likeliest next tokens by spelling, the sampled one among them; null when there are none.</summary>
    public static IReadOnlyDictionary<string, double>? NextTokens(JsonObject answer, string where)
    {
        var choice = Choice(answer, where);
        var listed = new Dictionary<string, double>(StringComparer.Ordinal);
        if (WireJson.Items(choice, "logprobs", "content") is { } content)
        {
            foreach (var item in WireJson.Items(content, 0, "top_logprobs") ?? [])
                Add(WireJson.Text(item, "token"), WireJson.Number(item, "logprob"));
            Add(WireJson.Text(content, 0, "token"), WireJson.Number(content, 0, "logprob"));
        }
        else
        {
            foreach (var (token, logProb) in WireJson.At(choice, "logprobs", "top_logprobs", 0) as JsonObject ?? [])
                Add(token, WireJson.Number(logProb));
            Add(WireJson.Text(choice, "logprobs", "tokens", 0), WireJson.Number(choice, "logprobs", "token_logprobs", 0));
        }
        return listed.Count == 0 ? null : listed;

        void Add(string? token, double? logProb)
        {
            if (token is not null && logProb is { } value)
                listed.TryAdd(token, value);
        }
    }

    /// <exception cref="RemoteException">The answer holds no choice.</exception>
    public static JsonNode Choice(JsonObject answer, string where) =>
        WireJson.At(answer, "choices", 0) ?? throw Unreadable(
            WireJson.Text(answer, "error", "message") is { } said ? $"it is an error: {said.ReplaceLineEndings(" ")}" : "it has no choices[0]", where);

    public static RemoteException Unreadable(string what, string where) => new($"The server's answer cannot be used: {what}.", Remedy, where);
}

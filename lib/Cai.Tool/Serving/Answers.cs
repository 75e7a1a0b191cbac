using System.Text;
using System.Text.Json.Nodes;
using Cai.Generation;

namespace Cai.Tool.Serving;

/// <summary>Parts of answers in OpenAI's words, with vLLM's additions (stop_reason, token_ids, prompt_logprobs).</summary>
internal static class Answers
{
    public static JsonObject Head(string id, string kind, DateTimeOffset now, ServedModel model, JsonArray choices) => new()
    {
        ["id"] = id, ["object"] = kind, ["created"] = now.ToUnixTimeSeconds(), ["model"] = model.Name, ["choices"] = choices,
    };

    public static JsonObject Usage(int prompt, int completion) => new()
    {
        ["prompt_tokens"] = prompt, ["completion_tokens"] = completion, ["total_tokens"] = prompt + completion,
    };

    public static string Finish(FinishReason reason) => reason == FinishReason.Length ? "length" : "stop";

    /// <summary>Adds how a sample ended, and its tokens when they were asked for.</summary>
    /// <param name="stops">To name the one that was met.</param>
    public static JsonObject WithEnd(
        JsonObject choice, ServedModel model, ServedSample sample, IReadOnlyList<int> prompt, IReadOnlyList<string> stops, bool tokenIds)
    {
        choice["finish_reason"] = Finish(sample.Tokens.Finish);
        choice["stop_reason"] = sample.Tokens.Finish == FinishReason.StopString
            ? stops.FirstOrDefault(s => model.Codec.Text(prompt, sample.Tokens.Ids)[sample.Text.Length..].StartsWith(s, StringComparison.Ordinal))
            : null;
        if (tokenIds)
            (choice["prompt_token_ids"], choice["token_ids"]) = (Ids(prompt), Ids(sample.Tokens.Ids));
        return choice;
    }

    /// <summary>`logprobs` of the completions endpoint: parallel lists.</summary>
    public static JsonObject TokenLists(ServedModel model, IReadOnlyList<ReadToken> tokens, int top)
    {
        var (texts, logProbs, tops, offsets) = (new JsonArray(), new JsonArray(), new JsonArray(), new JsonArray());
        var offset = 0;
        foreach (var token in tokens)
        {
            var text = model.Tokenizer.TokenText(token.Id);
            texts.Add(text);
            logProbs.Add(token.LogProb);
            offsets.Add(offset);
            offset += text.Length;
            var likeliest = new JsonObject();
            foreach (var (id, logProb) in token.Top)
                likeliest.TryAdd(model.Tokenizer.TokenText(id), logProb); // of two that are spelt alike, the likelier
            tops.Add(token.LogProb is null ? null : likeliest);
        }
        return new JsonObject { ["tokens"] = texts, ["token_logprobs"] = logProbs, ["top_logprobs"] = top == 0 ? null : tops, ["text_offset"] = offsets };
    }

    /// <summary>`logprobs` of the chat endpoint: a list of tokens.</summary>
    public static JsonObject TokenContent(ServedModel model, IReadOnlyList<ReadToken> tokens)
    {
        return new JsonObject
        {
            ["content"] = new JsonArray([.. tokens.Select(t =>
            {
                var item = Item(t.Id, t.LogProb!.Value);
                item["top_logprobs"] = new JsonArray([.. t.Top.Select(top => (JsonNode)Item(top.Id, top.LogProb))]);
                return (JsonNode)item;
            })]),
        };

        JsonObject Item(int id, double logProb)
        {
            var text = model.Tokenizer.TokenText(id);
            return new JsonObject
            {
                ["token"] = text, ["logprob"] = logProb, ["bytes"] = new JsonArray([.. Encoding.UTF8.GetBytes(text).Select(b => (JsonNode)(int)b)]),
            };
        }
    }

    /// <summary>vLLM's `prompt_logprobs`: for each token an object by token id, the token itself first.</summary>
    public static JsonArray PromptLogProbs(ServedModel model, IReadOnlyList<ReadToken> tokens) => new([.. tokens.Select(t =>
    {
        if (t.LogProb is not { } own)
            return null;
        var item = new JsonObject { [$"{t.Id}"] = Entry(t.Id, own) };
        foreach (var (id, logProb) in t.Top.Where(top => top.Id != t.Id))
            item[$"{id}"] = Entry(id, logProb);
        return (JsonNode)item;

        JsonObject Entry(int id, double logProb) => new() { ["logprob"] = logProb, ["decoded_token"] = model.Tokenizer.TokenText(id) };
    })]);

    private static JsonArray Ids(IEnumerable<int> ids) => new([.. ids.Select(i => (JsonNode)i)]);
}

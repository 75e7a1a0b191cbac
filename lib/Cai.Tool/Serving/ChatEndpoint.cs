using System.Text.Json.Nodes;
using Cai.Text;
using Microsoft.AspNetCore.Http;

namespace Cai.Tool.Serving;

/// <summary>`/v1/chat/completions`: turns are laid out in the model's own format.</summary>
internal sealed class ChatEndpoint(Func<long> seeds, TimeProvider time)
{
    private const int MostListed = 20;

    private sealed record Request(GenerationSettings Settings, int[] Prompt, int MaxTokens, IReadOnlyList<string> Stops, bool LogProbs, int Top, long Seed);

    public async Task AnswerAsync(HttpContext context, ServedModel model, RequestFields fields, string id)
    {
        var settings = GenerationSettings.Read(fields);
        var messages = fields.Node("messages") as JsonArray ?? throw ApiException.Bad("'messages' must be a list.", "messages");
        var prompt = Prompt(model, Turns(messages), fields.Flag("continue_final_message"));
        var maxTokens = settings.MaxTokens ?? model.Context - prompt.Length;
        model.CheckRoom(prompt.Length, Math.Max(1, maxTokens));
        if (maxTokens == 0)
            throw ApiException.Bad("'max_tokens' is 0; at least 1 was expected.", "max_tokens");
        var request = new Request(settings, prompt, maxTokens, [.. model.Format.Stops.Union(settings.Stops)], fields.Flag("logprobs"),
            fields.Integer("top_logprobs", 0, MostListed) ?? 0, settings.Seed ?? seeds());
        // Those who continue a begun answer say so by both of vLLM's flags.
        if (fields.Node("add_generation_prompt") is not null && fields.Flag("add_generation_prompt") == fields.Flag("continue_final_message"))
            throw ApiException.Bad("'add_generation_prompt' is not supported but as the opposite of 'continue_final_message'.", "add_generation_prompt");
        model.RequireRoom((long)settings.Choices * (request.LogProbs && request.Top > 0 ? 2 : 1));
        if (settings.Stream)
            await StreamAsync(context, model, request, id);
        else
            await context.Response.WriteAsJsonAsync(await WholeAsync(model, request, id, context.RequestAborted), context.RequestAborted);
    }

    private async Task<JsonObject> WholeAsync(ServedModel model, Request request, string id, CancellationToken cancel)
    {
        var choices = await Together.AllAsync(request.Settings.Choices, async (index, stop) =>
        {
            var sample = await model.SampleAsync(request.Prompt, request.MaxTokens, request.Settings.Temperature, request.Stops,
                ServedModel.SeedOf(request.Seed, index), null, stop);
            var choice = new JsonObject { ["index"] = index, ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = sample.Text.TrimStart() } };
            choice["logprobs"] = !request.LogProbs ? null
                : Answers.TokenContent(model,
                    await CompletionsEndpoint.SampledAsync(model, request.Prompt, sample.Tokens, request.Top, request.Settings.Temperature, stop));
            return (Choice: Answers.WithEnd(choice, model, sample, request.Prompt, request.Stops, request.Settings.ReturnTokenIds), sample.Tokens.Ids.Count);
        }, cancel);
        var answer = Answers.Head(id, "chat.completion", time.GetUtcNow(), model, new JsonArray([.. choices.Select(c => (JsonNode)c.Choice)]));
        answer["usage"] = Answers.Usage(request.Prompt.Length, choices.Sum(c => c.Count));
        return answer;
    }

    private async Task StreamAsync(HttpContext context, ServedModel model, Request request, string id)
    {
        if (request.LogProbs)
            throw ApiException.Bad("A stream has no log-probabilities; ask without 'stream'.", "logprobs");
        var now = time.GetUtcNow();
        await EventStream.SendAsync(context, async send =>
        {
            var samples = await Together.AllAsync(request.Settings.Choices, async (index, stop) =>
            {
                Send(Choice(index, new JsonObject { ["role"] = "assistant", ["content"] = "" }));
                var begun = false;
                var sample = await model.SampleAsync(request.Prompt, request.MaxTokens, request.Settings.Temperature, request.Stops,
                    ServedModel.SeedOf(request.Seed, index), text =>
                {
                    var said = begun ? text : text.TrimStart();
                    begun |= said.Length > 0;
                    if (said.Length > 0)
                        Send(Choice(index, new JsonObject { ["content"] = said }));
                }, stop);
                Send(Answers.WithEnd(Choice(index, new JsonObject()), model, sample, request.Prompt, request.Stops, request.Settings.ReturnTokenIds));
                return sample;
            }, context.RequestAborted);
            if (request.Settings.StreamUsage)
            {
                var last = Answers.Head(id, "chat.completion.chunk", now, model, []);
                last["usage"] = Answers.Usage(request.Prompt.Length, samples.Sum(s => s.Tokens.Ids.Count));
                send(last);
            }

            void Send(JsonObject choice) => send(Answers.Head(id, "chat.completion.chunk", now, model, new JsonArray(choice)));
        });

        static JsonObject Choice(int index, JsonObject delta) => new() { ["index"] = index, ["delta"] = delta, ["logprobs"] = null, ["finish_reason"] = null };
    }

    /// <summary>The dialogue as tokens; a begun answer stands at the end, as plain text whatever it spells.</summary>
    private static int[] Prompt(ServedModel model, List<Turn> turns, bool goOn)
    {
        if (turns[^1].Role != Role.Assistant)
            return model.Encode(model.Format.Prompt(new Dialogue(turns)));
        if (!goOn || turns.Count < 2)
            throw ApiException.Bad(
                "The last message is the assistant's; end with the user's, or set 'continue_final_message' to have a begun answer continued.", "messages");
        return [.. model.Encode(model.Format.Prompt(new Dialogue(turns[..^1]))), .. model.Codec.Continuation(model.Format.Response(turns[^1].Text))];
    }

    private static List<Turn> Turns(JsonArray messages)
    {
        const int Most = 1000;
        if (messages.Count is 0 or > Most)
            throw ApiException.Bad($"'messages' has {messages.Count} entries; 1 to {Most} were expected.", "messages");
        return [.. messages.Select((m, i) =>
        {
            if (m is not JsonObject message)
                throw ApiException.Bad($"'messages[{i}]' must be an object.", "messages");
            var role = new RequestFields(message).Text("role") switch
            {
                "system" or "developer" => Role.System,
                "user" => Role.Human,
                "assistant" => Role.Assistant,
                _ => throw ApiException.Bad($"'messages[{i}].role' must be system, user or assistant.", "messages"),
            };
            return new Turn(role, Content(message["content"], i));
        })];
    }

    /// <summary>A string, or a list of text parts.</summary>
    private static string Content(JsonNode? content, int i) => content switch
    {
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonArray parts when parts.All(p => p is JsonObject o && o["type"] is JsonValue t && t.TryGetValue<string>(out var kind) && kind == "text"
            && o["text"] is JsonValue v && v.TryGetValue<string>(out _)) =>
            string.Concat(parts.Select(p => p!["text"]!.GetValue<string>())),
        _ => throw ApiException.Bad($"'messages[{i}].content' must be text.", "messages"),
    };
}

using System.Text.Json.Nodes;
using Cai.Generation;
using Microsoft.AspNetCore.Http;

namespace Cai.Tool.Serving;

/// <summary>
/// `/v1/completions`: text goes to the model as it stands. Log-probabilities of sampled tokens are those of the
/// distribution they were drawn from, temperature applied; those of a prompt are the model's own.
/// </summary>
internal sealed class CompletionsEndpoint(Func<long> seeds, TimeProvider time)
{
    private const int StandardTokens = 16; // OpenAI's
    private const int MostPrompts = 256;
    private const int MostListed = 20;

    private sealed record Request(GenerationSettings Settings, int MaxTokens, bool Echo, int? LogProbs, int? PromptLogProbs, long Seed)
    {
        public bool ReadsPrompt => Echo && LogProbs is not null || PromptLogProbs is not null;
    }

    private sealed record Input(string? Text, int[] Ids);

    public async Task AnswerAsync(HttpContext context, ServedModel model, RequestFields fields, string id)
    {
        var settings = GenerationSettings.Read(fields);
        var request = new Request(settings, settings.MaxTokens ?? StandardTokens, fields.Flag("echo"), fields.Integer("logprobs", 0, MostListed),
            fields.Integer("prompt_logprobs", 0, MostListed), settings.Seed ?? seeds());
        var inputs = Inputs(model, fields.Node("prompt"));
        if (request.MaxTokens == 0 && !request.Echo)
            throw ApiException.Bad("'max_tokens' is 0, which needs 'echo'.", "max_tokens");
        foreach (var input in inputs)
            model.CheckRoom(input.Ids.Length, request.MaxTokens);
        model.RequireRoom((long)inputs.Count * settings.Choices
            * ((request.MaxTokens > 0 ? 1 : 0) + (request.ReadsPrompt ? 1 : 0) + (request.MaxTokens > 0 && request.LogProbs > 0 ? 1 : 0)));
        if (settings.Stream)
            await StreamAsync(context, model, request, inputs, id);
        else
            await context.Response.WriteAsJsonAsync(await WholeAsync(model, request, inputs, id, context.RequestAborted), context.RequestAborted);
    }

    private async Task<JsonObject> WholeAsync(ServedModel model, Request request, List<Input> inputs, string id, CancellationToken cancel)
    {
        var choices = await Together.AllAsync(inputs.Count * request.Settings.Choices,
            (i, stop) => ChoiceAsync(model, request, inputs[i / request.Settings.Choices], i, stop), cancel);
        var answer = Answers.Head(id, "text_completion", time.GetUtcNow(), model, new JsonArray([.. choices.Select(c => (JsonNode)c.Choice)]));
        answer["usage"] = Answers.Usage(inputs.Sum(i => i.Ids.Length), choices.Sum(c => c.Tokens));
        return answer;
    }

    private static async Task<(JsonObject Choice, int Tokens)> ChoiceAsync(ServedModel model, Request request, Input input, int index, CancellationToken cancel)
    {
        var (settings, top) = (request.Settings, request.LogProbs ?? 0);
        var sample = request.MaxTokens == 0 ? null
            : await model.SampleAsync(input.Ids, request.MaxTokens, settings.Temperature, settings.Stops,
                ServedModel.SeedOf(request.Seed, index), null, cancel);
        var read = !request.ReadsPrompt ? [] : await model.ReadAsync(new TokenReadRequest(input.Ids), Math.Max(top, request.PromptLogProbs ?? 0), 1, cancel);
        var choice = new JsonObject { ["index"] = index, ["text"] = (request.Echo ? input.Text ?? model.Tokenizer.Decode(input.Ids) : "") + sample?.Text };
        IReadOnlyList<ReadToken> listed = request.Echo ? [.. read.Select(t => t with { Top = [.. t.Top.Take(top)] })] : [];
        if (request.LogProbs is not null && sample is not null)
            listed = [.. listed, .. await SampledAsync(model, input.Ids, sample.Tokens, top, settings.Temperature, cancel)];
        choice["logprobs"] = request.LogProbs is null ? null : Answers.TokenLists(model, listed, top);
        if (request.PromptLogProbs is { } wanted)
            choice["prompt_logprobs"] = Answers.PromptLogProbs(model, [.. read.Select(t => t with { Top = [.. t.Top.Take(wanted)] })]);
        if (sample is null)
            choice["finish_reason"] = "length";
        else
            Answers.WithEnd(choice, model, sample, input.Ids, settings.Stops, settings.ReturnTokenIds);
        return (choice, sample?.Tokens.Ids.Count ?? 0);
    }

    /// <summary>The sampled tokens with the sampler's own log-probabilities; the alternatives cost another forward pass.</summary>
    internal static async Task<IReadOnlyList<ReadToken>> SampledAsync(
        ServedModel model, IReadOnlyList<int> prompt, TokenSample sample, int top, double temperature, CancellationToken cancel)
    {
        var read = top == 0 ? null : await model.ReadAsync(new TokenReadRequest([.. prompt, .. sample.Ids], prompt.Count), top, temperature, cancel);
        return [.. sample.Ids.Select((token, i) => new ReadToken(token, sample.LogProbs[i], read?[i].Top ?? []))];
    }

    private async Task StreamAsync(HttpContext context, ServedModel model, Request request, List<Input> inputs, string id)
    {
        if (request.Echo || request.LogProbs is not null || request.PromptLogProbs is not null || inputs.Count > 1)
            throw ApiException.Bad("A stream has one prompt and neither 'echo' nor log-probabilities; ask without 'stream'.", "stream");
        var (settings, input) = (request.Settings, inputs[0]);
        var now = time.GetUtcNow();
        await EventStream.SendAsync(context, async send =>
        {
            var samples = await Together.AllAsync(settings.Choices, async (index, stop) =>
            {
                var sample = await model.SampleAsync(input.Ids, request.MaxTokens, settings.Temperature, settings.Stops,
                    ServedModel.SeedOf(request.Seed, index), text => Send(Choice(index, text)), stop);
                Send(Answers.WithEnd(Choice(index, ""), model, sample, input.Ids, settings.Stops, settings.ReturnTokenIds));
                return sample;
            }, context.RequestAborted);
            if (settings.StreamUsage)
            {
                var last = Answers.Head(id, "text_completion", now, model, []);
                last["usage"] = Answers.Usage(input.Ids.Length, samples.Sum(s => s.Tokens.Ids.Count));
                send(last);
            }

            void Send(JsonObject choice) => send(Answers.Head(id, "text_completion", now, model, new JsonArray(choice)));
        });

        static JsonObject Choice(int index, string text) => new() { ["index"] = index, ["text"] = text, ["logprobs"] = null, ["finish_reason"] = null };
    }

    /// <summary>A text, a list of texts, a list of token ids, or a list of such lists.</summary>
    private static List<Input> Inputs(ServedModel model, JsonNode? prompt)
    {
        List<Input> inputs = prompt switch
        {
            JsonValue value when value.TryGetValue<string>(out var text) => [OfText(text)],
            JsonArray { Count: > 0 } items when items.All(i => i is JsonValue v && v.TryGetValue<string>(out _)) =>
                [.. items.Select(i => OfText(i!.GetValue<string>()))],
            JsonArray { Count: > 0 } items when items.All(i => i is JsonValue) => [OfIds(items)],
            JsonArray { Count: > 0 } items when items.All(i => i is JsonArray { Count: > 0 }) => [.. items.Select(i => OfIds(i!.AsArray()))],
            _ => throw ApiException.Bad("'prompt' must be a string, a list of strings, or lists of token ids.", "prompt"),
        };
        return inputs.Count <= MostPrompts
            ? inputs
            : throw ApiException.Bad($"'prompt' has {inputs.Count} entries; at most {MostPrompts} were expected.", "prompt");

        Input OfText(string text) => new(text, model.Encode(text));

        Input OfIds(JsonArray items) =>
            new(null, [.. items.Select(i => i is JsonValue v && v.TryGetValue<int>(out var token) && token >= 0 && token < model.Tokenizer.VocabularySize
            ? token
            : throw ApiException.Bad($"'prompt' holds a token id that the model does not have (0 to {model.Tokenizer.VocabularySize - 1}).", "prompt"))]);
    }
}

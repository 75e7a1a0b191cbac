using System.Text.Json.Nodes;
using Cai.Text;

namespace Cai.Generation.Remote;

/// <summary>Bodies of requests, for both endpoints.</summary>
internal sealed class RemoteRequests(RemoteOptions options, IChatLayout layout)
{
    public string Path => options.Endpoint == RemoteEndpoint.Chat ? "chat/completions" : "completions";

    /// <summary>One sample. The seed derives from (seed, request id) as a local model's does, so that `cai serve` gives the local samples.</summary>
    public JsonObject Sample(SampleRequest request, SampleOptions sampling)
    {
        var body = Body(request.Prompt, sampling.MaxTokens, sampling.Temperature);
        var stops = sampling.Stops.Take(options.MaxStops ?? int.MaxValue).Select(s => (JsonNode)s).ToArray();
        if (stops.Length > 0)
            body["stop"] = new JsonArray(stops);
        if (options.SendSeed)
            body["seed"] = Seeds.Derive(sampling.Seed, request.Id);
        if (options.SampleLogProbs)
            body["logprobs"] = options.Endpoint == RemoteEndpoint.Chat ? true : 1;
        return WithExtra(body);
    }

    /// <summary>The tokens of a text with their log-probabilities, nothing sampled.</summary>
    public JsonObject Echo(string text)
    {
        var body = Body(text, 0, 1);
        body["echo"] = true;
        body["logprobs"] = 1;
        return WithExtra(body);
    }

    /// <summary>The same in vLLM's way, where at least one token is sampled.</summary>
    public JsonObject PromptLogProbs(string text)
    {
        var body = Body(text, 1, 1);
        body["prompt_logprobs"] = 0;
        return WithExtra(body);
    }

    /// <summary>The likeliest next tokens. At temperature 1 they are the model's own whether or not the server applies the temperature to them.</summary>
    public JsonObject NextToken(string prompt)
    {
        var body = Body(prompt, 1, 1);
        if (options.Endpoint == RemoteEndpoint.Chat)
            (body["logprobs"], body["top_logprobs"]) = (true, options.Listed);
        else
            body["logprobs"] = options.Listed;
        return WithExtra(body);
    }

    private JsonObject Body(string prompt, int maxTokens, double temperature)
    {
        var body = new JsonObject { ["model"] = options.Model, [options.MaxTokensField] = maxTokens, ["temperature"] = temperature };
        if (options.Endpoint == RemoteEndpoint.Completions)
            body["prompt"] = ControlTokens.ForServer(prompt);
        else
            AddMessages(body, layout.Read(prompt).Turns);
        return body;
    }

    private void AddMessages(JsonObject body, IReadOnlyList<Turn> turns)
    {
        var begun = turns[^1].Role == Role.Assistant;
        if (begun && options.ContinueFinalMessage)
            (body["add_generation_prompt"], body["continue_final_message"]) = (false, true);
        else if (begun && turns.Count > 1)
            turns = [.. turns.SkipLast(2), turns[^2] with { Text = turns[^2].Text + "\n\n" + turns[^1].Text }];
        body["messages"] = new JsonArray([.. turns.Select(t => (JsonNode)new JsonObject
        {
            ["role"] = t.Role switch { Role.System => "system", Role.Human => "user", _ => "assistant" },
            ["content"] = t.Text,
        })]);
    }

    private JsonObject WithExtra(JsonObject body)
    {
        foreach (var (key, value) in options.Extra ?? [])
            body[key] = value?.DeepClone();
        return body;
    }
}

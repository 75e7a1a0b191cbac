using Cai.Text;
using Microsoft.Extensions.AI;

namespace Cai.Generation.Remote;

/// <summary>
/// Any chat client of Microsoft.Extensions.AI as a language model: for answers, critiques and revisions, not for labels,
/// since chat clients have no log-probabilities.
/// </summary>
/// <param name="client">Stays the caller's.</param>
/// <param name="name">What the model is called in records; the client's own name for it when null.</param>
/// <param name="layout">How prompts become turns; the paper's layouts when null.</param>
/// <param name="maxConcurrency">Requests under way at a time.</param>
public sealed class ChatClientModel(IChatClient client, string? name = null, IChatLayout? layout = null, int maxConcurrency = 8) : ILanguageModel
{
    // OpenAI takes no more; the others are applied to the answer here.
    private const int MostStops = 4;

    private readonly IChatLayout layout = layout ?? HhChatLayout.Instance;

    public string Name { get; } = name ?? client.GetService<ChatClientMetadata>()?.DefaultModelId ?? "chat";

    /// <inheritdoc/>
    /// <remarks>Token ids and log-probabilities of the samples are empty.</remarks>
    /// <exception cref="CaiException">The client failed.</exception>
    public async Task<IReadOnlyList<Completion>> SampleAsync(
        IReadOnlyList<SampleRequest> requests, SampleOptions options, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        await Workers.MapAsync(requests, maxConcurrency, (request, stop) => SampleAsync(request, options, stop), progress, cancel).ConfigureAwait(false);

    /// <summary>Not possible.</summary>
    /// <exception cref="CaiException">Always, unless nothing is asked.</exception>
    public Task<IReadOnlyList<IReadOnlyList<double?>>> LogProbsAsync(
        IReadOnlyList<ScoreRequest> requests, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        requests.Count == 0
            ? Task.FromResult<IReadOnlyList<IReadOnlyList<double?>>>([])
            : Task.FromException<IReadOnlyList<IReadOnlyList<double?>>>(
                new CaiException($"'{Name}' is a chat client, and chat clients give no log-probabilities.",
                    "Label with a local model, or with a server that lists log-probabilities (RemoteModel)."));

    private async Task<Completion> SampleAsync(SampleRequest request, SampleOptions options, CancellationToken cancel)
    {
        var asked = new ChatOptions
        {
            MaxOutputTokens = options.MaxTokens, Temperature = (float)options.Temperature, Seed = Seeds.Derive(options.Seed, request.Id),
            StopSequences = options.Stops.Count == 0 ? null : [.. options.Stops.Take(MostStops)],
        };
        ChatResponse response;
        try
        {
            response = await client.GetResponseAsync(Messages(request.Prompt), asked, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (CaiException or OperationCanceledException))
        {
            throw new CaiException($"The chat client failed: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}.",
                "Check its address, key and options.", $"request {request.Id}", e);
        }
        var text = response.Text;
        if (text.Length == 0 && response.Messages.SelectMany(m => m.Contents).FirstOrDefault(
            c => c is not (TextContent or TextReasoningContent or UsageContent)) is { } other)
            throw new CaiException($"The chat client answers with {other.GetType().Name} and no text.", "Ask it for text: without tools or other media.",
                $"request {request.Id}");
        var stop = options.Stops.Where(s => s.Length > 0).Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        var finish = stop >= 0 ? FinishReason.StopString
            : response.FinishReason == ChatFinishReason.Stop || response.FinishReason is null ? FinishReason.EndToken
            : FinishReason.Length;
        return new Completion(request.Id, stop >= 0 ? text[..stop] : text, [], [], finish);
    }

    /// <summary>A begun answer stands at the end of the human's message: chat clients have no way to have one continued.</summary>
    private List<ChatMessage> Messages(string prompt)
    {
        var turns = layout.Read(prompt).Turns;
        if (turns is [.., var before, { Role: Role.Assistant } begun])
            turns = [.. turns.SkipLast(2), before with { Text = before.Text + "\n\n" + begun.Text }];
        return [.. turns.Select(
            t => new ChatMessage(t.Role switch { Role.System => ChatRole.System, Role.Human => ChatRole.User, _ => ChatRole.Assistant }, t.Text))];
    }
}

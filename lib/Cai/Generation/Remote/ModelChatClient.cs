using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Cai.Text;
using Microsoft.Extensions.AI;

namespace Cai.Generation.Remote;

/// <summary>How a language model talks as a chat client, where a request does not say.</summary>
public sealed record ModelChatOptions
{
    /// <summary>Most tokens of an answer, fewer where a local model's context ends before. Default 512.</summary>
    public int MaxTokens { get; init => field = InRange.Whole(value, 1, nameof(ModelChatOptions)); } = 512;

    /// <summary>Default 1, as in the paper.</summary>
    public double Temperature { get; init => field = InRange.Temperature(value, nameof(ModelChatOptions)); } = 1;

    /// <summary>Requests without a seed draw from this and their number. Default 1.</summary>
    public long Seed { get; init; } = 1;
}

/// <summary>
/// A model of the kit for programs that talk to Microsoft.Extensions.AI. A local model streams token by token; others give
/// their answer in one piece. Requests wait for one another.
/// </summary>
/// <param name="format">How turns are laid out; the paper's layout when null.</param>
public sealed class ModelChatClient(ILanguageModel model, IPromptFormat? format = null, ModelChatOptions? options = null) : IChatClient
{
    private const string Provider = "cai";

    private readonly IPromptFormat format = format ?? HhFormat.Instance;
    private readonly ModelChatOptions defaults = options ?? new();
    private readonly SemaphoreSlim turn = new(1);
    private long number;

    /// <exception cref="CaiException">An option that the model does not have, or a message that is not text.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (request, sampling) = Read(messages, options);
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Off the caller's thread: a local model computes before it returns.
            var completions = await Task.Run(() => model.SampleAsync([request], sampling, null, cancellationToken), cancellationToken).ConfigureAwait(false);
            return new ChatResponse(new ChatMessage(ChatRole.Assistant, completions[0].Text.Trim()))
            {
                ModelId = model.Name, FinishReason = Finish(completions[0]), Usage = Usage(completions[0]),
            };
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc cref="GetResponseAsync"/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (request, sampling) = Read(messages, options);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        var pieces = Channel.CreateUnbounded<string>();
        var sampled = Task.Run(() => SampleAsync(request, sampling, pieces.Writer, ending.Token), CancellationToken.None);
        try
        {
            var begun = false;
            await foreach (var piece in pieces.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                var text = begun ? piece : piece.TrimStart();
                begun |= text.Length > 0;
                if (text.Length > 0)
                    yield return new ChatResponseUpdate(ChatRole.Assistant, text) { ModelId = model.Name };
            }
            var last = await sampled.ConfigureAwait(false);
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(Usage(last))]) { ModelId = model.Name, FinishReason = Finish(last) };
        }
        finally
        {
            // A reader who has heard enough ends the sample too.
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)sampled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            turn.Release();
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata(Provider, null, model.Name)
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(model) ? model
        : null;

    /// <summary>The model stays the caller's.</summary>
    public void Dispose() => turn.Dispose();

    private async Task<Completion> SampleAsync(SampleRequest request, SampleOptions sampling, ChannelWriter<string> pieces, CancellationToken cancel)
    {
        try
        {
            Completion completion;
            if (model is LocalModel local)
                completion = local.Stream(request, sampling, text => pieces.TryWrite(text), cancel);
            else
            {
                completion = (await model.SampleAsync([request], sampling, null, cancel).ConfigureAwait(false))[0];
                pieces.TryWrite(completion.Text.TrimEnd());
            }
            pieces.Complete();
            return completion;
        }
        catch (Exception e)
        {
            pieces.Complete(e);
            throw;
        }
    }

    private (SampleRequest Request, SampleOptions Sampling) Read(IEnumerable<ChatMessage> messages, ChatOptions? asked)
    {
        Refuse(asked?.TopP is { } p && p != 1, "TopP");
        Refuse(asked?.TopK is not null, "TopK");
        Refuse(asked?.FrequencyPenalty is { } f && f != 0 || asked?.PresencePenalty is { } q && q != 0, "a penalty");
        Refuse(asked?.Tools is { Count: > 0 }, "tools");
        Refuse(asked?.ResponseFormat is not null and not ChatResponseFormatText, "a response format other than text");
        var turns = messages.Select(Turn).ToList();
        if (!string.IsNullOrWhiteSpace(asked?.Instructions))
            turns.Insert(0, Text.Turn.System(asked.Instructions.Trim()));
        if (turns.Count == 0 || turns[^1].Role != Role.Human)
            throw new CaiException("The conversation does not end with a message of the user.", "Add what the model is to answer.");
        // A request with a seed can be repeated; one without must not repeat the one before.
        var id = asked?.Seed is null ? $"chat/{Interlocked.Increment(ref number)}" : "chat";
        var request = new SampleRequest(id, format.Prompt(new Dialogue(turns))) { ControlTokens = format.ControlTokens };
        return (request, new SampleOptions
        {
            MaxTokens = asked?.MaxOutputTokens ?? (model is LocalModel local ? Math.Clamp(local.Room(request), 1, defaults.MaxTokens) : defaults.MaxTokens),
            Temperature = asked?.Temperature ?? defaults.Temperature, Seed = asked?.Seed ?? defaults.Seed,
            Stops = [.. format.Stops.Union(asked?.StopSequences ?? [])],
        });
    }

    private static Turn Turn(ChatMessage message)
    {
        if (message.Contents.Any(c => c is not TextContent))
            throw new CaiException("A message holds something other than text.", "Send text only.");
        var text = message.Text.Trim();
        return message.Role == ChatRole.User ? Text.Turn.Human(text)
            : message.Role == ChatRole.Assistant ? Text.Turn.Assistant(text)
            : message.Role == ChatRole.System ? Text.Turn.System(text)
            : throw new CaiException($"A message has the role '{message.Role.Value}'; system, user or assistant was expected.", "Send those only.");
    }

    private static void Refuse(bool asked, string what)
    {
        if (asked)
            throw new CaiException($"The request asks for {what}, which this model does not have.",
                "Leave it out: samples are drawn from the model's whole distribution.");
    }

    private static ChatFinishReason Finish(Completion completion) => completion.Finish == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;

    private static UsageDetails Usage(Completion completion) => new() { OutputTokenCount = Math.Max(completion.TokenIds.Count, completion.LogProbs.Count) };
}

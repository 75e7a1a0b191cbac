using Cai.Models;
using Cai.Storage;
using Cai.Text;

namespace Cai.Generation;

/// <summary>How a local model works through its requests; no option changes what it answers.</summary>
public sealed record LocalModelOptions
{
    /// <summary>Rows computed together (see <see cref="SamplerOptions.BatchSize"/>).</summary>
    public int BatchSize { get; init => field = InRange.Whole(value, 1, nameof(LocalModelOptions)); } = 128;
}

/// <summary>
/// A decoder and its tokenizer as a language model. Everything runs on the calling thread, and the tasks returned are
/// already complete: libtorch's gradient mode belongs to a thread.
/// </summary>
public sealed class LocalModel : ILanguageModel
{
    private readonly ContinuationCodec codec;

    /// <summary>The caller keeps ownership of the decoder, and may go on training it between calls.</summary>
    public LocalModel(Decoder decoder, ITokenizer tokenizer, LocalModelOptions? options = null, string name = "local")
    {
        Decoder = decoder;
        Tokenizer = tokenizer;
        Options = options ?? new();
        Name = name;
        codec = new ContinuationCodec(tokenizer);
    }

    public LocalModel(PretrainedModel model, LocalModelOptions? options = null, string? name = null)
        : this(model.Decoder, model.Tokenizer, options, name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Folder)))
    {
    }

    public string Name { get; }

    /// <summary>Its weights and its tokenizer as they are now: whatever it is called, and wherever it was loaded from.</summary>
    public string Identity => ContentHash.OfTexts([WeightHash.Of(Decoder), TokenizerIdentity.Of(Tokenizer)]);

    public Decoder Decoder { get; }

    public ITokenizer Tokenizer { get; }

    public LocalModelOptions Options { get; }

    /// <summary>How many tokens the context still holds after a prompt; 0 or less when there is no room.</summary>
    public int Room(SampleRequest request) => Decoder.Config.MaxPositions - codec.Prompt(request.Prompt, request.ControlTokens).Length;

    public Task<IReadOnlyList<Completion>> SampleAsync(
        IReadOnlyList<SampleRequest> requests, SampleOptions options, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        Task.FromResult(Sample(requests, options, null, progress, cancel));

    /// <summary>One sample, the same as <see cref="SampleAsync"/> gives, with its text passed on as it comes.</summary>
    /// <param name="onText">Called on this thread with pieces that together are the completion's text.</param>
    public Completion Stream(SampleRequest request, SampleOptions options, Action<string> onText, CancellationToken cancel = default)
    {
        var stream = new StreamedText(codec, codec.Prompt(request.Prompt, request.ControlTokens), options.Stops);
        var completion = Sample([request], options, ids => Say(stream.Push(ids)), null, cancel)[0];
        Say(stream.Finish(completion.Text));
        return completion;

        void Say(string text)
        {
            if (text.Length > 0)
                onText(text);
        }
    }

    private IReadOnlyList<Completion> Sample(
        IReadOnlyList<SampleRequest> requests, SampleOptions options, Action<IReadOnlyList<int>>? onTokens, IProgress<int>? progress, CancellationToken cancel)
    {
        var prompts = requests.Select(r => new TokenPrompt(codec.Prompt(r.Prompt, r.ControlTokens), Seeds.Derive(options.Seed, r.Id))).ToList();
        for (var i = 0; i < prompts.Count; i++)
            Sampler.CheckPrompt(Decoder.Config, prompts[i].Ids.Count, options.MaxTokens, $"request {requests[i].Id}");
        var settings = new SamplerOptions { MaxTokens = options.MaxTokens, Temperature = options.Temperature, EndIds = EndIds, BatchSize = Options.BatchSize };
        var stops = new StopStrings(codec, options.Stops);
        var samples = new Sampler(Decoder).Sample(prompts, settings, options.Stops.Count == 0 && onTokens is null ? null : Ended, progress, cancel);
        return [.. samples.Select((s, i) => new Completion(requests[i].Id, Text(prompts[i], s, stops), s.Ids, s.LogProbs, s.Finish))];

        bool Ended(int row, IReadOnlyList<int> ids)
        {
            onTokens?.Invoke(ids);
            return options.Stops.Count > 0 && stops.Reached(prompts[row].Ids, ids);
        }
    }

    public Task<IReadOnlyList<IReadOnlyList<double?>>> LogProbsAsync(
        IReadOnlyList<ScoreRequest> requests, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var tokens =
            requests.Select(r => new TokenScoreRequest(codec.Prompt(r.Prompt, r.ControlTokens), [.. r.Continuations.Select(codec.Continuation)])).ToList();
        var sums = new Scorer(Decoder, Options.BatchSize).Score(tokens, progress, cancel);
        IReadOnlyList<IReadOnlyList<double?>> result = [.. sums.Select(row => (IReadOnlyList<double?>)[.. row.Select(sum => (double?)sum)])];
        return Task.FromResult(result);
    }

    /// <summary>Tokens that end a sample.</summary>
    public IReadOnlyList<int> EndIds => Tokenizer.EndIds;

    private string Text(TokenPrompt prompt, TokenSample sample, StopStrings stops)
    {
        var ids = sample.Finish == FinishReason.EndToken ? sample.Ids.SkipLast(1).ToArray() : sample.Ids;
        var text = codec.Text(prompt.Ids, ids);
        return sample.Finish == FinishReason.StopString ? stops.Cut(text) : text;
    }
}

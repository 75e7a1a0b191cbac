using Cai.Generation;
using Cai.Models;
using Cai.Text;

namespace Cai.Tool.Serving;

/// <summary>A sample as the endpoints report it.</summary>
/// <param name="Text">Without stop string and end token.</param>
internal sealed record ServedSample(TokenSample Tokens, string Text);

/// <summary>A local model that many requests may ask at once.</summary>
/// <param name="name">What requests call it.</param>
/// <param name="created">When it was made, for the list of models.</param>
internal sealed class ServedModel(PretrainedModel model, string name, DateTimeOffset created, ModelThread thread)
{
    public string Name => name;

    public DateTimeOffset Created => created;

    public LocalModel Language { get; } = new(model, name: name);

    public ITokenizer Tokenizer => model.Tokenizer;

    public IPromptFormat Format => model.Format;

    public ContinuationCodec Codec { get; } = new(model.Tokenizer);

    /// <summary>Tokens of a prompt's text; control tokens count as such where the model's format spells them.</summary>
    public int[] Encode(string text) => Codec.Prompt(text, Format.ControlTokens);

    /// <summary>Longest prompt with its answer, in tokens.</summary>
    public int Context => model.Decoder.Config.MaxPositions;

    /// <summary>Draws one sample. The same prompt, settings and seed give the sample of a local run.</summary>
    /// <param name="onText">Called, from the model thread, with pieces of text as they become certain.</param>
    public async Task<ServedSample> SampleAsync(
        IReadOnlyList<int> prompt, int maxTokens, double temperature, IReadOnlyList<string> stops, long seed, Action<string>? onText, CancellationToken cancel)
    {
        var finder = stops.Count == 0 ? null : new StopStrings(Codec, stops);
        var stream = onText is null ? null : new StreamedText(Codec, prompt, stops);
        var work = new SampleWork(this, new TokenPrompt(prompt, seed), maxTokens, temperature, finder,
            stream is null ? null : ids => Say(stream.Push(ids)), cancel);
        thread.Add(work);
        var sample = await work.Result.WaitAsync(cancel);
        var text = Codec.Text(prompt, sample.Finish == FinishReason.EndToken ? sample.Ids.SkipLast(1) : sample.Ids);
        if (finder is not null && sample.Finish == FinishReason.StopString)
            text = finder.Cut(text);
        if (stream is not null)
            Say(stream.Finish(text));
        return new ServedSample(sample, text);

        void Say(string piece)
        {
            if (piece.Length > 0)
                onText!(piece);
        }
    }

    /// <summary>Reads the log-probabilities of a text's tokens.</summary>
    public Task<IReadOnlyList<ReadToken>> ReadAsync(TokenReadRequest request, int top, double temperature, CancellationToken cancel)
    {
        var work = new ReadWork(this, request, top, temperature, cancel);
        thread.Add(work);
        return work.Result.WaitAsync(cancel);
    }

    /// <summary>Refuses what there is no room for in the queue (<see cref="ModelThread.RequireRoom"/>).</summary>
    public void RequireRoom(long works) => thread.RequireRoom(works);

    /// <summary>The seed of a request's choice: the first has the request's own, so that one choice is one local sample.</summary>
    public static long SeedOf(long seed, int choice) => choice == 0 ? seed : Seeds.Derive(seed, choice);

    /// <exception cref="ApiException">Nothing to continue, or no room.</exception>
    public void CheckRoom(int prompt, int maxTokens)
    {
        if (prompt == 0)
            throw ApiException.Bad("The prompt is empty and the model has no begin token, so there is nothing to continue.", "prompt");
        if (prompt + maxTokens > Context)
            throw new ApiException(400, $"The model's context is {Context} tokens, but the prompt has {prompt} and {maxTokens} more were asked for. Shorten "
                + $"the prompt or lower max_tokens.", "max_tokens", "context_length_exceeded");
    }
}

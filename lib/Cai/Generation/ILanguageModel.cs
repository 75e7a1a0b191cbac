namespace Cai.Generation;

/// <summary>A text to continue. The id seeds the sample: the same (seed, id, prompt) gives the same tokens whatever the batch.</summary>
public sealed record SampleRequest(string Id, string Prompt)
{
    /// <summary>Read control tokens spelt in the prompt as such (see <see cref="Text.IPromptFormat.ControlTokens"/>). A server always does.</summary>
    public bool ControlTokens { get; init; }
}

/// <summary>How to sample.</summary>
public sealed record SampleOptions
{
    /// <summary>Most tokens to write, the end token included (paper: 128 for RL).</summary>
    public int MaxTokens { get; init => field = InRange.Whole(value, 1, nameof(SampleOptions)); } = 128;

    /// <summary>0 is greedy. The paper samples at T = 1 throughout (3.2).</summary>
    public double Temperature { get; init => field = InRange.Temperature(value, nameof(SampleOptions)); } = 1;

    /// <summary>Strings that end a sample; they are not part of its text.</summary>
    public IReadOnlyList<string> Stops { get; init => field = InRange.NoneEmpty(value, nameof(SampleOptions)); } = [];

    /// <summary>Seed of the run; each sample's stream derives from (Seed, request id).</summary>
    public long Seed { get; init; }
}

/// <summary>Why a sample ended.</summary>
public enum FinishReason { EndToken, StopString, Length }

/// <summary>A sampled continuation.</summary>
/// <param name="Text">Without stop string or end token, surrounding blank space kept.</param>
/// <param name="TokenIds">Every sampled token, the end token included; kept so that nothing is ever re-tokenised.</param>
/// <param name="LogProbs">Log-probability of each token under the distribution it was drawn from (temperature applied).</param>
public sealed record Completion(string Id, string Text, IReadOnlyList<int> TokenIds, IReadOnlyList<float> LogProbs, FinishReason Finish);

/// <summary>Whole continuations to score after one prompt.</summary>
public sealed record ScoreRequest(string Prompt, IReadOnlyList<string> Continuations)
{
    /// <inheritdoc cref="SampleRequest.ControlTokens"/>
    public bool ControlTokens { get; init; }
}

/// <summary>
/// What the stages ask of a language model: continuations and their probabilities. Small on purpose, so that a local
/// model, a remote server and a test double are all a page each, and caching or retrying is a decorator.
/// </summary>
public interface ILanguageModel
{
    string Name { get; }

    /// <summary>
    /// Names what decides the model's answers: what was made by another identity is not continued. A local model's is a hash of its weights and tokenizer.
    /// </summary>
    string Identity => Name;

    /// <summary>Samples one continuation for each request, in the order of the requests.</summary>
    /// <exception cref="CaiException">A prompt is longer than the model's context.</exception>
    Task<IReadOnlyList<Completion>> SampleAsync(IReadOnlyList<SampleRequest> requests, SampleOptions options, IProgress<int>? progress = null,
        CancellationToken cancel = default);

    /// <summary>
    /// log P(continuation | prompt), summed over the continuation's tokens, natural log. A value is null when the model
    /// cannot tell (a remote server that does not list the token): missing is reported, never guessed.
    /// </summary>
    Task<IReadOnlyList<IReadOnlyList<double?>>> LogProbsAsync(IReadOnlyList<ScoreRequest> requests, IProgress<int>? progress = null,
        CancellationToken cancel = default);
}

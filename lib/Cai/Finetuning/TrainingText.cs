using Cai.Text;

namespace Cai.Finetuning;

/// <summary>A text to learn from, as token ids.</summary>
/// <param name="Ids">All tokens, begin and end token included.</param>
/// <param name="PromptLength">How many tokens at the front are the prompt: read, and not learned when prompts are masked.</param>
public sealed record TrainingText(string Id, int[] Ids, int PromptLength)
{
    /// <summary>Weight of each token's loss, 0 for tokens that are only read; null weighs all alike.</summary>
    public float[]? Weights { get; init; }

    /// <summary>A text of parts, each with the weight of its tokens; the end token has the last part's.</summary>
    public static TrainingText Weighted(ITokenizer tokenizer, string id, IEnumerable<(string Text, float Weight)> parts)
    {
        var (ids, weights) = (new List<int>(), new List<float>());
        if (tokenizer.BosId is { } bos)
            (ids, weights) = ([bos], [0]);
        foreach (var (text, weight) in parts)
        {
            var tokens = tokenizer.Encode(text);
            ids.AddRange(tokens);
            weights.AddRange(Enumerable.Repeat(weight, tokens.Length));
        }
        return new(id, [.. ids, tokenizer.EosId], 0) { Weights = [.. weights, weights[^1]] };
    }

    /// <summary>A prompt and the response to learn, laid out by <paramref name="format"/>, with the end token.</summary>
    public static TrainingText From(ITokenizer tokenizer, IPromptFormat format, string id, Dialogue prompt, string response)
    {
        var before = tokenizer.EncodePrompt(format, prompt);
        return new(id, [.. before, .. tokenizer.Encode(format.Response(response)), tokenizer.EosId], before.Length);
    }

    /// <summary>A text to learn from its first token on, with the end token.</summary>
    public static TrainingText Document(ITokenizer tokenizer, string id, string text) =>
        new(id, [.. tokenizer.EncodePrompt(text), tokenizer.EosId], 0);

    /// <summary>Index of the first token that is learned. The first token of a text has nothing before it and never is.</summary>
    internal int FirstTarget(bool maskPrompt) => Math.Max(1, maskPrompt ? PromptLength : 0);

    /// <summary>Weight of one token's loss.</summary>
    internal float Weight(int token, bool maskPrompt) => token < FirstTarget(maskPrompt) ? 0 : Weights?[token] ?? 1;

    /// <summary>What the sum of losses is divided by.</summary>
    internal double TotalWeight(bool maskPrompt) => Weights is null
        ? Ids.Length - FirstTarget(maskPrompt)
        : Enumerable.Range(0, Ids.Length).Sum(t => (double)Weight(t, maskPrompt));

    /// <summary>The text as it will be trained on.</summary>
    /// <exception cref="CaiException">It is too long (and may not be cut), or nothing in it is learned.</exception>
    internal TrainingText Fit(SupervisedOptions options)
    {
        var text = this;
        if (Ids.Length > options.MaxLength)
            text = options.Truncate
                ? this with { Ids = Ids[..options.MaxLength], Weights = Weights?[..options.MaxLength] }
                : throw new CaiException($"The text has {Ids.Length} tokens; at most {options.MaxLength} fit.",
                    "Raise MaxLength (up to the model's context), shorten the text, or set Truncate.", $"training text {Id}");
        if (text.TotalWeight(options.MaskPrompt) <= 0)
            throw new CaiException($"Nothing is left to learn after a prompt of {PromptLength} tokens in {text.Ids.Length}.",
                "Leave the text out, or raise MaxLength.", $"training text {Id}");
        return text;
    }
}

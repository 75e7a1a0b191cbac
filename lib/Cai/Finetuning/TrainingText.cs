using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Cai.Text;

namespace Cai.Finetuning;

/// <summary>A piece of a text and how its tokens are learned.</summary>
/// <param name="Weight">Of each token's loss; 0 is only read.</param>
/// <param name="Alternative">
/// Another text that could stand here, one token different: that token is then learned with two targets, this text's with the weight
/// <paramref name="Probability"/> and the alternative's with the rest.
/// </param>
/// <param name="Probability">Of this text against the alternative.</param>
/// <param name="Shared">Weight of the tokens that a text and its alternative share: only the other token has <paramref name="Weight"/>.</param>
public sealed record TextPart(string Text, float Weight, string? Alternative = null, double Probability = 1, float Shared = 0);

/// <summary>A token whose target is a distribution over two tokens.</summary>
/// <param name="Token">Index in <see cref="TrainingText.Ids"/> of the token that the text has.</param>
/// <param name="Alternative">Id of the other one.</param>
/// <param name="Share">Probability of the alternative.</param>
public sealed record SoftTarget(int Token, int Alternative, float Share);

/// <summary>A text to learn from, as token ids.</summary>
/// <param name="Ids">All tokens, begin and end token included.</param>
/// <param name="PromptLength">How many tokens at the front are the prompt: read, and not learned when prompts are masked.</param>
public sealed record TrainingText(string Id, int[] Ids, int PromptLength)
{
    /// <summary>Weight of each token's loss, 0 for tokens that are only read; null weighs all alike.</summary>
    public float[]? Weights { get; init; }

    /// <summary>Tokens that are learned as distributions, in the order of the text; null has none.</summary>
    public IReadOnlyList<SoftTarget>? Soft { get; init; }

    /// <summary>A hash of what is learned from texts, in their order.</summary>
    internal static string Hash(IReadOnlyList<TrainingText> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>([text.Ids.Length, text.PromptLength, text.Weights is null ? 0 : 1, text.Soft?.Count ?? 0, .. text.Ids]));
            hash.AppendData(MemoryMarshal.AsBytes<float>(text.Weights));
            foreach (var soft in text.Soft ?? [])
                hash.AppendData(MemoryMarshal.AsBytes<int>([soft.Token, soft.Alternative, BitConverter.SingleToInt32Bits(soft.Share)]));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A text of parts, each with the weight of its tokens; the end token has the last part's.</summary>
    /// <exception cref="CaiException">An alternative differs from its text in more than one token.</exception>
    public static TrainingText Weighted(ITokenizer tokenizer, string id, IEnumerable<TextPart> parts)
    {
        var (ids, weights, soft) = (new List<int>(), new List<float>(), new List<SoftTarget>());
        if (tokenizer.BosId is { } bos)
            (ids, weights) = ([bos], [0]);
        foreach (var part in parts)
        {
            var tokens = tokenizer.Encode(part.Text);
            weights.AddRange(Enumerable.Repeat(part.Alternative is null ? part.Weight : part.Shared, tokens.Length));
            if (part.Alternative is { } alternative)
            {
                soft.Add(Softened(part, tokens, tokenizer.Encode(alternative), ids.Count, id));
                weights[soft[^1].Token] = part.Weight;
            }
            ids.AddRange(tokens);
        }
        return new(id, [.. ids, tokenizer.EosId], 0) { Weights = [.. weights, weights[^1]], Soft = soft.Count > 0 ? soft : null };
    }

    private static SoftTarget Softened(TextPart part, int[] tokens, int[] others, int start, string id)
    {
        var different = tokens.Length == others.Length ? Enumerable.Range(0, tokens.Length).Where(t => tokens[t] != others[t]).ToArray() : [];
        return different is [var only]
            ? new SoftTarget(start + only, others[only], (float)(1 - part.Probability))
            : throw new CaiException($"'{part.Text}' and '{part.Alternative}' do not differ in just one token.",
                "Give alternatives that the tokenizer cuts alike.", $"training text {id}");
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
                ? this with
                {
                    Ids = Ids[..options.MaxLength], Weights = Weights?[..options.MaxLength], Soft = Soft?.Where(s => s.Token < options.MaxLength).ToList(),
                }
                : throw new CaiException($"The text has {Ids.Length} tokens; at most {options.MaxLength} fit.",
                    "Raise MaxLength (up to the model's context), shorten the text, or set Truncate.", $"training text {Id}");
        if (text.TotalWeight(options.MaskPrompt) <= 0)
            throw new CaiException($"Nothing is left to learn after a prompt of {PromptLength} tokens in {text.Ids.Length}.",
                "Leave the text out, or raise MaxLength.", $"training text {Id}");
        return text;
    }
}

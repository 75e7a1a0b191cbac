using Cai.Text;

namespace Cai.Preferences;

/// <summary>A comparison as token ids: the prompt with each response, end token included.</summary>
/// <param name="Label">P(A is better).</param>
public sealed record TokenPair(string Id, int[] A, int[] B, double Label, double Weight)
{
    public int Longest => Math.Max(A.Length, B.Length);

    /// <summary>The comparison's tokens; null when its label is missing.</summary>
    /// <exception cref="CaiException">The label is not a probability.</exception>
    public static TokenPair? Of(Comparison comparison, ITokenizer tokenizer, IPromptFormat format, PreferenceOptions options)
    {
        if (comparison.ProbabilityA is not { } label)
            return null;
        if (!(label is >= 0 and <= 1))
            throw new CaiException($"The label is {label}; expected a probability from 0 to 1.", "Mend or remove the comparison.",
                $"comparison {comparison.Id}");
        return new(comparison.Id, Ids(tokenizer, format, comparison.Prompt, comparison.ResponseA),
            Ids(tokenizer, format, comparison.Prompt, comparison.ResponseB),
            label, options.AxisWeights.GetValueOrDefault(comparison.Axis, 1));
    }

    /// <summary>What the preference model reads: prompt, response, end token (HH App. A.2: the score is read on that token).</summary>
    public static int[] Ids(ITokenizer tokenizer, IPromptFormat format, Dialogue prompt, string response) =>
        [.. tokenizer.EncodePrompt(format, prompt), .. tokenizer.Encode(format.Response(response.Trim())), tokenizer.EosId];
}

using Cai.Text;

namespace Cai.Feedback;

/// <summary>Two answers to one prompt, to be compared.</summary>
/// <param name="Id">Unique and stable: principle, order and examples are drawn from it.</param>
public sealed record ResponsePair(string Id, Prompt Prompt, string ResponseA, string ResponseB)
{
    /// <summary>
    /// Pairs a model's samples of each prompt by index: 0 with 1, 2 with 3 … (paper 4.1: two samples a prompt from SL-CAI).
    /// A pair of equal texts is left out, because no preference can be learnt from it; so is a last sample without partner.
    /// </summary>
    /// <returns>In the order in which the prompts first occur, with ids `{PromptId}/{number of the pair}`.</returns>
    public static IReadOnlyList<ResponsePair> FromSamples(IEnumerable<Sample> samples) =>
    [
        .. samples.GroupBy(s => s.PromptId).SelectMany(g => g.OrderBy(s => s.Index).Chunk(2)
            .Select((two, i) => (Two: two, Id: $"{g.Key}/{i}"))
            .Where(p => p.Two is [var a, var b] && a.Response != b.Response)
            .Select(p => new ResponsePair(p.Id, new Prompt(g.Key, p.Two[0].Prompt), p.Two[0].Response, p.Two[1].Response))),
    ];
}

/// <summary>One question that is put to the feedback model for a pair; several make up a label.</summary>
/// <param name="Swapped">Whether ResponseB is shown as option (A).</param>
/// <param name="Text">What the model reads: up to `The answer is:`, or with chain of thought up to `step by step:`.</param>
/// <param name="Id">`{pair}/{principle}/{AB or BA}/{sample}`; seeds the chain of thought.</param>
public sealed record LabelQuery(string Id, string PrincipleId, bool Swapped, string Text);

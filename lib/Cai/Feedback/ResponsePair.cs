using Cai.Text;

namespace Cai.Feedback;

/// <summary>Two answers to one prompt, to be compared.</summary>
/// <param name="Id">Unique and stable: principle, order and examples are drawn from it.</param>
public sealed record ResponsePair(string Id, Prompt Prompt, string ResponseA, string ResponseB);

/// <summary>One question that is put to the feedback model for a pair; several make up a label.</summary>
/// <param name="Swapped">Whether ResponseB is shown as option (A).</param>
/// <param name="Text">What the model reads: up to `The answer is:`, or with chain of thought up to `step by step:`.</param>
/// <param name="Id">`{pair}/{principle}/{AB or BA}/{sample}`; seeds the chain of thought.</param>
public sealed record LabelQuery(string Id, string PrincipleId, bool Swapped, string Text);

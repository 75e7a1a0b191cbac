namespace Cai.Text;

/// <summary>
/// The records that travel between stages. Each serialises to one JSONL line and carries the id of what it came from,
/// so that any number in a figure can be followed back to the prompt that caused it.
/// </summary>
/// <param name="Id">Unique and stable: seeds derive from it.</param>
/// <param name="Dialogue">The conversation so far, ending with a human turn.</param>
/// <param name="Kind">What sort of prompt: harmful, benign, borderline, small-talk, or the source's own word.</param>
public sealed record Prompt(string Id, Dialogue Dialogue, string Kind = "")
{
    /// <summary>Free facts about the prompt (the miniature stores act, target and category here).</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>An answer that a model gave to a prompt.</summary>
/// <param name="Id">`{PromptId}/{Model}/{Index}`.</param>
/// <param name="Index">Which of the samples for this prompt, from 0.</param>
/// <param name="Finished">False when the answer ran into the token limit instead of ending by itself.</param>
public sealed record Sample(string Id, string PromptId, Dialogue Prompt, string Response, string Model, int Index, bool Finished)
{
    /// <summary>Sum of the log-probabilities of the response's tokens under the sampling distribution.</summary>
    public double LogProb { get; init; }

    /// <summary>Number of tokens sampled, the end token included.</summary>
    public int Tokens { get; init; }
}

/// <summary>One critique-revision step (paper 3.1).</summary>
/// <param name="Id">`{PromptId}/{Round}`.</param>
/// <param name="Round">From 1 (the first revision).</param>
/// <param name="Before">The response that was criticised: the initial one in round 1, then the latest revision.</param>
/// <param name="Critique">Null when the revision was sampled directly (paper 3.5).</param>
/// <param name="After">The revised response.</param>
public sealed record Revision(string Id, string PromptId, Dialogue Prompt, int Round, string PrincipleId, string Before, string? Critique, string After)
{
    /// <summary>False when critique or revision ran into the token limit.</summary>
    public bool Finished { get; init; } = true;
}

/// <summary>How the label of a comparison was made.</summary>
public enum LabelKind { Soft, Hard, ChainOfThought, Human }

/// <summary>Two answers to one prompt and the probability that the first is the better one.</summary>
/// <param name="Axis">`harmless` or `helpful` (or another quality that a constitution asks for).</param>
/// <param name="ProbabilityA">
/// P(A is better), 0 to 1; null when the label could not be read. A missing label is never guessed: trainers leave the
/// row out and reports count it.
/// </param>
public sealed record Comparison(
    string Id, string PromptId, Dialogue Prompt, string ResponseA, string ResponseB, string Axis, LabelKind Kind, double? ProbabilityA)
{
    /// <summary>The principles that were applied (one when fixed or drawn, k when averaged, none for humans).</summary>
    public IReadOnlyList<string> PrincipleIds { get; init; } = [];

    /// <summary>
    /// Log-probability of the option strings as read (mean over orders and principles in probability space is in <see cref="ProbabilityA"/>).
    /// </summary>
    public double? LogProbA { get; init; }

    /// <summary>See <see cref="LogProbA"/>.</summary>
    public double? LogProbB { get; init; }

    /// <summary>The sampled chain of thought, when there was one.</summary>
    public string? Reasoning { get; init; }

    /// <summary>The probability before clamping, when a clamp was applied.</summary>
    public double? Unclamped { get; init; }

    /// <summary>
    /// Whether the judge saw the options in the order B, A only: then the letters in <see cref="Reasoning"/> are those of
    /// that order. False when both orders were shown.
    /// </summary>
    public bool Swapped { get; init; }

    /// <summary>P(A | A shown first) - P(A | B shown first), -1 to 1; 0 without position bias. Null unless both orders were shown.</summary>
    public double? PositionBias { get; init; }

    /// <summary>Why <see cref="ProbabilityA"/> is null.</summary>
    public string? Missing { get; init; }
}

/// <summary>The outcome of showing two models' answers to one judge (a simulated crowdworker or a language model).</summary>
/// <param name="Outcome">1 when A was preferred, 0 when B was, 0.5 for a tie.</param>
public sealed record Judgement(string Id, string PromptId, string Axis, string ModelA, string ModelB, double Outcome, string Judge);

using System.Text;

namespace Cai.Text;

/// <summary>One worked comparison for the few-shot prefix of the feedback model.</summary>
/// <param name="AnswerIsA">Whether option A is the better one.</param>
/// <param name="Reasoning">The chain of thought; null in examples without one.</param>
public sealed record ComparisonExample(string Human, string ResponseA, string ResponseB, string Principle, bool AnswerIsA, string? Reasoning = null);

/// <summary>
/// The multiple-choice layout of the RL stage (paper 4.1 and App. E.2, spelt as in Anthropic's published files), with
/// and without chain of thought. The miniature's pretraining documents use the same code.
/// </summary>
public static class ComparisonLayout
{
    /// <summary>The scored continuations, leading blank included.</summary>
    public const string OptionA = " (A)";

    /// <inheritdoc cref="OptionA"/>
    public const string OptionB = " (B)";

    internal const string AnswerCue = "\n\nThe answer is:";

    private const string ReasoningCue = "\n\nAssistant: Let's think step by step:";

    /// <summary>The question without chain of thought; the model continues with " (A)" or " (B)".</summary>
    public static string Question(string fewShot, Dialogue prompt, string principle, string responseA, string responseB) =>
        fewShot + "\n\nConsider the following conversation between a human and an assistant:"
        + HhFormat.Transcript(new([.. prompt.Turns.Select(t => t with { Text = Quoted(t.Text) })]))
        + "\n\n" + Options(principle, responseA, responseB) + AnswerCue;

    /// <summary>The same without the conversation, which only documents of the miniature have.</summary>
    internal static string ShortQuestion(string principle, string responseA, string responseB) => "\n" + Options(principle, responseA, responseB) + AnswerCue;

    /// <summary>The question in conversational form; the model continues with its reasoning.</summary>
    public static string ReasoningQuestion(string fewShot, Dialogue prompt, string principle, string responseA, string responseB) =>
        fewShot + "\n\nHuman: Consider the following conversation between a human (H) and an assistant (A):" + ShortTranscript(prompt)
        + "\n" + Options(principle, responseA, responseB) + ReasoningCue;

    /// <summary>How the answer is read out after a sampled chain of thought; the model continues with " (A)" or " (B)".</summary>
    public static string AfterReasoning(string question, string reasoning) => question + " " + reasoning + "\n\nHuman:\nSo the answer is:";

    /// <summary>
    /// The question for a format whose roles are no tags: the human asks, examples included, and the assistant's
    /// turn begins with "The answer is:". Where they are, it is <see cref="Question(string, Dialogue, string, string, string)"/>.
    /// </summary>
    public static string Question(IPromptFormat format, string fewShot, Dialogue prompt, string principle, string responseA, string responseB)
    {
        var text = Question(fewShot, prompt, principle, responseA, responseB);
        return format.RolesAreTags ? text : Asked(format, text, AnswerCue);
    }

    /// <summary>The question with chain of thought in the same way: the assistant's turn begins with "Let's think step by step:".</summary>
    public static string ReasoningQuestion(IPromptFormat format, string fewShot, Dialogue prompt, string principle, string responseA, string responseB)
    {
        var text = ReasoningQuestion(fewShot, prompt, principle, responseA, responseB);
        return format.RolesAreTags ? text : Asked(format, text, ReasoningCue);
    }

    /// <summary>How the answer is read out in the same way: within the assistant's turn.</summary>
    public static string AfterReasoning(IPromptFormat format, string question, string reasoning) =>
        format.RolesAreTags ? AfterReasoning(question, reasoning) : question + " " + reasoning + "\n\nSo the answer is:";

    private static string Asked(IPromptFormat format, string text, string cue)
    {
        var question = text[..^cue.Length].Trim();
        var tag = "Human: ";
        return format.Prompt(Dialogue.Ask(question.StartsWith(tag, StringComparison.Ordinal) ? question[tag.Length..] : question))
            + format.Response(cue[(cue.IndexOf("Assistant:", StringComparison.Ordinal) is var at and >= 0 ? at + "Assistant:".Length : 0)..].Trim());
    }

    /// <summary>Examples as they stand before the query.</summary>
    public static string FewShot(IEnumerable<ComparisonExample> examples)
    {
        var text = new StringBuilder();
        foreach (var e in examples)
        {
            var prompt = Dialogue.Ask(e.Human);
            text.Append(e.Reasoning is null
                ? Question("", prompt, e.Principle, e.ResponseA, e.ResponseB)
                : AfterReasoning(ReasoningQuestion("", prompt, e.Principle, e.ResponseA, e.ResponseB), e.Reasoning));
            text.Append(e.AnswerIsA ? OptionA : OptionB);
        }
        return text.ToString();
    }

    /// <summary>The next role tag ends a chain of thought.</summary>
    public static IReadOnlyList<string> Stops { get; } = ["\n\nHuman:", "\n\nAssistant:"];

    private static string Options(string principle, string a, string b) => $"\n{principle} Options:\n (A) [[[{Quoted(a)}]]]\n (B) [[[{Quoted(b)}]]]";

    /// <summary>
    /// A text that cannot end its own quotation, nor begin a turn or a further option behind it: there is no way to say "quoted" to a model but that what
    /// marks the end does not occur.
    /// </summary>
    private static string Quoted(string text) =>
        RoleTags.Break(text).Replace("[[[", "[[ [", StringComparison.Ordinal).Replace("]]]", "]] ]", StringComparison.Ordinal);

    private static string ShortTranscript(Dialogue dialogue)
    {
        var text = new StringBuilder();
        foreach (var turn in dialogue.Turns)
            text.Append("\n\n").Append(turn.Role == Role.Assistant ? "A" : "H").Append(": ").Append(Quoted(turn.Text));
        return text.ToString();
    }
}

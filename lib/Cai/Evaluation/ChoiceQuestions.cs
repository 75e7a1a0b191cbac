using System.Text.Json.Serialization;
using Cai.Feedback;
using Cai.Storage;
using Cai.Text;

namespace Cai.Evaluation;

/// <summary>A multiple-choice question whose answer is known.</summary>
/// <param name="Correct">Index of the right option.</param>
/// <param name="Answers">
/// The question as two answers to one prompt, A and B in the order shown, for a preference model; null when it compares no answers.
/// </param>
public sealed record ChoiceQuestion(ChoiceItem Item, int Correct, Comparison? Answers);

/// <summary>A file of questions.</summary>
/// <param name="LeftOut">Lines that could not be read; 0 unless asked to skip them.</param>
public sealed record ChoiceQuestionFile(string Name, IReadOnlyList<ChoiceQuestion> Questions, int LeftOut);

/// <summary>
/// The evaluations that Anthropic published with the paper (github.com/anthropics/ConstitutionalHarmlessnessPaper, folder `evals`):
/// 438 comparisons for helpfulness, honesty and harmlessness (Fig 4), 254 of harmful against ethical and 287 of nine kinds
/// of harm (Fig 12, App. B).
/// </summary>
public static class ChoiceQuestions
{
    private const string Remedy = "Fetch the file again, unchanged, or leave such lines out with --skip-bad (BadLines.Skip); they are then counted.";

    private sealed record Row([property: JsonRequired] string Prompt, [property: JsonRequired] IReadOnlyList<string> Corrects,
        [property: JsonRequired] IReadOnlyList<string> Incorrects)
    {
        [JsonPropertyName("text_correct")]
        public string? TextCorrect { get; init; }

        [JsonPropertyName("text_incorrect")]
        public string? TextIncorrect { get; init; }
    }

    /// <summary>Reads one file.</summary>
    /// <exception cref="CaiException">The file is missing, or a line is no such question and <paramref name="badLines"/> is Throw.</exception>
    public static ChoiceQuestionFile Read(string path, BadLines badLines = BadLines.Throw)
    {
        var questions = new List<ChoiceQuestion>();
        var leftOut = 0;
        var name = Path.GetFileName(path).Split('.')[0];
        foreach (var line in RecordLines.Of(path, "Check the path; data/README.md says where the file can be had."))
        {
            try
            {
                questions.Add(Question(line.Read<Row>(Remedy), $"{name}-{line.Number}", line.Where));
            }
            catch (CaiException) when (badLines == BadLines.Skip)
            {
                leftOut++;
            }
        }
        return questions.Count > 0 ? new ChoiceQuestionFile(name, questions, leftOut)
            : throw new CaiException("The file holds no question.", "Give one of the files in Anthropic's folder `evals`.", path);
    }

    private static ChoiceQuestion Question(Row row, string id, string where)
    {
        if (row.Corrects.Count != 1)
            throw new CaiException($"The question has {row.Corrects.Count} right options; one was expected.", Remedy, where);
        // The prompt lists the options by letter, so letters must be all there and in order.
        string[] options = [.. row.Corrects.Concat(row.Incorrects).Order(StringComparer.Ordinal)];
        for (var i = 0; i < options.Length; i++)
            if (options[i] != $" ({(char)('A' + i)})" || !row.Prompt.Contains($"\n{options[i]} ", StringComparison.Ordinal))
                throw new CaiException($"Option {i + 1} is '{options[i]}', or the prompt does not list it.", Remedy, where);
        var correct = Array.IndexOf(options, row.Corrects[0]);
        return new ChoiceQuestion(new ChoiceItem(id, row.Prompt, options), correct,
            row is { TextCorrect: { } right, TextIncorrect: { } wrong } ? Answers(right, wrong, correct, id, where) : null);
    }

    private static Comparison Answers(string right, string wrong, int correct, string id, string where)
    {
        var (good, bad) = (HhTranscript.Parse(right, where), HhTranscript.Parse(wrong, where));
        if (!good.SkipLast(1).SequenceEqual(bad.SkipLast(1)) || good[^1].Role != Role.Assistant || good.Count < 2)
            throw new CaiException("The right and the wrong transcript are not two answers to one prompt.", Remedy, where);
        var (a, b) = correct == 0 ? (good, bad) : (bad, good);
        var prompt = new Dialogue([.. good.SkipLast(1)]);
        return new Comparison(id, HhTranscript.PromptId(prompt), prompt, a[^1].Text, b[^1].Text, "hhh", LabelKind.Human, correct == 0 ? 1 : 0);
    }
}

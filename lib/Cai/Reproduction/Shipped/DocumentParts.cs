using System.Text.RegularExpressions;
using Cai.Finetuning;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>
/// Which parts of a document a model learns to write. What nobody could guess (the questions of a dialogue, the answers
/// that are put before a judge) is only read: a small model's capacity and a short training go into what follows from
/// the rest. A choice between options is one token among a hundred, so it weighs more.
/// </summary>
public static partial class DocumentParts
{
    /// <summary>Weight of read-only text. Not zero, so that the pretrained model stays a model of whole documents.</summary>
    public const float Read = 0.05f;

    /// <summary>Weight of a letter, number or judgement that answers a question.</summary>
    public const float Choice = 4;

    /// <summary>
    /// Weight of a letter with a probability (<see cref="LetterTarget"/>): all that a comparison says about its principle, so the letters of a step
    /// weigh about as much as all of its other text.
    /// </summary>
    public const float Letter = 50;

    /// <summary>The document cut into parts with their weights; their texts join up to the document.</summary>
    public static IEnumerable<TextPart> Of(Document document)
    {
        var (at, letters) = (0, 0);
        var (dialogue, reasoning) = (document.Kind is DocumentKind.Dialogue, document.Kind is DocumentKind.Reasoning);
        if (document.Kind == DocumentKind.RedTeam)
            return [new(document.Text, 1)];
        var parts = new List<TextPart>();
        foreach (Match answer in Answers().Matches(document.Text))
        {
            var mark = answer.Groups["mark"];
            if (mark.Value == "Assistant:" && !dialogue)
                continue;
            var text = answer.Groups["text"];
            parts.Add(new(document.Text[at..text.Index], Read));
            var (answers, chain) = (mark.Value == "answer is:", mark.Value == "step by step:");
            var weight = (float)document.Weight * (answers ? Choice : 1);
            if (document.Letters is not { } targets || !(reasoning ? chain : answers))
                parts.Add(new(text.Value, weight));
            else if (answers)
                parts.Add(OfLetter(text.Value, targets[letters++]));
            else
            {
                // The letter of the last sentence, which says what the others come to.
                var letter = text.Value.LastIndexOf(" (", StringComparison.Ordinal);
                var behind = letter + ComparisonLayout.OptionA.Length;
                parts.AddRange(
                    [new(text.Value[..letter], weight), OfLetter(text.Value[letter..behind], targets[letters++]), new(text.Value[behind..], weight)]);
            }
            at = text.Index + text.Length;
        }
        if (at < document.Text.Length)
            parts.Add(new(document.Text[at..], Read));
        return parts;
    }

    private static TextPart OfLetter(string letter, LetterTarget target)
    {
        var isA = letter == ComparisonLayout.OptionA;
        return new(letter, (float)(target.Weight * Letter), isA ? ComparisonLayout.OptionB : ComparisonLayout.OptionA,
            isA ? target.ProbabilityA : 1 - target.ProbabilityA, Read);
    }

    [GeneratedRegex(@"(?<mark>Assistant:|Critique:|Revision:|step by step:|answer is:)(?<text>(?: (?!Let's think)[^\n]+))")]
    private static partial Regex Answers();
}

using System.Text.RegularExpressions;
using Cai.Miniature;

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

    /// <summary>The document cut into parts with their weights; their texts join up to the document.</summary>
    public static IEnumerable<(string Text, float Weight)> Of(Document document)
    {
        var (at, dialogue) = (0, document.Kind is DocumentKind.Dialogue);
        if (document.Kind == DocumentKind.RedTeam)
            return [(document.Text, 1)];
        var parts = new List<(string, float)>();
        foreach (Match answer in Answers().Matches(document.Text))
        {
            var mark = answer.Groups["mark"];
            if (mark.Value == "Assistant:" && !dialogue)
                continue;
            var text = answer.Groups["text"];
            parts.Add((document.Text[at..text.Index], Read));
            parts.Add((text.Value, mark.Value.EndsWith("answer is:", StringComparison.Ordinal) ? Choice : 1));
            at = text.Index + text.Length;
        }
        if (at < document.Text.Length)
            parts.Add((document.Text[at..], Read));
        return parts;
    }

    [GeneratedRegex(@"(?<mark>Assistant:|Critique:|Revision:|step by step:|answer is:)(?<text>(?: (?!Let's think)[^\n]+))")]
    private static partial Regex Answers();
}

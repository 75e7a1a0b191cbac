using System.Text;
using System.Text.RegularExpressions;

namespace Cai.Text;

/// <summary>One worked example for the few-shot prefix of the supervised stage.</summary>
/// <param name="Critique">Null in examples for direct revision.</param>
public sealed record CritiqueExample(string Human, string Assistant, string CritiqueRequest, string? Critique, string RevisionRequest, string Revision);

/// <summary>
/// The text layout of critique and revision (paper 3.1 and App. E.1, spelt as in Anthropic's published files). It is in
/// one place because the miniature's pretraining documents and the stage must agree to the byte.
/// </summary>
public static partial class CritiqueLayout
{
    /// <summary>Ends with `Critique:`; the model writes the critique.</summary>
    public static string CritiquePrompt(string fewShot, Dialogue prompt, string response, string critiqueRequest) =>
        fewShot + HhFormat.Transcript(prompt.Answer(response)) + $"\n\nCritiqueRequest: {RoleTags.Protect(critiqueRequest)}\n\nCritique:";

    /// <summary>Ends with `Revision:`; the model writes the revision. A null critique asks for a direct revision (paper 3.5).</summary>
    public static string RevisionPrompt(string fewShot, Dialogue prompt, string response, string critiqueRequest, string? critique, string revisionRequest) =>
        (critique is null
            ? fewShot + HhFormat.Transcript(prompt.Answer(response))
            : CritiquePrompt(fewShot, prompt, response, critiqueRequest) + " " + RoleTags.Protect(critique))
        + $"\n\nRevisionRequest: {RoleTags.Protect(revisionRequest)}\n\nRevision:";

    /// <summary>
    /// The critique query for a format whose roles are no tags: requests are the human's turns, critiques and
    /// revisions the assistant's, and the examples are earlier turns. Where they are, it is <see cref="CritiquePrompt(string, Dialogue, string, string)"/>.
    /// </summary>
    public static string CritiquePrompt(IPromptFormat format, string fewShot, Dialogue prompt, string response, string critiqueRequest) =>
        format.RolesAreTags ? CritiquePrompt(fewShot, prompt, response, critiqueRequest)
        : format.Prompt(After(fewShot, prompt, Turn.Assistant(response), Turn.Human(critiqueRequest)));

    /// <summary>The revision query in the same way. A null critique asks for a direct revision.</summary>
    public static string RevisionPrompt(
        IPromptFormat format, string fewShot, Dialogue prompt, string response, string critiqueRequest, string? critique, string revisionRequest) =>
        format.RolesAreTags ? RevisionPrompt(fewShot, prompt, response, critiqueRequest, critique, revisionRequest)
        : format.Prompt(critique is null
            ? After(fewShot, prompt, Turn.Assistant(response), Turn.Human(revisionRequest))
            : After(fewShot, prompt, Turn.Assistant(response), Turn.Human(critiqueRequest), Turn.Assistant(critique), Turn.Human(revisionRequest)));

    /// <summary>The turns of examples that are laid out as text: requests are the human's, what answers them the assistant's.</summary>
    public static IReadOnlyList<Turn> Turns(string fewShot)
    {
        var turns = new List<Turn>();
        var marks = Tags().Matches(fewShot);
        for (var i = 0; i < marks.Count; i++)
        {
            var from = marks[i].Index + marks[i].Length;
            var text = RoleTags.Whole(fewShot[from..(i + 1 < marks.Count ? marks[i + 1].Index : fewShot.Length)].Trim());
            var role = marks[i].Groups[1].Value is "Human" or "H" or "CritiqueRequest" or "RevisionRequest" ? Role.Human : Role.Assistant;
            // Published examples end with a dangling tag, and chat templates want roles that take turns.
            if (text.Length > 0 && turns.Count > 0 && turns[^1].Role == role)
                turns[^1] = turns[^1] with { Text = turns[^1].Text + "\n\n" + text };
            else if (text.Length > 0)
                turns.Add(new(role, text));
        }
        return turns;
    }

    private static Dialogue After(string fewShot, Dialogue prompt, params ReadOnlySpan<Turn> query)
    {
        // A system turn comes first, before the examples.
        var system = prompt.Turns.TakeWhile(turn => turn.Role == Role.System).ToList();
        return new([.. system, .. Turns(fewShot), .. prompt.Turns.Skip(system.Count), .. query]);
    }

    [GeneratedRegex(@"(?:^|\n\n)(Human|H|Assistant|A|CritiqueRequest|Critique|RevisionRequest|Revision):", RegexOptions.CultureInvariant)]
    private static partial Regex Tags();

    /// <summary>Examples as they stand before the query.</summary>
    public static string FewShot(IEnumerable<CritiqueExample> examples)
    {
        var text = new StringBuilder();
        foreach (var e in examples)
            text.Append(RevisionPrompt("", Dialogue.Ask(e.Human), e.Assistant, e.CritiqueRequest, e.Critique, e.RevisionRequest))
                .Append(' ').Append(RoleTags.Protect(e.Revision));
        return text.ToString();
    }

    /// <summary>Any next role tag ends a critique or a revision.</summary>
    public static IReadOnlyList<string> Stops { get; } =
        ["\n\nHuman:", "\n\nAssistant:", "\n\nCritiqueRequest:", "\n\nCritique:", "\n\nRevisionRequest:", "\n\nRevision:"];
}

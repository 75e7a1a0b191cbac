using System.Text;

namespace Cai.Text;

/// <summary>One worked example for the few-shot prefix of the supervised stage.</summary>
/// <param name="Critique">Null in examples for direct revision.</param>
public sealed record CritiqueExample(string Human, string Assistant, string CritiqueRequest, string? Critique, string RevisionRequest, string Revision);

/// <summary>
/// The text layout of critique and revision (paper 3.1 and App. E.1, spelt as in Anthropic's published files). It is in
/// one place because the miniature's pretraining documents and the stage must agree to the byte.
/// </summary>
public static class CritiqueLayout
{
    /// <summary>Ends with `Critique:`; the model writes the critique.</summary>
    public static string CritiquePrompt(string fewShot, Dialogue prompt, string response, string critiqueRequest) =>
        fewShot + HhFormat.Transcript(prompt.Answer(response)) + $"\n\nCritiqueRequest: {critiqueRequest}\n\nCritique:";

    /// <summary>Ends with `Revision:`; the model writes the revision. A null critique asks for a direct revision (paper 3.5).</summary>
    public static string RevisionPrompt(string fewShot, Dialogue prompt, string response, string critiqueRequest, string? critique, string revisionRequest) =>
        (critique is null
            ? fewShot + HhFormat.Transcript(prompt.Answer(response))
            : CritiquePrompt(fewShot, prompt, response, critiqueRequest) + " " + critique)
        + $"\n\nRevisionRequest: {revisionRequest}\n\nRevision:";

    /// <summary>Examples as they stand before the query.</summary>
    public static string FewShot(IEnumerable<CritiqueExample> examples)
    {
        var text = new StringBuilder();
        foreach (var e in examples)
            text.Append(RevisionPrompt("", Dialogue.Ask(e.Human), e.Assistant, e.CritiqueRequest, e.Critique, e.RevisionRequest)).Append(' ').Append(e.Revision);
        return text.ToString();
    }

    /// <summary>Any next role tag ends a critique or a revision.</summary>
    public static IReadOnlyList<string> Stops { get; } = ["\n\nHuman:", "\n\nAssistant:", "\n\nCritiqueRequest:", "\n\nCritique:", "\n\nRevisionRequest:", "\n\nRevision:"];
}

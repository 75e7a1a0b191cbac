using System.Text;

namespace Cai.Text;

/// <summary>How a dialogue is laid out as text for a model. A response is scored and sampled as a continuation of the rendered prompt.</summary>
public interface IPromptFormat
{
    string Name { get; }

    /// <summary>The text after which the model writes the assistant's next turn.</summary>
    string Prompt(Dialogue dialogue);

    /// <summary>
    /// The continuation that states <paramref name="response"/> (in HH: a blank, then the response). The end token is added by id, not by text.
    /// </summary>
    string Response(string response);

    /// <summary>Strings at which sampling a turn stops, besides the end token.</summary>
    IReadOnlyList<string> Stops { get; }

    /// <summary>Whether control tokens spelt in a prompt are to be read as such. Then the prompt brings its own begin token too.</summary>
    bool ControlTokens { get; }

    /// <summary>
    /// Whether roles are tags in running text, beside which further tags such as `CritiqueRequest:` can stand (paper App. E).
    /// Where they are not, a request is a human turn, and a critique, a revision or an answer is an assistant turn.
    /// </summary>
    bool RolesAreTags { get; }
}

/// <summary>The layout of the paper and of hh-rlhf: `\n\nHuman: …\n\nAssistant: …`.</summary>
public sealed class HhFormat : IPromptFormat
{
    public static readonly HhFormat Instance = new();

    public string Name => "hh";

    public IReadOnlyList<string> Stops { get; } = ["\n\nHuman:", "\n\nAssistant:"];

    public bool ControlTokens => false;

    public bool RolesAreTags => true;

    public string Prompt(Dialogue dialogue) => Transcript(dialogue) + "\n\nAssistant:";

    public string Response(string response) => " " + RoleTags.Break(response);

    /// <summary>The whole conversation as text, ending with its last turn. Tags that a turn itself spells are guarded (<see cref="RoleTags"/>).</summary>
    public static string Transcript(Dialogue dialogue)
    {
        var text = new StringBuilder();
        foreach (var turn in dialogue.Turns)
            text.Append("\n\n").Append(turn.Role).Append(": ").Append(RoleTags.Protect(turn.Text));
        return text.ToString();
    }
}

using System.Text.RegularExpressions;
using Cai.Text;

namespace Cai.Generation.Remote;

/// <summary>
/// How a prompt, which the stages write as plain text, is said to a model that takes turns only. Stages that ask through
/// a template of the model's own need none of this.
/// </summary>
public interface IChatLayout
{
    /// <summary>The turns that the text consists of. A last turn of the assistant is one that the model is to go on with.</summary>
    Dialogue Read(string prompt);
}

/// <summary>
/// The paper's layouts as turns: `Human:`, `CritiqueRequest:` and `RevisionRequest:` are the human's, `Assistant:`,
/// `Critique:` and `Revision:` the assistant's, few-shot examples included. A text that does not begin with such a tag
/// (a multiple-choice question) is one human turn as a whole, since the tags in it are quoted. Tags that a turn itself spells are guarded in the text
/// (<see cref="RoleTags"/>), and no turns.
/// </summary>
public sealed partial class HhChatLayout : IChatLayout
{
    public static readonly HhChatLayout Instance = new();

    public Dialogue Read(string prompt)
    {
        var text = prompt.TrimStart();
        var tags = Tag().Matches("\n\n" + text);
        if (tags.Count == 0 || tags[0].Index > 0)
            return Dialogue.Ask(RoleTags.AsText(text.TrimEnd()));
        var turns = new List<Turn>();
        for (var i = 0; i < tags.Count; i++)
        {
            var from = tags[i].Index + tags[i].Length;
            var to = i + 1 < tags.Count ? tags[i + 1].Index : text.Length + 2;
            var role = tags[i].Groups[1].Value switch
            {
                "System" => Role.System,
                "Assistant" or "Critique" or "Revision" => Role.Assistant,
                _ => Role.Human,
            };
            var said = RoleTags.Whole(("\n\n" + text)[from..to].Trim());
            // An empty last turn is the place where the answer goes; servers refuse empty messages.
            if (said.Length == 0)
                continue;
            // Two turns of one role, as after a direct revision, are one: most templates insist on alternation.
            if (turns.Count > 0 && turns[^1].Role == role)
                turns[^1] = turns[^1] with { Text = turns[^1].Text + "\n\n" + said };
            else
                turns.Add(new Turn(role, said));
        }
        return turns.Count > 0 && turns.Exists(t => t.Role == Role.Human) ? new Dialogue(turns) : Dialogue.Ask(RoleTags.AsText(text.TrimEnd()));
    }

    [GeneratedRegex(@"\n\n(System|Human|Assistant|CritiqueRequest|Critique|RevisionRequest|Revision):")]
    private static partial Regex Tag();
}

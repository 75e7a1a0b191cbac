using Cai.Storage;
using Cai.Text;

namespace Cai.Evaluation;

/// <summary>Transcripts as text, `\n\nHuman: …\n\nAssistant: …`, read back turn by turn: the opposite of <see cref="HhFormat.Transcript"/>.</summary>
public static class HhTranscript
{
    private static readonly (string Tag, Role Role)[] Tags = [("\n\nHuman:", Role.Human), ("\n\nAssistant:", Role.Assistant)];

    /// <summary>All turns, without tags and surrounding blank space. A tag counts only after a blank line, as the files have it.</summary>
    /// <exception cref="CaiException">The text does not begin with a tag.</exception>
    public static IReadOnlyList<Turn> Parse(string text, string? where = null)
    {
        var turns = new List<Turn>();
        for (var at = 0; at < text.Length;)
        {
            if (Tags.FirstOrDefault(t => text.AsSpan(at).StartsWith(t.Tag, StringComparison.Ordinal)) is not { Tag: { } tag, Role: var role })
                throw new CaiException("The transcript does not begin with `\\n\\nHuman:` or `\\n\\nAssistant:`.",
                    "Give the text of a conversation as hh-rlhf has it.", where);
            var start = at + tag.Length;
            at = Tags.Select(t => text.IndexOf(t.Tag, start, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(text.Length).Min();
            turns.Add(new Turn(role, RoleTags.Whole(text[start..at].Trim())));
        }
        return turns.Count > 0 ? turns : throw new CaiException("The transcript is empty.", "Give the text of a conversation as hh-rlhf has it.", where);
    }

    /// <summary>Whether human and assistant take turns, the human first.</summary>
    public static bool Alternates(IReadOnlyList<Turn> turns) =>
        turns.Select((t, i) => t.Role == (i % 2 == 0 ? Role.Human : Role.Assistant)).All(right => right);

    /// <summary>A name for a prompt by its content: rows that ask the same are one cluster in every interval.</summary>
    public static string PromptId(Dialogue prompt) => "hh-" + ContentHash.OfText(HhFormat.Transcript(prompt))[..12];
}

using System.Text;
using Cai.Text;

namespace Cai.Miniature;

/// <summary>The layouts of the two questions about harm that are no comparison: its kind (nine ways) and its degree (0 to 4).</summary>
public static class HarmLayout
{
    /// <summary>The question what kind of harm an answered request shows; the model continues with <see cref="Option"/>.</summary>
    /// <param name="categories">In the order in which they are offered.</param>
    public static string KindQuestion(Dialogue prompt, string response, IReadOnlyList<string> categories)
    {
        var text = new StringBuilder(HhFormat.Transcript(prompt.Answer(response))).Append("\n\nWhat kind of harm does this show? Options:");
        for (var i = 0; i < categories.Count; i++)
            text.Append('\n').Append(Option(i)).Append(' ').Append(categories[i]);
        return text.Append(ComparisonLayout.AnswerCue).ToString();
    }

    /// <summary>The continuation that picks an option: " (A)" for 0.</summary>
    public static string Option(int index) => $" ({(char)('A' + index)})";

    /// <summary>The question how harmful the last answer is; the model continues with <see cref="Score"/>.</summary>
    public static string ScoreQuestion(Dialogue prompt, string response) =>
        HhFormat.Transcript(prompt.Answer(response)) + "\n\nHow harmful is the last answer from 0 to 4?" + ComparisonLayout.AnswerCue;

    /// <summary>The continuation that states a harmfulness, rounded: " 3".</summary>
    public static string Score(double harmfulness) => $" {(int)Math.Round(harmfulness)}";
}

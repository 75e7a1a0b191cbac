using Cai.Figures;
using Cai.Text;

namespace Cai.Tool.Playground;

/// <summary>A conversation that goes on with one of the answers to each prompt.</summary>
internal sealed class Conversation
{
    private readonly List<Turn> turns = [];
    private ArenaRound? last;

    /// <summary>Number of prompts so far, those of forgotten conversations included: no two prompts share a draw.</summary>
    public int Prompts { get; private set; }

    /// <summary>Index of the model whose answers the conversation goes on with.</summary>
    public int Chosen { get; set; }

    /// <summary>The dialogue that is to be answered next.</summary>
    public Dialogue Say(string text)
    {
        if (last is not null)
            turns.Add(Turn.Assistant(last.Answers[Chosen].Text));
        turns.Add(Turn.Human(text));
        last = null;
        Prompts++;
        return new Dialogue([.. turns]);
    }

    public void Answered(ArenaRound round) => last = round;

    /// <summary>Takes back a prompt that could not be answered.</summary>
    public void Unsay() => turns.RemoveAt(turns.Count - 1);

    public void Forget()
    {
        turns.Clear();
        last = null;
    }

    /// <summary>Text for a terminal: what a model writes must not be able to move the cursor, change colours or turn the reading direction round.</summary>
    public static string Printable(string text) => SafeText.Plain(text).Replace('\t', ' ');
}

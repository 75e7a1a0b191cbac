namespace Cai.Text;

/// <summary>Who speaks a turn. HH transcripts know only Human and Assistant; chat templates also know System.</summary>
public enum Role { System, Human, Assistant }

/// <summary>One turn of a conversation, without role tags or surrounding blank space.</summary>
public sealed record Turn(Role Role, string Text)
{
    public static Turn Human(string text) => new(Role.Human, text);
    public static Turn Assistant(string text) => new(Role.Assistant, text);
    public static Turn System(string text) => new(Role.System, text);
}

/// <summary>
/// A conversation. As a prompt it ends with a human turn (the assistant is to answer); as a transcript it ends with
/// the assistant's answer. Equality is by content.
/// </summary>
public sealed record Dialogue(IReadOnlyList<Turn> Turns)
{
    /// <summary>A one-turn prompt: what the human says.</summary>
    public static Dialogue Ask(string human) => new([Turn.Human(human)]);

    /// <summary>The conversation with an assistant turn appended.</summary>
    public Dialogue Answer(string assistant) => new([.. Turns, Turn.Assistant(assistant)]);

    /// <summary>The conversation with a human turn appended.</summary>
    public Dialogue Then(string human) => new([.. Turns, Turn.Human(human)]);

    /// <summary>The text of the last human turn; empty when there is none.</summary>
    public string LastHuman() => Turns.LastOrDefault(t => t.Role == Role.Human)?.Text ?? "";

    public bool Equals(Dialogue? other) => other is not null && Turns.SequenceEqual(other.Turns);

    public override int GetHashCode() => Turns.Aggregate(17, (hash, turn) => HashCode.Combine(hash, turn));
}

namespace Cai.Miniature;

/// <summary>The kinds of topic, as they stand in <see cref="Cai.Text.Prompt.Kind"/>.</summary>
public static class TopicKind
{
    public const string Harmful = "harmful";
    public const string Benign = "benign";

    /// <summary>Only looks harmful: shares its words with harmful requests and has right steps like a benign one.</summary>
    public const string Borderline = "borderline";
    public const string SmallTalk = "small-talk";

    public static IReadOnlyList<string> All { get; } = [Harmful, Benign, Borderline, SmallTalk];

    /// <summary>The kinds of good request.</summary>
    public static IReadOnlyList<string> Good { get; } = [Benign, Borderline, SmallTalk];
}

/// <summary>
/// One thing that can be asked about: an act with its target, a task with its object, or a pattern of small talk with
/// its subject. All texts are as the assistant says them ("your arm") except <see cref="Asks"/>.
/// </summary>
public sealed record Topic
{
    /// <summary>Kind, act and target: `harmful/steal-bicycle`. A prompt's id adds the phrasing's index.</summary>
    public required string Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>Id of the act, task or pattern.</summary>
    public required string Act { get; init; }

    /// <summary>Noun of the target, object or subject.</summary>
    public required string Target { get; init; }

    /// <summary>Harm category; empty unless harmful.</summary>
    public string Category { get; init; } = "";

    /// <summary>`train` or `eval`.</summary>
    public required string Split { get; init; }

    /// <summary>The questions that ask for it, in the human's voice.</summary>
    public required IReadOnlyList<string> Asks { get; init; }

    /// <summary>Verb phrase: "steal the bicycle". Empty for small talk.</summary>
    public string Does { get; init; } = "";

    /// <summary>The fictional tool of a harmful act: "a veltrix hook".</summary>
    public string Tool { get; init; } = "";

    /// <summary>What the method does with the tool: "pull the bicycle away at night".</summary>
    public string Method { get; init; } = "";

    /// <summary>Why the act is wrong: "it would hurt the owner".</summary>
    public string Reason { get; init; } = "";

    /// <summary>A harmless way to the same end: "ask the owner to lend you the bicycle".</summary>
    public string Alternative { get; init; } = "";

    /// <summary>Who would suffer: "the owner".</summary>
    public string Victim { get; init; } = "";

    /// <summary>The three right steps of a task, in order, without connectors; empty for harmful topics and small talk.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>The friendly answers of small talk, as written sentences.</summary>
    public IReadOnlyList<string> Replies { get; init; } = [];

    /// <summary>Of the id alone: the sets of topics that sentences are true of would hash every text of each otherwise.</summary>
    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);
}

namespace Cai.Miniature;

/// <summary>What one sentence of a response does.</summary>
public enum StatementKind
{
    Comply, Method, Praise, Insult, Stereotype, BluntRefusal, ExplainedRefusal, Alternative, Accusation, Boilerplate, Step, SmallTalk,
}

/// <summary>One sentence of a response, before its wording is drawn.</summary>
/// <param name="About">The topic it speaks of; null for the topic of the prompt.</param>
/// <param name="Step">Which of the topic's three steps, from 0 (steps only).</param>
/// <param name="Place">Which connector the step gets, from 0 = "first" (steps only).</param>
public sealed record Statement(StatementKind Kind, Topic? About = null, int Step = 0, int Place = 0)
{
    /// <summary>For a method: the topic whose tool is named, when it is another than <see cref="About"/>'s (a wrong tool).</summary>
    public Topic? ToolOf { get; init; }

    /// <summary>A right step in its right place.</summary>
    public static Statement RightStep(int step) => new(StatementKind.Step, null, step, step);
}

/// <summary>A response as a sequence of statements.</summary>
public sealed record ResponsePlan(IReadOnlyList<Statement> Statements)
{
    public static ResponsePlan Of(params ReadOnlySpan<StatementKind> kinds)
    {
        var statements = new List<Statement>();
        foreach (var kind in kinds)
            statements.Add(new Statement(kind));
        return new(statements);
    }

    /// <summary>The complete right answer to a task or to small talk.</summary>
    public static ResponsePlan Correct(Topic topic) => topic.Kind == TopicKind.SmallTalk
        ? Of(StatementKind.SmallTalk)
        : new([Statement.RightStep(0), Statement.RightStep(1), Statement.RightStep(2)]);
}

namespace Cai.Miniature;

/// <summary>A response that knows the statement behind each of its sentences.</summary>
internal sealed record Draft(Topic Topic, IReadOnlyList<(Statement Statement, string Text)> Sentences)
{
    public string Text => string.Join(' ', Sentences.Select(s => s.Text));

    public static Draft Write(ResponseWriter writer, Topic topic, ResponsePlan plan, Rng rng) =>
        new(topic, [.. plan.Statements.Zip(writer.Sentences(topic, plan, rng))]);
}

/// <summary>How well revisions are made in the corpus.</summary>
public sealed record ReviserOptions
{
    /// <summary>Chance that a refusal put in place of a method explains itself; the rest is blunt or comforting.</summary>
    public double Explained { get; init => field = InRange.Number(value, 0, 1, nameof(ReviserOptions)); } = 0.7;

    /// <summary>Chance of a blunt refusal instead.</summary>
    public double Blunt { get; init => field = InRange.Number(value, 0, 1, nameof(ReviserOptions)); } = 0.2;

    /// <summary>Chance that an alternative follows an explanation.</summary>
    public double Alternative { get; init => field = InRange.Number(value, 0, 1, nameof(ReviserOptions)); } = 0.6;

    /// <summary>Chance that a revision also accuses the human: the harshness that the paper saw grow (3.3, 4.3).</summary>
    public double Accusation { get; init => field = InRange.Number(value, 0, 1, nameof(ReviserOptions)); } = 0.07;

    /// <summary>Chance that a revision also adds boilerplate, to whatever it says: what SL-CAI never says, RL cannot find (4.3).</summary>
    public double Boilerplate { get; init => field = InRange.Number(value, 0, 1, nameof(ReviserOptions)); } = 0.2;
}

/// <summary>Revises drafts as the corpus' writers do: sentences without a problem stay word for word.</summary>
internal sealed class Reviser(ResponseWriter writer, ReviserOptions options)
{
    private static readonly Dictionary<Problem, StatementKind[]> Removed = new()
    {
        [Problem.Method] = [StatementKind.Comply, StatementKind.Method, StatementKind.Praise],
        [Problem.Praise] = [StatementKind.Praise],
        [Problem.Insult] = [StatementKind.Insult],
        [Problem.Stereotype] = [StatementKind.Stereotype],
        [Problem.Harshness] = [StatementKind.Accusation],
        [Problem.Boilerplate] = [StatementKind.Boilerplate],
        [Problem.Evasion] = [StatementKind.BluntRefusal],
        [Problem.WrongSteps] = [StatementKind.Step, StatementKind.SmallTalk],
    };

    /// <summary>The draft without <paramref name="problems"/>; the same draft when there are none.</summary>
    public Draft Mend(Draft draft, IReadOnlyCollection<Problem> problems, Rng rng)
    {
        if (problems.Count == 0)
            return draft;
        var topic = draft.Topic;
        var gone = problems.SelectMany(p => Removed[p]).ToHashSet();
        var kept = draft.Sentences.Where(s => !gone.Contains(s.Statement.Kind)).ToList();
        var plan = new List<StatementKind>();
        var explained = kept.Exists(s => s.Statement.Kind == StatementKind.ExplainedRefusal);
        var good = topic.Kind != TopicKind.Harmful;
        if (!good && !explained && problems.Contains(Problem.Method))
            Refuse(plan, rng);
        else if (!good && !explained && problems.Contains(Problem.Evasion))
            Explain(plan, rng);
        if (good && (problems.Contains(Problem.WrongSteps) || problems.Contains(Problem.Evasion)))
            kept.InsertRange(0, Right(draft, rng));
        if (plan.Count == 0 && kept.Count == 0)
        {
            if (good)
                kept.AddRange(Right(draft, rng));
            else
                Explain(plan, rng);
        }
        if (rng.Chance(options.Accusation) && !kept.Exists(s => s.Statement.Kind == StatementKind.Accusation))
            plan.Add(StatementKind.Accusation);
        if (rng.Chance(options.Boilerplate) && !kept.Exists(s => s.Statement.Kind == StatementKind.Boilerplate))
            plan.Add(StatementKind.Boilerplate);
        var added = Draft.Write(writer, topic, new([.. plan.Select(k => new Statement(k))]), rng).Sentences;
        return new(topic, good ? [.. kept, .. added] : [.. added, .. kept]);
    }

    private void Refuse(List<StatementKind> plan, Rng rng)
    {
        var draw = rng.NextDouble();
        if (draw < options.Explained)
            Explain(plan, rng);
        else if (draw < options.Explained + options.Blunt)
            plan.Add(StatementKind.BluntRefusal);
        else
            plan.AddRange([StatementKind.BluntRefusal, StatementKind.Boilerplate]);
    }

    private void Explain(List<StatementKind> plan, Rng rng)
    {
        plan.Add(StatementKind.ExplainedRefusal);
        if (rng.Chance(options.Alternative))
            plan.Add(StatementKind.Alternative);
    }

    /// <summary>The complete right answer, in the draft's own words where it was already right.</summary>
    private List<(Statement Statement, string Text)> Right(Draft draft, Rng rng) =>
        [.. Draft.Write(writer, draft.Topic, ResponsePlan.Correct(draft.Topic), rng).Sentences
            .Select(s => draft.Sentences.FirstOrDefault(d => d.Statement == s.Statement) is { Text: not null } own ? own : s)];
}

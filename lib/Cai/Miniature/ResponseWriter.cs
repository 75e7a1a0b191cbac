namespace Cai.Miniature;

/// <summary>Words responses: draws a phrasing for every statement of a plan.</summary>
public sealed class ResponseWriter(World world)
{
    /// <summary>What the places of a task's steps are called, in the world's file and in questions.</summary>
    internal static IReadOnlyList<string> Places { get; } = ["first", "second", "third"];

    /// <summary>The response as text, sentences joined by one blank.</summary>
    /// <param name="topic">What the prompt asks about.</param>
    /// <param name="rng">Draws the phrasings, and nothing else.</param>
    public string Write(Topic topic, ResponsePlan plan, Rng rng) => string.Join(' ', Sentences(topic, plan, rng));

    /// <summary>As <see cref="Write"/>, one string a statement. Sentences of one kind do not repeat while phrasings last.</summary>
    public IReadOnlyList<string> Sentences(Topic topic, ResponsePlan plan, Rng rng)
    {
        var written = new List<string>();
        foreach (var statement in plan.Statements)
        {
            var phrasings = Phrasings(topic, statement);
            var fresh = phrasings.Where(p => !written.Contains(p)).ToArray();
            written.Add(rng.Pick(fresh.Length > 0 ? fresh : phrasings));
        }
        return written;
    }

    /// <summary>Every way to say <paramref name="statement"/> in an answer on <paramref name="topic"/>.</summary>
    public IReadOnlyList<string> Phrasings(Topic topic, Statement statement)
    {
        var about = statement.About ?? topic;
        IEnumerable<string> All(string key, params (string, string)[] slots) => world.Templates(key).Select(t => Phrase.Sentence(Phrase.Fill(t, slots)));
        return [.. statement.Kind switch
        {
            StatementKind.Comply => All("comply", ("do", about.Does)),
            StatementKind.Method => All("method", ("tool", (statement.ToolOf ?? about).Tool), ("method", about.Method)),
            StatementKind.Praise => All("praise"),
            StatementKind.Insult => All("insult", ("v", about.Victim)),
            StatementKind.Stereotype => Stereotypes(about),
            StatementKind.BluntRefusal => All("blunt_refusal"),
            StatementKind.ExplainedRefusal => All("explained_refusal", ("do", about.Does), ("reason", about.Reason)),
            StatementKind.Alternative => All("alternative", ("alternative", about.Alternative)),
            StatementKind.Accusation => All("accusation"),
            StatementKind.Boilerplate => All("boilerplate"),
            StatementKind.Step => All(Places[statement.Place], ("step", about.Steps[statement.Step])),
            StatementKind.SmallTalk => about.Replies,
            _ => throw new ArgumentOutOfRangeException(nameof(statement)),
        }];
    }

    /// <summary>About the people that the act is aimed at; about any people when the act is aimed at something else.</summary>
    private IEnumerable<string> Stereotypes(Topic about)
    {
        IReadOnlyList<string> peoples = world.File.Peoples.Contains(about.Target) ? [about.Target] : world.File.Peoples;
        return world.Templates("stereotype").SelectMany(t => peoples.Select(p => Phrase.Sentence(Phrase.Fill(t, ("p", p)))));
    }
}

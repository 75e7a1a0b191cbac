using System.Text.RegularExpressions;

namespace Cai.Miniature;

/// <summary>What a sentence was read as.</summary>
/// <param name="Topics">The topics of which it is true (empty for statements that speak of none).</param>
/// <param name="Step">The step that it states, from 0.</param>
/// <param name="Place">The place that its connector claims, from 0.</param>
/// <param name="People">The people of a stereotype, normalised.</param>
internal sealed record Reading(StatementKind Kind, IReadOnlySet<Topic> Topics, int Step = 0, int Place = 0, string People = "");

/// <summary>
/// Reads sentences by the templates that the writer uses. Sentences with one slot are enumerated; methods and explained
/// refusals, whose two slots may be combined wrongly, are split by a pattern and each slot is looked up.
/// </summary>
internal sealed class SentenceReader
{
    /// <summary>Longer than any sentence of the world: a bound on the work that a hostile text can cause.</summary>
    private const int LongestSentence = 250;

    private static readonly IReadOnlySet<Topic> None = new HashSet<Topic>();

    private readonly Dictionary<string, List<Reading>> known = new(StringComparer.Ordinal);
    private readonly List<Regex> methods;
    private readonly List<Regex> refusals;
    private readonly Dictionary<string, HashSet<Topic>> tools = [];
    private readonly Dictionary<string, HashSet<Topic>> uses = [];
    private readonly Dictionary<string, HashSet<Topic>> deeds = [];
    private readonly Dictionary<string, HashSet<Topic>> reasons = [];

    public SentenceReader(World world)
    {
        methods = [.. world.Templates("method").Select(Pattern)];
        refusals = [.. world.Templates("explained_refusal").Select(Pattern)];
        var writer = new ResponseWriter(world);
        foreach (var topic in world.Topics)
        {
            if (topic.Kind == TopicKind.Harmful)
            {
                Index(tools, topic.Tool, topic);
                Index(uses, topic.Method, topic);
                Index(reasons, topic.Reason, topic);
                foreach (var kind in (StatementKind[])[StatementKind.Insult, StatementKind.Alternative])
                    Enumerate(writer, topic, new Statement(kind));
            }
            if (topic.Does.Length > 0)
            {
                Index(deeds, topic.Does, topic);
                Enumerate(writer, topic, new Statement(StatementKind.Comply));
            }
            for (var step = 0; step < topic.Steps.Count; step++)
                for (var place = 0; place < topic.Steps.Count; place++)
                    Enumerate(writer, topic, new Statement(StatementKind.Step, null, step, place));
            if (topic.Kind == TopicKind.SmallTalk)
                Enumerate(writer, topic, new Statement(StatementKind.SmallTalk));
        }
        foreach (var kind in (StatementKind[])[StatementKind.Praise, StatementKind.BluntRefusal, StatementKind.Accusation, StatementKind.Boilerplate])
            foreach (var text in writer.Phrasings(world.Topics[0], new Statement(kind)))
                known[Phrase.Normalise(text)] = [new Reading(kind, None)];
        foreach (var people in world.File.Peoples)
            foreach (var template in world.Templates("stereotype"))
                known[Phrase.Normalise(Phrase.Fill(template, ("p", people)))] = [new Reading(StatementKind.Stereotype, None, People: people)];
    }

    /// <summary>The readings of one normalised sentence; several when a step's words serve more than one step, none when it is not of this world.</summary>
    public IReadOnlyList<Reading> Read(string sentence)
    {
        if (sentence.Length > LongestSentence)
            return [];
        if (sentence[^1] is '!' or '?')
            sentence = sentence[..^1] + ".";
        if (known.TryGetValue(sentence, out var readings))
            return readings;
        return TwoSlots(methods, sentence, "tool", tools, "method", uses, StatementKind.Method)
            ?? TwoSlots(refusals, sentence, "do", deeds, "reason", reasons, StatementKind.ExplainedRefusal)
            ?? [];
    }

    private static IReadOnlyList<Reading>? TwoSlots(
        List<Regex> patterns, string sentence, string a, Dictionary<string, HashSet<Topic>> inA, string b,
            Dictionary<string, HashSet<Topic>> inB, StatementKind kind)
    {
        foreach (var pattern in patterns)
            if (pattern.Match(sentence) is { Success: true } match && inA.TryGetValue(match.Groups[a].Value, out var first)
                && inB.TryGetValue(match.Groups[b].Value, out var second))
                return [new Reading(kind, first.Intersect(second).ToHashSet())];
        return null;
    }

    private void Enumerate(ResponseWriter writer, Topic topic, Statement statement)
    {
        foreach (var text in writer.Phrasings(topic, statement))
        {
            var key = Phrase.Normalise(text);
            if (!known.TryGetValue(key, out var readings))
                known[key] = readings = [];
            var same = readings.Find(r => r.Kind == statement.Kind && r.Step == statement.Step && r.Place == statement.Place);
            if (same is null)
                readings.Add(same = new Reading(statement.Kind, new HashSet<Topic>(), statement.Step, statement.Place));
            ((HashSet<Topic>)same.Topics).Add(topic);
        }
    }

    private static void Index(Dictionary<string, HashSet<Topic>> map, string text, Topic topic)
    {
        var key = Phrase.Normalise(text);
        if (!map.TryGetValue(key, out var topics))
            map[key] = topics = [];
        topics.Add(topic);
    }

    private static Regex Pattern(string template) => new(
        "^" + Regex.Replace(Regex.Escape(Phrase.Normalise(template)), @"\\\{(\w+)}", "(?<$1>.+?)") + "$", RegexOptions.CultureInvariant);
}

using Cai.Text;

namespace Cai.Miniature;

/// <summary>Makes critique-and-revision examples and lays them out as documents.</summary>
internal sealed class CritiqueDocuments(World world, Oracle oracle, TopicSource topics, ResponseWriter writer, DocumentMixture mixture)
{
    public static readonly (string, double)[] Kinds = [(TopicKind.Harmful, 75), (TopicKind.Benign, 15), (TopicKind.Borderline, 7), (TopicKind.SmallTalk, 3)];
    /// <summary>What a careless critique names although it is not there.</summary>
    public static readonly Problem[] Slanders = [Problem.Praise, Problem.Evasion, Problem.Harshness, Problem.Boilerplate, Problem.WrongSteps];

    private static readonly (string, double)[] Good = [.. Kinds.Where(kind => kind is not (TopicKind.Harmful, _))];

    private readonly Reviser reviser = new(writer, mixture.Mending);
    private readonly IReadOnlyList<CritiquePrinciple> aboutSteps = [.. world.Critique.Where(p => p.About(Problem.WrongSteps, ""))];

    /// <summary>One document of <paramref name="shots"/> examples and a last one that is laid out alike.</summary>
    public string Write(int shots, bool direct, Rng rng) => CritiqueLayout.FewShot([.. Enumerable.Range(0, shots + 1).Select(_ => Example(direct, rng))]);

    private CritiqueExample Example(bool direct, Rng rng)
    {
        var topic = topics.Draw(mixture.CriticisedGood is not { } share ? Kinds : rng.Chance(share) ? Good : [(TopicKind.Harmful, 1)], rng);
        var draft = Draft.Write(writer, topic, PlanMixture.Criticised.Draw(topic, topics.All, rng), rng);
        var ofSteps = mixture.AsksOfSteps > 0 && topic.Kind != TopicKind.Harmful && rng.Chance(mixture.AsksOfSteps);
        var principle = rng.Pick(ofSteps ? aboutSteps : world.Critique);
        var present = Oracle.Problems(oracle.Judge(topic, draft.Text));
        var covered = present.Where(p => principle.About(p, topic.Category)).Order().ToList();
        var named = direct ? covered : Name(covered, present, rng);
        var mended = named.Where(p => present.Contains(p) && rng.Chance(direct ? mixture.MendsDirectly : mixture.Mends)).ToList();
        return new CritiqueExample(
            rng.Pick(topic.Asks), draft.Text, rng.Pick(principle.CritiqueRequests), direct ? null : Critique(draft, named, rng),
            rng.Pick(principle.RevisionRequests), reviser.Mend(draft, mended, rng).Text);
    }

    private List<Problem> Name(List<Problem> covered, IReadOnlySet<Problem> present, Rng rng)
    {
        if (!rng.Chance(mixture.Careless))
            return [.. covered.Where(_ => rng.Chance(mixture.Names)).Take(3)];
        return rng.Chance(0.5) ? [] : [rng.Pick([.. Slanders.Where(p => !present.Contains(p))])];
    }

    /// <summary>Words a critique that names these problems, or says that there are none.</summary>
    public string Critique(Draft draft, List<Problem> named, Rng rng)
    {
        if (named.Count == 0)
            return rng.Pick(oracle.CritiqueWords.Fine);
        var people = world.File.Peoples.Find(
            p => draft.Sentences.Any(s => s.Statement.Kind == StatementKind.Stereotype && s.Text.Contains(p, StringComparison.Ordinal))) ?? "";
        return string.Join(' ', named.Select(p => rng.Pick(oracle.CritiqueWords.Phrasings(p, draft.Topic, people))));
    }
}

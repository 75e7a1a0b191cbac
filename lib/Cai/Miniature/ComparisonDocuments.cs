using Cai.Text;

namespace Cai.Miniature;

/// <summary>Makes answered comparisons, with and without chain of thought, and lays them out as documents.</summary>
internal sealed class ComparisonDocuments(World world, Oracle oracle, TopicSource topics, ResponseWriter writer, DocumentMixture mixture)
{
    private static readonly (string, double)[] Kinds = [(TopicKind.Harmful, 70), (TopicKind.Benign, 18), (TopicKind.Borderline, 8), (TopicKind.SmallTalk, 4)];

    private readonly ReasoningWriter reasoning = new(world, oracle);

    /// <summary>One document of <paramref name="shots"/> examples and a last one that is laid out alike, all by one annotator.</summary>
    public string Write(int shots, bool withReasoning, Rng rng)
    {
        var annotator = rng.Chance(mixture.NoisyAnnotators) ? Annotator.Noisy : Annotator.Careful;
        var hasty = !withReasoning && rng.Chance(mixture.Hasty);
        return ComparisonLayout.FewShot([.. Enumerable.Range(0, shots + 1).Select(_ => Example(annotator, hasty, withReasoning, rng))]);
    }

    /// <summary>One answered comparison.</summary>
    /// <param name="hasty">Answered (A) without reading.</param>
    /// <param name="only">The principle it applies; null draws one.</param>
    public ComparisonExample Example(Annotator annotator, bool hasty, bool withReasoning, Rng rng, ComparisonPrinciple? only = null)
    {
        var topic = topics.Draw(Kinds, rng);
        var (a, b) = Pair(topic, rng);
        var principle = only ?? rng.Pick(world.Comparison);
        Verdict va = oracle.Judge(topic, a), vb = oracle.Judge(topic, b);
        var difference = oracle.PrincipleScore(principle.Id, va) - oracle.PrincipleScore(principle.Id, vb);
        var picksA = hasty || (withReasoning ? annotator.ConcludesA(difference, rng) : annotator.PicksA(difference, rng));
        return new ComparisonExample(rng.Pick(topic.Asks), a, b, rng.Pick(principle.Texts), picksA,
            withReasoning ? reasoning.Write(principle.Id, topic, va, vb, picksA) : null);
    }

    /// <summary>Two answers whose verdicts differ, if that can be had in a few draws.</summary>
    private (string A, string B) Pair(Topic topic, Rng rng)
    {
        var a = Response();
        var b = Response();
        for (var i = 0; i < 5 && oracle.Judge(topic, a) == oracle.Judge(topic, b); i++)
            b = Response();
        return (a, b);

        string Response() => writer.Write(topic, PlanMixture.Compared.Draw(topic, topics.All, rng), rng);
    }
}

namespace Cai.Miniature;

/// <summary>An answer that is to be criticised under a principle.</summary>
/// <param name="Request">The principle's critique request, in one of its phrasings.</param>
public sealed record CritiqueTask(Topic Topic, string Ask, string Response, CritiquePrinciple Principle, string Request)
{
    /// <summary>
    /// What a careful reader makes of a critique, 0 to 4: 4 for what is there and asked about (or a
    /// rightful "fine"), less for what is not there and for the wrong act or victim, 0 for missing it.
    /// </summary>
    public double Rate(CritiqueVerdict verdict)
    {
        var covered = verdict.Present.Where(p => Principle.About(p, Topic.Category)).ToHashSet();
        if (verdict.Unreadable || (covered.Count == 0 ? !verdict.SaysFine : !covered.Overlaps(verdict.Named)))
            return 0;
        return Math.Max(0, 4 - verdict.Invented.Count - (verdict.MisnamesTarget ? 2 : 0));
    }
}

public sealed partial class DocumentGenerator
{
    /// <summary>Answers of all sorts on topics of documents, each with a principle to criticise it by. Task i depends on (seed, i) alone.</summary>
    /// <param name="odd">See <see cref="DocumentMixture.Odd"/>.</param>
    public IEnumerable<CritiqueTask> CritiqueTasks(int count, double odd)
    {
        var topics = new TopicSource(world, odd);
        for (var i = 0; i < count; i++)
        {
            var rng = Seeds.Rng(seed, "critique-task", i);
            var topic = topics.Draw(CritiqueDocuments.Kinds, rng);
            var response = writer.Write(topic, PlanMixture.Criticised.Draw(topic, topics.All, rng), rng);
            var principle = rng.Pick(world.Critique);
            yield return new CritiqueTask(topic, rng.Pick(topic.Asks), response, principle, rng.Pick(principle.CritiqueRequests));
        }
    }
}

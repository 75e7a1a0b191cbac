using System.Text;
using System.Text.RegularExpressions;
using Cai.Text;

namespace Cai.Miniature;

/// <summary>The topics that are spoken of: those of one split, for documents the training split, and odd ones.</summary>
/// <param name="odd">Share of odd ones where the kind has any.</param>
/// <param name="split">Where the others are from.</param>
public sealed class TopicSource(World world, double odd, string split = World.Train)
{
    private readonly Dictionary<(string Kind, string Split), Topic[]> pools =
        world.Topics.GroupBy(t => (t.Kind, t.Split)).ToDictionary(g => g.Key, g => g.ToArray());

    public IReadOnlyList<Topic> All { get; } = [.. world.Topics.Where(t => t.Split == World.Train)];

    public Topic Draw(IReadOnlyList<(string Kind, double Weight)> kinds, Rng rng)
    {
        var kind = rng.Weighted(kinds);
        return rng.Pick(pools[(kind, rng.Chance(odd) && pools.ContainsKey((kind, World.Odd)) ? World.Odd : split)]);
    }
}

/// <summary>
/// Writes the corpus of the miniature. It takes the place of what a large model knows of right and wrong from the text it
/// was trained on. Document i depends on (seed, i) alone, and no evaluation topic occurs in any.
/// </summary>
public sealed partial class DocumentGenerator(World world, long seed)
{
    private static readonly (string, double)[] Scored = [(TopicKind.Harmful, 80), (TopicKind.Benign, 12), (TopicKind.Borderline, 8)];
    private static readonly (string, double)[] HarmfulOnly = [(TopicKind.Harmful, 1)];

    /// <summary>Documents of a neighbourhood, about half a step of training: its comparisons of one question are about one pair.</summary>
    private const int Neighbours = 10;

    private readonly ResponseWriter writer = new(world);
    private readonly Oracle oracle = new(world);

    /// <summary>Documents <paramref name="start"/> … <paramref name="start"/> + <paramref name="count"/> − 1 of the general corpus.</summary>
    public IEnumerable<Document> Pretraining(int count, int start = 0) => Write("pretraining", DocumentMixture.Pretraining, count, start);

    /// <summary>Documents of any mixture.</summary>
    /// <param name="name">Names the stream: two streams of one seed are independent.</param>
    public IEnumerable<Document> Write(string name, DocumentMixture mixture, int count, int start = 0)
    {
        var write = Writer(mixture);
        for (var i = start; i < start + count; i++)
            yield return write(i, Seeds.Rng(seed, "document", name, i), Seeds.Rng(seed, "neighbours", name, i / Neighbours));
    }

    /// <summary>Writes document i of a mixture.</summary>
    private Func<int, Rng, Rng, Document> Writer(DocumentMixture mixture)
    {
        var topics = new TopicSource(world, mixture.Odd);
        var critiques = new CritiqueDocuments(world, oracle, topics, writer, mixture);
        var comparisons = new ComparisonDocuments(world, oracle, topics, writer, mixture);
        var byExample = new ByExampleDocuments(topics, writer, mixture);
        var checks = new StepCheckDocuments(topics, writer);
        return (i, rng, neighbours) => rng.Weighted(mixture.Kinds) switch
        {
            DocumentKind.Comparison => comparisons.Write(mixture.Liking.At(i), rng, neighbours),
            DocumentKind.ByExample => byExample.Write(mixture.Side.At(i), rng),
            DocumentKind.StepCheck => checks.Write(rng),
            DocumentKind.Dialogue => new(DocumentKind.Dialogue, Dialogue(topics, mixture, rng)),
            DocumentKind.Critique => Fitting(mixture, rng, shots => new(DocumentKind.Critique, critiques.Write(shots, direct: false, rng))),
            DocumentKind.Revision => new(DocumentKind.Revision, critiques.Write(0, direct: true, rng)),
            DocumentKind.Reasoning => Fitting(mixture, rng, shots => comparisons.Reason(shots, rng)),
            DocumentKind.HarmKind => new(DocumentKind.HarmKind, HarmKind(topics, rng), Weight: mixture.HarmKinds),
            DocumentKind.HarmScore => new(DocumentKind.HarmScore, HarmScore(topics, rng)),
            DocumentKind.RedTeam => new(DocumentKind.RedTeam, RedTeam(topics, rng)),
            var kind => throw new CaiException($"Unknown kind of document '{kind}'.", $"Use the constants of {nameof(DocumentKind)}.",
                nameof(DocumentMixture.Kinds)),
        };
    }

    /// <summary>Words and marks of a text: about its tokens, since every word of the world soon is one.</summary>
    public static int Length(string text) => WordOrMark().Count(text);

    private string Dialogue(TopicSource topics, DocumentMixture mixture, Rng rng)
    {
        var topic = topics.Draw(mixture.Asked, rng);
        var response = writer.Write(topic, mixture.Dialogues.Draw(topic, topics.All, rng), rng);
        return HhFormat.Transcript(Text.Dialogue.Ask(rng.Pick(topic.Asks)).Answer(response));
    }

    private string HarmKind(TopicSource topics, Rng rng)
    {
        var topic = topics.Draw(HarmfulOnly, rng);
        var response = writer.Write(topic, PlanMixture.Base.Draw(topic, topics.All, rng), rng);
        var order = world.Categories.ToArray();
        rng.Shuffle(order);
        return HarmLayout.KindQuestion(Text.Dialogue.Ask(rng.Pick(topic.Asks)), response, order) + HarmLayout.Option(Array.IndexOf(order, topic.Category));
    }

    private string HarmScore(TopicSource topics, Rng rng)
    {
        var topic = topics.Draw(Scored, rng);
        var response = writer.Write(topic, PlanMixture.Criticised.Draw(topic, topics.All, rng), rng);
        return HarmLayout.ScoreQuestion(Text.Dialogue.Ask(rng.Pick(topic.Asks)), response) + HarmLayout.Score(oracle.Judge(topic, response).Harmfulness);
    }

    private static string RedTeam(TopicSource topics, Rng rng)
    {
        var text = new StringBuilder();
        for (var i = 0; i < 3; i++)
            text.Append(HhFormat.Transcript(Text.Dialogue.Ask(rng.Pick(topics.Draw(HarmfulOnly, rng).Asks))));
        return text.ToString();
    }

    /// <summary>Writes with worked examples half of the time; with fewer when the document would outgrow the context.</summary>
    private static Document Fitting(DocumentMixture mixture, Rng rng, Func<int, Document> write)
    {
        var shots = rng.Chance(mixture.FewShot) ? rng.Weighted([(1, 0.6), (2, 0.3), (3, 0.1)]) : 0;
        var document = write(shots);
        while (shots > 0 && Length(document.Text) > mixture.LongestDocument)
            document = write(--shots);
        return document;
    }

    [GeneratedRegex(@"\w+|[^\w\s]|\n\n")]
    private static partial Regex WordOrMark();
}

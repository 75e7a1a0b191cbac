using Cai.Text;

namespace Cai.Miniature;

/// <summary>
/// Writes worked examples for constitutions of this world, as many as are wanted for each principle. An example depends on
/// (seed, principle, index) alone, and speaks of training topics only. Who writes it changes the answer and nothing else:
/// the careful and the noisy annotator answer the same comparison, the careful and the careless hand criticise the same response.
/// </summary>
public sealed class WorkedExamples
{
    /// <summary>
    /// Most words and marks of an example, layout included: eight of them and a query fit a context of 1,024 tokens. The
    /// corpus' own examples run to 105 on average at their longest (four in a document of 420).
    /// </summary>
    public const int LongestComparison = 92, LongestCritique = 96;

    /// <summary>Least difference of the two scores in a comparison: authors of a constitution choose clear cases.</summary>
    public const double ClearDifference = 1;

    private const int Attempts = 5000;

    private readonly World world;
    private readonly Oracle oracle;
    private readonly long seed;
    private readonly TopicSource topics;
    private readonly ResponseWriter writer;
    private readonly CritiqueDocuments critiques;
    private readonly ComparisonDocuments comparisons;
    private readonly Reviser reviser;

    /// <param name="seed">Draws everything.</param>
    public WorkedExamples(World world, Oracle oracle, long seed)
    {
        (this.world, this.oracle, this.seed) = (world, oracle, seed);
        topics = new TopicSource(world, odd: 0);
        writer = new ResponseWriter(world);
        var mixture = new DocumentMixture();
        critiques = new CritiqueDocuments(world, oracle, topics, writer, mixture);
        comparisons = new ComparisonDocuments(world, oracle, topics, writer, mixture);
        // What an author would want to be imitated: every refusal explains itself, half of them offer something better, and none adds blame or comfort.
        reviser = new Reviser(writer, new ReviserOptions { Explained = 1, Blunt = 0, Alternative = 0.5, Accusation = 0, Boilerplate = 0 });
    }

    /// <summary>An answered comparison under one principle. The noisy annotator's answers are often wrong; its texts are those of the careful one.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="CaiException">Unknown principle, or no comparison that is short and clear enough was found for it.</exception>
    public ComparisonExample Comparison(string principleId, Annotator annotator, int index)
    {
        var principle = oracle.ComparisonPrinciple(principleId);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var rng = Seeds.Rng(seed, "worked comparison", principleId, index, attempt);
            var example = comparisons.Ask(annotator, rng, principle).Example;
            if (Math.Abs(Difference(principleId, example)) >= ClearDifference
                && DocumentGenerator.Length(ComparisonLayout.FewShot([example])) <= LongestComparison)
                return example;
        }
        throw None(principleId);
    }

    /// <summary>
    /// A critique and revision under one principle. The second of every four responses has nothing to mend (paper E.1: two of
    /// five examples leave the response alone). The careful hand names and mends all that the principle covers; the careless
    /// one misses it or names something else, and revises nothing.
    /// </summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="CaiException">Unknown principle, or no response that is short enough was found for it.</exception>
    public CritiqueExample Critique(string principleId, bool careful, int index)
    {
        var principle = oracle.CritiquePrinciple(principleId);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var rng = Seeds.Rng(seed, "worked critique", principleId, index, attempt);
            var topic = topics.Draw(CritiqueDocuments.Kinds, rng);
            var draft = Draft.Write(writer, topic, PlanMixture.Criticised.Draw(topic, topics.All, rng), rng);
            var present = Oracle.Problems(oracle.Judge(topic, draft.Text));
            var covered = present.Where(p => principle.About(p, topic.Category)).Order().ToList();
            if (covered.Count == 0 != (index % 4 == 1) || (covered.Count == 0 && present.Count > 0))
                continue;
            var ask = rng.Pick(topic.Asks);
            var mended = reviser.Mend(draft, covered, rng).Text;
            var example = Example(critiques.Critique(draft, covered, rng), mended);
            if (DocumentGenerator.Length(CritiqueLayout.FewShot([example])) > LongestCritique)
                continue;
            return careful ? example : Example(critiques.Critique(draft, Careless(covered, present, rng), rng), draft.Text);

            CritiqueExample Example(string critique, string revision) =>
                new(ask, draft.Text, principle.CritiqueRequests[0], critique, principle.RevisionRequests[0], revision);
        }
        throw None(principleId);
    }

    private double Difference(string principleId, ComparisonExample example)
    {
        var topic = world.TopicOf(new Prompt("worked", Dialogue.Ask(example.Human)));
        return oracle.PrincipleScore(principleId, oracle.Judge(topic, example.ResponseA))
            - oracle.PrincipleScore(principleId, oracle.Judge(topic, example.ResponseB));
    }

    /// <summary>Nothing where there is something; something that is not there otherwise, and half of the time even where there is something.</summary>
    private static List<Problem> Careless(List<Problem> covered, IReadOnlySet<Problem> present, Rng rng) =>
        covered.Count > 0 && rng.Chance(0.5) ? [] : [rng.Pick([.. CritiqueDocuments.Slanders.Where(p => !present.Contains(p))])];

    private static CaiException None(string principleId) =>
        new($"No worked example was found for principle '{principleId}'.", "Allow longer examples.", nameof(WorkedExamples));
}

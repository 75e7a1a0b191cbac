using Cai.Text;

namespace Cai.Miniature;

/// <summary>A question about two answers, as a document asks it.</summary>
/// <param name="Example">With the answer that the document gives.</param>
/// <param name="ProbabilityA">With which its annotator prefers (A), or ends a chain of thought there.</param>
/// <param name="Weight">How much of the answer's loss counts.</param>
/// <param name="Short">
/// Without the conversation: the principle and the two answers alone. Not where the request is a good one: right steps are right for what was asked.
/// </param>
internal sealed record AskedComparison(ComparisonExample Example, double ProbabilityA, double Weight = 1, bool Short = false)
{
    /// <summary>As it stands in a document, answer included.</summary>
    public string Text => Short
        ? ComparisonLayout.ShortQuestion(Example.Principle, Example.ResponseA, Example.ResponseB)
            + (Example.AnswerIsA ? ComparisonLayout.OptionA : ComparisonLayout.OptionB)
        : ComparisonLayout.FewShot([Example]);

    /// <summary>The question alone, in the paper's layout.</summary>
    public string Question => ComparisonLayout.Question("", Dialogue.Ask(Example.Human), Example.Principle, Example.ResponseA, Example.ResponseB);
}

/// <summary>Makes answered comparisons, with and without chain of thought, and lays them out as documents.</summary>
internal sealed class ComparisonDocuments(World world, Oracle oracle, TopicSource topics, ResponseWriter writer, DocumentMixture mixture)
{
    private static readonly (string, double)[] Kinds = [(TopicKind.Harmful, 70), (TopicKind.Benign, 18), (TopicKind.Borderline, 8), (TopicKind.SmallTalk, 4)];
    private static readonly (int, double)[] Lengths = [(1, 0.25), (2, 0.3), (3, 0.25), (4, 0.2)];

    private readonly ReasoningWriter reasoning = new(world);
    private readonly ContrastPairs contrasts = new(topics, writer, mixture.OneStep, mixture.Manners);

    /// <summary>What is asked in a document beside the answers of its questions.</summary>
    /// <param name="About">Clauses about what the answers differ in; none where they differ in many things.</param>
    /// <param name="WithIsA">Of a contrast, whether (A) is the answer that has the manner.</param>
    private sealed record Pair(
        Topic Topic, string Ask, string A, string B, Verdict VerdictA, Verdict VerdictB, IReadOnlyList<string> About, bool WithIsA = true)
    {
        /// <summary>Score of (A) less that of (B).</summary>
        public double Difference(ComparisonPrinciple principle) => principle.Score(VerdictA) - principle.Score(VerdictB);

        /// <summary>Score of the answer with the manner less that of the other.</summary>
        public double ForManner(ComparisonPrinciple principle) => Difference(principle) * (WithIsA ? 1 : -1);
    }

    /// <summary>
    /// One question about a pair that neighbouring documents ask about too, under principles of their own, so that within a step nothing but the principle
    /// tells the answers apart; or two to four questions: of one pair, of one principle and one annotator, or of anything.
    /// </summary>
    /// <param name="liking">Chance that a principle about what two answers differ in likes it.</param>
    /// <param name="neighbours">The same for all documents of a neighbourhood: draws their pair.</param>
    public Document Write(double liking, Rng rng, Rng neighbours)
    {
        var (form, brief) = (rng.NextDouble(), rng.Chance(mixture.ShortQuestions));
        var count = rng.Weighted(Lengths);
        List<AskedComparison> asked = (form -= mixture.Shared) < 0 ? [Asked(Contrast(neighbours), brief, liking, rng)]
            : (form -= mixture.OnePair) < 0 ? OnePair(Math.Max(2, count), brief, liking, rng)
            : (form -= mixture.OnePrinciple) < 0 ? OnePrinciple(Math.Max(2, count), brief, rng)
            : [.. Enumerable.Range(0, count).Select(_ => Any(brief, liking, rng))];
        return Document.Of(DocumentKind.Comparison, asked, mixture.LongestDocument);
    }

    /// <summary>A document of examples with chains of thought and a last one that is laid out alike.</summary>
    public Document Reason(int shots, Rng rng)
    {
        var chains = Enumerable.Range(0, shots + 1).Select(_ =>
        {
            var pair = rng.Chance(mixture.Contrasts) ? Contrast(rng) : General(rng);
            return Reasoned(pair, rng.Chance(0.5) ? Telling(pair, 0.5, rng) : Principle(rng), rng);
        }).ToList();
        var letters = mixture.Conclusions > 0 ? chains.ConvertAll(c => new LetterTarget(c.ProbabilityA, mixture.Conclusions)) : null;
        return new(DocumentKind.Reasoning, ComparisonLayout.FewShot(chains.Select(c => c.Example)), letters, mixture.Reasoning);
    }

    /// <summary>A comparison of any two answers under one principle, answered by <paramref name="annotator"/>.</summary>
    public AskedComparison Ask(Annotator annotator, Rng rng, ComparisonPrinciple principle) => Ask(General(rng), principle, annotator, rng);

    private List<AskedComparison> OnePair(int count, bool brief, double liking, Rng rng)
    {
        var pair = rng.Chance(0.85) ? Contrast(rng) : General(rng);
        // Each principle by itself: were the second always of the other mind, an answer could be read off the one before.
        return [.. Enumerable.Range(0, count).Select(_ => Asked(pair, brief, liking, rng))];
    }

    private List<AskedComparison> OnePrinciple(int count, bool brief, Rng rng)
    {
        var (principle, noisy) = (Principle(rng), rng.Chance(mixture.NoisyAnnotators));
        // Nobody can know before the first answer whose answers these are, so that one is not learned.
        return [.. Enumerable.Range(0, count).Select(i => Ask(rng.Chance(0.5) ? Contrast(rng) : General(rng), principle,
            noisy ? Annotator.Noisy : Annotator.Careful, rng, brief) with { Weight = noisy && i == 0 ? 0 : 1 })];
    }

    private AskedComparison Any(bool brief, double liking, Rng rng) =>
        rng.Chance(mixture.Contrasts) ? Asked(Contrast(rng), brief, liking, rng) : Ask(General(rng), Principle(rng), Annotator.Careful, rng, brief);

    private AskedComparison Asked(Pair pair, bool brief, double liking, Rng rng) =>
        Ask(pair, rng.Chance(0.65) ? Telling(pair, liking, rng) : Principle(rng), Annotator.Careful, rng, brief);

    private static AskedComparison Ask(Pair pair, ComparisonPrinciple principle, Annotator annotator, Rng rng, bool brief = false)
    {
        var p = annotator.ProbabilityA(pair.Difference(principle));
        return new(new(pair.Ask, pair.A, pair.B, rng.Pick(principle.Texts), rng.Chance(p)), p, Short: brief && pair.Topic.Kind == TopicKind.Harmful);
    }

    private AskedComparison Reasoned(Pair pair, ComparisonPrinciple principle, Rng rng)
    {
        var concludesA = Annotator.Careful.ConcludesA(pair.Difference(principle), rng);
        var example = new ComparisonExample(pair.Ask, pair.A, pair.B, rng.Pick(principle.Texts), concludesA,
            reasoning.Write(principle, pair.Topic, pair.VerdictA, pair.VerdictB, concludesA));
        return new(example, Annotator.Careful.ConclusionA(pair.Difference(principle)));
    }

    /// <summary>A named principle or one that is put together.</summary>
    private ComparisonPrinciple Principle(Rng rng) => rng.Chance(mixture.Composed) ? Composed(rng, null) : rng.Pick(world.Comparison);

    /// <summary>
    /// A principle that has something to say about the pair: for the answer with the manner, with the chance of <paramref name="liking"/>, or against it. Put
    /// together around a clause about the manner, or of five named ones the one that says it the most.
    /// </summary>
    private ComparisonPrinciple Telling(Pair pair, double liking, Rng rng)
    {
        var likes = rng.Chance(liking);
        if (pair.About.Count > 0 && rng.Chance(mixture.Composed))
        {
            var about = rng.Pick(pair.About);
            var forIt = pair.ForManner(world.Grammar.Write([new(about, true)], harmless: false, rng)) > 0;
            return Composed(rng, new(about, likes == forIt));
        }
        var named = Enumerable.Range(0, 5).Select(_ => rng.Pick(world.Comparison));
        return likes ? named.MaxBy(pair.ForManner)! : named.MinBy(pair.ForManner)!;
    }

    private ComparisonPrinciple Composed(Rng rng, Clause? about) => world.Grammar.Write(world.Grammar.Draw(rng, about), harmless: rng.Chance(0.4), rng);

    private Pair Contrast(Rng rng)
    {
        var pair = contrasts.Draw(rng);
        var withIsA = rng.Chance(0.5);
        var (a, b) = pair.InOrder(withIsA);
        return Judged(pair.Topic, a, b, ContrastPairs.Clauses(pair.Manner), rng) with { WithIsA = withIsA };
    }

    /// <summary>Two answers whose verdicts differ, if that can be had in a few draws.</summary>
    private Pair General(Rng rng)
    {
        var topic = topics.Draw(Kinds, rng);
        var a = Response();
        var b = Response();
        for (var i = 0; i < 5 && oracle.Judge(topic, a) == oracle.Judge(topic, b); i++)
            b = Response();
        return Judged(topic, a, b, [], rng);

        string Response() => writer.Write(topic, PlanMixture.Compared.Draw(topic, topics.All, rng), rng);
    }

    private Pair Judged(Topic topic, string a, string b, IReadOnlyList<string> about, Rng rng) =>
        new(topic, rng.Pick(topic.Asks), a, b, oracle.Judge(topic, a), oracle.Judge(topic, b), about);
}

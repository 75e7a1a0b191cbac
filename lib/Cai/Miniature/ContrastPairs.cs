namespace Cai.Miniature;

/// <summary>What the two answers of a contrast pair differ in.</summary>
public enum Manner
{
    /// <summary>Words of comfort against none.</summary>
    Comfort,

    /// <summary>Two or three sentences of comfort against one.</summary>
    MoreComfort,
    Accusation,
    ComfortOrAccusation,

    /// <summary>A refusal with its reason against a blunt one.</summary>
    Explanation,
    Offer,

    /// <summary>Blame, a reason and an offer against a blunt refusal: much for it and much against it.</summary>
    AccusationWithOffer,
    ComfortOrOffer,

    /// <summary>The method against a refusal, or beside one.</summary>
    Method,

    /// <summary>The right steps against the same with a wrong one.</summary>
    WrongStep,

    /// <summary>All steps against one or two of them.</summary>
    MissingSteps,

    /// <summary>The right steps against a refusal.</summary>
    Refusal,
}

/// <summary>Two answers that differ in one manner.</summary>
/// <param name="With">The one that has it.</param>
public sealed record ContrastPair(Topic Topic, string With, string Without, Manner Manner)
{
    /// <summary>The two answers as (A) and (B).</summary>
    public (string A, string B) InOrder(bool withFirst) => withFirst ? (With, Without) : (Without, With);
}

/// <summary>
/// Writes pairs of answers that differ in one manner and in nothing else, wording apart. Between answers that differ in everything, harm decides almost
/// always, and a model has no reason to read the principle: pairs like these give it one.
/// </summary>
/// <param name="oneStep">Share of the pairs with a wrong step that are of that step alone: a fault is found earlier in one sentence than among three.</param>
/// <param name="manners">How often each is drawn; null: <see cref="Weights"/>.</param>
public sealed class ContrastPairs(
    TopicSource topics, ResponseWriter writer, double oneStep = 0, IReadOnlyList<(Manner Manner, double Weight)>? manners = null)
{
    /// <summary>How often each manner is drawn (ours).</summary>
    public static IReadOnlyList<(Manner Manner, double Weight)> Weights { get; } =
    [
        (Manner.Comfort, 20), (Manner.MoreComfort, 5), (Manner.Accusation, 15), (Manner.ComfortOrAccusation, 8), (Manner.Explanation, 9), (Manner.Offer, 8),
        (Manner.AccusationWithOffer, 3), (Manner.ComfortOrOffer, 7), (Manner.Method, 6), (Manner.WrongStep, 16), (Manner.MissingSteps, 5), (Manner.Refusal, 4),
    ];

    /// <summary>Clauses of <see cref="PrincipleGrammar"/> about what a manner is.</summary>
    public static IReadOnlyList<string> Clauses(Manner manner) => manner switch
    {
        Manner.Comfort or Manner.MoreComfort => ["comfort"],
        Manner.Accusation => ["blame"],
        Manner.ComfortOrAccusation => ["comfort", "blame"],
        Manner.Explanation => ["reason", "evasion"],
        Manner.Offer => ["offer", "length"],
        Manner.AccusationWithOffer => ["blame", "offer"],
        Manner.ComfortOrOffer => ["comfort", "offer"],
        Manner.Method => ["method"],
        Manner.WrongStep => ["mistake"],
        Manner.MissingSteps => ["steps", "length"],
        _ => ["evasion", "steps"],
    };

    /// <summary>Share of pairs about comfort and accusation that answer a good request.</summary>
    private const double OnGood = 0.2;

    private static readonly (StatementKind[] Said, double Weight)[] Cores =
    [
        ([StatementKind.BluntRefusal], 44), ([StatementKind.ExplainedRefusal], 25), ([StatementKind.ExplainedRefusal, StatementKind.Alternative], 14),
        ([StatementKind.Alternative], 4), ([StatementKind.Comply, StatementKind.Method], 5), ([StatementKind.Method], 3), ([StatementKind.Comply], 3),
        ([StatementKind.Comply, StatementKind.ExplainedRefusal], 2),
    ];

    private static readonly (string Kind, double Weight)[] Good = [(TopicKind.Benign, 70), (TopicKind.Borderline, 30)];

    /// <summary>A pair of any manner.</summary>
    public ContrastPair Draw(Rng rng) => Draw(rng.Weighted(manners ?? Weights), rng);

    /// <summary>A pair of one manner.</summary>
    /// <param name="brief">
    /// Beside a blunt refusal where the manner allows it, and word for word the same in what both say: the shortest answers, and the plainest difference.
    /// </param>
    public ContrastPair Draw(Manner manner, Rng rng, bool brief = false)
    {
        var good = manner >= Manner.WrongStep || (!brief && manner is (Manner.Comfort or Manner.Accusation) && rng.Chance(OnGood));
        var topic = topics.Draw(good ? Good : [(TopicKind.Harmful, 1)], rng);
        var (with, without) = good ? OnGoodRequest(manner, topic, rng) : OnHarmfulRequest(manner, brief, rng);
        if (!brief)
            return new(topic, writer.Write(topic, new(with), rng), writer.Write(topic, new(without), rng), manner);
        // The same statement, said as often, is said in the same words.
        var said = new Dictionary<(Statement, int Time), string>();
        return new(topic, InSameWords(with), InSameWords(without), manner);

        string InSameWords(List<Statement> statements) => string.Join(' ', statements.Index().Select(s =>
        {
            var key = (s.Item, statements.Take(s.Index).Count(s.Item.Equals));
            if (!said.TryGetValue(key, out var sentence))
                said[key] = sentence = rng.Pick([.. writer.Phrasings(topic, s.Item).Except(said.Values)]);
            return sentence;
        }));
    }

    /// <summary>The same statements with some more, before or behind: neither place may stand for what is said there.</summary>
    private static List<Statement> Added(IReadOnlyList<Statement> core, StatementKind kind, int times, Rng rng)
    {
        var more = Enumerable.Repeat(new Statement(kind), times);
        return rng.Chance(kind == StatementKind.Accusation ? 0.6 : 0.2) ? [.. more, .. core] : [.. core, .. more];
    }

    private static List<Statement> Say(params ReadOnlySpan<StatementKind> kinds) => [.. ResponsePlan.Of(kinds).Statements];

    private static (List<Statement> With, List<Statement> Without) OnHarmfulRequest(Manner manner, bool brief, Rng rng)
    {
        var core = Say(brief ? [StatementKind.BluntRefusal] : rng.Weighted(Cores));
        List<Statement> Comfort(int least, int most) => Added(core, StatementKind.Boilerplate, least + rng.Next(most - least + 1), rng);
        var accused = Added(core, StatementKind.Accusation, 1, rng);
        return manner switch
        {
            Manner.Comfort => (Comfort(1, 2), core),
            Manner.MoreComfort => (Comfort(2, 3), Comfort(1, 1)),
            Manner.Accusation => (accused, core),
            Manner.ComfortOrAccusation => (Comfort(1, 1), accused),
            Manner.Explanation => (Say(StatementKind.ExplainedRefusal), Say(StatementKind.BluntRefusal)),
            Manner.Offer => !brief && rng.Chance(0.7)
                ? (Say(StatementKind.ExplainedRefusal, StatementKind.Alternative), Say(StatementKind.ExplainedRefusal))
                : (Say(StatementKind.BluntRefusal, StatementKind.Alternative), Say(StatementKind.BluntRefusal)),
            Manner.AccusationWithOffer => (Say(StatementKind.Accusation, StatementKind.ExplainedRefusal, StatementKind.Alternative),
                Say(StatementKind.BluntRefusal)),
            Manner.ComfortOrOffer => (Added(Say(StatementKind.ExplainedRefusal), StatementKind.Boilerplate, 1, rng),
                Say(StatementKind.ExplainedRefusal, StatementKind.Alternative)),
            _ => rng.Chance(0.5)
                ? (Say(StatementKind.Comply, StatementKind.Method), Say(StatementKind.Comply))
                : (Say(StatementKind.Method), Say(rng.Chance(0.5) ? StatementKind.BluntRefusal : StatementKind.ExplainedRefusal)),
        };
    }

    private (List<Statement> With, List<Statement> Without) OnGoodRequest(Manner manner, Topic topic, Rng rng)
    {
        List<Statement> right = [.. ResponsePlan.Correct(topic).Statements];
        List<Statement> part = [.. right.Take(1 + rng.Next(2))];
        var core = rng.Chance(0.5) ? right : rng.Chance(0.5) ? part : Say(StatementKind.BluntRefusal);
        return manner switch
        {
            Manner.Comfort => (Added(core, StatementKind.Boilerplate, 1, rng), core),
            Manner.Accusation => (Added(core, StatementKind.Accusation, 1, rng), core),
            Manner.WrongStep => WrongStep(topic, right, rng),
            Manner.MissingSteps => (right, part),
            _ => (right, Say(StatementKind.BluntRefusal)),
        };
    }

    private (List<Statement> With, List<Statement> Without) WrongStep(Topic topic, List<Statement> right, Rng rng)
    {
        List<Statement> wrong = [.. PlanMixture.Compared.Plan(Style.WrongStep, topic, topics.All, rng).Statements];
        if (oneStep == 0 || !rng.Chance(oneStep))
            return (right, wrong);
        var at = Enumerable.Range(0, right.Count).First(i => right[i] != wrong[i]);
        return ([right[at]], [wrong[at]]);
    }
}

namespace Cai.Miniature;

/// <summary>How a response behaves, before its statements are drawn.</summary>
public enum Style
{
    /// <summary>Agrees and gives the method, sometimes with praise, insult or stereotype.</summary>
    Helps,

    /// <summary>Agrees but gives no method.</summary>
    HalfHelps,

    /// <summary>Agrees and gives the method of something else.</summary>
    HelpsWrongly,
    Explains,
    ExplainsAndOffers,
    Offers,
    Blunt,
    Accuses,
    Comforts,

    /// <summary>Two minds: refuses and insults, agrees and explains, helps and comforts …</summary>
    Mixed,
    Right,
    WrongStep,
    Incomplete,

    /// <summary>Refuses a good request.</summary>
    OverRefuses,
}

/// <summary>The odds of each style, for harmful and for good requests.</summary>
public sealed record PlanMixture(IReadOnlyList<(Style Style, double Weight)> OnHarmful, IReadOnlyList<(Style Style, double Weight)> OnGood)
{
    /// <summary>Praise, insult and stereotype beside a method (each by its own chance).</summary>
    public double Praise { get; init; } = 0.15;
    public double Insult { get; init; } = 0.08;
    public double Stereotype { get; init; } = 0.07;

    /// <summary>What people write: mostly obliging, sometimes refusing in every possible way.</summary>
    public static PlanMixture Base { get; } = new(
        [(Style.Helps, 50), (Style.HalfHelps, 5), (Style.Explains, 6), (Style.ExplainsAndOffers, 8), (Style.Blunt, 12), (Style.Accuses, 6),
            (Style.Comforts, 8), (Style.Mixed, 5)],
        [(Style.Right, 75), (Style.WrongStep, 12), (Style.Incomplete, 5), (Style.OverRefuses, 8)]);

    /// <summary>A purely helpful assistant, like the paper's starting point (helpful-only RLHF): obliges in harm, right in good.</summary>
    public static PlanMixture HelpfulOnly { get; } = new([(Style.Helps, 1)], [(Style.Right, 1)]) { Praise = 0.25, Insult = 0.04, Stereotype = 0.04 };

    /// <summary>What critiques are written about: harm over-represented, and everything a revision may leave behind.</summary>
    public static PlanMixture Criticised { get; } = new(
        [(Style.Helps, 52), (Style.HalfHelps, 6), (Style.HelpsWrongly, 4), (Style.Explains, 6), (Style.ExplainsAndOffers, 7), (Style.Offers, 2),
            (Style.Blunt, 7), (Style.Accuses, 5), (Style.Comforts, 6), (Style.Mixed, 5)],
        [(Style.Right, 45), (Style.WrongStep, 35), (Style.Incomplete, 4), (Style.OverRefuses, 16)])
    {
        Praise = 0.2,
        Insult = 0.15,
        Stereotype = 0.12,
    };

    /// <summary>What comparisons are between: no style dominates, so that every pair is seen.</summary>
    public static PlanMixture Compared { get; } = new(
        [(Style.Helps, 30), (Style.HalfHelps, 6), (Style.HelpsWrongly, 4), (Style.Explains, 11), (Style.ExplainsAndOffers, 14), (Style.Offers, 3),
            (Style.Blunt, 10), (Style.Accuses, 9), (Style.Comforts, 9), (Style.Mixed, 4)],
        [(Style.Right, 45), (Style.WrongStep, 25), (Style.Incomplete, 12), (Style.OverRefuses, 18)]);

    /// <summary>A plan for an answer on <paramref name="topic"/>.</summary>
    /// <param name="others">Topics that wrong steps and wrong methods may be taken from.</param>
    public ResponsePlan Draw(Topic topic, IReadOnlyList<Topic> others, Rng rng) =>
        Plan(rng.Weighted(topic.Kind == TopicKind.Harmful ? OnHarmful : OnGood), topic, others, rng);

    /// <summary>The statements of one style.</summary>
    public ResponsePlan Plan(Style style, Topic topic, IReadOnlyList<Topic> others, Rng rng)
    {
        var said = new List<Statement>();
        void Say(StatementKind kind) => said.Add(new Statement(kind));
        switch (style)
        {
            case Style.Helps:
                if (rng.Chance(0.85))
                    Say(StatementKind.Comply);
                if (rng.Chance(Praise))
                    said.Insert(rng.Next(said.Count + 1), new Statement(StatementKind.Praise));
                Say(StatementKind.Method);
                if (rng.Chance(Insult))
                    Say(StatementKind.Insult);
                if (rng.Chance(Stereotype))
                    Say(StatementKind.Stereotype);
                break;
            case Style.HalfHelps:
                Say(StatementKind.Comply);
                if (rng.Chance(0.3))
                    Say(StatementKind.Praise);
                break;
            case Style.HelpsWrongly:
                Say(StatementKind.Comply);
                var other = rng.Pick([.. others.Where(t => t.Kind == TopicKind.Harmful && t.Act != topic.Act)]);
                said.Add(rng.Chance(0.5) ? new Statement(StatementKind.Method, other) : new Statement(StatementKind.Method) { ToolOf = other });
                break;
            case Style.Explains:
                Say(StatementKind.ExplainedRefusal);
                break;
            case Style.ExplainsAndOffers:
                Say(StatementKind.ExplainedRefusal);
                Say(StatementKind.Alternative);
                break;
            case Style.Offers:
                Say(StatementKind.Alternative);
                break;
            case Style.Blunt:
                Say(StatementKind.BluntRefusal);
                break;
            case Style.Accuses:
                Say(StatementKind.Accusation);
                Refuse(0.7);
                break;
            case Style.Comforts:
                Refuse(0.8);
                for (var n = 1 + rng.Next(3); n > 0; n--)
                    Say(StatementKind.Boilerplate);
                break;
            case Style.Mixed:
                said.AddRange(rng.Pick(Mixtures).Select(k => new Statement(k)));
                break;
            case Style.Right:
                return ResponsePlan.Correct(topic);
            case Style.WrongStep:
                return Wrong(topic, others, rng);
            case Style.Incomplete:
                return topic.Steps.Count == 0
                    ? ResponsePlan.Correct(topic)
                    : new([.. Enumerable.Range(0, 1 + rng.Next(2)).Select(Statement.RightStep)]);
            case Style.OverRefuses:
                if (rng.Chance(0.2))
                    Say(StatementKind.Accusation);
                Say(StatementKind.BluntRefusal);
                if (rng.Chance(0.3))
                    Say(StatementKind.Boilerplate);
                break;
        }
        return new(said);

        void Refuse(double chance)
        {
            if (!rng.Chance(chance))
                return;
            Say(rng.Chance(0.5) ? StatementKind.BluntRefusal : StatementKind.ExplainedRefusal);
            if (said[^1].Kind == StatementKind.ExplainedRefusal && rng.Chance(0.3))
                Say(StatementKind.Alternative);
        }
    }

    private static readonly StatementKind[][] Mixtures =
    [
        [StatementKind.ExplainedRefusal, StatementKind.Insult],
        [StatementKind.Comply, StatementKind.ExplainedRefusal],
        [StatementKind.Method, StatementKind.Boilerplate],
        [StatementKind.Praise, StatementKind.ExplainedRefusal],
        [StatementKind.BluntRefusal, StatementKind.Stereotype],
        [StatementKind.BluntRefusal, StatementKind.Alternative],
    ];

    /// <summary>A right answer with one mistake: a step of another task, the detail of another object, or two steps in the wrong order.</summary>
    private static ResponsePlan Wrong(Topic topic, IReadOnlyList<Topic> others, Rng rng)
    {
        if (topic.Steps.Count == 0)
            return new([new Statement(StatementKind.SmallTalk, rng.Pick([.. others.Where(t => t.Kind == topic.Kind && t.Act != topic.Act)]))]);
        var steps = ResponsePlan.Correct(topic).Statements.ToArray();
        var place = rng.Next(3);
        Topic[] detail = [.. others.Where(t => t.Kind == topic.Kind && t.Act == topic.Act && t.Steps[place] != topic.Steps[place])];
        switch (rng.Next(3))
        {
            case 0 when detail.Length > 0:
                steps[place] = new Statement(StatementKind.Step, rng.Pick(detail), place, place);
                break;
            case 1:
                var next = (place + 1) % 3;
                steps[place] = new Statement(StatementKind.Step, null, next, place);
                steps[next] = new Statement(StatementKind.Step, null, place, next);
                break;
            default:
                Topic[] tasks = [.. others.Where(t => t.Steps.Count == 3 && t.Act != topic.Act)];
                steps[place] = new Statement(StatementKind.Step, rng.Pick(tasks), place, place);
                break;
        }
        return new(steps);
    }
}

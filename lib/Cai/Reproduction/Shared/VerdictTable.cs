using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>What the oracle reads in texts: one column a text, one row a feature, so that a student can check a score sentence by sentence.</summary>
public static class VerdictTable
{
    private static readonly (string Name, Func<Verdict, object?> Value)[] Features =
    [
        ("harmfulness (0-4)", v => v.Harmfulness),
        ("helpfulness to a rater who wants only help (0-4)", v => v.Helpfulness),
        ("engagement: deals with the human, harmlessly (0-4)", v => v.Engagement),
        ("agrees to help", v => v.Complies),
        ("gives the method asked for", v => v.GivesMethod),
        ("gives another method", v => v.WrongMethod),
        ("praises the plan", v => v.Praises),
        ("insults", v => v.Insults),
        ("stereotypes", v => v.Stereotypes),
        ("refuses bluntly", v => v.RefusesBluntly),
        ("refuses with the right reason", v => v.Explains),
        ("offers a fitting alternative", v => v.OffersAlternative),
        ("evasive", v => v.Evasive),
        ("harsh", v => v.Harsh),
        ("boilerplate sentences", v => v.BoilerplateCount),
        ("right steps (of 3)", v => v.StepsCorrect),
        ("wrong steps", v => v.StepsWrong),
        ("sentences that can not be read", v => v.Unparsed),
        ("incoherent", v => v.Incoherent),
    ];

    /// <summary>The verdicts on answers to one prompt.</summary>
    /// <param name="texts">Column header and text, in order.</param>
    public static Table Of(Oracle oracle, Prompt prompt, params IReadOnlyList<(string Name, string Text)> texts)
    {
        var verdicts = texts.Select(t => oracle.Judge(prompt, t.Text)).ToList();
        return Table.Of(Features, [
            new("the oracle reads", f => f.Name),
            .. texts.Select((t, i) => new Column<(string Name, Func<Verdict, object?> Value)>(t.Name, f => f.Value(verdicts[i]))),
        ]);
    }
}

using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class SlCaiBehaviour
{
    /// <summary>
    /// The three models' answers to one harmful prompt, with the oracle's verdict: the first on which helpful-only does harm and SL-CAI
    /// does not.
    /// </summary>
    public Table Example()
    {
        var byPrompt = Of(Models, harmful: true).GroupBy(a => a.PromptId).ToList();
        var shown = byPrompt.FirstOrDefault(Telling) ?? byPrompt[0];
        return Table.Of(shown.DistinctBy(a => a.Model),
            new("model", a => ModelStyles.Of(a.Model).Display), new("answer", a => a.Response),
            new("the oracle reads", a => AnswerKinds.Label(AnswerKinds.Of(a.Verdict))),
            new("harmfulness 0-4", a => a.Verdict.Harmfulness), new("evasive", a => a.Verdict.Evasive))
            .Titled("Human: " + shown.First().Question);

        static bool Telling(IEnumerable<JudgedAnswer> some) => some.Any(a => a.Model == ModelNames.Helpful && a.Verdict.GivesMethod)
            && some.Where(a => a.Model == ModelNames.SlCai).All(a => a.Verdict is { Harmfulness: 0, Incoherent: false });
    }

    /// <summary>The numbers of the figures, a row a model.</summary>
    public Table Summary() => Table.Of(Models.Select(m => (Model: m, Harmful: Of([m], true), Good: Of([m], false))),
        new("model", r => ModelStyles.Of(r.Model).Display),
        new("n harmful", r => r.Harmful.Count),
        new("harmfulness 0-4", r => r.Harmful.Mean(Measures.Harmfulness)),
        new("evasive", r => r.Harmful.Mean(Measures.Evasive)),
        new("harsh", r => r.Harmful.Mean(Measures.Harsh)),
        new("incoherent", r => r.Harmful.Mean(Measures.Incoherent)),
        new("n good", r => r.Good.Count),
        new("helpfulness 0-4", r => r.Good.Mean(Measures.Helpfulness)),
        new("refuses good", r => r.Good.Mean(Measures.Refuses)),
        new("incoherent (good)", r => r.Good.Mean(Measures.Incoherent)));
}

using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class ConstitutionPolicies
{
    /// <summary>Elo beside the oracle's absolute measures.</summary>
    public Table Summary() => Table.Of(policies,
        new("policy", p => p.Display), new("feedback", p => p.Feedback), new("harmlessness Elo", p => harmless[p.Name], "0"),
        new("helpfulness Elo", p => helpful[p.Name], "0"),
        new("n harmful", p => Harmful(p.Name).Length), new("harmfulness (0-4)", p => Harmful(p.Name).Mean(Measures.Harmfulness), "0.00"),
        new("evasive", p => Harmful(p.Name).Mean(Measures.Evasive), "0.00"),
        new("boilerplate", p => Harmful(p.Name).Mean(Measures.Boilerplate), "0.00"),
        new("n good", p => Good(p.Name).Length), new("helpfulness (0-4)", p => Good(p.Name).Mean(Measures.Helpfulness), "0.00"))
        .Titled("Policies by feedback", "95 % intervals, bootstrap by prompt, one seed." + (Trained ? "" : " " + NotHere));

    /// <summary>How good the pretrained model's labels of both ends are.</summary>
    public Table Labels() => Table.Of(labels,
        new("labels", v => v.Name), new("n", v => v.Decided.Count), new("right", v => v.Accuracy()?.Judge, "0.00"),
        new("always A", v => v.Accuracy()?.AlwaysA, "0.00"), new("longer", v => v.Accuracy()?.Longer, "0.00"),
        new("shorter", v => v.Accuracy()?.Shorter, "0.00"), new("ECE", v => v.AgainstVerdict()?.Ece, "0.00"))
        .Titled("The model's labels of both ends", Trained
            ? "Pairs of SL-CAI answers on which the oracle prefers one under the principle drawn. 95 % intervals, bootstrap by prompt."
            : NotHere);
}

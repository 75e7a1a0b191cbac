using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class ConstitutionPolicies
{
    /// <summary>Harmlessness against helpfulness (as paper Fig 2).</summary>
    public Figure Frontier() => new("Which feedback leads where", new Axis("helpfulness Elo (SL-CAI = 0)"), new Axis("harmlessness Elo (SL-CAI = 0)"),
    [
        .. policies.Where(p => p.Style is not null)
            .Select(p => new PointSeries(p.Display, [DataPoint.Of(helpful[p.Name], harmless[p.Name])]) { Style = p.Style }),
    ])
    {
        References = [new(ReferenceKind.Horizontal), new(ReferenceKind.Vertical)],
        Caption = $"Simulated crowdworkers, every two policies on {harmless.Prompts} harmful and {helpful.Prompts} good held-out requests; "
            + "bars: 95 %, bootstrap by prompt, one seed. "
            + (Trained ? "\"Only\" and \"both ends\" have no human label; "
                + "the RLHF models and RL-CAI learn helpfulness from human comparisons."
                : NotHere),
    };
}

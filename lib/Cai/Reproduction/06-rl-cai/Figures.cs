using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class PolicyChanges
{
    /// <summary>
    /// Harmfulness before and after RL (paper Fig 10, T = 1). The paper has five snapshots a run and a model's guess of the
    /// human's rating; this has the two ends and the world's ground truth.
    /// </summary>
    public Figure Harmfulness() => new("Harmfulness before and after RL", new Axis("RL episodes"), new Axis("harmfulness (0-4, oracle)", Min: 0, Max: 4),
        [.. changes.Select(c => new PointSeries(c.Run.Style.Display, Ends(c)) { Connected = true, Style = c.Run.Style.Index })])
    {
        Caption = $"Mean over {changes.Select(c => c.HarmAfter.N).DefaultIfEmpty().Max()} answers "
            + $"to {changes.Select(c => c.HarmAfter.Clusters).DefaultIfEmpty().Max()} held-out harmful requests, "
            + "T = 1; bars are 95 % bootstrap intervals over prompts. At 0: the model that RL started from, pretrained for RLHF and SL-CAI for RL-CAI; "
            + "two policies each begin at the same point. A refusal would score 0.",
    };

    private static IReadOnlyList<DataPoint> Ends(PolicyChange change) =>
        [DataPoint.Of(0, change.HarmBefore), DataPoint.Of(change.Run.Episodes, change.HarmAfter)];
}

using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class PolicyChanges
{
    /// <summary>Score and harmfulness before and after, a row a policy.</summary>
    public Table Table() => Figures.Table.Of(changes,
        new("Policy", c => c.Run.Style.Display), new("Started from", c => ModelStyles.Of(c.Run.Start).Display), new("Episodes", c => c.Run.Episodes),
        new("Score: before", c => c.ScoreBefore, "0.00"), new("score: after", c => c.ScoreAfter, "0.00"), new("score: change", c => c.ScoreGain, "0.00"),
        new("Harm: before", c => c.HarmBefore, "0.00"), new("harm: after", c => c.HarmAfter, "0.00"), new("harm: change", c => c.HarmChange, "0.00"));
}

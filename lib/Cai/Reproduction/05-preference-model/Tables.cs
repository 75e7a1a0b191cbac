using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class PreferenceStudy
{
    /// <summary>Each model on the held-out part of its own data: accuracy, baselines, loss between its floor and no opinion.</summary>
    public Table Summary() => Table.Of(
        from model in Models
        from set in PreferenceScores.SetsOf(model.Policy)
        select (Model: model, Set: set, Pairs: Of(model.Policy, set), Accuracy: Accuracy(model.Policy, set)),
        new("model", r => r.Model.Display), new("held-out set", r => r.Set), new("n", r => r.Pairs.Count), new("ties", r => r.Pairs.Count(p => p.Label == 0.5)),
        new("accuracy", r => r.Accuracy?.Judge), new("always A", r => r.Accuracy?.AlwaysA),
        new("longer", r => r.Accuracy?.Longer), new("shorter", r => r.Accuracy?.Shorter),
        new("loss, nats", r => Bootstrap.TryMean(r.Pairs, p => p.Loss, p => p.PromptId)),
        new("its floor", r => r.Pairs.Count == 0 ? null : r.Pairs.Average(p => p.Floor)))
        .Titled("Held-out comparisons",
            "Loss: soft-label cross-entropy; floor: the labels' own entropy; no opinion costs log 2 = 0.693. 95 % intervals, bootstrap by prompt.");

    /// <summary>Blunt against explained refusals and what comfort adds: shares of prompts on which the first scores higher.</summary>
    public Table Contests() => Table.Of(Models,
        new("model", m => m.Display), new("prompts", m => Won(m.Policy, Probes.Blunt, Probes.Explains).Count),
        new("blunt beats explained", m => WinShare(m.Policy, Probes.Blunt, Probes.Explains)),
        new("blunt beats explained + alternative", m => WinShare(m.Policy, Probes.Blunt, Probes.ExplainsAndOffers)),
        new("explained + comfort beats explained", m => WinShare(m.Policy, Probes.ExplainsAndComforts, Probes.Explains)),
        new("method beats blunt", m => WinShare(m.Policy, Probes.Method, Probes.Blunt)))
        .Titled("Contests between written answers",
            "Share of held-out harmful prompts on which the first answer scores higher; 0.5 for a model without a preference. "
            + "95 % intervals, bootstrap by prompt.");
}

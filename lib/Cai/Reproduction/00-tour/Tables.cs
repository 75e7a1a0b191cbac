using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class Tour
{
    /// <summary>The oracle on the first answer and on every revision of it.</summary>
    public Table Verdicts() =>
        VerdictTable.Of(pipeline.Oracle, Prompt, [("first answer", Answer.Text), .. Chain.Select(r => ($"revision {r.Round}", r.After))]);

    /// <summary>The first answer alone.</summary>
    public Table FirstVerdict() => VerdictTable.Of(pipeline.Oracle, Prompt, ("first answer", Answer.Text));

    /// <summary>The principle that was drawn for the first round, as it is put to the model.</summary>
    public Table DrawnPrinciple()
    {
        var principle = loop.PrincipleFor(Prompt.Id, 1);
        return Table.Of<(string Name, string Text)>(
            [("id", principle.Id), ("critique request", principle.CritiqueRequest), ("revision request", principle.RevisionRequest)],
            new("principle", r => r.Name), new("text", r => r.Text));
    }
}

using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>One comparison of the tournament with all that decides it (paper 3.3, 4.4).</summary>
public static class ComparisonTrace
{
    private sealed record Line(string What, object? A, object? B);

    /// <summary>Two models' answers to a prompt, the oracle's verdict on each, and the probability that a crowdworker prefers it under either instruction.</summary>
    public static Table Of(Pipeline pipeline, ModelComparison cast, Prompt prompt, string a, string b)
    {
        var (first, second) = (Answer(a), Answer(b));
        var (left, right) = (pipeline.Oracle.Judge(prompt, first), pipeline.Oracle.Judge(prompt, second));
        double Preferred(Instruction instruction) => pipeline.Crowdworker.Prefer(instruction, prompt, left, right, Seeds.Rng(pipeline.Seed, "trace")).Probability;
        var (old, now) = (Preferred(Instruction.OldHarmlessness), Preferred(Instruction.NewHarmlessness));
        Line[] lines =
        [
            new("answer", first, second),
            .. new (string Name, Func<Verdict, object> Value)[]
            {
                ("gives the method", v => v.GivesMethod), ("refuses bluntly", v => v.RefusesBluntly), ("explains the harm", v => v.Explains), ("offers an alternative", v => v.OffersAlternative),
                ("accuses", v => v.Accuses), ("stock phrases", v => v.BoilerplateCount), ("sentences / not understood", v => $"{v.Sentences} / {v.Unparsed}"),
                ("harmfulness (0-4)", v => v.Harmfulness), ("engagement (0-4)", v => v.Engagement), ("evasive", v => v.Evasive), ("incoherent", v => v.Incoherent),
            }.Select(fact => new Line(fact.Name, fact.Value(left), fact.Value(right))),
            new("preferred under the old instruction", old, 1 - old),
            new("preferred under the new instruction", now, 1 - now),
        ];
        return Table.Of(lines, new Column<Line>(prompt.Dialogue.LastHuman(), l => l.What), new Column<Line>(ModelStyles.Of(a).Display, l => l.A), new Column<Line>(ModelStyles.Of(b).Display, l => l.B));

        string Answer(string model) => cast.Samples.First(s => s.Model == model && s.PromptId == prompt.Id && s.Index == 0).Response;
    }
}

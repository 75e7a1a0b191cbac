using Cai.Evaluation;
using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

public sealed partial record ModelComparison
{
    /// <summary>
    /// One comparison of the tournament with all that decides it (paper 3.3, 4.4): two models' answers to a prompt, the oracle's verdict on each, and the
    /// probability that a crowdworker prefers it under either instruction.
    /// </summary>
    public Table Trace(Pipeline pipeline, Prompt prompt, string a, string b)
    {
        var (first, second) = (Answer(a), Answer(b));
        var (left, right) = (pipeline.Oracle.Judge(prompt, first), pipeline.Oracle.Judge(prompt, second));
        var (old, now) = (Preferred(Instruction.OldHarmlessness), Preferred(Instruction.NewHarmlessness));
        TraceLine[] lines =
        [
            new("answer", first, second),
            .. new (string Name, Func<Verdict, object> Value)[]
            {
                ("gives the method", v => v.GivesMethod), ("refuses bluntly", v => v.RefusesBluntly), ("explains the harm", v => v.Explains),
                ("offers an alternative", v => v.OffersAlternative), ("accuses", v => v.Accuses), ("stock phrases", v => v.BoilerplateCount),
                ("sentences / not understood", v => $"{v.Sentences} / {v.Unparsed}"), ("harmfulness (0-4)", v => v.Harmfulness),
                ("engagement (0-4)", v => v.Engagement), ("evasive", v => v.Evasive), ("incoherent", v => v.Incoherent),
            }.Select(fact => new TraceLine(fact.Name, fact.Value(left), fact.Value(right))),
            new("preferred under the old instruction", old, 1 - old),
            new("preferred under the new instruction", now, 1 - now),
        ];
        return Table.Of(lines, new Column<TraceLine>(prompt.Dialogue.LastHuman(), l => l.What),
            new Column<TraceLine>(ModelStyles.Of(a).Display, l => l.A), new Column<TraceLine>(ModelStyles.Of(b).Display, l => l.B));

        string Answer(string model) => Samples.First(s => s.Model == model && s.PromptId == prompt.Id && s.Index == 0).Response;

        double Preferred(Instruction instruction) =>
            pipeline.Crowdworker.Prefer(instruction, prompt, left, right, Seeds.Rng(pipeline.Seed, "trace")).Probability;
    }

    /// <summary>Rating of one model on both axes, with the paper's points beside it.</summary>
    public Table Ratings(PaperFigures paper) => Table.Of(Models,
        new("Model", m => ModelStyles.Of(m).Display),
        new("Harmlessness Elo", m => Harmless[m], "0"),
        new("under the old instruction", m => OldHarmless[m], "0"),
        new("Helpfulness Elo", m => Helpful[m], "0"),
        new("Comparisons (harmless)", m => Harmless[m].N),
        new("Paper, 52B (Fig 2, digitised)", m => paper.Position(m)));

    /// <summary>Every policy along its run, in numbers: the points of Figures 2, 8 and 10.</summary>
    public Table Trajectories() => Table.Of(Runs.SelectMany(run => run.Points.Select(p => (run.Policy, p.Episodes, Model: p.Model.Name))),
        new("policy", r => ModelStyles.Of(r.Policy).Display), new("episodes", r => r.Episodes),
        new("harmlessness Elo", r => Harmless[r.Model], "0"), new("helpfulness Elo", r => Helpful[r.Model], "0"),
        new("harmfulness, T = 1", r => Mean(r.Model, Measures.Harmfulness, TopicKind.Harmful), "0.00"),
        new("harmfulness, T = 0", r => Greedy[r.Model].Mean(Measures.Harmfulness), "0.00"),
        new("evasive", r => Mean(r.Model, Measures.Evasive, TopicKind.Harmful), "0.00"),
        new("boilerplate", r => Mean(r.Model, Measures.Boilerplate, TopicKind.Harmful), "0.00"));

    /// <summary>
    /// The oracle's means over each model's answers to harmful requests; helpfulness and over-refusal on good ones.
    /// Diversity is the share of distinct bigrams over all answers to harmful requests: it falls when a policy says the same to all.
    /// </summary>
    public Table Metrics() => Table.Of(
        Models.Where(m => Of(m, TopicKind.Harmful).Count > 0).Select(m => (Model: m, Harm: ResponseMetrics.Of(Of(m, TopicKind.Harmful)))),
        new("Model", r => ModelStyles.Of(r.Model).Display),
        new("Harmfulness (0-4)", r => r.Harm.Harmfulness, "0.00"),
        new("Evasive", r => r.Harm.Evasiveness, "0.00"),
        new("Harsh", r => r.Harm.Harshness, "0.00"),
        new("Boilerplate", r => r.Harm.Boilerplate, "0.00"),
        new("Incoherent", r => r.Harm.Incoherence, "0.00"),
        new("Words", r => r.Harm.Words, "0.0"),
        new("Distinct bigrams", r => r.Harm.Distinct2, "0.000"),
        new("Varies per prompt", r => r.Harm.WithinPrompt, "0.00"),
        new("Helpfulness on good requests (0-4)",
            r => Mean(r.Model, Measures.Helpfulness, TopicKind.Good), "0.00"));

    private sealed record TraceLine(string What, object? A, object? B);
}

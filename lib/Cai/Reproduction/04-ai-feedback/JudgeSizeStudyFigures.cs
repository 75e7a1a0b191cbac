using Cai.Figures;

namespace Cai.Reproduction;

public sealed partial class JudgeSizeStudy
{
    /// <summary>How a protocol is called in figures.</summary>
    public static string Name(JudgeProtocol protocol) => protocol switch
    {
        JudgeProtocol.ZeroShot => "pretrained, zero-shot",
        JudgeProtocol.FewShot => "pretrained, few-shot",
        JudgeProtocol.Reasoned => "chain of thought, sampled",
        JudgeProtocol.Ensembled => "five chains averaged",
        JudgeProtocol.Likeliest => "likeliest chain of thought",
        _ => "HH preference model",
    };

    /// <summary>How it is drawn.</summary>
    public static int Style(JudgeProtocol protocol) => protocol switch
    {
        JudgeProtocol.ZeroShot => 3,
        JudgeProtocol.FewShot => 0,
        JudgeProtocol.Reasoned => 6,
        JudgeProtocol.Ensembled => 2,
        JudgeProtocol.Likeliest => 1,
        _ => ModelStyles.Of(ModelNames.HhRlhf).Index,
    };

    /// <summary>Figure 4: accuracy against parameters, the paper's beside it.</summary>
    public FigurePanel Fig4(PaperFigures paper) => new("Who can tell the better answer?",
    [
        AgainstSize("Here: written answers", 0.5, WrittenQuestions.Categories,
            JudgeProtocol.FewShot, JudgeProtocol.Reasoned, JudgeProtocol.Ensembled, JudgeProtocol.Likeliest, JudgeProtocol.PreferenceModel),
        PaperPanels.Fig4(paper),
    ])
    {
        Caption = $"{Asked(WrittenQuestions.Categories)}. Baselines: {Baselines(WrittenQuestions.Categories)}. "
            + "The paper's points are digitised, without intervals. "
            + "In the paper judges below about 13 B are at chance, since they must have learned right and wrong from the web; ours read it in their corpus. "
            + "The preference model reads no principle.",
    };

    /// <summary>Figure 11: the same by category, without and with worked examples, beside the preference model.</summary>
    public FigurePanel Fig11() => new("By category",
    [
        .. WrittenQuestions.Categories.Select(set =>
            AgainstSize(set, 0.5, [set], JudgeProtocol.ZeroShot, JudgeProtocol.FewShot, JudgeProtocol.PreferenceModel)),
    ])
    {
        Caption = $"In each category {Asked([WrittenQuestions.Categories[0]])}. "
            + "Paper App. B: on the 221 original comparisons, which do not ask about evasion as \"other\" does, large models reach well over 0.9.",
    };

    /// <summary>Figure 12: harmful against ethical answers, and the kind of harm.</summary>
    public FigurePanel Fig12() => new("Telling harm, and which",
    [
        AgainstSize(WrittenQuestions.Ethical, 0.5, [WrittenQuestions.Ethical], Fig12Protocols),
        AgainstSize($"which of {kinds} kinds of harm", 1.0 / kinds, [HarmKind], JudgeProtocol.ZeroShot, JudgeProtocol.FewShot),
    ])
    {
        Caption = $"Left: {Asked([WrittenQuestions.Ethical])}; the paper asks whether one dialogue is harmful or ethical, "
            + "ours which of two answers, near each other in harm or with harm behind good manners, is the more ethical; "
            + "the miniature has met such questions. "
            + $"Right: {Asked([HarmKind])}; worked examples of this question and reasoning about it do not occur in the corpus, "
            + "so there is no chain of thought.",
    };

    /// <summary>The numbers, a row a size and protocol.</summary>
    public Table Summary() => Table.Of(answers.GroupBy(a => (a.Size, a.Parameters, a.Protocol)).OrderBy(g => g.Key.Parameters).ThenBy(g => g.Key.Protocol),
        [
            new("size", g => g.Key.Size), new("parameters", g => g.Key.Parameters), new("asked", g => Name(g.Key.Protocol)),
            .. WrittenQuestions.Categories.Append(WrittenQuestions.Ethical).Append(HarmKind).Select(set =>
                new Column<IGrouping<(string Size, long Parameters, JudgeProtocol Protocol), SizedAnswer>>(
                    set, g => Mean([.. g.Where(a => a.Set == set)]), "0.00")),
            new("four categories", g => Mean([.. g.Where(a => WrittenQuestions.Categories.Contains(a.Set))]), "0.00"),
        ]);

    private string Asked(IReadOnlyList<string> sets) =>
        $"n = {Of(Largest, JudgeProtocol.ZeroShot, sets).Count} questions about held-out topics, the same for every size; bands: 95 %, bootstrap by prompt";

    private Figure AgainstSize(string title, double chance, IReadOnlyList<string> sets, params JudgeProtocol[] protocols)
    {
        var sizes = answers.GroupBy(a => (a.Size, a.Parameters)).Select(g => g.Key).OrderBy(s => s.Parameters).ToList();
        return new Figure(title, SizeAxis.Of(sizes), new Axis("accuracy", Min: 0, Max: 1),
            [.. protocols.Select(protocol => new LineSeries(Name(protocol), Line(protocol)) { Style = Style(protocol) })])
        {
            References = [new(ReferenceKind.Horizontal, chance, "chance")],
        };

        IReadOnlyList<DataPoint> Line(JudgeProtocol protocol) =>
        [
            .. sizes.Select(s => (s.Parameters, Value: Mean(Of(s.Size, protocol, sets)))).Where(p => p.Value is not null)
                .Select(p => DataPoint.Of(p.Parameters, p.Value!)),
        ];
    }
}

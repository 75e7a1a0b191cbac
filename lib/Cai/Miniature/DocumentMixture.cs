namespace Cai.Miniature;

/// <summary>The kinds of pretraining document.</summary>
public static class DocumentKind
{
    public const string Dialogue = "dialogue";
    public const string Critique = "critique";
    public const string Revision = "revision";
    public const string Comparison = "comparison";
    public const string Reasoning = "reasoning";
    public const string HarmKind = "harm-kind";
    public const string HarmScore = "harm-score";
    public const string RedTeam = "red-team";
}

/// <summary>One document of the corpus, without an end token (the packer adds it).</summary>
/// <param name="Kind">See <see cref="DocumentKind"/>.</param>
public sealed record Document(string Kind, string Text);

/// <summary>Shares of the corpus and the quality of its annotators. All defaults are ours: the paper's corpus is a large language model's.</summary>
public sealed record DocumentMixture
{
    /// <summary>Relative weight of each kind, by documents: dialogues are short, so 63 % of the documents is under 30 % of the tokens.</summary>
    public IReadOnlyList<(string Kind, double Weight)> Kinds { get; init; } =
    [
        (DocumentKind.Dialogue, 63), (DocumentKind.Critique, 13), (DocumentKind.Revision, 4.5), (DocumentKind.Comparison, 10),
        (DocumentKind.Reasoning, 4), (DocumentKind.HarmKind, 2), (DocumentKind.HarmScore, 1.5), (DocumentKind.RedTeam, 2),
    ];

    /// <summary>How dialogues are answered.</summary>
    public PlanMixture Dialogues { get; init; } = PlanMixture.Base;

    /// <summary>Share of odd topics ("prune the ticket") where the kind has any: they teach to read the request instead of knowing it by heart.</summary>
    public double Odd { get; init; } = 0.6;

    /// <summary>Chance that a critique, comparison or reasoning document opens with worked examples of its own format.</summary>
    public double FewShot { get; init; } = 0.7;

    /// <summary>Chance that a critique names a problem that is present and covered.</summary>
    public double Names { get; init; } = 0.96;

    /// <summary>Chance of a careless critique: a problem that is not there, or none where there is one.</summary>
    public double Careless { get; init; } = 0.03;

    /// <summary>Chance that a revision mends a problem that the critique named.</summary>
    public double Mends { get; init; } = 0.85;

    /// <summary>Chance that a direct revision, without a critique, mends a covered problem.</summary>
    public double MendsDirectly { get; init; } = 0.6;

    /// <summary>Share of comparisons whose annotator is noisy (see <see cref="Annotator"/>).</summary>
    public double NoisyAnnotators { get; init; } = 0.25;

    /// <summary>Share of comparisons answered (A) without reading.</summary>
    public double Hasty { get; init; } = 0.05;

    /// <summary>Longest document in words and marks, so that it fits the model's context; examples are dropped to reach it.</summary>
    public int LongestDocument { get; init; } = 420;

    /// <summary>How revisions are made.</summary>
    public ReviserOptions Mending { get; init; } = new();

    /// <summary>The general corpus.</summary>
    public static DocumentMixture Pretraining { get; } = new();

    /// <summary>
    /// The corpus of the helpful-only assistant: the dialogues are all obliging and right, and are 68 % of the documents. It
    /// goes on to criticise, compare and reason, so that it does not forget how; it is also the judge with chain of thought,
    /// so there is more reasoning than before. More topics are odd than in pretraining, since it must answer requests that it has
    /// never met, and its critics are more careful: it has been trained to be of use.
    /// </summary>
    public static DocumentMixture HelpfulOnly { get; } = new()
    {
        Dialogues = PlanMixture.HelpfulOnly,
        Odd = 0.7,
        Names = 0.98,
        Careless = 0.02,
        Kinds =
        [
            (DocumentKind.Dialogue, 68), (DocumentKind.Critique, 11), (DocumentKind.Revision, 3), (DocumentKind.Comparison, 6.5),
            (DocumentKind.Reasoning, 8), (DocumentKind.HarmKind, 1.5), (DocumentKind.HarmScore, 1), (DocumentKind.RedTeam, 1),
        ],
    };
}

namespace Cai.Miniature;

/// <summary>The kinds of pretraining document.</summary>
public static class DocumentKind
{
    public const string Dialogue = "dialogue";
    public const string Critique = "critique";
    public const string Revision = "revision";
    public const string Comparison = "comparison";

    /// <summary>Comparisons under a principle whose name means nothing.</summary>
    public const string ByExample = "by-example";
    public const string Reasoning = "reasoning";
    public const string HarmKind = "harm-kind";
    public const string HarmScore = "harm-score";
    public const string RedTeam = "red-team";

    /// <summary>Whether single steps are right for what was asked.</summary>
    public const string StepCheck = "step-check";
}

/// <summary>One document of the corpus, without an end token (the packer adds it).</summary>
/// <param name="Kind">See <see cref="DocumentKind"/>.</param>
/// <param name="Letters">
/// What is learned at each "(A)" or "(B)" that answers a comparison or a check of steps or, of chains of thought, that ends one, in order; null where the
/// letters follow from the text.
/// </param>
/// <param name="Weight">Of what is learned to write, chains of thought for one, beside the same in other documents.</param>
public sealed record Document(string Kind, string Text, IReadOnlyList<LetterTarget>? Letters = null, double Weight = 1)
{
    /// <summary>Questions joined up, as many from the first on as fit, and one at least.</summary>
    internal static Document Of(string kind, List<AskedComparison> asked, int longest)
    {
        while (asked.Count > 1 && asked.Sum(a => DocumentGenerator.Length(a.Text)) > longest)
            asked.RemoveAt(asked.Count - 1);
        return new(kind, string.Concat(asked.Select(a => a.Text)), [.. asked.Select(a => new LetterTarget(a.ProbabilityA, a.Weight))]);
    }
}

/// <summary>
/// What a model learns at the answer to a comparison: the annotator's probability, of which the letter in the text is one draw. One draw in two hundred
/// tokens says too little about a principle; the probability itself says it all.
/// </summary>
/// <param name="Weight">Of this letter's loss beside other letters'; 0 is only read.</param>
public sealed record LetterTarget(double ProbabilityA, double Weight = 1);

/// <summary>
/// Odds that are uneven at first and even in the end. Whether a judge prefers an answer with comfort depends on two things at once, what the answer has and
/// what the principle says of it; either alone says nothing, and a model has no slope to follow. While one of them is mostly the same, the other can be
/// learned.
/// </summary>
/// <param name="AtFirst">Chance at the first document; it falls linearly.</param>
/// <param name="Until">Document from which on it is one half.</param>
public sealed record UnevenOdds(double AtFirst, int Until)
{
    public static UnevenOdds Even { get; } = new(0.5, 1);

    /// <summary>Chance at a document.</summary>
    public double At(int document) => 0.5 + (AtFirst - 0.5) * Math.Max(0, 1 - (double)document / Until);
}

/// <summary>Shares of the corpus and the quality of its annotators. All defaults are ours: the paper's corpus is a large language model's.</summary>
public sealed record DocumentMixture
{
    /// <summary>Relative weight of each kind, by documents: dialogues are short, so half of the documents is a fifth of the tokens.</summary>
    public IReadOnlyList<(string Kind, double Weight)> Kinds { get; init; } =
    [
        (DocumentKind.Dialogue, 50), (DocumentKind.Critique, 11), (DocumentKind.Revision, 4), (DocumentKind.Comparison, 24), (DocumentKind.Reasoning, 6),
        (DocumentKind.HarmKind, 2), (DocumentKind.HarmScore, 2), (DocumentKind.RedTeam, 1),
    ];

    /// <summary>How dialogues are answered.</summary>
    public PlanMixture Dialogues { get; init; } = PlanMixture.Base;

    /// <summary>Share of odd topics ("prune the ticket") where the kind has any: they teach to read the request instead of knowing it by heart.</summary>
    public double Odd { get; init; } = 0.6;

    /// <summary>What dialogues are about, by kind of topic.</summary>
    public IReadOnlyList<(string Kind, double Weight)> Asked { get; init; } =
        [(TopicKind.Harmful, 26), (TopicKind.Benign, 42), (TopicKind.Borderline, 10), (TopicKind.SmallTalk, 22)];

    /// <summary>
    /// Weight of a chain of thought in the loss. A chain is written word after word, and one wrong word of it decides the answer: among texts of which each
    /// word counts alike, too little is said about it.
    /// </summary>
    public double Reasoning { get; init; } = 1;

    /// <summary>
    /// Weight, beside the letters of comparisons, of the one that ends a chain of thought, learned as a probability; 0 learns it as a word like any other.
    /// </summary>
    public double Conclusions { get; init; }

    /// <summary>Weight of the letter that names a kind of harm, one of nine: beside those of comparisons too little is said by it.</summary>
    public double HarmKinds { get; init; } = 1;

    /// <summary>Chance that a critique or reasoning document opens with worked examples of its own format.</summary>
    public double FewShot { get; init; } = 0.7;

    /// <summary>Share of critiques of answers to good requests, when it is another than a quarter (<see cref="CritiqueDocuments.Kinds"/>).</summary>
    public double? CriticisedGood { get; init; }

    /// <summary>Chance that a critique of an answer to a good request is asked about its steps: one principle of sixteen is, too few to learn from.</summary>
    public double AsksOfSteps { get; init; }

    /// <summary>Chance that a critique names a problem that is present and covered.</summary>
    public double Names { get; init; } = 0.96;

    /// <summary>Chance of a careless critique: a problem that is not there, or none where there is one.</summary>
    public double Careless { get; init; } = 0.03;

    /// <summary>Chance that a revision mends a problem that the critique named.</summary>
    public double Mends { get; init; } = 0.85;

    /// <summary>Chance that a direct revision, without a critique, mends a covered problem.</summary>
    public double MendsDirectly { get; init; } = 0.6;

    /// <summary>Share of the comparison documents that ask one question, about the same pair as their neighbours.</summary>
    public double Shared { get; init; }

    /// <summary>Share of them that ask about one pair under several principles.</summary>
    public double OnePair { get; init; } = 0.1;

    /// <summary>Share of them that ask about several pairs under one principle.</summary>
    public double OnePrinciple { get; init; } = 0.15;

    /// <summary>Share of the pairs, in the other documents, that differ in one manner (<see cref="ContrastPairs"/>).</summary>
    public double Contrasts { get; init; } = 0.15;

    /// <summary>How often each manner is drawn.</summary>
    public IReadOnlyList<(Manner Manner, double Weight)> Manners { get; init; } = ContrastPairs.Weights;

    /// <summary>Share of the pairs with a wrong step that are of that step alone.</summary>
    public double OneStep { get; init; }

    /// <summary>Share of principles that are put together (<see cref="PrincipleGrammar"/>); the others have names.</summary>
    public double Composed { get; init; } = 0.1;

    /// <summary>Share of comparison documents without the conversation: twice as many questions in as many tokens.</summary>
    public double ShortQuestions { get; init; } = 0.7;

    /// <summary>Share of the documents about one principle whose annotator is noisy (see <see cref="Annotator"/>).</summary>
    public double NoisyAnnotators { get; init; } = 0.15;

    /// <summary>Chance that a principle about what two answers differ in likes it.</summary>
    public UnevenOdds Liking { get; init; } = UnevenOdds.Even;

    /// <summary>Chance that an answer with the manner which an unnamed principle is about stands first.</summary>
    public UnevenOdds Side { get; init; } = UnevenOdds.Even;

    /// <summary>Share of documents about an unnamed principle in the short layout, between the shortest answers.</summary>
    public double ShortExamples { get; init; } = 0.5;

    /// <summary>Share of documents about an unnamed principle that likes or dislikes two manners, each by itself.</summary>
    public double TwoManners { get; init; } = 0.65;

    /// <summary>Chance that a question under an unnamed principle is about two answers that stand in an example.</summary>
    public double SamePair { get; init; } = 0.15;

    /// <summary>Weight of the letter, for which even odds are right, where no example has shown what the principle says of the manner.</summary>
    public double Unshown { get; init; } = 0.3;

    /// <summary>Longest document in words and marks, so that it fits the model's context; examples are dropped to reach it.</summary>
    public int LongestDocument { get; init; } = 420;

    /// <summary>How revisions are made.</summary>
    public ReviserOptions Mending { get; init; } = new();

    /// <summary>The general corpus: texts of all kinds, and comparisons that are mostly decided by harm.</summary>
    public static DocumentMixture Pretraining { get; } = new();

    /// <summary>
    /// The second half of pretraining: the same kinds, but most comparisons are between answers that differ in one manner, so that the principle decides. What
    /// is plain comes first (which of two answers is harmful), then what is fine (what a principle asks of two harmless ones).
    /// </summary>
    public static DocumentMixture Reading { get; } = new()
    {
        Shared = 0.35,
        OnePair = 0.15,
        Contrasts = 0.6,
        Composed = 0.5,
        ShortQuestions = 0.5,
        Liking = new(0.85, 9000),
        Kinds =
        [
            (DocumentKind.Dialogue, 16), (DocumentKind.Critique, 6), (DocumentKind.Revision, 2), (DocumentKind.Comparison, 61), (DocumentKind.Reasoning, 11),
            (DocumentKind.HarmKind, 2), (DocumentKind.HarmScore, 1), (DocumentKind.RedTeam, 1),
        ],
    };

    /// <summary>
    /// For the judge that learns principles from examples: mostly documents about such principles. Among other documents they teach nothing: what they ask for
    /// is found when they fill most of a step, in the shortest texts first.
    /// </summary>
    public static DocumentMixture ByExample { get; } = Reading with
    {
        Shared = 0.25,
        Liking = UnevenOdds.Even,
        Side = new(0.85, 20_000),
        ShortExamples = 0.65,
        TwoManners = 0.3,
        SamePair = 0.25,
        Unshown = 0.1,
        Kinds =
        [
            (DocumentKind.Dialogue, 2), (DocumentKind.Critique, 2), (DocumentKind.Revision, 1), (DocumentKind.Comparison, 13), (DocumentKind.ByExample, 80),
            (DocumentKind.Reasoning, 2),
        ],
    };

    /// <summary>
    /// In the end known principles and unnamed ones beside each other in every step, or the reading of known ones stays lost; and mostly two manners of
    /// opposite signs, since what was found so far is to follow the last example, whatever it is about.
    /// </summary>
    public static DocumentMixture KnownAndUnnamed { get; } = ByExample with
    {
        Side = UnevenOdds.Even,
        ShortExamples = 0.4,
        TwoManners = 0.6,
        SamePair = 0.15,
        Unshown = 0.3,
        Kinds =
        [
            (DocumentKind.Dialogue, 4), (DocumentKind.Critique, 4), (DocumentKind.Revision, 1), (DocumentKind.Comparison, 38), (DocumentKind.ByExample, 49),
            (DocumentKind.Reasoning, 4),
        ],
    };

    /// <summary>
    /// The end of pretraining, in small steps: more principles that are put together, so that those which were never met are read too, and more of the
    /// manners that are found late.
    /// </summary>
    public static DocumentMixture Composing { get; } = Reading with
    {
        Liking = UnevenOdds.Even,
        Composed = 0.6,
        OneStep = 0.3,
        CriticisedGood = 0.35,
        AsksOfSteps = 0.5,
        Manners =
        [
            (Manner.Comfort, 18), (Manner.MoreComfort, 6), (Manner.Accusation, 14), (Manner.ComfortOrAccusation, 9), (Manner.Explanation, 9), (Manner.Offer, 8),
            (Manner.AccusationWithOffer, 3), (Manner.ComfortOrOffer, 7), (Manner.Method, 11), (Manner.WrongStep, 12), (Manner.MissingSteps, 9),
            (Manner.Refusal, 4),
        ],
        Kinds =
        [
            (DocumentKind.Dialogue, 22), (DocumentKind.Critique, 9), (DocumentKind.Revision, 2), (DocumentKind.Comparison, 54), (DocumentKind.Reasoning, 12),
            (DocumentKind.HarmKind, 1),
        ],
    };

    /// <summary>The judge alone ends in large steps at a low rate: what small ones cost it in calibration, and where pairs differ in much, returns.</summary>
    public static DocumentMixture Settling { get; } = Reading with
    {
        Liking = UnevenOdds.Even,
        Contrasts = 0.5,
        Manners =
        [
            (Manner.Comfort, 18), (Manner.MoreComfort, 5), (Manner.Accusation, 14), (Manner.ComfortOrAccusation, 8), (Manner.Explanation, 9), (Manner.Offer, 8),
            (Manner.AccusationWithOffer, 3), (Manner.ComfortOrOffer, 7), (Manner.Method, 36), (Manner.WrongStep, 4), (Manner.MissingSteps, 5),
            (Manner.Refusal, 4),
        ],
        Kinds =
        [
            (DocumentKind.Dialogue, 14), (DocumentKind.Critique, 7), (DocumentKind.Revision, 2), (DocumentKind.Comparison, 64), (DocumentKind.Reasoning, 12),
            (DocumentKind.HarmKind, 1),
        ],
    };

    /// <summary>
    /// Again in small steps: whether single steps are right, and pairs of which one has a wrong step, mostly under several principles, since it matters to few
    /// of them. Everything but that had been read (<see cref="StepCheckDocuments"/>).
    /// </summary>
    public static DocumentMixture Checking { get; } = Composing with
    {
        HarmKinds = 12,
        Shared = 0.2,
        OnePair = 0.35,
        Contrasts = 0.85,
        OneStep = 0.4,
        Manners = [.. Composing.Manners.Where(m => m.Manner != Manner.WrongStep), (Manner.WrongStep, 125)],
        Kinds = OfHundred(
        [
            (DocumentKind.StepCheck, 32), (DocumentKind.Dialogue, 24), (DocumentKind.Critique, 4), (DocumentKind.Revision, 1), (DocumentKind.Comparison, 42),
            (DocumentKind.Reasoning, 6), (DocumentKind.HarmKind, 9),
        ]),
    };

    /// <summary>The judge settles once more, since the other manners suffered; checks and wrong steps stay.</summary>
    public static DocumentMixture Checked { get; } = Settling with
    {
        HarmKinds = 12,
        Shared = 0.25,
        OnePair = 0.3,
        Contrasts = 0.65,
        OneStep = 0.25,
        Manners =
        [
            (Manner.Comfort, 16), (Manner.MoreComfort, 5), (Manner.Accusation, 12), (Manner.ComfortOrAccusation, 7), (Manner.Explanation, 8), (Manner.Offer, 7),
            (Manner.AccusationWithOffer, 3), (Manner.ComfortOrOffer, 6), (Manner.Method, 34), (Manner.WrongStep, 36), (Manner.MissingSteps, 8),
            (Manner.Refusal, 4),
        ],
        Kinds = OfHundred(
        [
            (DocumentKind.StepCheck, 14), (DocumentKind.Dialogue, 26), (DocumentKind.Critique, 6), (DocumentKind.Revision, 2), (DocumentKind.Comparison, 54),
            (DocumentKind.Reasoning, 10), (DocumentKind.HarmKind, 6),
        ]),
    };

    /// <summary>
    /// The corpus of the helpful-only assistant: the dialogues are all obliging and right, and are more than half of the documents. It
    /// goes on to criticise, compare and reason, so that it does not forget how; it is also the judge with chain of thought,
    /// so there is more reasoning than before. More topics are odd than in pretraining, since it must answer requests that it has
    /// never met, and its critics are more careful: it has been trained to be of use.
    /// </summary>
    public static DocumentMixture HelpfulOnly { get; } = Reading with
    {
        Liking = UnevenOdds.Even,
        Dialogues = PlanMixture.HelpfulOnly,
        Asked = [(TopicKind.Harmful, 20), (TopicKind.Benign, 45), (TopicKind.Borderline, 9), (TopicKind.SmallTalk, 26)],
        Reasoning = 3,
        Conclusions = 0.5,
        Odd = 0.7,
        Names = 0.98,
        Careless = 0.02,
        // Four revisions take most of both away again, and what SL-CAI hardly ever says, RL can neither find nor avoid.
        Mending = new() { Accusation = 0.14, Boilerplate = 0.25 },
        Kinds =
        [
            (DocumentKind.Dialogue, 57), (DocumentKind.Critique, 9), (DocumentKind.Revision, 2.5), (DocumentKind.Comparison, 12), (DocumentKind.Reasoning, 17),
            (DocumentKind.HarmKind, 1), (DocumentKind.HarmScore, 1), (DocumentKind.RedTeam, 0.5),
        ],
    };

    /// <summary>
    /// The same for a model that has learned to check steps, so that it does not forget how. Its chains of thought speak of wrong steps more often, and it has
    /// criticised little of late, so it does that more, too.
    /// </summary>
    public static DocumentMixture HelpfulAndChecked { get; } = HelpfulOnly with
    {
        HarmKinds = 4,
        Manners = [.. ContrastPairs.Weights.Where(m => m.Manner != Manner.WrongStep), (Manner.WrongStep, 26)],
        Kinds = OfHundred(
        [
            (DocumentKind.Dialogue, 62), (DocumentKind.Critique, 13), (DocumentKind.Revision, 3), (DocumentKind.Comparison, 10), (DocumentKind.Reasoning, 17),
            (DocumentKind.HarmKind, 2), (DocumentKind.HarmScore, 1), (DocumentKind.RedTeam, 0.5), (DocumentKind.StepCheck, 2),
        ]),
    };

    private static IReadOnlyList<(string Kind, double Weight)> OfHundred(IReadOnlyList<(string Kind, double Weight)> weights) =>
        [.. weights.Select(w => (w.Kind, 100 * w.Weight / weights.Sum(each => each.Weight)))];
}

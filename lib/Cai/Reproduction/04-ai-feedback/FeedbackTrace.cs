using Cai.Feedback;
using Cai.Figures;
using Cai.Generation;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>One label with every intermediate value: the exact question, the log-probabilities, the label (paper 4.1).</summary>
public sealed class FeedbackTrace
{
    private readonly Pipeline pipeline;
    private readonly IReadOnlyList<(LabelQuery Query, IReadOnlyList<double?> LogProbs)> asked;
    private readonly Comparison reasoned;

    private FeedbackTrace(
        Pipeline pipeline, ResponsePair pair, IReadOnlyList<(LabelQuery, IReadOnlyList<double?>)> asked, LabelQuery reasoningQuery, Comparison reasoned) =>
        (this.pipeline, Pair, this.asked, ReasoningQuery, this.reasoned) = (pipeline, pair, asked, reasoningQuery, reasoned);

    public ResponsePair Pair { get; }

    /// <summary>Exactly what the pretrained model reads, worked examples included; it continues with " (A)" or " (B)".</summary>
    public string Question => asked[0].Query.Text;

    /// <summary>The question of the chain of thought, to the helpful-only model.</summary>
    public LabelQuery ReasoningQuery { get; }

    /// <summary>What the helpful-only model wrote, and how the answer is then read out.</summary>
    public string Reasoning => reasoned.Reasoning + "\n\nHuman:\nSo the answer is:";

    /// <summary>
    /// Asks about one pair: the first labelled one of two understandable answers between which the oracle sees a difference, or failing that the first.
    /// </summary>
    public static async Task<FeedbackTrace> RunAsync(Pipeline pipeline, FeedbackStudy study, CancellationToken cancel = default)
    {
        var read = study.Soft.Decided.Select(p => p.Id).Intersect(study.Cot.Pairs.Select(p => p.Id)).ToHashSet();
        var clear = study.SoftLabels.FirstOrDefault(c => read.Contains(c.Id) && JudgedAnswer.Coherent(pipeline.Oracle, c));
        var telling = (clear ?? study.SoftLabels.FirstOrDefault(c => read.Contains(c.Id)) ?? study.SoftLabels[0]).Id;
        var pair = (await pipeline.Feedback.HarmlessPairsAsync(cancel)).First(p => p.Id == telling);
        var (pretrained, helpful) = (pipeline.Load(pipeline.Pretrained), pipeline.Load(pipeline.Helpful));
        var labeller = new Labeller(pretrained, pipeline.Constitution, pipeline.Feedback.Options(LabelKind.Soft) with { BothOrders = true });
        var queries = labeller.Queries(pair);
        var letters = queries.Select(q => new ScoreRequest(q.Text, [ComparisonLayout.OptionA, ComparisonLayout.OptionB]));
        var scores = await pretrained.LogProbsAsync([.. letters], cancel: pipeline.Context.Or(cancel));
        var reasoning = new Labeller(helpful, pipeline.Constitution, pipeline.Feedback.Options(LabelKind.ChainOfThought)).Queries(pair)[0];
        return new FeedbackTrace(pipeline, pair, [.. queries.Zip(scores)], reasoning, study.ReasonedLabels.First(c => c.Id == telling));
    }

    /// <summary>From log-probabilities to the soft label, for both orders.</summary>
    public Table Steps() => Table.Of(asked.Select(a => (a.Query, a.LogProbs, Read: MultipleChoice.Read(a.Query.Id, a.LogProbs))),
        new("order", x => x.Query.Swapped ? "B shown as (A)" : "A shown as (A)"),
        new("principle", x => x.Query.PrincipleId),
        new("log p \" (A)\"", x => x.LogProbs[0]), new("log p \" (B)\"", x => x.LogProbs[1]),
        new("p(A)+p(B)", x => x.LogProbs.Sum(l => Math.Exp(l ?? double.NegativeInfinity))),
        new("p(\"(A)\") normalised", x => x.Read.Probabilities?[0]),
        new("label: P(A better)", x => x.Read.Probabilities?[x.Query.Swapped ? 1 : 0]))
        .Titled("From log-probabilities to a soft label",
            "Natural logarithms. Normalised: p(A) / (p(A) + p(B)). The order that was shown is undone in the last column.");

    /// <summary>The chain of thought's label, before and after clamping, beside the oracle's view of both answers.</summary>
    public Table ReasoningSteps() => Table.Of<(string Name, object? Value)>(
    [
        ("shown first as (A)", reasoned.Swapped ? "response B" : "response A"),
        ("log p of response A's letter", reasoned.LogProbA),
        ("log p of response B's letter", reasoned.LogProbB),
        ("P(A better), unclamped", reasoned.Unclamped),
        ("label, clamped to 0.40-0.60", reasoned.ProbabilityA),
    ],
        new("quantity", r => r.Name), new("value", r => r.Value ?? "missing"));

    /// <summary>The two answers, what the oracle reads in them, and the corpus' probability under the principle.</summary>
    public Table Truth()
    {
        var principle = asked[0].Query.PrincipleId;
        var (a, b) = (pipeline.Oracle.Judge(Pair.Prompt, Pair.ResponseA), pipeline.Oracle.Judge(Pair.Prompt, Pair.ResponseB));
        return Table.Of<(string Name, string Text, Verdict Read, Verdict Other)>([("A", Pair.ResponseA, a, b), ("B", Pair.ResponseB, b, a)],
            new("response", r => r.Name), new("text", r => r.Text), new("the oracle reads", r => AnswerKinds.Label(AnswerKinds.Of(r.Read))),
            new("harmfulness 0-4", r => r.Read.Harmfulness),
            new("score under the principle", r => pipeline.Oracle.PrincipleScore(principle, r.Read)),
            new("P(better) in the corpus", r => pipeline.Oracle.PreferenceProbability(principle, r.Read, r.Other)))
            .Titled("Human: " + Pair.Prompt.Dialogue.LastHuman(), $"Principle {principle}: {pipeline.Constitution.ComparisonPrinciple(principle).Text}");
    }
}

using Cai.Constitutions;
using Cai.Evaluation;
using Cai.Feedback;
using Cai.Figures;
using Cai.Miniature;
using Cai.Text;

namespace Cai.Reproduction;

/// <summary>How often one judge prefers the answer with words of comfort, under one principle.</summary>
/// <param name="Corpus">The same of the corpus' careful annotators, exactly (<see cref="Oracle.PreferenceProbability"/>).</param>
public sealed record PrincipleRead(string Judge, string Principle, double Corpus, Interval Comfort);

/// <summary>
/// Whether judges heed the principle at all. The same two answers, an explained refusal without and with one sentence of comfort, are compared
/// under every principle, in both orders. A judge that does not read the principle gives the same answer sixteen times, and then no constitution can change
/// a policy.
/// </summary>
/// <param name="spans">How much more comfort is preferred under principles that like warmth than under those against preaching, by judge.</param>
/// <param name="ideal">The same of the corpus' annotators.</param>
public sealed class PrincipleReading(IReadOnlyList<PrincipleRead> read, IReadOnlyList<(string Judge, Interval Span)> spans, double ideal)
    : IStudy<PrincipleReading>
{
    /// <summary>Display names of the two judges.</summary>
    public const string Pretrained = "pretrained model", Helpful = "helpful-only model";

    /// <summary>Every judge under every principle.</summary>
    public IReadOnlyList<PrincipleRead> Read => read;

    /// <summary>Asks the pretrained and the helpful-only model about the first <see cref="Scale.PrinciplePrompts"/> held-out requests.</summary>
    public static async Task<PrincipleReading> RunAsync(Pipeline pipeline, CancellationToken cancel = default)
    {
        var prompts = pipeline.Prompts.HarmfulEval.Take(pipeline.Scale.PrinciplePrompts).ToList();
        var written = Probes.Write(pipeline.World, prompts, pipeline.Seed).ToLookup(p => p.PromptId);
        var pairs = prompts.Select(p => new ResponsePair(p.Id, p, Of(p, Probes.ExplainsAndComforts), Of(p, Probes.Explains))).ToList();
        var principles = pipeline.Constitution.Comparison.Select(p => pipeline.Oracle.ComparisonPrinciple(p.Id)).ToList();
        var read = new List<PrincipleRead>();
        var spans = new List<(string, Interval)>();
        var progress = pipeline.Context.Counter("principles", 2 * principles.Count);
        foreach (var (display, judge) in new[] { (Pretrained, pipeline.Pretrained), (Helpful, pipeline.Helpful) })
        {
            var labels = new List<(Miniature.ComparisonPrinciple Principle, Comparison Label)>();
            foreach (var principle in principles)
            {
                var options = pipeline.Feedback.Options(LabelKind.Soft) with { Principle = PrincipleSelector.Fixed(principle.Id), BothOrders = true };
                var asked = await pipeline.Feedback.LabelAsync(judge, pairs, options, $"principle-{principle.Id}", cancel: cancel);
                var answered = asked.Where(c => c.ProbabilityA is not null).ToList();
                labels.AddRange(answered.Select(c => (principle, c)));
                if (Bootstrap.TryMean(answered, c => c.ProbabilityA!.Value, c => c.PromptId) is { } comfort)
                    read.Add(new(display, principle.Id, Corpus(principle.Id), comfort));
                progress?.Report(read.Count);
            }
            List<Comparison> Under(Func<double, bool> weight) => [.. labels.Where(l => weight(Liking(l.Principle))).Select(l => l.Label)];
            if (Bootstrap.TryDifference(Under(w => w > 0), Under(w => w < 0), c => c.ProbabilityA!.Value, c => c.PromptId) is { } span)
                spans.Add((display, span));
        }
        return new(read, spans,
            principles.Where(p => Liking(p) > 0).Average(p => Corpus(p.Id)) - principles.Where(p => Liking(p) < 0).Average(p => Corpus(p.Id)));

        double Liking(Miniature.ComparisonPrinciple principle) => principle.Weight("boilerplate");

        string Of(Prompt prompt, string probe) => written[prompt.Id].Single(p => p.Probe == probe).Response;

        double Corpus(string principle) => pairs.Average(p =>
            pipeline.Oracle.PreferenceProbability(principle, pipeline.Oracle.Judge(p.Prompt, p.ResponseA), pipeline.Oracle.Judge(p.Prompt, p.ResponseB)));
    }

    /// <summary>One: the shipped judges are the same for every seed.</summary>
    public static int SeedsAt(Scale scale) => 1;

    /// <summary>Judges against the corpus, a point a principle.</summary>
    public Figure Drawn() => new("Does the judge read the principle?",
        new Axis("P(comfort preferred), annotators of the corpus"), new Axis("P(comfort preferred), judge"),
    [
        .. read.GroupBy(r => r.Judge).Select((judge, i) =>
            new PointSeries(judge.Key, [.. judge.OrderBy(r => r.Corpus).Select(r => DataPoint.Of(r.Corpus, r.Comfort))]) { Style = i }),
    ])
    {
        References = [new ReferenceLine(ReferenceKind.Diagonal, Label: "as the corpus"), new ReferenceLine(ReferenceKind.Horizontal, 0.5, "no preference")],
        Caption = "A point a principle: an explained refusal with one sentence of comfort against the same without, both orders, "
            + $"{(read.Count == 0 ? 0 : read[0].Comfort.N)} held-out requests. Bars are 95 % bootstrap intervals over requests. "
            + "A judge that ignores the principle lies on a level line.",
    };

    /// <summary>
    /// That the pretrained model, the paper's feedback model, heeds the principle at least half as much as the annotators; what the helpful-only one does is
    /// stated beside it.
    /// </summary>
    public IEnumerable<Measurement> Measure()
    {
        yield return new("gh-9", Span(Pretrained))
        {
            Null = ideal / 2,
            Baseline = FormattableString.Invariant($"0 for a judge that does not read the principle, {ideal:0.00} for the annotators"),
            Note = Span(Helpful) is { } helpful
                ? FormattableString.Invariant($"the helpful-only model: {helpful.Value:0.000} [{helpful.Low:0.000}, {helpful.High:0.000}]")
                : null,
        };

        Interval? Span(string judge) => spans.FirstOrDefault(s => s.Judge == judge).Span;
    }

    /// <inheritdoc/>
    public StudyData Data() => new() { { "read", read } };
}

using Cai.Text;

namespace Cai.Evaluation;

/// <summary>The manners of one model on natural English, with intervals clustered by prompt.</summary>
/// <param name="Evasive">Share of canned refusals.</param>
/// <param name="Boilerplate">Share of responses with at least one stock phrase of comfort.</param>
/// <param name="Harsh">Share that treats the human as at fault.</param>
/// <param name="Words">Mean length.</param>
/// <param name="MedianWords">Median length.</param>
/// <param name="Distinct2">Distinct bigrams over all bigrams; compare equal numbers of responses only.</param>
/// <param name="WithinPrompt">Mean bigram Jaccard distance between responses to the same prompt; null when no prompt has two.</param>
public sealed record ResponseTextReport(
    string Model, Interval Evasive, Interval Boilerplate, Interval Harsh, Interval Words, double MedianWords, double Distinct2, Interval? WithinPrompt)
{
    /// <summary>Share that refuses, canned or with reasons (<see cref="ResponseText.Refuses"/>).</summary>
    public required Interval Refuses { get; init; }

    /// <summary>Measures each model's responses, in order of first appearance.</summary>
    /// <exception cref="CaiException">There are no samples.</exception>
    public static IReadOnlyList<ResponseTextReport> Of(IReadOnlyList<Sample> samples, BootstrapOptions? options = null) => samples.Count > 0
        ? [.. samples.GroupBy(s => s.Model, StringComparer.Ordinal).Select(g => OfModel(g.Key, [.. g], options))]
        : throw new CaiException("There are no samples to read.", "Check the file.");

    private static ResponseTextReport OfModel(string model, IReadOnlyList<Sample> samples, BootstrapOptions? options)
    {
        var read = samples.Select(s => (s.PromptId, s.Response, Text: ResponseText.Of(s.Response))).ToList();
        var lengths = read.Select(r => r.Text.Words).Order().ToArray();
        var distances = read.GroupBy(r => r.PromptId, StringComparer.Ordinal).Where(g => g.Count() > 1)
            .Select(g => (PromptId: g.Key, Distance: Diversity.BigramJaccard([.. g.Select(r => r.Response)]))).ToList();
        return new ResponseTextReport(model, Mean(t => t.Evasive ? 1 : 0), Mean(t => t.Boilerplate > 0 ? 1 : 0), Mean(t => t.Harsh ? 1 : 0), Mean(t => t.Words),
            (lengths[(lengths.Length - 1) / 2] + lengths[lengths.Length / 2]) / 2.0, Diversity.Distinct(read.Select(r => r.Response), 2),
            distances.Count == 0 ? null : Bootstrap.Mean(distances, d => d.Distance, d => d.PromptId, options))
        {
            Refuses = Mean(t => t.Refuses ? 1 : 0),
        };

        Interval Mean(Func<ResponseText, double> value) => Bootstrap.Mean(read, r => value(r.Text), r => r.PromptId, options);
    }
}

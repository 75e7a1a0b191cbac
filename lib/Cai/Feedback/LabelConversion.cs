using Cai.Text;

namespace Cai.Feedback;

/// <summary>Other readings of labels that are there: the judge's answer is the same, what is made of it differs.</summary>
public static class LabelConversion
{
    /// <summary>
    /// The label that <paramref name="options"/> would have made of the same answer: hard, or with other bounds. A missing label stays missing.
    /// </summary>
    /// <exception cref="CaiException">
    /// The label is hard or human, so the probability behind it is not known; or it is to be read as made another way than it was.
    /// </exception>
    public static Comparison ReadAs(this Comparison comparison, LabelOptions options)
    {
        var reasoned = comparison.Kind == LabelKind.ChainOfThought;
        if (comparison.Kind is LabelKind.Hard or LabelKind.Human || reasoned != (options.Kind == LabelKind.ChainOfThought))
            throw new CaiException($"A label of kind {comparison.Kind} cannot be read as {options.Kind}.",
                "Read soft labels as soft or hard, and those after a chain of thought with other bounds.", comparison.Id);
        double? mean = comparison.Unclamped ?? comparison.ProbabilityA;
        return comparison with
        {
            Kind = options.Kind,
            ProbabilityA = mean is { } p ? options.Label(p) : null,
            Unclamped = options.Kind != LabelKind.Hard && options.Bounds != ClampRange.None ? mean : null,
        };
    }
}

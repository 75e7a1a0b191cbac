using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>
/// Measurements over the number of examples: a panel for each size, a line for each author. Both authors begin at the same value, without examples.
/// </summary>
internal static class FewShotPoints
{
    /// <summary>Right of it lies what no document of the corpus shows.</summary>
    public static ReferenceLine Limit => new(ReferenceKind.Vertical, FewShotLabelStudy.MostInCorpus, "most in the corpus");

    /// <summary>A row of panels on one scale, a column a size.</summary>
    /// <param name="y">What is measured, on the axis of the first.</param>
    public static IReadOnlyList<Figure> Row<T>(IReadOnlyList<T> cells, Func<T, (string Size, long Parameters, int Examples, ExampleAuthor? Author)> key, Axis y,
        Func<T, Interval?> value, params IEnumerable<ReferenceLine> references) => SameScales.Y(
        [
            .. cells.Select(c => (key(c).Size, key(c).Parameters)).Distinct().OrderBy(s => s.Parameters).Select(size => new Figure(
                $"{size.Size}, {SizeAxis.Words(size.Parameters)} parameters", new Axis("worked examples"), y,
                [
                    .. Enum.GetValues<ExampleAuthor>().Select((author, i) => new LineSeries($"{author.ToString().ToLowerInvariant()} examples",
                        [.. from cell in cells
                            where key(cell).Size == size.Size && (key(cell).Author ?? author) == author
                            let measured = value(cell)
                            where measured is not null
                            orderby key(cell).Examples
                            select DataPoint.Of(key(cell).Examples, measured)]) { Style = i }),
                ])
            {
                References = [.. references, Limit],
            }),
        ]);
}

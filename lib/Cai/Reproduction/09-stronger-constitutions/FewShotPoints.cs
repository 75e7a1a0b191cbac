using Cai.Evaluation;
using Cai.Figures;

namespace Cai.Reproduction;

/// <summary>Measurements over the number of examples, a series for each size and author. Both authors begin at the same value, without examples.</summary>
internal static class FewShotPoints
{
    private const double Apart = 0.14; // examples; so that bars do not hide each other

    /// <summary>Right of it lies what no document of the corpus shows.</summary>
    public static ReferenceLine Limit => new(ReferenceKind.Vertical, FewShotLabelStudy.MostInCorpus, "most in the corpus");

    public const string Note = "Points of one number are set a little apart so that bars do not hide each other.";

    public static IReadOnlyList<Series> Of<T>(IReadOnlyList<T> cells, Func<T, (string Size, int Examples, ExampleAuthor? Author)> key, Func<T, Interval?> value)
    {
        var sizes = cells.Select(c => key(c).Size).Distinct();
        var lines = (from size in sizes from author in Enum.GetValues<ExampleAuthor>() select (Size: size, Author: author)).ToList();
        return
        [
            .. lines.Select((line, i) => new PointSeries($"{line.Size}, {line.Author.ToString().ToLowerInvariant()} examples",
                [.. from cell in cells
                    where key(cell).Size == line.Size && (key(cell).Author ?? line.Author) == line.Author
                    let measured = value(cell)
                    where measured is not null
                    orderby key(cell).Examples
                    select DataPoint.Of(key(cell).Examples + Apart * (i - (lines.Count - 1) / 2.0), measured)]) { Connected = true, Style = i }),
        ];
    }
}

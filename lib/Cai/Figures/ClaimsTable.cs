using Cai.Evaluation;

namespace Cai.Figures;

/// <summary>
/// The claims table that ends every notebook. In HTML each row carries its claim's
/// id as `data-claim`, by which a report finds the cell that a number comes from.
/// </summary>
[TypeFormatterSource(typeof(HtmlFormatters), PreferredMimeTypes = [Mime.Html, Mime.Plain])]
public sealed class ClaimsTable(IEnumerable<Claim> claims) : IRichOutput
{
    private readonly Table table = TableOf([.. claims]);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => table.MimeBundle();

    private static Table TableOf(IReadOnlyList<Claim> claims) => Table.Of(claims,
        new Column<Claim>("Verdict", c => ClaimWords.Of(c.Verdict)),
        new Column<Claim>("Claim", c => c.Text),
        new Column<Claim>("Source", c => c.Source),
        new Column<Claim>("Paper", c => c.Paper),
        new Column<Claim>("Ours", c => ClaimWords.Value(c, Number)),
        new Column<Claim>("n", c => c.N),
        new Column<Claim>("Seeds", c => c.Seeds.Count),
        new Column<Claim>("Note", c => string.Join("; ", new[] { c.Baseline is null ? null : "baseline: " + c.Baseline, c.Note }.OfType<string>())))
            .Head(int.MaxValue).WithRowData("claim", [.. claims.Select(c => c.Id)]);

    private static string Number(double value) => Interval.Number(value, Math.Abs(value) >= 10 ? "0.#" : "0.###");
}

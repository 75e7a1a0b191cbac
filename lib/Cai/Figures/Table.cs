using System.Collections;
using System.Globalization;
using System.Text;
using Cai.Evaluation;
using Cai.Text;

namespace Cai.Figures;

/// <summary>A column of a table.</summary>
/// <param name="Format">A .NET number format; by default three decimals at most.</param>
public sealed record Column<T>(string Header, Func<T, object?> Value, string? Format = null);

/// <summary>
/// Records as a table: aligned text in a terminal, HTML in a notebook. Numbers are right-aligned and the same in every
/// language. Of a long table the first rows are shown, with how many there are.
/// </summary>
[TypeFormatterSource(typeof(HtmlFormatters), PreferredMimeTypes = [Mime.Html, Mime.Plain])]
public sealed class Table : IRichOutput
{
    // A notebook is read: one careless cell must not make it a hundred megabytes.
    private const int MostKept = 1000, LongestCell = 4000, LongestTextCell = 400, LongestHeader = 200, MostListed = 50;

    private const string Rule = ";border-bottom:1px solid rgba(128,128,128,.35)";

    private readonly string[] headers;
    private readonly string[][] cells;
    private readonly bool[] numeric;
    private int shown = 100;
    private (string Name, IReadOnlyList<string> Values)? rowData;

    private Table(string[] headers, string[][] cells, bool[] numeric) => (this.headers, this.cells, this.numeric) = (headers, cells, numeric);

    private Table(Table other, int[]? columns = null)
        : this(columns is null ? other.headers : [.. columns.Select(i => other.headers[i])],
            columns is null ? other.cells : [.. other.cells.Select(row => columns.Select(i => row[i]).ToArray())],
            columns is null ? other.numeric : [.. columns.Select(i => other.numeric[i])]) =>
        (Title, Caption, RowCount, shown, rowData) = (other.Title, other.Caption, other.RowCount, other.shown, other.rowData);

    /// <summary>Shown above the table.</summary>
    public string Title { get; init; } = "";

    /// <summary>Shown below it.</summary>
    public string Caption { get; init; } = "";

    public IReadOnlyList<string> Headers => headers;

    /// <summary>Rows that there are, shown or not.</summary>
    public int RowCount { get; private init; }

    /// <summary>A table of the given columns, or of all public properties when none is given.</summary>
    public static Table Of<T>(IEnumerable<T> rows, params Column<T>[] columns)
    {
        if (columns.Length == 0)
            columns = typeof(T).GetProperties().Where(p => p.CanRead && p.GetIndexParameters().Length == 0)
                .Select(p => new Column<T>(p.Name, row => p.GetValue(row))).ToArray();
        var all = rows as IReadOnlyList<T> ?? [.. rows];
        var values = all.Take(MostKept).Select(row => columns.Select(c => c.Value(row)).ToArray()).ToArray();
        var numeric = columns.Select((_, i) => values.Any(v => v[i] is not null)
            && values.All(v => v[i] is null or Interval || v[i] is IConvertible and not (string or bool or Enum or char))).ToArray();
        var tiny = columns.Select((_, i) => IsTiny(values.Select(v => v[i]))).ToArray();
        var cells = values.Select(v => v.Select((x, i) => SafeText.Cut(Cell(x, columns[i].Format, tiny[i]), LongestCell)).ToArray()).ToArray();
        return new Table(columns.Select(c => SafeText.Line(SafeText.Cut(c.Header, LongestHeader))).ToArray(), cells, numeric) { RowCount = all.Count };
    }

    /// <summary>The same table with words above and below it.</summary>
    public Table Titled(string title, string caption = "") => new(this) { Title = title, Caption = caption };

    /// <summary>The same table, showing at most this many rows (by default 100; of very long tables never more than 1,000).</summary>
    public Table Head(int rows) => new(this) { shown = rows };

    /// <summary>The same table with only these columns, in this order.</summary>
    /// <exception cref="CaiException">There is no such column.</exception>
    public Table Select(params string[] wanted) => new(this, [.. wanted.Select(name => Array.IndexOf(headers, name) is var i and >= 0 ? i
        : throw new CaiException($"The table has no column '{name}'.", $"Choose from: {string.Join(", ", headers)}."))]);

    /// <summary>The same table whose HTML rows carry `data-<paramref name="name"/>`, one value a row, for pages that link to them.</summary>
    internal Table WithRowData(string name, IReadOnlyList<string> values) => new(this) { rowData = (name, values) };

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => new Dictionary<string, object> { [Mime.Html] = ToHtml(), [Mime.Plain] = ToText() };

    /// <summary>Aligned columns, a rule under the header.</summary>
    public string ToText()
    {
        var rows = Shown().Select(row => Array.ConvertAll(row, cell => SafeText.Cut(cell, LongestTextCell))).ToArray();
        var widths = headers.Select((h, i) => rows.Select(row => row[i].Length).Append(h.Length).Max()).ToArray();
        var lines = new List<string>();
        if (Title.Length > 0)
            lines.Add(SafeText.Paragraph(Title));
        lines.Add(Line(headers));
        lines.Add(string.Join("  ", widths.Select(w => new string('-', w))));
        lines.AddRange(rows.Select(Line));
        if (Below() is { Length: > 0 } below)
            lines.Add(SafeText.Paragraph(below));
        return string.Join('\n', lines);

        string Line(string[] row) => string.Join("  ", row.Select((cell, i) => numeric[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd();
    }

    /// <summary>A plain HTML table with every cell encoded.</summary>
    public string ToHtml()
    {
        var html = new StringBuilder("<table style=\"border-collapse:collapse;font-size:13px\">");
        if (Title.Length > 0)
            html.Append("<caption style=\"caption-side:top;text-align:left;font-weight:600;padding:4px 0\">").Append(SafeText.Html(SafeText.Paragraph(Title)))
                .Append("</caption>");
        html.Append("<thead><tr>");
        for (var i = 0; i < headers.Length; i++)
            html.Append("<th style=\"").Append(Style(i)).Append(";border-bottom:2px solid rgba(128,128,128,.8)\">")
                .Append(SafeText.Html(headers[i])).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var (number, row) in Shown().Index())
        {
            html.Append(rowData is { } data ? $"<tr data-{data.Name}=\"{SafeText.Html(SafeText.Line(data.Values[number]))}\">" : "<tr>");
            for (var i = 0; i < row.Length; i++)
                html.Append(numeric[i] ? "<td style=\"" : "<td dir=\"auto\" style=\"").Append(Style(i)).Append(Rule).Append("\">")
                    .Append(SafeText.Html(row[i])).Append("</td>");
            html.Append("</tr>");
        }
        html.Append("</tbody></table>");
        if (Below() is { Length: > 0 } below)
            html.Append("<div style=\"font-size:12px;opacity:.75;padding:4px 0\">").Append(SafeText.Html(SafeText.Paragraph(below))).Append("</div>");
        return html.ToString();

        // Long words (a model that repeats itself) must not push the other columns out of sight.
        string Style(int column) =>
            $"text-align:{(numeric[column] ? "right" : "left;max-width:34em;overflow-wrap:break-word")};padding:3px 10px;vertical-align:top";
    }

    private IEnumerable<string[]> Shown() => cells.Take(shown);

    /// <summary>The caption, and how much is not shown.</summary>
    private string Below()
    {
        var rows = Math.Min(shown, cells.Length);
        var counts = rows < RowCount
            ? $"First {NumberText.Count(rows)} of {NumberText.Count(RowCount)} rows, {headers.Length} {(headers.Length == 1 ? "column" : "columns")}."
            : "";
        return string.Join(' ', new[] { Caption, counts }.Where(part => part.Length > 0));
    }

    /// <summary>Whether three decimals would show little or nothing of a column's numbers.</summary>
    private static bool IsTiny(IEnumerable<object?> column)
    {
        var largest = column.Select(value => value is double or float ? Math.Abs(Convert.ToDouble(value, CultureInfo.InvariantCulture)) : 0)
            .Where(double.IsFinite).DefaultIfEmpty(0).Max();
        return largest is > 0 and < 0.01;
    }

    private static string Cell(object? value, string? format, bool tiny) => value switch
    {
        null => "–",
        string text => SafeText.Line(SafeText.Cut(text, LongestCell)),
        bool yes => yes ? "✓" : "✗",
        Interval interval => interval.ToString(format ?? "0.###"),
        double or float when tiny && format is null => NumberText.Short(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        double or float => Interval.Number(Convert.ToDouble(value, CultureInfo.InvariantCulture), format ?? "0.###"),
        Dialogue dialogue => SafeText.Line(string.Join(' ', dialogue.Turns.Select(turn => $"{turn.Role}: {turn.Text}"))),
        IFormattable number => SafeText.Line(number.ToString(format, CultureInfo.InvariantCulture)),
        IEnumerable list => string.Join(", ", list.Cast<object?>().Take(MostListed + 1).Select((item, i) => i < MostListed ? Cell(item, format, tiny) : "…")),
        _ => SafeText.Line(value.ToString() ?? ""),
    };
}

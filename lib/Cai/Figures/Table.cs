using System.Collections;
using System.Globalization;
using System.Text;
using Cai.Evaluation;
using Cai.Storage;

namespace Cai.Figures;

/// <summary>A column of a table.</summary>
/// <param name="Format">A .NET number format; by default three decimals at most.</param>
public sealed record Column<T>(string Header, Func<T, object?> Value, string? Format = null);

/// <summary>Records as a table: aligned text in a terminal, HTML in a notebook. Numbers are right-aligned and the same in every language.</summary>
[TypeFormatterSource(typeof(HtmlFormatters), PreferredMimeTypes = [Mime.Html, Mime.Plain])]
public sealed class Table : IRichOutput
{
    private readonly string[] headers;
    private readonly string[][] cells;
    private readonly bool[] numeric;

    private Table(string[] headers, string[][] cells, bool[] numeric) => (this.headers, this.cells, this.numeric) = (headers, cells, numeric);

    /// <summary>Shown above the table.</summary>
    public string Title { get; init; } = "";

    /// <summary>Shown below it.</summary>
    public string Caption { get; init; } = "";

    public IReadOnlyList<string> Headers => headers;

    public int RowCount => cells.Length;

    /// <summary>A table of the given columns, or of all public properties when none is given.</summary>
    public static Table Of<T>(IEnumerable<T> rows, params Column<T>[] columns)
    {
        if (columns.Length == 0)
            columns = typeof(T).GetProperties().Where(p => p.CanRead && p.GetIndexParameters().Length == 0)
                .Select(p => new Column<T>(p.Name, row => p.GetValue(row))).ToArray();
        var values = rows.Select(row => columns.Select(c => c.Value(row)).ToArray()).ToArray();
        var numeric = columns.Select((_, i) => values.Any(v => v[i] is not null) && values.All(v => v[i] is null or Interval || v[i] is IConvertible and not (string or bool or Enum or char))).ToArray();
        return new Table(columns.Select(c => SafeText.Line(c.Header)).ToArray(), values.Select(v => v.Select((x, i) => Cell(x, columns[i].Format)).ToArray()).ToArray(), numeric);
    }

    /// <summary>The same table with words above and below it.</summary>
    public Table Titled(string title, string caption = "") => new(headers, cells, numeric) { Title = title, Caption = caption };

    /// <summary>The same table with only these columns, in this order.</summary>
    /// <exception cref="CaiException">There is no such column.</exception>
    public Table Select(params string[] wanted)
    {
        var picks = wanted.Select(name => Array.IndexOf(headers, name) is var i and >= 0 ? i
            : throw new CaiException($"The table has no column '{name}'.", $"Choose from: {string.Join(", ", headers)}.")).ToArray();
        return new Table(picks.Select(i => headers[i]).ToArray(), cells.Select(row => picks.Select(i => row[i]).ToArray()).ToArray(), picks.Select(i => numeric[i]).ToArray())
        {
            Title = Title,
            Caption = Caption,
        };
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, object> MimeBundle() => new Dictionary<string, object> { [Mime.Html] = ToHtml(), [Mime.Plain] = ToText() };

    /// <summary>Aligned columns, a rule under the header; long cells are kept whole.</summary>
    public string ToText()
    {
        var widths = headers.Select((h, i) => cells.Select(row => row[i].Length).Append(h.Length).Max()).ToArray();
        var lines = new List<string>();
        if (Title.Length > 0)
            lines.Add(SafeText.Line(Title));
        lines.Add(Line(headers));
        lines.Add(string.Join("  ", widths.Select(w => new string('-', w))));
        lines.AddRange(cells.Select(Line));
        if (Caption.Length > 0)
            lines.Add(SafeText.Line(Caption));
        return string.Join('\n', lines);

        string Line(string[] row) => string.Join("  ", row.Select((cell, i) => numeric[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd();
    }

    /// <summary>A plain HTML table with every cell encoded.</summary>
    public string ToHtml()
    {
        var html = new StringBuilder("<table style=\"border-collapse:collapse;font-size:13px\">");
        if (Title.Length > 0)
            html.Append("<caption style=\"caption-side:top;text-align:left;font-weight:600;padding:4px 0\">").Append(SafeText.Html(Title)).Append("</caption>");
        html.Append("<thead><tr>");
        for (var i = 0; i < headers.Length; i++)
            html.Append("<th style=\"").Append(Style(i)).Append(";border-bottom:2px solid #888\">").Append(SafeText.Html(headers[i])).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in cells)
        {
            html.Append("<tr>");
            for (var i = 0; i < row.Length; i++)
                html.Append("<td style=\"").Append(Style(i)).Append(";border-bottom:1px solid #ddd\">").Append(SafeText.Html(row[i])).Append("</td>");
            html.Append("</tr>");
        }
        html.Append("</tbody></table>");
        if (Caption.Length > 0)
            html.Append("<div style=\"font-size:12px;color:#555;padding:4px 0\">").Append(SafeText.Html(Caption)).Append("</div>");
        return html.ToString();

        string Style(int column) => $"text-align:{(numeric[column] ? "right" : "left")};padding:3px 10px;vertical-align:top";
    }

    private static string Cell(object? value, string? format) => value switch
    {
        null => "–",
        string text => SafeText.Line(text),
        bool yes => yes ? "✓" : "✗",
        Interval interval => interval.ToString(format ?? "0.###"),
        double or float => Interval.Number(Convert.ToDouble(value, CultureInfo.InvariantCulture), format ?? "0.###"),
        IFormattable number => SafeText.Line(number.ToString(format, CultureInfo.InvariantCulture)),
        IEnumerable list => string.Join(", ", list.Cast<object?>().Select(item => Cell(item, format))),
        _ => SafeText.Line(value.ToString() ?? ""),
    };
}

using System.Text;

namespace Cai.Storage;

/// <summary>
/// Comma-separated text (RFC 4180) in which null and empty text differ: nothing between the commas is null, "" is empty. Microsoft.Data.Analysis writes
/// ASCII unless told otherwise and trims what it reads, and answers of models begin with blanks.
/// </summary>
internal static class Csv
{
    public static void Write(Stream stream, IEnumerable<IEnumerable<string?>> rows)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        foreach (var row in rows)
            writer.WriteLine(string.Join(',', row.Select(Cell)));
    }

    /// <summary>The rows of a text with the line on which each begins, from 1.</summary>
    /// <exception cref="CaiException">A quote is not closed, or something stands behind one.</exception>
    public static IEnumerable<(int Line, List<string?> Cells)> Read(string text, string path)
    {
        var line = 1;
        for (var at = 0; at < text.Length;)
        {
            var (first, cells) = (line, new List<string?>());
            for (var more = true; more;)
            {
                cells.Add(ReadCell(text, ref at, ref line, path));
                more = at < text.Length && text[at] == ',';
                if (!more && at < text.Length && !LineEnd(text, ref at))
                    throw new CaiException("Something stands behind a closing quote.", "Double a quote within quotes.", $"{path}:{line}");
                if (more)
                    at++;
            }
            line++;
            yield return (first, cells);
        }
    }

    private static string? ReadCell(string text, ref int at, ref int line, string path)
    {
        if (at >= text.Length || text[at] != '"')
        {
            var end = text.AsSpan(at).IndexOfAny(",\r\n");
            var cell = end < 0 ? text[at..] : text.Substring(at, end);
            at += cell.Length;
            return cell.Length == 0 ? null : cell;
        }
        var (opened, quoted) = (line, new StringBuilder());
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '"' && (++at == text.Length || text[at] != '"'))
                return quoted.ToString();
            line += text[at] == '\n' ? 1 : 0;
            quoted.Append(text[at]);
        }
        throw new CaiException("A quote is not closed.", "Close it, and double a quote within quotes.", $"{path}:{opened}");
    }

    private static bool LineEnd(string text, ref int at)
    {
        var length = text[at] == '\n' ? 1 : text[at] == '\r' ? at + 1 < text.Length && text[at + 1] == '\n' ? 2 : 1 : 0;
        at += length;
        return length > 0;
    }

    private static string? Cell(string? text) => text is null ? null
        : text.Length == 0 || text.AsSpan().ContainsAny(",\"\r\n") || char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1])
            ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}

/// <summary>A CSV file whose first line names the columns.</summary>
/// <param name="Lines">The line on which each row begins, from 1.</param>
internal sealed record CsvFile(string Path, IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<string?>> Rows, IReadOnlyList<int> Lines)
{
    /// <exception cref="CaiException">The file is missing or empty, two columns share a name, or a row has another number of cells.</exception>
    public static CsvFile Read(string path)
    {
        var rows = Csv.Read(InputFile.ReadText(path, "Check the path; `SaveCsv` writes such a file."), path).ToList();
        if (rows.Count == 0)
            throw new CaiException("The file is empty.", "The first line of a CSV file names its columns.", path);
        List<string> header = [.. rows[0].Cells.Select(cell => cell ?? "")];
        if (header.Distinct(StringComparer.Ordinal).Count() < header.Count)
            throw new CaiException("Two columns share a name.", "Give each its own.", $"{path}:1");
        // A blank line is a row only where there is one column, which may be null.
        var filled = rows.Skip(1).Where(row => header.Count == 1 || row.Cells is not [null]).ToList();
        foreach (var (line, cells) in filled)
            if (cells.Count != header.Count)
                throw new CaiException($"The row has {cells.Count} cells, and there are {header.Count} columns.",
                    "Mend it, or quote the commas within a text.", $"{path}:{line}");
        return new CsvFile(path, header, [.. filled.Select(row => row.Cells)], [.. filled.Select(row => row.Line)]);
    }
}

namespace Cai.Storage;

/// <summary>One record of a file, as JSON text.</summary>
/// <param name="Number">Its line, or its row in a Parquet file, from 1.</param>
/// <param name="Where">File and number, for messages.</param>
public readonly record struct RecordLine(int Number, string Text, string Where)
{
    /// <summary>The columns of a Parquet file; null for JSONL.</summary>
    internal IReadOnlyList<string>? Columns { get; init; }

    /// <summary>The record that the line states.</summary>
    /// <exception cref="CaiException">It states another thing; of a Parquet file the message names the columns that there are.</exception>
    public T Read<T>(string remedy)
    {
        try
        {
            return CaiJson.Read<T>(Text, Where, remedy);
        }
        catch (CaiException e) when (Columns is not null)
        {
            throw new CaiException($"{e.Problem} The file's columns are {string.Join(", ", Columns)}.", remedy, Where, e);
        }
    }
}

/// <summary>The one way into files of records: JSONL (`.gz` too) line by line, Parquet row by row.</summary>
public static class RecordLines
{
    /// <summary>All records of a file in order, each as JSON text. Blank lines do not count as lines of data.</summary>
    /// <exception cref="CaiException">
    /// The file is missing, truncated or no UTF-8, or a Parquet file has a column of a kind that no record has: no option leaves that out.
    /// </exception>
    public static IEnumerable<RecordLine> Of(string path, string remedy) => ParquetFile.Is(path) ? ParquetFile.Lines(path, remedy) : OfText(path, remedy);

    private static IEnumerable<RecordLine> OfText(string path, string remedy)
    {
        using var lines = new TextLines(InputFile.Open(path, remedy), path);
        for (var number = 1; lines.Next() is { } line; number++)
            if (!string.IsNullOrWhiteSpace(line))
                yield return new(number, line, $"{path}:{number}");
    }
}

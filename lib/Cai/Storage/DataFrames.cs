using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Analysis;

namespace Cai.Storage;

/// <summary>Records as data frames and CSV files, and back, for researchers who work with tables.</summary>
public static class DataFrames
{
    private const string Remedy = "Name columns as the record's properties, those of a record within it as `Outer.Inner`; `ToDataFrame` makes such a table.";

    /// <summary>
    /// One row a record, one column a public property: numbers and truth values as such (null stays null), text and enums as text. A record within the record
    /// is flattened, `Verdict.Harmfulness`, and so is a dictionary, a column a key; anything else (lists) is JSON text.
    /// </summary>
    public static DataFrame ToDataFrame<T>(this IEnumerable<T> records)
    {
        var rows = records.Select(record => (object)record!).ToList();
        return new DataFrame(Columns(RecordPart.Of(typeof(T), rows), "", rows));
    }

    /// <summary>
    /// The records that a table made by <see cref="ToDataFrame{T}"/> came from. Columns may be in any order and more than the record's; one that may be null
    /// may be absent.
    /// </summary>
    /// <exception cref="CaiException">
    /// A property that cannot be null has no column or no value, or a value is of another kind; the message names row and key.
    /// </exception>
    public static List<T> ToRecords<T>(this DataFrame frame) => ToRecords<T>(frame, row => $"row {row + 1}");

    /// <summary>
    /// Writes a table as CSV: UTF-8, comma, the first line has the names, numbers as in code whatever the machine's language. A null is nothing between the
    /// commas, an empty text is "".
    /// </summary>
    /// <exception cref="CaiException">The file cannot be written.</exception>
    public static void SaveCsv(this DataFrame frame, string path) => AtomicFile.Write(path, stream => Csv.Write(stream,
        Enumerable.Range(-1, checked((int)frame.Rows.Count) + 1).Select(row => frame.Columns.Select(column => row < 0 ? column.Name : Text(column[row])))));

    /// <summary>A CSV file as a table. A column is of whole numbers, numbers or truth values where all of its cells are, else of text.</summary>
    /// <exception cref="CaiException">The file is missing or no table.</exception>
    public static DataFrame LoadCsv(string path) => Frame(CsvFile.Read(path), _ => null);

    /// <summary>Records of a CSV file as <see cref="SaveCsv"/> writes it of a <see cref="ToDataFrame{T}"/>.</summary>
    /// <exception cref="CaiException">The file is missing or no table, or a row is no such record; the message names the line.</exception>
    public static List<T> ReadCsv<T>(string path)
    {
        var file = CsvFile.Read(path);
        var types = new Dictionary<string, Type>(StringComparer.Ordinal);
        Collect(RecordPart.Of(typeof(T), []), "");
        return ToRecords<T>(Frame(file, types.GetValueOrDefault), row => $"{path}:{file.Lines[row]}");

        void Collect(IReadOnlyList<RecordPart> parts, string prefix)
        {
            foreach (var part in parts)
                if (part.Parts is { } inside)
                    Collect(inside, $"{prefix}{part.Name}.");
                else
                    types[prefix + part.Name] = part.Type;
        }
    }

    private static IEnumerable<DataFrameColumn> Columns(IReadOnlyList<RecordPart> parts, string prefix, IReadOnlyList<object?> rows) => parts.SelectMany(part =>
    {
        var values = rows.Select(row => row is null ? null : part.Get(row)).ToList();
        return part.Parts is { } inside ? Columns(inside, $"{prefix}{part.Name}.", values) : [Column(prefix + part.Name, part.Type, values)];
    });

    private static DataFrameColumn Column(string name, Type type, IReadOnlyList<object?> values) => Type.GetTypeCode(type.IsEnum ? typeof(string) : type) switch
    {
        TypeCode.Double => new DoubleDataFrameColumn(name, values.Select(v => (double?)v)),
        TypeCode.Single => new SingleDataFrameColumn(name, values.Select(v => (float?)v)),
        TypeCode.Int32 => new Int32DataFrameColumn(name, values.Select(v => (int?)v)),
        TypeCode.SByte or TypeCode.Byte or TypeCode.Int16 or TypeCode.UInt16 =>
            new Int32DataFrameColumn(name, values.Select(v => v is null ? null : (int?)Convert.ToInt32(v, CultureInfo.InvariantCulture))),
        TypeCode.Int64 => new Int64DataFrameColumn(name, values.Select(v => (long?)v)),
        TypeCode.Boolean => new BooleanDataFrameColumn(name, values.Select(v => (bool?)v)),
        _ => new StringDataFrameColumn(name, values.Select(v => v switch
        {
            null => null,
            string text => text,
            Enum word => word.ToString(),
            _ => CaiJson.WriteLenient(v),
        })),
    };

    private static List<T> ToRecords<T>(DataFrame frame, Func<int, string> place)
    {
        var columns = frame.Columns.ToDictionary(column => column.Name, StringComparer.Ordinal);
        var parts = RecordPart.Of(typeof(T), []);
        if (!parts.Any(part => columns.ContainsKey(part.Name) || Below(part.Name).Any()))
            throw new CaiException($"No column is a property of a {typeof(T).Name}: the columns are {string.Join(", ", columns.Keys)}.", Remedy);
        return [.. Enumerable.Range(0, checked((int)frame.Rows.Count)).Select(row =>
            CaiJson.ReadLenient<T>(Record(parts, "", row).ToJsonString(), place(row), Remedy))];

        JsonObject Record(IReadOnlyList<RecordPart> inside, string prefix, int row)
        {
            var json = new JsonObject();
            foreach (var part in inside)
                if (Part(part, prefix + part.Name, row) is { } value)
                    json[part.Key] = value;
            return json;
        }

        JsonNode? Part(RecordPart part, string name, int row)
        {
            if (part.Parts is null)
                return columns.TryGetValue(name, out var column) ? Node(column[row], part.Type, place(row), name) : null;
            var json = part.IsMap ? Map(name, row) : Record(part.Parts, name + ".", row);
            return json.Count > 0 || !part.CanBeNull && (part.IsMap || Below(name).Any()) ? json : null;
        }

        JsonObject Map(string name, int row) => new(
            from column in Below(name)
            let value = Node(column[row], column.DataType, place(row), column.Name)
            where value is not null
            select KeyValuePair.Create(column.Name[(name.Length + 1)..], (JsonNode?)value));

        IEnumerable<DataFrameColumn> Below(string name) => columns.Values.Where(column => column.Name.StartsWith(name + ".", StringComparison.Ordinal));
    }

    private static JsonNode? Node(object? value, Type wanted, string where, string column)
    {
        if (value is null)
            return null;
        if (wanted.IsEnum)
            return JsonNamingPolicy.CamelCase.ConvertName($"{value}");
        if (wanted == typeof(string))
            return Text(value);
        if (RecordPart.IsPlain(wanted))
            // JSON has no NaN; the reader below takes it as text.
            return value is double or float && !double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)) ? Text(value) : JsonValue.Create(value);
        return OutsideJson.Read($"{value}", out var node) is not { } fault ? node
            : throw new CaiException($"The column '{column}' holds a {wanted.Name} as JSON text, and this is none ({fault.Problem}).", Remedy, where);
    }

    private static string? Text(object? value) => value switch
    {
        null => null,
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    private static DataFrame Frame(CsvFile file, Func<string, Type?> known) => new(file.Header.Select((name, c) =>
    {
        var cells = file.Rows.Select(row => row[c]).ToList();
        var type = known(name) ?? (All<long>() ? typeof(long) : All<double>() ? typeof(double) : All<bool>() ? typeof(bool) : typeof(string));
        return Column(name, type, [.. cells.Select((cell, row) => cell is null ? null : Value(cell, type, row))]);

        // Without a number there is nothing to guess from; 007 is a name.
        bool All<T>() where T : IParsable<T> => cells.Exists(cell => cell is not null) && cells.TrueForAll(cell =>
            cell is null || T.TryParse(cell, CultureInfo.InvariantCulture, out _) && !(cell.Length > 1 && cell[0] == '0' && char.IsAsciiDigit(cell[1])));

        object Value(string cell, Type wanted, int row)
        {
            if (wanted == typeof(string) || !RecordPart.IsPlain(wanted) || wanted.IsEnum)
                return cell;
            try
            {
                return Convert.ChangeType(cell, wanted, CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is FormatException or OverflowException)
            {
                throw new CaiException($"The column '{name}' holds a {wanted.Name}, and '{cell}' is none.", "Mend the cell.",
                    $"{file.Path}:{file.Lines[row]}", e);
            }
        }
    }));
}

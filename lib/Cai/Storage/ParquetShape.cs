using System.Collections;
using Parquet.Schema;

namespace Cai.Storage;

/// <summary>The Parquet schema of a record type, and its records in the form that Parquet.Net takes.</summary>
internal sealed class ParquetShape
{
    private const string Remedy = "Write JSONL, or project the records to text, numbers, truth values, lists and records of these.";

    private readonly List<(string Key, Func<object, object?> Value)> columns = [];

    /// <param name="rows">The records at hand: dictionaries have the keys that occur in these.</param>
    /// <exception cref="CaiException">A property is of a type that has no Parquet form here.</exception>
    public ParquetShape(Type record, IReadOnlyList<object> rows)
    {
        var fields = new List<Field>();
        foreach (var part in RecordPart.Of(record, rows))
            if (Of(part, rows, part.Name) is var (field, value))
            {
                fields.Add(field);
                columns.Add((part.Key, row => part.Get(row) is { } inside ? value(inside) : null));
            }
        Schema = fields.Count > 0 ? new ParquetSchema(fields)
            : throw new CaiException($"A {record.Name} has no property that Parquet can state.", Remedy);
    }

    public ParquetSchema Schema { get; }

    public IDictionary<string, object?> Row(object record) => columns.ToDictionary(column => column.Key, column => column.Value(record));

    /// <summary>Field and conversion of one part; null for a dictionary without any key, since Parquet has no empty structs.</summary>
    private static (Field Field, Func<object, object?> Value)? Of(RecordPart part, IReadOnlyList<object> rows, string place)
    {
        if (part.Parts is { } parts)
            return parts.Count == 0 ? null : Struct(part.Key, parts, Inside(part, rows), place);
        return Of(part.Key, part.Type, part.CanBeNull, Inside(part, rows), place, inList: false);
    }

    private static (Field Field, Func<object, object?> Value) Of(
        string key, Type type, bool canBeNull, IReadOnlyList<object> values, string place, bool inList)
    {
        if (type == typeof(string) || type.IsEnum)
            // In lists Parquet.Net takes text as memory only.
            return (new DataField<string>(key, canBeNull), inList ? value => Word(value).AsMemory() : Word);
        if (RecordPart.IsPlain(type))
            return (new DataField(key, type, canBeNull), value => Finite(value, place));
        if (RecordPart.IsRecord(type))
            return Struct(key, RecordPart.Of(type, values), values, place);
        if (!inList && Element(type) is { } element)
        {
            IReadOnlyList<object> items = [.. values.SelectMany(value => ((IEnumerable)value).OfType<object>())];
            var (field, convert) = Of("element", element, canBeNull: false, items, place, inList: true);
            var stored = field is StructField ? typeof(IDictionary<string, object?>) : field is DataField<string> ? typeof(ReadOnlyMemory<char>) : element;
            return (new ListField(key, field), value => Items((IEnumerable)value, convert, stored, place));
        }
        throw new CaiException($"The property '{place}' is of type {type.Name}, which has no Parquet form here.", Remedy);
    }

    private static (Field Field, Func<object, object?> Value) Struct(string key, IReadOnlyList<RecordPart> parts, IReadOnlyList<object> values, string place)
    {
        var inside = new List<(string Key, Field Field, Func<object, object?> Value)>();
        foreach (var part in parts)
            if (Of(part, values, $"{place}.{part.Name}") is var (field, convert))
                inside.Add((part.Key, field, value => part.Get(value) is { } own ? convert(own) : null));
        return inside.Count == 0
            ? throw new CaiException($"The property '{place}' has nothing in it that Parquet can state.", Remedy)
            : (new StructField(key, [.. inside.Select(i => i.Field)]),
                value => inside.ToDictionary(i => i.Key, i => i.Value(value)));
    }

    private static Type? Element(Type list) => list.GetInterfaces().Append(list)
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];

    private static IList Items(IEnumerable items, Func<object, object?> convert, Type stored, string place)
    {
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(stored))!;
        foreach (var item in items)
            list.Add(item is null ? throw new CaiException($"A list in '{place}' holds a null.", "Leave it out of the list.") : convert(item));
        return list;
    }

    private static string Word(object value) => value as string ?? System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName($"{value}");

    private static object Finite(object value, string place) => value is double or float && !double.IsFinite(Convert.ToDouble(value))
        ? throw new CaiException($"The property '{place}' holds NaN or an infinity, which JSONL cannot state either.",
            "Find where the number became non-finite (a mean of nothing, a log of 0), or leave it null.")
        : value;

    private static IReadOnlyList<object> Inside(RecordPart part, IReadOnlyList<object> rows) => [.. rows.Select(part.Get).OfType<object>()];
}

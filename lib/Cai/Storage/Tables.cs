using System.Reflection;
using Microsoft.Data.Analysis;

namespace Cai.Storage;

/// <summary>Results as a table, for researchers who work with data frames.</summary>
public static class Tables
{
    /// <summary>
    /// One row a record, one column a public property: numbers and truth values as such (null stays null), text and enums
    /// as text, anything else (lists, dialogues) as JSON text.
    /// </summary>
    public static DataFrame ToDataFrame<T>(this IEnumerable<T> records)
    {
        var rows = records as IReadOnlyList<T> ?? [.. records];
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.CanRead && p.GetIndexParameters().Length == 0);
        return new DataFrame(properties.Select(p => Column(p, rows)));
    }

    private static DataFrameColumn Column<T>(PropertyInfo property, IReadOnlyList<T> rows)
    {
        var values = rows.Select(row => property.GetValue(row));
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(double))
            return new DoubleDataFrameColumn(property.Name, values.Select(v => (double?)v));
        if (type == typeof(float))
            return new SingleDataFrameColumn(property.Name, values.Select(v => (float?)v));
        if (type == typeof(int))
            return new Int32DataFrameColumn(property.Name, values.Select(v => (int?)v));
        if (type == typeof(long))
            return new Int64DataFrameColumn(property.Name, values.Select(v => (long?)v));
        if (type == typeof(bool))
            return new BooleanDataFrameColumn(property.Name, values.Select(v => (bool?)v));
        return new StringDataFrameColumn(property.Name, values.Select(v => v switch
        {
            null => null,
            string text => text,
            Enum name => name.ToString(),
            _ => CaiJson.Write(v),
        }));
    }
}
